import type { Clock, Log, PeerId, ShardId } from '@muster/ports';
import type { ShardRow } from '../table/routing-table.js';

interface Batch {
  readonly first: ShardId;
  readonly former: PeerId | '';
  readonly sure: boolean;
  readonly origin: ShardRow['origin'];
  shards: number;
  actors: number;
}

/** Says what came here with its state, one line for all that came in one turn from one owner: a death is hundreds of shards. */
export class Promotions {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly batches = new Map<string, Batch>();

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  add({ shard, sure = false, origin }: ShardRow, former: PeerId | '', actors: number): void {
    if (this.batches.size === 0) this.clock.defer(() => this.tell());
    const key = `${former} ${sure} ${origin}`;
    const batch = this.batches.get(key) ?? { first: shard, former, sure, origin, shards: 0, actors: 0 };
    batch.shards += 1;
    batch.actors += actors;
    this.batches.set(key, batch);
  }

  private tell(): void {
    for (const batch of this.batches.values()) this.log.write('info', 'shard.promoted', { ...batch });
    this.batches.clear();
  }
}
