import { type Clock, codeOf, type Log, type Metrics, type Millis } from '@muster/ports';

/** A store that refused a write for want of room is taken to have none for so long; then somebody may try again. */
const FULL_MS: Millis = 5_000;

/**
 * Whether the cluster store answers, judged by the last call that ended, and whether it takes what is written: one without room goes on answering
 * those who read, and nothing may be begun that has to be written (K13).
 */
export class StoreHealth {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly metrics: Metrics;
  private readonly listeners: { away(cause: unknown): void; back(awayMs: Millis): void };
  private answeredAt: Millis;
  private awaySince: Millis | undefined;
  private fullUntil = Number.NEGATIVE_INFINITY;
  /** Since the first write that was refused, none was taken. */
  private fullSince: Millis | undefined;

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

  get full(): boolean {
    return this.clock.monotonic() < this.fullUntil;
  }

  get answeredAgoMs(): Millis {
    return this.clock.monotonic() - this.answeredAt;
  }

  answered(what: 'read' | 'write' = 'read'): void {
    const now = this.clock.monotonic();
    if (what === 'write') this.hasRoom(now);
    if (!this.full) this.answeredAt = now;
    if (this.awaySince === undefined) return;
    const awayMs = now - this.awaySince;
    this.awaySince = undefined;
    this.gauge(1);
    this.log.write('info', 'store.back', { awayMs });
    this.listeners.back(awayMs);
  }

  failed(error: unknown): void {
    if (codeOf(error) === 'STORE_FULL') {
      this.answered();
      this.refused(error);
      return;
    }
    if (this.awaySince !== undefined) return;
    this.awaySince = this.clock.monotonic();
    this.gauge(0);
    this.log.write('error', 'store.away', { error });
    this.listeners.away(error);
  }

  private refused(error: unknown): void {
    const now = this.clock.monotonic();
    this.fullUntil = now + FULL_MS;
    if (this.fullSince !== undefined) return;
    this.fullSince = now;
    this.log.write('error', 'store.full', { error });
  }

  private hasRoom(now: Millis): void {
    this.fullUntil = Number.NEGATIVE_INFINITY;
    if (this.fullSince === undefined) return;
    this.log.write('info', 'store.has-room', { fullMs: now - this.fullSince });
    this.fullSince = undefined;
  }

  private gauge(value: number): void {
    this.metrics.gauge('muster_coordinator_store_reachable', 'Whether the cluster store answers').set(value);
  }
}
