import type { Counter, ErrorCode, Metrics } from '@muster/ports';

/**
 * What the router counts. The common ones are plain numbers that are handed on with each sweep: a labelled counter per command
 * would cost more than sending it.
 */
export class RouterCounts {
  private readonly calls: Counter;
  private readonly outcomes: Counter;
  private readonly resends: Counter;
  private readonly bounces: Counter;
  private readonly drops: Counter;
  private readonly replays: Counter;
  private newCalls = 0;
  private newAnswers = 0;
  private newResends = 0;

  constructor(metrics: Metrics) {
    this.calls = metrics.counter('muster_router_calls_total', 'Commands to entities');
    this.outcomes = metrics.counter(
      'muster_router_outcomes_total',
      'Answers to commands, by error code; ok where done',
    );
    this.resends = metrics.counter('muster_router_resent_total', 'Commands that were sent again');
    this.bounces = metrics.counter('muster_router_bounced_total', 'Commands that an owner sent back, by code');
    this.drops = metrics.counter('muster_router_replies_dropped_total', 'Answers that nobody waits for, by reason');
    this.replays = metrics.counter('muster_router_flights_total', 'Flights that began with commands waiting');
  }

  called(): void {
    this.newCalls += 1;
  }

  answered(): void {
    this.newAnswers += 1;
  }

  resent(): void {
    this.newResends += 1;
  }

  failed(code: ErrorCode): void {
    this.outcomes.add(1, { outcome: code });
  }

  bounced(code: ErrorCode): void {
    this.bounces.add(1, { code });
  }

  dropped(reason: 'late' | 'stale'): void {
    this.drops.add(1, { reason });
  }

  flights(waiting: number): void {
    if (waiting > 0) this.replays.add(1);
  }

  flush(): void {
    if (this.newCalls > 0) this.calls.add(this.newCalls);
    if (this.newAnswers > 0) this.outcomes.add(this.newAnswers, { outcome: 'ok' });
    if (this.newResends > 0) this.resends.add(this.newResends);
    this.newCalls = 0;
    this.newAnswers = 0;
    this.newResends = 0;
  }
}
