import type { Clock, Log, Metrics, Millis } from '@muster/ports';

/** Whether the cluster store answers, judged by the last call that ended. */
export class StoreHealth {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly metrics: Metrics;
  private readonly listeners: { away(cause: unknown): void; back(awayMs: Millis): void };
  private answeredAt: Millis;
  private awaySince: Millis | undefined;

  constructor(setup: {
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
    readonly on: { away(cause: unknown): void; back(awayMs: Millis): void };
  }) {
    this.clock = setup.clock;
    this.log = setup.log;
    this.metrics = setup.metrics;
    this.listeners = setup.on;
    this.answeredAt = this.clock.monotonic();
  }

  get reachable(): boolean {
    return this.awaySince === undefined;
  }

  get answeredAgoMs(): Millis {
    return this.clock.monotonic() - this.answeredAt;
  }

  answered(): void {
    const now = this.clock.monotonic();
    this.answeredAt = now;
    if (this.awaySince === undefined) return;
    const awayMs = now - this.awaySince;
    this.awaySince = undefined;
    this.gauge(1);
    this.log.write('info', 'store.back', { awayMs });
    this.listeners.back(awayMs);
  }

  failed(error: unknown): void {
    if (this.awaySince !== undefined) return;
    this.awaySince = this.clock.monotonic();
    this.gauge(0);
    this.log.write('error', 'store.away', { error });
    this.listeners.away(error);
  }

  private gauge(value: number): void {
    this.metrics.gauge('muster_coordinator_store_reachable', 'Whether the cluster store answers').set(value);
  }
}
