import type { Millis, Position } from '@muster/ports';
import type { Answered, Committer } from './committer.js';

export interface Waiter {
  readonly position: Position;
  /** It shows its own record, not what others wrote. */
  readonly recorded: boolean;
  readonly run: () => void;
  readonly at: Millis;
  /** Calls sent when it came: a later one says whether the term still held after it. */
  readonly after: number;
}

/** What wants to leave a shard, in order: nothing overtakes. */
export class Leaving {
  /** The last call that was answered. */
  confirmed: Answered = { call: 0, sentAt: -Infinity };
  private readonly committer: Pick<Committer, 'now' | 'calls' | 'failed' | 'later' | 'options'>;
  private waiters: Waiter[] = [];
  private quietUntil = -Infinity;

  constructor(committer: Pick<Committer, 'now' | 'calls' | 'failed' | 'later' | 'options'>) {
    this.committer = committer;
  }

  get size(): number {
    return this.waiters.length;
  }

  /** When the first of them came. */
  get since(): Millis | undefined {
    return this.waiters[0]?.at;
  }

  /** The shard's former owner may still answer reads (K7): nothing leaves. */
  get isQuiet(): boolean {
    return this.quietUntil !== -Infinity && this.committer.now < this.quietUntil;
  }

  beQuiet(forMs: Millis, over: () => void): void {
    this.quietUntil = this.committer.now + forMs;
    this.committer.later(forMs, over);
  }

  /** The term held after so many calls, or holds by the lease of the last. */
  isConfirmed(after: number): boolean {
    const { now, options } = this.committer;
    return after < this.confirmed.call || now - this.confirmed.sentAt <= options.leaseMs;
  }

  /** Calls that were sent until now: what comes now is confirmed by a later one. */
  get calls(): number {
    return this.committer.calls;
  }

  /** It waits until {@link release}. */
  wait(position: Position, recorded: boolean, run: () => void): void {
    const { now: at, calls: after } = this.committer;
    this.waiters.push({ position, recorded, run, at, after });
  }

  release(mayLeave: (waiter: Waiter) => boolean): void {
    let released = 0;
    while (released < this.waiters.length && mayLeave(this.waiters[released]!)) {
      const { run } = this.waiters[released]!;
      released += 1;
      try {
        run();
      } catch (error) {
        this.committer.failed(error);
      }
    }
    this.waiters.splice(0, released);
  }

  clear(): void {
    this.waiters = [];
  }
}
