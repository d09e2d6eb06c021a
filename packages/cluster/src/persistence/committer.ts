import type { Millis } from '@muster/ports';
import type { PersistenceOptions } from './options.js';
import type { StoredLog } from './stored-log.js';

/** What a log asks of those that commit many together. */
export interface Committer {
  readonly options: PersistenceOptions;
  readonly now: Millis;
  /** Calls of storage sent so far. */
  readonly calls: number;
  /** More waits in all logs together than may. */
  readonly overfull: boolean;
  /** There is something to send or to ask, and somebody waits for it. */
  wants(log: StoredLog): void;
  /** There is something to send, and nobody waits for it. */
  wantsLater(log: StoredLog): void;
  waits(chars: number): void;
  /** Somebody was told that the log is full. */
  refusedTurns(log: StoredLog): void;
  later(delayMs: Millis, run: () => void): void;
  failed(error: unknown): void;
  /** Records were given up, because their actors will be saved whole. */
  merged(records: number): void;
  /** So many actors are gone whose rows will stay in storage. */
  leftBehind(actors: number): void;
  /** An actor that was to be saved cannot be read here: storage keeps what it has of it. */
  unreadable(entity: string): void;
  closed(log: StoredLog): void;
}

/** A call of storage that was answered. */
export interface Answered {
  /** Counted from 1. */
  readonly call: number;
  readonly sentAt: Millis;
}
