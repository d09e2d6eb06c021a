import type { ClientOptions } from './options.js';

/**
 * How long to wait before attempt `attempt` (0, 1, 2…) to reconnect: doubling, and spread over the second half of each wait, so that
 * thousands of clients that one server lost do not come back together. `chance` is in [0, 1).
 */
export function reconnectDelay(
  attempt: number,
  chance: number,
  options: Pick<ClientOptions, 'reconnectFirstMs' | 'reconnectMaxMs'>,
): number {
  const full = Math.min(options.reconnectMaxMs, options.reconnectFirstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full * (0.5 + 0.5 * chance));
}
