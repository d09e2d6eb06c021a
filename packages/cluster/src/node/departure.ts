// A node that is going to end hands off first.
//
//   up ── leave() ──► draining ── released | limitMs over | nobody leads for drainAloneMs | hurried ──► the caller stops the node
//
// The leader moves everything away and says `released` with its acknowledgements once no row names this node. Until then it serves as before.
// The leader may die: its successor finds the state in the beats and goes on. Where nobody leads, nobody will release: what is left goes to
// backups, as after any death.
import type { Clock, Millis, Timer } from '@muster/ports';

export interface DepartureSetup {
  readonly clock: Clock;
  /** Since a leader last acknowledged well. */
  readonly sinceGoodMs: () => Millis;
  readonly drainAloneMs: Millis;
}

export type DepartureEnd = 'released' | 'late' | 'alone' | 'hurried';

/** How often it is looked whether anybody leads. */
const LOOK_MS: Millis = 250;

export class Departure {
  private readonly setup: DepartureSetup;
  private readonly timers = new Set<Timer>();
  private settle: ((end: DepartureEnd) => void) | undefined;

  constructor(setup: DepartureSetup) {
    this.setup = setup;
  }

  /** Resolves with why there is nothing left to wait for. */
  wait(limitMs: Millis, hurry?: AbortSignal): Promise<DepartureEnd> {
    return new Promise((resolve) => {
      const hurried = (): void => this.end('hurried');
      this.settle = (end) => {
        hurry?.removeEventListener('abort', hurried);
        resolve(end);
      };
      if (hurry?.aborted) {
        hurried();
        return;
      }
      hurry?.addEventListener('abort', hurried);
      this.after(limitMs, () => this.end('late'));
      this.look();
    });
  }

  released(): void {
    this.end('released');
  }

  private look(): void {
    this.after(LOOK_MS, () => {
      if (this.setup.sinceGoodMs() > this.setup.drainAloneMs) this.end('alone');
      else this.look();
    });
  }

  private end(end: DepartureEnd): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    this.settle?.(end);
    this.settle = undefined;
  }

  private after(ms: Millis, run: () => void): void {
    const timer = this.setup.clock.after(ms, () => {
      this.timers.delete(timer);
      run();
    });
    this.timers.add(timer);
  }
}
