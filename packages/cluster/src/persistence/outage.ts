import type { Log, Millis } from '@muster/ports';
import type { PersistenceOptions } from './options.js';

/** Whether storage answers: told once when it stops, and once when it is back. */
export class Outage {
  /** No call has been answered since; undefined: the last one was. */
  since: Millis | undefined;
  private failures = 0;
  private readonly options: Pick<PersistenceOptions, 'retryMinMs' | 'retryMaxMs'>;
  private readonly log: Log;

  constructor(options: Pick<PersistenceOptions, 'retryMinMs' | 'retryMaxMs'>, log: Log) {
    this.options = options;
    this.log = log;
  }

  answered(now: Millis): void {
    this.failures = 0;
    if (this.since === undefined) return;
    this.log.write('info', 'persistence.back', { awayMs: now - this.since });
    this.since = undefined;
  }

  /** How long to wait before the next call. */
  unanswered(now: Millis, error: unknown): Millis {
    if (this.since === undefined) {
      this.since = now;
      this.log.write('warn', 'persistence.away', { error });
    }
    const { retryMinMs, retryMaxMs } = this.options;
    const delayMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(this.failures, 20));
    this.failures += 1;
    return delayMs;
  }
}
