import type { ShardRow } from '@muster/cluster';
import type { PeerId, ShardId } from '@muster/ports';
import type { Member } from '../engine/fleet.js';
import type { StoreView } from '../engine/store-view.js';
import { NodeRole } from '../roles/node.js';
import type { Report } from './violation.js';

/** Invariant 3: what a process has seen of epochs and terms never goes down, and nobody is ahead of the store. */
export class RegimeCheck {
  private readonly report: Report;
  private readonly view: StoreView;
  private readonly shards: () => Iterable<ShardId>;
  private readonly epochs = new Map<PeerId, number>();
  private storeEpoch = 0;

  /** `shards`: those that are looked at one by one. */
  constructor(view: StoreView, shards: () => Iterable<ShardId>, report: Report) {
    this.shards = shards;
    this.view = view;
    this.report = report;
  }

  watch({ process, running }: Member): void {
    running.table?.listen({ rowChanged: (row, before) => this.rowChanged(process.peer, row, before) });
  }

  tick(members: readonly Member[]): void {
    const { epoch } = this.view;
    // The store itself may be put back (K4): no process may follow it down.
    this.storeEpoch = Math.max(this.storeEpoch, epoch);
    for (const { process, running, stopping } of members) {
      const seen = this.epochs.get(process.peer) ?? 0;
      if (running.epoch < seen)
        this.report('epochs never go down', `${process.peer} saw ${seen}, then ${running.epoch}`);
      // The view is read after the fact: what a process knows the store has had.
      if (running.epoch > this.storeEpoch)
        this.report('epochs come from the store', `${process.peer}: ${running.epoch}, the store ${epoch}`);
      this.epochs.set(process.peer, running.epoch);
      if (running instanceof NodeRole && !stopping) this.copies(process.peer, running);
    }
  }

  /** Fence 2: a copy knows at least the term of the row that its process has, unless it owns the shard itself and keeps none. */
  private copies(peer: PeerId, { node }: NodeRole): void {
    for (const shard of this.shards()) {
      const copy = node.backups.stateOf(shard);
      if (!copy) continue;
      const { term, owner } = node.table.row(shard);
      if (copy.term < term && (owner !== peer || copy.phase !== 'none'))
        this.report(
          'no copy takes what is older than its row',
          `${peer}: shard ${shard} term ${copy.term}, row ${term}`,
        );
    }
  }

  private rowChanged(peer: PeerId, row: ShardRow, before: ShardRow): void {
    if (row.term < before.term)
      this.report('terms never go down', `${peer}: shard ${row.shard} from ${before.term} to ${row.term}`);
    if (row.term === before.term && row.owner !== before.owner)
      this.report(
        'one owner per shard and term',
        `${peer}: shard ${row.shard} term ${row.term} belonged to ${before.owner}, then to ${row.owner}`,
      );
  }
}
