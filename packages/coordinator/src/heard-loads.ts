import type { PeerInfo, ReportedChange, ShardRow } from '@muster/cluster';
import { type Millis, type PeerId, type ShardId, type Term, term } from '@muster/ports';
import type { Heartbeat, ShardReport } from '@muster/wire';

export interface HeardLoad {
  readonly info: PeerInfo;
  readonly beat: Heartbeat;
  /** That it had seen. */
  readonly epoch: number;
  readonly at: Millis;
  /** The beat's reports, by shard. */
  readonly reports: ReadonlyMap<number, readonly ShardReport[]>;
}

const NO_REPORTS: HeardLoad['reports'] = new Map();

/** The last beat of every linked member. Kept by every coordinator, so that a new leader knows at once who is alive. */
export class HeardLoads {
  private readonly loads = new Map<PeerId, HeardLoad>();

  heard(info: PeerInfo, beat: Heartbeat, epoch: number, at: Millis): void {
    // A copy: byte fields are views into the received frame.
    this.loads.set(info.peer, {
      info,
      beat: { ...beat, occupied: beat.occupied.slice() },
      epoch,
      at,
      reports: byShard(beat.reports),
    });
  }

  /**
   * Whether the row's owner says this in its last beat, about that peer and this very row: anything said about another term is void, and
   * so is what was said before the owner had the table of `changedAt`. Learners come and go within a term: one that was in sync, was
   * dropped and is named again has nothing yet (K10).
   */
  isReported(row: ShardRow, what: ReportedChange, peer: PeerId, changedAt: number): boolean {
    return this.reported(row, what, peer, changedAt) !== undefined;
  }

  /** K4: the newest term that anybody has had the row's shard by, or its owner has found in storage; undefined: none is newer. */
  outrankedBy({ shard, term: of }: ShardRow, changedAt: number): Term | undefined {
    let newest: number = of;
    for (const { beat, reports } of this.loads.values()) {
      if (reports === NO_REPORTS || beat.tableRevision < changedAt) continue;
      for (const { term: about, what, known } of reports.get(shard) ?? [])
        if (about === of && what === 'outranked' && known > newest) newest = known;
    }
    return newest > of ? term(newest) : undefined;
  }

  private reported(
    { owner, shard, term: of }: ShardRow,
    what: ReportedChange,
    peer: PeerId,
    changedAt: number,
  ): ShardReport | undefined {
    const load = owner === '' ? undefined : this.loads.get(owner);
    const reports = load && load.beat.tableRevision >= changedAt ? load.reports.get(shard) : undefined;
    return reports?.find((each) => each.term === of && each.what === what && each.peer === peer);
  }

  gone(peer: PeerId): void {
    this.loads.delete(peer);
  }

  get(peer: PeerId): HeardLoad | undefined {
    return this.loads.get(peer);
  }

  /** Whether the member says that the shard holds an actor; undefined: it has not said. */
  isOccupied(peer: PeerId, shard: ShardId): boolean | undefined {
    const occupied = this.loads.get(peer)?.beat.occupied;
    if (!occupied) return undefined;
    return ((occupied[shard >> 3] ?? 0) & (1 << (shard & 7))) !== 0;
  }

  /** Connected players of all gateways. */
  sessions(): number {
    let sum = 0;
    for (const { beat } of this.loads.values()) sum += beat.sessions;
    return sum;
  }

  actors(): number {
    let sum = 0;
    for (const { beat } of this.loads.values()) sum += beat.actors;
    return sum;
  }
}

function byShard(reports: readonly ShardReport[]): HeardLoad['reports'] {
  if (reports.length === 0) return NO_REPORTS;
  const found = new Map<number, readonly ShardReport[]>();
  for (const report of reports) found.set(report.shard, [...(found.get(report.shard) ?? []), report]);
  return found;
}
