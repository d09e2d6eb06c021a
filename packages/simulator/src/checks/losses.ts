import type { ShardRow } from '@muster/cluster';
import { type Millis, type PeerId, parsePeerId, type ShardId, type Term } from '@muster/ports';
import type { Fleet } from '../engine/fleet.js';
import type { StoreView } from '../engine/store-view.js';
import type { Ways } from '../network/ways.js';
import { NodeRole } from '../roles/node.js';
import { Restorations } from './restorations.js';
import type { Trouble } from './trouble.js';
import type { Report } from './violation.js';

export interface LossesSetup {
  readonly fleet: Fleet;
  readonly ways: Ways;
  readonly trouble: Trouble;
  readonly view: StoreView;
  readonly report: Report;
  readonly now: () => Millis;
  /** True where an entity that was asked something lives there: an empty shard has nothing to lose. */
  readonly isInUse: (shard: ShardId) => boolean;
}

/** A backup that was well for so long has heard of every row and follows its owner. */
const WELL_MS: Millis = 5_000;

/** Failures that are so close together count as one disaster: a death by silence, and the time until another copy is in sync. */
const TOGETHER_MS: Millis = 10_000;

/** Who had a whole copy of a shard, by its row, and until when. */
interface Holder {
  readonly peer: PeerId;
  until: Millis;
}

/**
 * Invariant 2: one failure loses nothing. State is lost when a process begins with a shard that somebody had, and has neither a
 * copy of it nor all of it from storage. That needs every copy to be out of reach, and two failures close together among those who had
 * one and storage: killed, paused or cut off. A cut is one failure, whoever it cuts off. While the backup is well, nobody else may begin;
 * unless the cluster's store was put back and no leader was left who knew better, so that nobody can say who the backup was (restorations.ts).
 */
export class Losses {
  readonly restorations: Restorations;
  private readonly setup: LossesSetup;
  private readonly byShard = new Map<ShardId, Millis[]>();
  /** Who got it from an owner that had nothing in it, and has not begun with it yet. */
  private readonly emptyTo = new Map<ShardId, PeerId>();
  private readonly holders = new Map<ShardId, readonly Holder[]>();
  /** Over all shards that are in use. */
  count = 0;

  constructor(setup: LossesSetup) {
    this.setup = setup;
    this.restorations = new Restorations(setup);
  }

  /** When what was in the shard was lost, oldest first. */
  of(shard: ShardId): readonly Millis[] {
    return this.byShard.get(shard) ?? [];
  }

  /** The same, of several shards. */
  ofAny(shards: readonly ShardId[]): readonly Millis[] {
    return shards.flatMap((shard) => this.of(shard)).sort((a, b) => a - b);
  }

  /** Negative infinity: never. */
  lastOf(shards: readonly ShardId[]): Millis {
    return this.ofAny(shards).at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  /** A row was committed. */
  committed(row: ShardRow, before: ShardRow): void {
    const { owner, backup } = before;
    this.hold(row);
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
      this.restorations.isForgotten(row.shard) ||
      this.emptyTo.has(row.shard) ||
      this.isLeaving(owner) ||
      !this.setup.isInUse(row.shard) ||
      !this.isWell(backup)
    )
      return;
    this.setup.report(
      'one failure loses nothing',
      `shard ${row.shard} went from ${owner} to ${row.owner} in term ${row.term}; its backup ${backup} was well`,
    );
  }

  /** A process began with a shard. `hasLess`: somebody had it before, and what it has of it may lack the last of what was let out. */
  begun(shard: ShardId, term: Term, by: PeerId, hasLess: boolean): void {
    // From here on there may be something in it: whoever was given it empty is excused this once.
    const wasEmpty = this.emptyTo.get(shard) === by && this.emptyTo.delete(shard);
    if (hasLess && !wasEmpty && this.setup.isInUse(shard)) this.begunWithLess(shard, term, by);
    this.restorations.began(shard);
  }

  private begunWithLess(shard: ShardId, term: Term, by: PeerId): void {
    const { now, trouble, report } = this.setup;
    this.count += 1;
    this.byShard.set(shard, [...this.of(shard), now()]);
    const had = this.holders.get(shard) ?? [];
    const others = had.filter(({ peer }) => peer !== by);
    const last = Math.max(...others.map(({ until }) => until));
    const well = others.filter(({ peer, until }) => until === last && !this.hasFailed(peer)).map(({ peer }) => peer);
    const failures = new Set(had.flatMap(({ peer }) => this.failuresOf(peer)));
    if (trouble.was(/storage/, now() - TOGETHER_MS)) failures.add('storage');
    if (this.restorations.isForgotten(shard) || (well.length === 0 && failures.size > 1)) return;
    const seen = `shard ${shard} term ${term}: ${by} may lack some of what was there; failed: ${[...failures].join() || 'nobody'}`;
    report('one failure loses nothing', `${seen}; well: ${well.join() || 'nobody'}`);
  }

  /** Whoever the row names as owner or backup has all of it. What is parked is in storage, whole. */
  private hold({ shard, owner, backup }: ShardRow): void {
    const now = this.setup.now();
    const named = owner === '' ? [] : [owner, backup].flatMap((peer) => (peer === '' ? [] : [peer]));
    const before = owner === '' ? [] : (this.holders.get(shard) ?? []);
    for (const holder of before) if (!named.includes(holder.peer)) holder.until = Math.min(holder.until, now);
    const known = before.filter(({ until }) => now - until < TOGETHER_MS);
    const isNew = (peer: PeerId): boolean => !known.some((it) => it.peer === peer && it.until > now);
    const added = named.filter(isNew).map((peer) => ({ peer, until: Number.POSITIVE_INFINITY }));
    this.holders.set(shard, [...known, ...added]);
  }

  private hasFailed(peer: PeerId): boolean {
    return this.failuresOf(peer).length > 0;
  }

  /** Why it is gone, or could not take part lately: itself, or the cuts that it was cut off by. */
  private failuresOf(peer: PeerId): readonly string[] {
    const { fleet, ways, now } = this.setup;
    const { id } = parsePeerId(peer);
    const process = fleet.get(id)?.process;
    const since = now() - TOGETHER_MS;
    if (process?.peer !== peer || process.state !== 'running' || process.steadySince > since) return [peer];
    return ways.cutsAt(id, since);
  }

  /** An owner that has not opened it yet may have a copy of much; one that gives it up has sealed it. */
  private isEmptyAt({ owner, shard, term }: ShardRow): boolean {
    if (owner === '') return false;
    const { process, running } = this.setup.fleet.get(parsePeerId(owner).id) ?? {};
    if (process?.peer !== owner || !(running instanceof NodeRole)) return false;
    const { runtime } = running.node;
    const isHere = ['open', 'sealed'].includes(runtime.stateOf(shard)) && runtime.termOf(shard) === term;
    return isHere && runtime.actorsIn(shard) === 0;
  }

  /** Its end is in order: what it had sealed as empty may be given away while it closes; whoever lacks anything of the rest is found out as it begins. */
  private isLeaving(peer: PeerId): boolean {
    const { process, running } = this.setup.fleet.get(parsePeerId(peer).id) ?? {};
    return process?.peer === peer && running instanceof NodeRole && running.isLeaving;
  }

  private isWell(peer: PeerId): boolean {
    const { fleet, ways, now } = this.setup;
    const { id } = parsePeerId(peer);
    const process = fleet.get(id)?.process;
    if (process?.peer !== peer || process.state !== 'running' || !ways.isFluent) return false;
    return now() - Math.max(process.steadySince, ways.troubledAt(id)) >= WELL_MS;
  }
}
