// The ledger: one JSON document per line, only ever added to. Times are milliseconds since 1970; players are user ids.
//
// `ledger.jsonl` is written by the process that plays the clients, `run.jsonl` by the one that breaks things. Both are facts as they were seen at
// the time; what follows from them is found by the checker alone, at the end of a round or any day later.
import { readFileSync } from 'node:fs';

/** What the clients did and saw. */
export type LedgerEntry =
  | { readonly t: 'joined'; readonly at: number; readonly player: string; readonly gateway: string }
  /** A message leaves; its text is the id, `<sender>.<n>`, and n grows with each one that a sender sends. */
  | { readonly t: 'sent'; readonly at: number; readonly round: number; readonly id: string; readonly to: string }
  /** `ok`, or how it failed: `refused: …` (the server said no), or a code of the SDK that says "it may have happened". */
  | { readonly t: 'done'; readonly at: number; readonly id: string; readonly outcome: string }
  /** The player has tried as long as a player would; `ids` are its tries. */
  | { readonly t: 'gave-up'; readonly at: number; readonly player: string; readonly ids: readonly string[] }
  /** A message came by itself. `view`: how often the client was told to begin its view afresh (`user/self`) before. */
  | {
      readonly t: 'heard';
      readonly at: number;
      readonly by: string;
      readonly id: string;
      readonly marker: string;
      readonly view: number;
    }
  /** Messages had been dropped when the player asked for those since its last marker. */
  | { readonly t: 'missed'; readonly at: number; readonly by: string }
  /** After a round: what the server keeps for the player since the beginning of the round, marker and id. */
  | {
      readonly t: 'history';
      readonly at: number;
      readonly round: number;
      readonly by: string;
      /** `lacking`: the server says that some are missing. `unanswered`: it did not say anything, so nothing is known. */
      readonly state: 'complete' | 'lacking' | 'unanswered';
      readonly messages: readonly (readonly [marker: string, id: string])[];
    }
  /** It was told to move on, and left this gateway for another. */
  | { readonly t: 'moved'; readonly at: number; readonly by: string; readonly gateway: string }
  | {
      readonly t: 'socket-lost';
      readonly at: number;
      readonly by: string;
      readonly gateway: string;
      readonly why: string;
    };

/** What was done to the cluster. */
export type RunEntry =
  | { readonly t: 'run'; readonly at: number; readonly seed: number; readonly players: number }
  | { readonly t: 'round'; readonly at: number; readonly round: number; readonly phase: 'load' | 'quiet' | 'checked' }
  | { readonly t: 'serves'; readonly at: number; readonly id: string; readonly pid: number }
  | {
      readonly t: 'ended';
      readonly at: number;
      readonly id: string;
      readonly pid: number;
      readonly code: number | null;
      readonly signal: string | null;
    }
  | FaultEntry
  | LostBothEntry
  /** The cluster did not do what it must, apart from its clients: not whole again in time, a replaced process that stayed. */
  | { readonly t: 'cluster-violation'; readonly at: number; readonly round: number; readonly what: string };

export interface FaultEntry {
  readonly t: 'fault';
  readonly at: number;
  readonly round: number;
  readonly kind: string;
  /** Ids of the processes it befell. */
  readonly victims: readonly string[];
  readonly what: string;
  /** What was seen that shows that it happened; empty: nothing, and the round fails. */
  readonly proofs: readonly string[];
  /** From the fault until the cluster was whole again. */
  readonly healedMs: number;
}

/** Owner and backup died together: what only they had may fall back to its last stored record. */
export interface LostBothEntry {
  readonly t: 'lost-both';
  readonly at: number;
  readonly round: number;
  readonly nodes: readonly string[];
  /** User ids, each with the shard that it lives in. */
  readonly players: Readonly<Record<string, number>>;
}

/** @throws Error naming file and line. A last line that was cut short is left out: whoever wrote it was killed. */
export function readEntries<E>(path: string): E[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const last = lines.pop();
  const entries = lines.map((line, index) => {
    try {
      return JSON.parse(line) as E;
    } catch {
      throw new Error(`${path}:${index + 1} is no JSON: ${line.slice(0, 120)}`);
    }
  });
  return last ? [...entries, ...parsed<E>(last)] : entries;
}

function parsed<E>(line: string): E[] {
  try {
    return [JSON.parse(line) as E];
  } catch {
    return [];
  }
}
