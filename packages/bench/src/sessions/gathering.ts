import type { BenchmarkRun } from '../benchmark.js';
import type { Child } from '../child.js';
import { availableBytes } from '../cluster/usage.js';
import type { PreparedAccounts } from '../players/prepared-accounts.js';
import type { Grown, Growth } from './crowd.js';

export type Crowds = readonly Child[];

/** New players of each process between two looks at the machine. */
const STEP = 500;
/** Below it, the machine would begin to kill processes. */
const AVAILABLE_MIN_BYTES = 1_024 ** 3;
const STEP_DEADLINE_MS = 900_000;

export interface Gathered {
  readonly players: number;
  /** Why there are not more; undefined: all came. */
  readonly stoppedBy: string | undefined;
  /** Sign-ins that failed at first. */
  readonly retried: number;
  /** Spent on signing in: making their accounts is not counted. */
  readonly seconds: number;
}

/** Lets players sign in step by step, until all are there or something stops them. */
export async function gathered(
  { say, interrupted }: Pick<BenchmarkRun, 'say' | 'interrupted'>,
  crowds: Crowds,
  gateways: readonly string[],
  accounts: PreparedAccounts,
  wanted: number,
): Promise<Gathered> {
  let first = 0;
  let players = 0;
  let retried = 0;
  let signingInSeconds = 0;
  const gatheredNow = (stoppedBy?: string): Gathered => ({
    ...{ players, stoppedBy, retried },
    seconds: signingInSeconds,
  });
  while (first < wanted) {
    interrupted.throwIfAborted();
    const newcomers = Math.min(STEP * crowds.length, wanted - first);
    const codes = await accounts.codesFor(Array.from({ length: newcomers }, (_, n) => `player-${first + n}`));
    const from = performance.now();
    const grown = await Promise.all(
      crowds.map((crowd, index) => {
        const { count, skip } = shareOf(newcomers, crowds.length, index);
        const growth: Growth = {
          ...{ gateways, crowd: index },
          first: first + skip,
          codes: codes.slice(skip, skip + count),
        };
        return crowd.ask<Grown>('grow', growth, STEP_DEADLINE_MS);
      }),
    );
    const before = players;
    first += newcomers;
    players = grown.reduce((sum, one) => sum + one.players, 0);
    retried = grown.reduce((sum, one) => sum + one.retried, 0);
    const seconds = (performance.now() - from) / 1_000;
    signingInSeconds += seconds;
    const perSecond = (players - before) / seconds;
    say(`sessions: ${players} of ${wanted} signed in, ${Math.round(perSecond)} a second`);
    const failure = grown.find((one) => one.failure !== undefined)?.failure;
    if (failure !== undefined) return gatheredNow(failure);
    const left = availableBytes();
    if (left < AVAILABLE_MIN_BYTES) return gatheredNow(`the machine has ${Math.round(left / 1_024 ** 2)} MiB left`);
  }
  return gatheredNow();
}

/** Of `total` things, those of one of `parts`: as even as can be, and none twice. */
export function shareOf(total: number, parts: number, part: number): { readonly skip: number; readonly count: number } {
  const skip = Math.floor((total * part) / parts);
  return { skip, count: Math.floor((total * (part + 1)) / parts) - skip };
}
