/** What a worker does when woken. An object, as there is one for each actor and a closure would cost more. */
export interface Work {
  /** Does everything at hand, within its budget. `more`: call again soon, after others had their turn. */
  drain(): DrainResult | Promise<DrainResult>;
}
export type DrainResult = 'idle' | 'more';

/** One schedulable actor. */
export interface Worker {
  readonly name: string;
}

export interface SchedulerStats {
  readonly workers: number;
  /** Drains that ended with an exception: the worker goes on, the exception is counted here and reported to `failed`. */
  readonly failures: number;
}

/**
 * Decides when the actors of one process run; everything else (mailboxes, supervision, state) is the runtime's. What every form holds:
 * - a worker's drain never overlaps itself, nor that of a stopped worker of the same name;
 * - a wake during a drain is not lost: the drain is called once more; any number of wakes before a drain are one call;
 * - drains of different workers take turns; none runs inside `wake`;
 * - a drain that throws or rejects stops nobody, its own worker included;
 * - after `stop` has resolved no drain of that worker runs or will run; waking it does nothing.
 */
export interface LocalScheduler {
  /** `group` (a shard) is only for keeping order. A name may be used again at once after `stop` was called: the successor waits for it. */
  spawn(group: string, name: string, work: Work): Worker;
  wake(worker: Worker): void;
  /** Resolves when the running drain, if any, has finished. Calling twice gives the same end. */
  stop(worker: Worker): Promise<void>;
  stats(): SchedulerStats;
  /** Stops every worker; later spawns are refused with STOPPING. */
  shutdown(): Promise<void>;
}
