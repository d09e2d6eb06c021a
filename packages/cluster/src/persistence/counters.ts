import type { Counter, Gauge, Histogram, Metrics, Millis, ShardRefusal } from '@muster/ports';

const BUCKETS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5] as const;
const BUCKETS_RECORDS = [1, 2, 5, 10, 20, 50, 100, 500, 1_000, 5_000] as const;

/** What the way into storage did. */
export class WriterCounters {
  private readonly seconds: Histogram;
  private readonly records: Histogram;
  private readonly failures: Counter;
  private readonly refusals: Counter;
  private readonly losses: Counter;
  private readonly forgets: Counter;
  private readonly chars: Gauge;
  private readonly saves: Counter;
  private readonly mergers: Counter;
  private readonly unread: Counter;
  private readonly excluded: Counter;

  constructor(metrics: Metrics) {
    this.seconds = metrics.histogram(
      'muster_persistence_commit_seconds',
      'How long group commits took.',
      BUCKETS_SECONDS,
    );
    this.records = metrics.histogram(
      'muster_persistence_commit_records',
      'Records of one group commit.',
      BUCKETS_RECORDS,
    );
    this.failures = metrics.counter(
      'muster_persistence_failures_total',
      'Calls of storage without an answer, by code.',
    );
    this.refusals = metrics.counter('muster_persistence_refused_total', 'Logs that storage ended, by reason.');
    this.losses = metrics.counter(
      'muster_persistence_lost_total',
      'Shards of which storage had lost what it had confirmed, by reason.',
    );
    this.forgets = metrics.counter(
      'muster_persistence_forgotten_total',
      'Actors that are gone, by what became of their rows.',
    );
    this.chars = metrics.gauge('muster_persistence_waiting_chars', 'Records that wait for storage, in characters.');
    this.saves = metrics.counter('muster_persistence_saved_total', 'Actors stored whole.');
    this.mergers = metrics.counter(
      'muster_persistence_merged_total',
      'Records given up because their actors were stored whole.',
    );
    this.unread = metrics.counter('muster_persistence_unreadable_total', 'Actors that could not be read to be stored.');
    this.excluded = metrics.counter('muster_persistence_unstorable_total', 'Actors that storage could not take.');
  }

  unstorable(actors: number): void {
    this.excluded.add(actors);
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

  lost(reason: ShardRefusal): void {
    this.losses.add(1, { reason });
  }

  forgot(actors: number, rows: 'removed' | 'left'): void {
    if (actors > 0) this.forgets.add(actors, { rows });
  }

  saved(actors: number): void {
    this.saves.add(actors);
  }

  merged(records: number): void {
    this.mergers.add(records);
  }

  unreadable(): void {
    this.unread.add();
  }

  waiting(chars: number): void {
    this.chars.set(chars);
  }
}
