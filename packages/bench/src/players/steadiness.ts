import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../child.js';
import type { Load, Recent, Stretch } from './crowd.js';

/** A stretch that counts as the steady state. */
export const STEADY_MS = 3_000;
/** Above it, commands wait for the machine, not for the cluster. */
const STEADY_P99_MS = 150;
const WARM_UP_MS = 1_000;
/** A busy machine is given so many chances to become quiet. */
const ATTEMPTS = 5;
const STRETCHES = 3;
const REST_MS = 3_000;
const FINISH_MS = 60_000;
const ASK_MS = 10_000;

export function isSteady({ count, failed, p99Ms }: Recent): boolean {
  return count > 0 && failed === 0 && p99Ms <= STEADY_P99_MS;
}

/**
 * Starts the load and waits for a stretch in which commands are answered as fast as a machine with time to spare answers them. What piled up on a
 * busy machine is let go between attempts. The load goes on afterwards; false: it never became steady.
 */
export async function startSteady(crowd: Child, load: Load, interrupted: AbortSignal): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    await crowd.ask('start', load, ASK_MS);
    // The first commands after a pause are slower: they do not count.
    await sleep(WARM_UP_MS);
    for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
      interrupted.throwIfAborted();
      await sleep(STEADY_MS);
      if (isSteady(await crowd.ask<Recent>('recent', { forMs: STEADY_MS } satisfies Stretch, ASK_MS))) return true;
    }
    if (attempt === ATTEMPTS) return false;
    await crowd.ask('finish', undefined, FINISH_MS);
    await sleep(REST_MS);
  }
}
