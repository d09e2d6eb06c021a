import type { Counter, Gauge, Histogram, Metrics, Millis, ShardRefusal } from '@muster/ports';

const BUCKETS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5] as const;
const BUCKETS_RECORDS = [1, 2, 5, 10, 20, 50, 100, 500, 1_000, 5_000] as const;

/** What the log in storage did. */
export class LogCounters {
  private readonly seconds: Histogram;
  private readonly records: Histogram;
  private readonly failures: Counter;
  private readonly refusals: Counter;
  private readonly chars: Gauge;

  constructor(metrics: Metrics) {
    this.seconds = metrics.histogram(
      'muster_storage_log_commit_seconds',
      'How long group commits took.',
      BUCKETS_SECONDS,
    );
    this.records = metrics.histogram(
      'muster_storage_log_commit_records',
      'Records of one group commit.',
      BUCKETS_RECORDS,
    );
    this.failures = metrics.counter(
      'muster_storage_log_failures_total',
      'Calls of storage without an answer, by code.',
    );
    this.refusals = metrics.counter('muster_storage_log_refused_total', 'Logs that storage ended, by reason.');
    this.chars = metrics.gauge('muster_storage_log_waiting_chars', 'Records that wait for storage, in characters.');
  }

  committed(records: number, ms: Millis): void {
    this.seconds.observe(ms / 1_000);
    this.records.observe(records);
  }

  failed(code: string): void {
    this.failures.add(1, { code });
  }

  refused(reason: ShardRefusal): void {
    this.refusals.add(1, { reason });
  }

  waiting(chars: number): void {
    this.chars.set(chars);
  }
}
