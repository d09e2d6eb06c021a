import type { EpochRecord, ShardRow } from '@muster/cluster';
import type { Millis, PeerId, ShardId } from '@muster/ports';
import type { Member } from '../engine/fleet.js';
import type { StoreView } from '../engine/store-view.js';
import { NodeRole } from '../roles/node.js';
import type { Trouble } from './trouble.js';
import type { Report } from './violation.js';

/** Storage that was in trouble so lately may not have heard of the highest epoch, or could not be asked for it. */
const REMEMBERED_MS: Millis = 10_000;

export interface RegimeSetup {
  readonly view: StoreView;
  /** Those that are looked at one by one. */
  readonly shards: () => Iterable<ShardId>;
  readonly trouble: Trouble;
  readonly now: () => Millis;
  readonly report: Report;
}

/**
 * Invariant 3: what a process has seen of epochs and terms never goes down, and nobody is ahead of the store. A store that was put back shows
 * an older epoch again (K4); whoever leads then does so above every epoch that there ever was.
 */
export class RegimeCheck {
  private readonly setup: RegimeSetup;
  private readonly report: Report;
  private readonly epochs = new Map<PeerId, number>();
  /** Who led when, as the store had it. */
  private readonly regimes = new Set<string>();
  /** That there ever was in the store. */
  private highest = 0;

  constructor(setup: RegimeSetup) {
    this.setup = setup;
    this.report = setup.report;
    setup.view.onEpoch((record) => this.led(record));
  }

  watch({ process, running }: Member): void {
    running.table?.listen({ rowChanged: (row, before) => this.rowChanged(process.peer, row, before) });
  }

  tick(members: readonly Member[]): void {
    for (const { process, running, stopping } of members) {
      const seen = this.epochs.get(process.peer) ?? 0;
      if (running.epoch < seen)
        this.report('epochs never go down', `${process.peer} saw ${seen}, then ${running.epoch}`);
      // The view is read after the fact: what a process knows the store has had.
      if (running.epoch > this.highest)
        this.report('epochs come from the store', `${process.peer}: ${running.epoch}, the store ${this.highest}`);
      this.epochs.set(process.peer, running.epoch);
      if (running instanceof NodeRole && !stopping) this.copies(process.peer, running);
    }
  }

  private led({ epoch, leader, attempt }: EpochRecord): void {
    const regime = `${leader} ${attempt}`;
    if (this.regimes.has(regime)) return;
    this.regimes.add(regime);
    const { trouble, now } = this.setup;
    if (epoch <= this.highest && !trouble.was(/storage/, now() - REMEMBERED_MS))
      this.report('an epoch is given once', `${leader} leads in ${epoch}, and there was ${this.highest}`);
    this.highest = Math.max(this.highest, epoch);
  }

  /** Fence 2: a copy knows at least the term of the row that its process has, unless it owns the shard itself and keeps none. */
  private copies(peer: PeerId, { node }: NodeRole): void {
    for (const shard of this.setup.shards()) {
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
