import { performance } from 'node:perf_hooks';
import type { Clock, Millis, Timer } from './clock.js';

/** The longest delay `setTimeout` takes without firing at once (2^31 − 1 ms). */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** The operating system's clock. Timers keep the process alive: whoever starts one ends it. */
export class SystemClock implements Clock {
  now(): Millis {
    return Date.now();
  }

  monotonic(): Millis {
    return performance.now();
  }

  after(delayMs: Millis, run: () => void): Timer {
    const due = performance.now() + delayMs;
    // Node drops the fraction of a delay and counts from when its loop last looked at the time: by itself it fires up to a millisecond early.
    const look = (): void => {
      const left = due - performance.now();
      if (left <= 0 || delayMs > LONGEST_TIMEOUT_MS) run();
      else handle = setTimeout(look, Math.ceil(left));
    };
    let handle = setTimeout(look, Math.ceil(Math.min(Math.max(0, delayMs), LONGEST_TIMEOUT_MS)));
    return { cancel: () => clearTimeout(handle) };
  }

  defer(run: () => void): void {
    setImmediate(run);
  }
}
