import type { Clock, Log, LogFields, Millis } from '@muster/ports';

/**
 * What is tried again and again until it works: one line in the log when it begins to fail and one when it works again, however many
 * attempts there are in between.
 */
export class Outage {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly event: string;
  private since: Millis | undefined;
  private attempts = 0;

  /** `event` names the failing; its end is `<event>.over`. */
  constructor(clock: Clock, log: Log, event: string) {
    this.clock = clock;
    this.log = log;
    this.event = event;
  }

  failed(fields: LogFields): void {
    this.attempts += 1;
    if (this.since !== undefined) return;
    this.since = this.clock.monotonic();
    this.log.write('warn', this.event, fields);
  }

  over(): void {
    if (this.since === undefined) return;
    this.log.write('info', `${this.event}.over`, {
      awayMs: this.clock.monotonic() - this.since,
      attempts: this.attempts,
    });
    this.since = undefined;
    this.attempts = 0;
  }
}
