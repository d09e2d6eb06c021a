import type { ShardRow } from '@muster/cluster';
import { type Millis, type PeerId, parsePeerId, type ShardId, type Term } from '@muster/ports';
import type { Fleet } from '../engine/fleet.js';
import type { Ways } from '../network/ways.js';
import { NodeRole } from '../roles/node.js';
import type { Trouble } from './trouble.js';
import type { Report } from './violation.js';

export interface LossesSetup {
  readonly fleet: Fleet;
  readonly ways: Ways;
  readonly trouble: Trouble;
  readonly report: Report;
  readonly now: () => Millis;
  /** True where an entity that was asked something lives there: an empty shard has nothing to lose. */
  readonly isInUse: (shard: ShardId) => boolean;
}

/** A backup that was well for so long has heard of every row and follows its owner. */
const WELL_MS: Millis = 5_000;

/**
 * Invariant 2: one failure loses nothing. State is lost when a process begins with a shard that somebody had, and has neither a
 * copy of it nor all of it from storage. That
 * needs two failures: the owner, and whoever was to go on. While the backup is well, nobody else may begin; and where only one thing
 * was broken lately, nobody may begin with nothing.
 */
export class Losses {
  private readonly setup: LossesSetup;
  private readonly byShard = new Map<ShardId, Millis[]>();
  /** Who got it from an owner that had nothing in it. */
  private readonly emptyTo = new Map<ShardId, PeerId>();
  /** Over all shards that are in use. */
  count = 0;

  constructor(setup: LossesSetup) {
    this.setup = setup;
  }

  /** When what was in the shard was lost, oldest first. */
  of(shard: ShardId): readonly Millis[] {
    return this.byShard.get(shard) ?? [];
  }

  /** Negative infinity: never. */
  lastOf(shard: ShardId): Millis {
    return this.of(shard).at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  /** A row was committed. */
  committed(row: ShardRow, before: ShardRow): void {
    const { owner, backup } = before;
    if (row.owner !== owner) {
      if (row.owner !== '' && this.isEmptyAt(before)) this.emptyTo.set(row.shard, row.owner);
      else this.emptyTo.delete(row.shard);
    }
    if (owner === '' || row.owner === owner || row.owner === backup || row.owner === '') return;
    if (row.origin === 'promoted') {
      const what = `shard ${row.shard} term ${row.term} went from ${owner} to ${row.owner}; its backup was ${backup}`;
      this.setup.report('only a backup is promoted', what);
    }
    if (
      backup === '' ||
      row.origin === 'moved' ||
      this.emptyTo.has(row.shard) ||
      !this.setup.isInUse(row.shard) ||
      !this.isWell(backup)
    )
      return;
    this.setup.report(
      'one failure loses nothing',
      `shard ${row.shard} went from ${owner} to ${row.owner} in term ${row.term}; its backup ${backup} was well`,
    );
  }

  /** A process began with a shard that somebody had before, and what it has of it may lack the last of what was let out. */
  begunWithLess(shard: ShardId, term: Term, by: PeerId): void {
    const { isInUse, now, trouble, report } = this.setup;
    if (!isInUse(shard) || this.emptyTo.get(shard) === by) return;
    this.count += 1;
    this.byShard.set(shard, [...this.of(shard), now()]);
    if (!trouble.excuses(now() - WELL_MS, now()))
      report('one failure loses nothing', `shard ${shard} term ${term}: ${by} may lack some of what was there`);
  }

  /** An owner that has not opened it yet may have a copy of much. */
  private isEmptyAt({ owner, shard, term }: ShardRow): boolean {
    if (owner === '') return false;
    const { process, running } = this.setup.fleet.get(parsePeerId(owner).id) ?? {};
    if (process?.peer !== owner || !(running instanceof NodeRole)) return false;
    return running.termOf(shard) === term && running.node.runtime.actorsIn(shard) === 0;
  }

  private isWell(peer: PeerId): boolean {
    const { fleet, ways, now } = this.setup;
    const { id } = parsePeerId(peer);
    const process = fleet.get(id)?.process;
    if (process?.peer !== peer || process.state !== 'running' || !ways.isFluent) return false;
    return now() - Math.max(process.steadySince, ways.troubledAt(id)) >= WELL_MS;
  }
}
