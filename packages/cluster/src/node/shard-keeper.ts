import {
  type Clock,
  type Log,
  type PeerId,
  parseEntity,
  type ShardId,
  type ShardRefusal,
  type Term,
} from '@muster/ports';
import type { ActorHost, Adoption, SavedActor } from '@muster/runtime';
import type { CarvingOwner } from '../carving/owner-side.js';
import { straysAmong } from '../carving/strays.js';
import type { HandoffSource } from '../handoff/source-side.js';
import type { HandoffTarget } from '../handoff/target-side.js';
import type { Persistence } from '../persistence/persistence.js';
import type { BackupKeeper } from '../replication/backup-keeper.js';
import type { Replicator } from '../replication/replicator.js';
import type { ShardReport } from '../replication/report.js';
import type { PassedOver, RoutingTable, ShardRow } from '../table/routing-table.js';
import { Promotions } from './promotions.js';

export interface ShardKeeperSetup {
  readonly clock: Clock;
  readonly self: PeerId;
  readonly table: RoutingTable;
  readonly host: ActorHost;
  /** What this process owns goes to others, and what it holds for others. */
  readonly replicator: Replicator;
  readonly backups: BackupKeeper;
  /** Absent: what is neither copied here nor owned already begins anew. */
  readonly persistence: Persistence | undefined;
  /** Shards in use that are handed over, and that come here. */
  readonly source: HandoffSource;
  readonly target: HandoffTarget;
  /** Entities on their way from one shard of this process into another. */
  readonly carving: Pick<CarvingOwner, 'heldIn'>;
  readonly log: Log;
  /** Called for every row that came with a new term, after the shard is open or closed as it says. */
  readonly termChanged: (shard: ShardId) => void;
}

/** Opens and closes shards as the table's rows say: this process owns what is in its own, living name (K3), nothing else. */
export class ShardKeeper {
  private readonly setup: ShardKeeperSetup;
  private readonly mine = new Map<ShardId, Term>();
  /** Shards of this process's that storage knows by a newer term than their rows. */
  private readonly outranked = new Map<ShardId, ShardReport>();
  /** Shards of anybody's of which the last whole table knew less than this process does. */
  private forgotten: readonly ShardReport[] = [];
  private readonly promotions: Promotions;
  private readonly release: () => void;

  constructor(setup: ShardKeeperSetup) {
    this.setup = setup;
    this.promotions = new Promotions(setup.clock, setup.log);
    if (setup.persistence) setup.persistence.refused = (shard, refused, known) => this.refused(shard, refused, known);
    this.release = setup.table.listen({
      rowChanged: (row, before) => this.changed(row, before),
      passedOver: (older) => this.passedOver(older),
    });
    for (const row of setup.table.allRows()) this.follow(row, row);
  }

  /** Shards owned, with their terms. */
  get owned(): ReadonlyMap<ShardId, Term> {
    return this.mine;
  }

  /** What the leader is to hear of them with every beat: only a row of a newer term opens them (K4). */
  reports(): readonly ShardReport[] {
    return [...this.outranked.values(), ...this.forgotten];
  }

  /** Gives up everything: this process was replaced, or stops. */
  stop(): void {
    this.release();
    for (const shard of [...this.mine.keys()]) this.close(shard);
  }

  private changed(row: ShardRow, before: ShardRow): void {
    this.follow(row, before);
    if (row.term !== before.term) this.setup.termChanged(row.shard);
  }

  private passedOver(older: readonly PassedOver[]): void {
    const { self: peer } = this.setup;
    this.forgotten = older.map(({ row: { shard, term }, known }) => ({ shard, term, what: 'outranked', peer, known }));
  }

  private follow(row: ShardRow, before: ShardRow): void {
    const { self, log, replicator, backups, source, target, persistence, host } = this.setup;
    const { shard, owner, term } = row;
    const held = this.mine.get(shard);
    this.outranked.delete(shard);
    if (owner !== self) {
      backups.follow(row);
      target.rowChanged(row);
      if (held !== undefined) {
        const end = source.endFor(row);
        if (end !== undefined) backups.keep(row, end, host.leftovers(shard), persistence?.unstored(shard));
        this.close(shard);
        log.write('debug', 'shard.closed', { shard, term, owner });
      }
      backups.rowCame(shard);
      return;
    }
    if (held === term) {
      persistence?.assign(row);
      replicator.assign(row);
      return;
    }
    if (held !== undefined && !isSameOwnership(row, held)) this.close(shard);
    const promotion = this.mine.has(shard) ? undefined : backups.promote(row);
    const adoption = promotion && withUnlogged(promotion.adoption, target.takeOver(row));
    // What it gates on changes before anything can leave under the new term.
    persistence?.assign(row);
    const isNew = !this.mine.has(shard);
    this.mine.set(shard, term);
    replicator.assign(row, promotion?.heldUntil, promotion?.continues);
    if (promotion) persistence?.inherit(row, promotion.inherited);
    if (persistence && isNew && !promotion) this.load(row, persistence, row.origin !== 'placed');
    else if (persistence?.isLoading(shard)) host.load(shard, term);
    else this.open(shard, term, adoption);
    target.rowChanged(row);
    if (row.origin === 'moved' && held === undefined && !promotion)
      log.write('error', 'handoff.copy-missing', { shard, term, former: before.owner });
    if (promotion) this.promotions.add(row, before.owner, promotion.adoption.actors.size);
    else if (!persistence) log.write('debug', 'shard.opened', { shard, term });
  }

  /** What there is of it is in storage. */
  private load(row: ShardRow, persistence: Persistence, surelyLacks: boolean): void {
    const { host, log, backups } = this.setup;
    const { shard } = row;
    host.load(shard, row.term);
    persistence.load(row, surelyLacks, (adoption) => {
      const term = this.mine.get(shard)!;
      // An owner before this one's may not have fenced itself yet.
      const fencedMs = row.atLarge ? backups.ungatedWaitMs : adoption.fencedMs;
      this.open(shard, term, { ...adoption, fencedMs });
      const { size } = adoption.actors;
      log.write('debug', 'shard.opened', { shard, term, actors: size, mayLack: adoption.mayLack });
    });
  }

  /** What belongs to another shard (K1) is not opened: copies and storage hear that it is not here any more. */
  private open(shard: ShardId, term: Term, adoption: Adoption | undefined): void {
    const { host, table, carving, log } = this.setup;
    const held = adoption ? carving.heldIn(shard) : [];
    const strays = adoption ? straysAmong(adoption.actors, shard, table, held) : [];
    if (!adoption || held.length + strays.length === 0) {
      host.open(shard, term, adoption);
      return;
    }
    const actors = new Map([...adoption.actors].filter(([entity]) => !strays.includes(entity)));
    host.open(shard, term, { ...adoption, actors, held });
    for (const entity of strays) {
      log.write('info', 'carving.stray', { shard, term, entity });
      host.drop(shard, parseEntity(entity));
    }
  }

  /** Storage ended the log of a shard: nothing goes on here that is not recorded. */
  private refused(shard: ShardId, refused: ShardRefusal, known: Term): void {
    const { self, table, persistence } = this.setup;
    this.close(shard);
    const row = table.row(shard);
    if (row.owner !== self || !persistence) return;
    // Somebody else's row is on its way. If it is not, the cluster's store knows less than storage: its leader has to hear that (K4).
    if (refused === 'STALE_TERM') {
      this.outranked.set(shard, { shard, term: row.term, what: 'outranked', peer: self, known });
      return;
    }
    // Storage could not take a record, or lost what was being read: what it has is what there is.
    this.mine.set(shard, row.term);
    this.setup.replicator.assign(row);
    // The claim finds what the one before found, under this very term, and nothing of what this process has let out since.
    this.load(row, persistence, refused !== 'UNSTORABLE' || row.backup !== '');
  }

  private close(shard: ShardId): void {
    this.mine.delete(shard);
    this.setup.host.close(shard);
    this.setup.persistence?.close(shard);
  }
}

/** What no log has came with the hand-off. */
function withUnlogged(adoption: Adoption, unlogged: ReadonlyMap<string, SavedActor> | undefined): Adoption {
  return unlogged?.size ? { ...adoption, actors: new Map([...adoption.actors, ...unlogged]) } : adoption;
}

/**
 * Whether a process that owned the shard in `heldIn`, and owns it by this row, has owned it all the time. It may have missed rows: where the
 * row does not say since when it is the owner, only one step of the term can be a change of backup. After more, somebody else may have
 * owned it in between, unseen, and what is here would be old.
 */
export function isSameOwnership({ term, since }: Pick<ShardRow, 'term' | 'since'>, heldIn: Term): boolean {
  return since === undefined ? term <= heldIn + 1 : since <= heldIn;
}
