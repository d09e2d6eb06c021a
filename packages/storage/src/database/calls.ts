import {
  type Clock,
  type Counter,
  causeOf,
  type Histogram,
  isMusterError,
  type Metrics,
  MusterError,
} from '@muster/ports';

const BUCKETS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5] as const;

export interface CallsOptions {
  readonly callDeadlineMs: number;
  readonly callsMax: number;
}

/** Every call of a database: bounded in number and in time, counted, and failing only with our errors. */
export class Calls {
  private readonly clock: Clock;
  private readonly options: CallsOptions;
  private readonly results: Counter | undefined;
  private readonly seconds: Histogram | undefined;
  private underWay = 0;
  private closed = false;
  private drained: (() => void) | undefined;

  constructor(clock: Clock, options: CallsOptions, metrics?: Metrics) {
    this.clock = clock;
    this.options = options;
    this.results = metrics?.counter('muster_storage_calls_total', 'Calls of the database by name and result.');
    this.seconds = metrics?.histogram(
      'muster_storage_call_seconds',
      'How long calls of the database took.',
      BUCKETS_SECONDS,
    );
  }

  /** `work`'s result. @throws MusterError STORAGE_UNAVAILABLE, STORAGE_MISMATCH, or what `work` threw of ours. */
  async run<Result>(call: string, work: () => Promise<Result>): Promise<Result> {
    this.admit(call);
    const startedAt = this.clock.monotonic();
    const task = this.track(work);
    try {
      const result = await within(this.clock, this.options.callDeadlineMs, task);
      this.count(call, 'ok');
      return result;
    } catch (error) {
      const own = asStorageError(error);
      this.count(call, own.code);
      throw own;
    } finally {
      this.seconds?.observe((this.clock.monotonic() - startedAt) / 1_000, { call });
    }
  }

  /** Refuses new calls and waits, at most `deadlineMs`, for those under way. */
  async close(deadlineMs: number): Promise<void> {
    this.closed = true;
    if (this.underWay === 0) return;
    const done = new Promise<void>((resolve) => {
      this.drained = resolve;
    });
    await within(this.clock, deadlineMs, done).catch(() => undefined);
  }

  private admit(call: string): void {
    const { callsMax } = this.options;
    const cause = this.closed
      ? 'it is closed'
      : this.underWay >= callsMax
        ? `${callsMax} calls are under way`
        : undefined;
    if (cause === undefined) return;
    this.count(call, this.closed ? 'closed' : 'full');
    throw new MusterError('STORAGE_UNAVAILABLE', { cause });
  }

  // Counted until it is over, not until its caller stopped waiting: else calls would pile up behind a hung server.
  private async track<Result>(work: () => Promise<Result>): Promise<Result> {
    this.underWay += 1;
    try {
      return await work();
    } finally {
      this.underWay -= 1;
      if (this.underWay === 0) this.drained?.();
    }
  }

  private count(call: string, result: string): void {
    this.results?.add(1, { call, result });
  }
}

/** `task`, or STORAGE_UNAVAILABLE after `deadlineMs`; the task itself goes on. */
export function within<Result>(clock: Clock, deadlineMs: number, task: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(deadlineMs, () =>
      reject(new MusterError('STORAGE_UNAVAILABLE', { cause: `no answer within ${deadlineMs} ms` })),
    );
    task.then(resolve, reject).finally(() => timer.cancel());
  });
}

// Classes of SQLSTATE that say something of our SQL or of the data, not of the server's state: trying again would not help.
const faultsOfOurs = /^(0A|21|22|23|42)/;

/** Any error of a driver as ours. */
export function asStorageError(error: unknown): MusterError {
  if (isMusterError(error)) return error;
  const state = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const cause = causeOf(error) || state || 'unknown';
  if (state.length === 5 && faultsOfOurs.test(state)) {
    return new MusterError('STORAGE_MISMATCH', { found: cause, expected: 'a schema of this build' }, { cause: error });
  }
  return new MusterError('STORAGE_UNAVAILABLE', { cause }, { cause: error });
}
