import { MusterError } from '@muster/ports';

/** What may be tuned in the accounts database. Every value is checked by {@link databaseOptions}. */
export interface DatabaseOptions {
  /**
   * Longest a call may take, its wait for a connection included; then STORAGE_UNAVAILABLE.
   * Lower: a sign-in fails early while Postgres merely switches its primary. Higher: gateways keep more half-done sign-ins while it is away.
   */
  readonly callDeadlineMs: number;
  /**
   * Calls under way at once, waiting ones included; the next is refused.
   * Lower: a login storm is turned away sooner. Higher: more memory and longer waits, which the deadline ends anyhow.
   */
  readonly callsMax: number;
  /**
   * Connections to Postgres per process. Lower: calls queue. Higher: ten gateways come close to the 100 a stock server allows.
   */
  readonly connectionsMax: number;
  /**
   * Sign-ins' questions of one kind (accounts, players, tokens) that one statement asks together.
   * Lower: more statements where many sign in at once. Higher: one statement holds up more of them, and fails for more.
   */
  readonly togetherMax: number;
  /**
   * Statements of such a kind under way at once; what comes meanwhile goes together with the next.
   * Lower: more questions in each, and one that is held up holds up all. Higher: fewer in each, until every question is a statement again.
   */
  readonly togetherStatementsMax: number;
  /** Unused connections are closed after this. Lower: the next call dials again (~5 ms). Higher: the server keeps idle back ends (~10 MB each). */
  readonly idleConnectionMs: number;
  /** Longest for all migrations, the wait for another process that runs them included. Too low: a large table's new index never gets built. */
  readonly migrateDeadlineMs: number;
  /** Longest wait for calls under way when closing. Lower: they are cut off. Higher: a stop beside a hung server takes as long. */
  readonly closeDeadlineMs: number;
  /** Rows removed by one statement of a sweep. Lower: more round trips. Higher: one statement may outlast the deadline. */
  readonly sweepBatchRows: number;
  /**
   * scrypt's N for bot secrets: a power of two; memory is N × 1 KiB and time grows with it (16,384: 16 MiB, ~50 ms).
   * Lower: a stolen table is guessed faster. Higher: each bot's sign-in costs more. Kept with each hash, so it may change.
   */
  readonly secretCost: number;
  /** Secrets checked at once; the next is refused. Lower: many bots that start together wait. Higher: strangers can keep more cores busy. */
  readonly secretChecksMax: number;
}

export const DATABASE_DEFAULTS: DatabaseOptions = {
  callDeadlineMs: 3_000,
  callsMax: 256,
  connectionsMax: 10,
  togetherMax: 100,
  togetherStatementsMax: 2,
  idleConnectionMs: 30_000,
  migrateDeadlineMs: 60_000,
  closeDeadlineMs: 5_000,
  sweepBatchRows: 5_000,
  secretCost: 16_384,
  secretChecksMax: 16,
};

const ONE_DAY_MS = 86_400_000;
const RANGES: Readonly<Record<keyof DatabaseOptions, readonly [number, number]>> = {
  callDeadlineMs: [10, 60_000],
  callsMax: [1, 100_000],
  connectionsMax: [1, 1_000],
  togetherMax: [1, 10_000],
  togetherStatementsMax: [1, 1_000],
  idleConnectionMs: [100, ONE_DAY_MS],
  migrateDeadlineMs: [100, ONE_DAY_MS],
  closeDeadlineMs: [10, 600_000],
  sweepBatchRows: [1, 100_000],
  secretCost: [2, 1_048_576],
  secretChecksMax: [1, 1_000],
};

/** The defaults with `given` over them. @throws MusterError BAD_CONFIG */
export function databaseOptions(given: Partial<DatabaseOptions> = {}): DatabaseOptions {
  const options = { ...DATABASE_DEFAULTS, ...given };
  for (const name of Object.keys(RANGES) as (keyof DatabaseOptions)[]) {
    const [least, most] = RANGES[name];
    const value = options[name];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new MusterError('BAD_CONFIG', {
      details: `${name} is ${value}: a whole number from ${least} to ${most} is expected`,
    });
  }
  if (2 ** Math.round(Math.log2(options.secretCost)) !== options.secretCost) {
    throw new MusterError('BAD_CONFIG', { details: `secretCost is ${options.secretCost}: a power of two is expected` });
  }
  return options;
}
