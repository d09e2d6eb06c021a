// Who gets which shard. Pure: the same table and members give the same answer on every coordinator.
//
//   place     rows without a living owner go to the targets that own least; one transaction, whatever the number of rows
//   balance   a target that owns too few gets shards that hold nothing, from owners that own too many
//
// Only hashed shards are placed: a solo shard has an owner only while an entity is pinned to it (K1).
// Counts are what is made equal here. Shards that hold actors stay where they are: moving those is a hand-off.
import type { ReleaseMove, ShardRow } from '@muster/cluster';
import { HASHED_SHARDS, type PeerId, type Term, term } from '@muster/ports';

export interface PlacementInput {
  readonly rows: readonly ShardRow[];
  /** Members that may get shards. */
  readonly targets: readonly PeerId[];
  /** True where this owner is not known to be dead. */
  readonly isAlive: (peer: PeerId) => boolean;
  /** New terms are above this one (K4). */
  readonly floorTerm: Term;
  /** The table is older than what storage remembers, so that no owner in it counts (K4). */
  readonly outdated: boolean;
}

/** True where the row needs an owner. */
export function needsOwner(
  row: ShardRow,
  { isAlive, outdated, floorTerm }: Omit<PlacementInput, 'rows' | 'targets'>,
): boolean {
  if (row.owner === '') return row.shard < HASHED_SHARDS;
  return !isAlive(row.owner) || (outdated && row.term <= floorTerm);
}

/** New rows for all that need an owner; empty where there is nothing to do, or nobody to place it on. */
export function place(input: PlacementInput): ShardRow[] {
  const { rows, targets } = input;
  if (targets.length === 0) return [];
  const homeless = rows.filter((row) => needsOwner(row, input));
  if (homeless.length === 0) return [];
  const lost = new Set(homeless);
  const counts = countOwned(
    rows.filter((row) => !lost.has(row)),
    targets,
  );
  return homeless.map((row) => {
    const owner = leastOf(counts);
    counts.set(owner, counts.get(owner)! + 1);
    return givenTo(row, owner, input);
  });
}

/** The row under a new owner: a new term, and no move or learner of the old one's. */
export function givenTo(
  row: ShardRow,
  owner: PeerId,
  { floorTerm, outdated }: Pick<PlacementInput, 'floorTerm' | 'outdated'>,
): ShardRow {
  const mayHaveHadMore = row.term === 0 || outdated;
  const next = term((mayHaveHadMore ? Math.max(row.term, floorTerm) : row.term) + 1);
  return { ...row, owner, backup: '', learner: '', term: next, state: 'stable', move: '' };
}

export interface BalanceInput {
  readonly rows: readonly ShardRow[];
  readonly targets: readonly PeerId[];
  /** Whether the owner says that the shard holds nothing. */
  readonly isEmpty: (row: ShardRow) => boolean;
  readonly max: number;
}

/** Empty shards that should change their owner so that counts come closer to each other; at most `max`. */
export function balance({ rows, targets, isEmpty, max }: BalanceInput): ReleaseMove[] {
  if (targets.length < 2) return [];
  const counts = countOwned(rows, targets);
  const moves: ReleaseMove[] = [];
  const spare = new Map(targets.map((peer) => [peer, rows.filter((row) => mayLeave(row, peer) && isEmpty(row))]));
  while (moves.length < max) {
    const to = leastOf(counts);
    const from = mostOf(counts, (peer) => spare.get(peer)!.length > 0);
    if (from === undefined || counts.get(from)! - counts.get(to)! < 2) break;
    moves.push({ row: spare.get(from)!.pop()!, to });
    counts.set(from, counts.get(from)! - 1);
    counts.set(to, counts.get(to)! + 1);
  }
  return moves;
}

/** Hashed shards per owner, and 0 for targets that own none. */
export function countOwned(rows: readonly ShardRow[], targets: readonly PeerId[]): Map<PeerId, number> {
  const counts = new Map([...targets].sort().map((peer) => [peer, 0]));
  for (const { owner, shard } of rows) {
    if (owner === '' || shard >= HASHED_SHARDS) continue;
    const count = counts.get(owner);
    if (count !== undefined) counts.set(owner, count + 1);
  }
  return counts;
}

function mayLeave(row: ShardRow, owner: PeerId): boolean {
  return row.owner === owner && row.shard < HASHED_SHARDS && row.state === 'stable';
}

function leastOf(counts: ReadonlyMap<PeerId, number>): PeerId {
  let least: PeerId | undefined;
  for (const [peer, count] of counts) if (least === undefined || count < counts.get(least)!) least = peer;
  return least!;
}

function mostOf(counts: ReadonlyMap<PeerId, number>, counted: (peer: PeerId) => boolean): PeerId | undefined {
  let most: PeerId | undefined;
  for (const [peer, count] of counts)
    if (counted(peer) && (most === undefined || count > counts.get(most)!)) most = peer;
  return most;
}
