import type { Counter, Metrics, ShardAnswer } from '@muster/ports';

/** What happened to shards in storage. */
export class ShardCounters {
  private readonly rows: Counter | undefined;
  private readonly refusals: Counter | undefined;
  private readonly damage: Counter | undefined;

  constructor(metrics?: Metrics) {
    this.rows = metrics?.counter(
      'muster_shard_store_rows_total',
      'Records and snapshots sent to storage, refused ones included.',
    );
    this.refusals = metrics?.counter(
      'muster_shard_store_refused_total',
      'Shards of which a call wrote nothing, by reason.',
    );
    this.damage = metrics?.counter(
      'muster_shard_store_damaged_total',
      'Entities whose stored state could not be read.',
    );
  }

  sent(what: 'record' | 'snapshot', rows: number): void {
    if (rows > 0) this.rows?.add(rows, { what });
  }

  /** Passes them through. */
  answered<Answer extends ShardAnswer>(call: string, answers: readonly Answer[]): readonly Answer[] {
    for (const { refused } of answers) if (refused) this.refusals?.add(1, { call, reason: refused });
    return answers;
  }

  damaged(): void {
    this.damage?.add();
  }
}
