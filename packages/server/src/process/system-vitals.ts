import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Vitals } from '@muster/cluster';

/** Resolution of the loop's delay histogram: a lag below it does not show. */
const LAG_RESOLUTION_MS = 20;
/** Several roles of one process ask: within this time they get the same answer, each too short a stretch to measure by itself. */
const FRESH_MS = 50;

/** How this process fares, since the last time it was asked. `stop` ends the measuring. */
export function systemVitals(): { readonly read: () => Vitals; readonly stop: () => void } {
  const delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delay.enable();
  let before = performance.eventLoopUtilization();
  let last: Vitals = { loopLagMs: 0, utilisation: 0, rssBytes: process.memoryUsage.rss() };
  let readAt = performance.now();
  const read = (): Vitals => {
    if (performance.now() - readAt < FRESH_MS) return last;
    readAt = performance.now();
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    // The histogram counts the timer's own interval too: what is above it is lag.
    const loopLagMs = Math.max(0, delay.max / 1e6 - LAG_RESOLUTION_MS);
    delay.reset();
    last = { loopLagMs, utilisation: utilization, rssBytes: process.memoryUsage.rss() };
    return last;
  };
  return {
    read,
    stop: () => delay.disable(),
  };
}
