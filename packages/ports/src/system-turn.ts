import { setImmediate as immediate } from 'node:timers/promises';

/**
 * Resolves after one real turn of the event loop: every promise callback that was ready has run.
 * What drives a virtual clock waits with it between two virtual turns; no time is read from it.
 */
export async function systemTurn(): Promise<void> {
  await immediate();
}
