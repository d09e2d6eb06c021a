// How long a main loop has stood still, as a thread beside it sees it from time to time. Pure.

/** What is known at one look. */
export interface LoopLook {
  /** On the monotonic clock, in ms. */
  readonly at: number;
  /** Counted by the loop itself. */
  readonly turn: number;
  /** So many ms the main thread wanted a processor and got none, since it exists. */
  readonly waitedMs: number;
}

export interface StuckLoop {
  readonly look: LoopLook;
  readonly stillMs: number;
}

export function newStuckLoop(look: LoopLook): StuckLoop {
  return { look, stillMs: 0 };
}

/**
 * The next look, meant to come after `lookMs`. Two stretches say nothing about the loop: those in which this thread did not run either — the process
 * was stopped, the machine slept — and those in which the main thread stood in a queue for a processor: a machine without time left is not healed by
 * ending who waits for it.
 */
export function looked({ look: before, stillMs }: StuckLoop, look: LoopLook, lookMs: number): StuckLoop {
  if (look.turn !== before.turn) return newStuckLoop(look);
  const passed = Math.min(look.at - before.at, 2 * lookMs);
  return { look, stillMs: stillMs + Math.max(0, passed - Math.max(0, look.waitedMs - before.waitedMs)) };
}

/** From Linux's `/proc/<pid>/task/<thread>/schedstat`: ns on a processor, ns in the queue for one, slices. */
export function waitedMsIn(schedstat: string): number {
  const waitedNs = Number(schedstat.split(' ')[1]);
  return Number.isFinite(waitedNs) ? waitedNs / 1e6 : 0;
}
