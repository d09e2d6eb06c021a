import type { Clock, Millis } from '@muster/ports';
import type { AutohostUpdate } from '@muster/tachyon';

/** What an autohost keeps of its battles for a server that was away: each update under a time of its own. */
export class UpdateBuffer {
  private readonly clock: Clock;
  private readonly windowMs: Millis;
  private updates: AutohostUpdate[] = [];
  private last = 0;
  private listener: ((update: AutohostUpdate) => void) | undefined;

  constructor(clock: Clock, windowMs: Millis) {
    this.clock = clock;
    this.windowMs = windowMs;
  }

  push(battleId: string, update: AutohostUpdate['update']): void {
    const now = this.clock.now();
    this.last = Math.max(this.last + 1, now * 1_000);
    const one = { battleId, time: this.last, update };
    const oldest = (now - this.windowMs) * 1_000;
    this.updates = [...this.updates.filter(({ time }) => time >= oldest), one];
    this.listener?.(one);
  }

  /** Those after `since`, then each as it comes. @returns why not, or undefined */
  subscribe(since: number, listener: (update: AutohostUpdate) => void): string | undefined {
    if (this.listener) return 'callback already set';
    if (since < (this.clock.now() - this.windowMs) * 1_000) return 'that is too long ago';
    this.listener = listener;
    for (const update of this.updates.filter(({ time }) => time > since)) listener(update);
    return undefined;
  }

  /** The connection is gone. */
  unsubscribe(): void {
    this.listener = undefined;
  }
}
