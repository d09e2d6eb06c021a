import type { AutohostUpdate } from '@muster/tachyon';

/** What an autohost keeps of its battles for a server that was away: each update under a time of its own. */
export class UpdateBuffer {
  private readonly windowMs: number;
  private updates: AutohostUpdate[] = [];
  private last = 0;
  private listener: ((update: AutohostUpdate) => void) | undefined;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  push(battleId: string, update: AutohostUpdate['update']): void {
    this.last = Math.max(this.last + 1, Date.now() * 1_000);
    const one = { battleId, time: this.last, update };
    const oldest = (Date.now() - this.windowMs) * 1_000;
    this.updates = [...this.updates.filter(({ time }) => time >= oldest), one];
    this.listener?.(one);
  }

  /** Those after `since`, then each as it comes. @returns why not, or undefined */
  subscribe(since: number, listener: (update: AutohostUpdate) => void): string | undefined {
    if (this.listener) return 'callback already set';
    if (since < (Date.now() - this.windowMs) * 1_000) return 'that is too long ago';
    this.listener = listener;
    for (const update of this.updates.filter(({ time }) => time > since)) listener(update);
    return undefined;
  }

  /** The connection is gone. */
  unsubscribe(): void {
    this.listener = undefined;
  }
}
