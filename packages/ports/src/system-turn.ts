import { setImmediate as immediate } from 'node:timers/promises';

/**
 * Resolves after one real turn of the event loop: every promise callback that was ready has run.
 * What drives a virtual clock waits with it between two virtual turns; no time is read from it.
 */
export async function systemTurn(): Promise<void> {
  await immediate();
}

/** Drains after which {@link systemDrain} lets the real loop turn once, so that signals and test deadlines get through. */
const DRAINS_PER_TURN = 4_096;
let drains = 0;

/**
 * Resolves when every promise callback that was ready has run, and those that they made ready: like {@link systemTurn}, but sockets
 * and real timers do not get their turn. Fifty times cheaper, for simulations in which nothing real is waited for.
 */
export async function systemDrain(): Promise<void> {
  drains += 1;
  if (drains % DRAINS_PER_TURN === 0) return systemTurn();
  // From within a promise callback, the tick queue comes after all other promise callbacks.
  await undefined;
  await new Promise<void>((resolve) => process.nextTick(resolve));
}
