import type { Clock, Millis, Timer } from './clock.js';
import { systemTurn } from './system-turn.js';

/** Virtual turns without any time passing after which {@link VirtualClock.advance} calls it an endless loop. */
const TURNS_PER_INSTANT_MAX = 100_000;

interface Waiting {
  readonly at: Millis;
  /** Breaks ties: who asked first runs first. */
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * Time that passes only when told to. The same calls give the same order of callbacks on every machine: deferred calls in the
 * order they were asked for, then timers by due time and order, with every ready promise callback run in between.
 * One clock may be shared by many simulated processes.
 */
export class VirtualClock implements Clock {
  private readonly wallStart: Millis;
  private readonly turn: () => Promise<void>;
  private elapsed: Millis = 0;
  private orders = 0;
  private deferred: (() => void)[] = [];
  /** A binary heap: the earliest first. */
  private readonly timers: Waiting[] = [];

  /** `wallStart`: what `now()` says at the beginning. `turn`: how to wait until every ready promise callback has run. */
  constructor(wallStart: Millis = Date.UTC(2030, 0, 1), turn: () => Promise<void> = systemTurn) {
    this.wallStart = wallStart;
    this.turn = turn;
  }

  now(): Millis {
    return this.wallStart + this.elapsed;
  }

  monotonic(): Millis {
    return this.elapsed;
  }

  after(delayMs: Millis, run: () => void): Timer {
    const waiting: Waiting = { at: this.elapsed + Math.max(0, delayMs), order: this.orders++, run };
    this.push(waiting);
    return {
      cancel: () => {
        waiting.run = undefined;
      },
    };
  }

  defer(run: () => void): void {
    this.deferred.push(run);
  }

  /** Lets `ms` pass, with everything that falls due; `advance(0)` runs what is ready now. */
  async advance(ms: Millis): Promise<void> {
    const until = this.elapsed + ms;
    await this.settle();
    for (let next = this.timers[0]; next && next.at <= until; next = this.timers[0]) {
      this.pop();
      this.elapsed = Math.max(this.elapsed, next.at);
      if (!next.run) continue;
      next.run();
      await this.settle();
    }
    this.elapsed = until;
  }

  /** Advances in steps of `stepMs` until `done` says so; false when `limitMs` went by before. */
  async until(done: () => boolean, limitMs: Millis = 60_000, stepMs: Millis = 1): Promise<boolean> {
    const end = this.elapsed + limitMs;
    await this.settle();
    while (!done()) {
      if (this.elapsed >= end) return false;
      await this.advance(stepMs);
    }
    return true;
  }

  /** Runs promise callbacks and deferred calls until none is left. */
  private async settle(): Promise<void> {
    await this.turn();
    for (let turns = 0; this.deferred.length > 0; turns += 1) {
      if (turns > TURNS_PER_INSTANT_MAX) throw new Error('deferred calls defer each other without end');
      const batch = this.deferred;
      this.deferred = [];
      for (const run of batch) run();
      await this.turn();
    }
  }

  private push(waiting: Waiting): void {
    const heap = this.timers;
    let i = heap.length;
    heap.push(waiting);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(waiting, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = waiting;
  }

  private pop(): void {
    const heap = this.timers;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

function before(a: Waiting, b: Waiting): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
