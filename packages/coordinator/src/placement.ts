// Who gets which shard. Pure: the same table and members give the same answer on every coordinator.
//
//   arrange   what the table should be: second places as in second-places.ts; rows that nobody has a living copy of go to the targets
//             that own least. One transaction, whatever the number of rows
//   balance   a target that owns too few gets shards that hold nothing, from owners that own too many
//
// Solo shards are placed only where an entity is in them (K1); they count for nothing when counts are made equal.
// Counts are what is made equal here. Shards that hold actors stay where they are: moving those is a hand-off.
//
// An empty shard that changes its owner leaves its backup behind: what the backup has is the log of a shard with nothing in it, and a
// learner of nothing is in sync after one exchange. So the new owner, which may be the old backup, starts with a learner like everybody
// else, and nobody has to agree with a backup about where a log goes on. The seal says that nothing can be lost by it.
import { cleared, type ReleaseMove, type ShardRow } from '@muster/cluster';
import { type PeerId, type ShardId, type ShardLayout, type Term, term } from '@muster/ports';
import { followed, isGone, type SecondPlaceInput, withLearners } from './second-places.js';

export interface PlacementInput extends SecondPlaceInput {
  readonly rows: readonly ShardRow[];
  readonly layout: ShardLayout;
  /** New terms are above this one (K4). */
  readonly floorTerm: Term;
  /** The table is older than what storage remembers, so that no owner in it counts (K4). */
  readonly outdated: boolean;
  /** The newer term by which storage or a node knows the shard (K4): the cluster's store was put back. */
  readonly outrankedBy: (row: ShardRow) => Term | undefined;
  /** Whether this leader leads the move of this id. */
  readonly isMoveKnown: (move: string) => boolean;
  /** An entity is in this solo shard (K1). */
  readonly isCarved: (shard: ShardId) => boolean;
}

type PlaceInput = Pick<
  PlacementInput,
  | 'rows'
  | 'layout'
  | 'targets'
  | 'isAlive'
  | 'isProvenDead'
  | 'isAnyAtLarge'
  | 'isCarved'
  | 'floorTerm'
  | 'outdated'
  | 'outrankedBy'
>;

/** K4: the table is older than what storage remembers, and the row with it: who had the shard since then, or that it was given up, it does not say. */
export function isOfBefore(
  { term: of }: Pick<ShardRow, 'term'>,
  { outdated, floorTerm }: Pick<PlacementInput, 'outdated' | 'floorTerm'>,
): boolean {
  return outdated && of <= floorTerm;
}

/** True where the row has to be placed afresh: nobody who may be alive can answer for it. */
export function needsOwner(
  row: ShardRow,
  {
    layout,
    isAlive,
    isProvenDead,
    isCarved,
    outdated,
    floorTerm,
    outrankedBy,
  }: Omit<PlaceInput, 'rows' | 'targets' | 'isAnyAtLarge'>,
): boolean {
  if (row.owner === '') return layout.isHashed(row.shard) || isCarved(row.shard);
  if (isOfBefore(row, { outdated, floorTerm })) return true;
  // Not even its owner may read it; and what its backup has is of another time.
  if (outrankedBy(row) !== undefined) return true;
  if (isAlive(row.owner)) return false;
  if (row.backup === '') return true;
  // Two that are merely silent may be cut off together, and answer. One of them alone can let nothing out.
  return !isAlive(row.backup) && (isProvenDead(row.owner) || isProvenDead(row.backup));
}

/** True where no shard has an owner who counts: all of them are about to be placed. */
export function isCold(input: PlacementInput): boolean {
  return !input.rows.some((row) => row.owner !== '' && !needsOwner(row, input));
}

/** True where nobody serves the shard now: it has to be placed, or waits for its owner or its backup to be heard. */
export function isWaiting(row: ShardRow, input: PlacementInput): boolean {
  return needsOwner(row, input) || (row.owner !== '' && isGone(row.owner, input));
}

/** Rows that have to change; empty where there is nothing to do. Done once, it has nothing to add. */
export function arrange(input: PlacementInput): ShardRow[] {
  const { rows } = input;
  const kept = rows.map((row) => {
    if (needsOwner(row, input)) return row;
    return isForgotten(row, input) ? givenTo(row, '', input) : followed(settled(row, input), input);
  });
  const placed = applied(kept, place({ ...input, rows: kept }));
  return changedRows(rows, withLearners(placed, rows, input));
}

/** K4: nobody is to have it, and who had it by a newer row, of which the table knows nothing, has to hear that. */
function isForgotten(row: ShardRow, input: PlacementInput): boolean {
  return row.owner === '' && isOfBefore(row, input);
}

/** K13: a move that nobody leads is over, whatever its shard's owner was asked for. */
function settled(row: ShardRow, { isMoveKnown }: PlacementInput): ShardRow {
  const isStray = (row.state === 'moving' || row.move !== '') && !isMoveKnown(row.move);
  return isStray ? cleared(row) : row;
}

/** New rows for all that have to be placed afresh; empty where there is nothing to do, or nobody to place it on. */
export function place(input: PlaceInput): ShardRow[] {
  const { rows, layout, targets } = input;
  if (targets.length === 0) return [];
  const homeless = rows.filter((row) => needsOwner(row, input));
  if (homeless.length === 0) return [];
  const lost = new Set(homeless);
  const counts = countOwned(
    rows.filter((row) => !lost.has(row)),
    layout,
    targets,
  );
  return homeless.map((row) => {
    const owner = leastOf(counts);
    counts.set(owner, counts.get(owner)! + 1);
    return givenTo(row, owner, input);
  });
}

/** The row under a new owner, or under none: a new term, and no move, backup or learner of the old one's. */
export function givenTo(
  before: ShardRow,
  owner: PeerId | '',
  { floorTerm, outdated, isAnyAtLarge, outrankedBy }: Omit<PlaceInput, 'rows' | 'targets' | 'isAlive' | 'isProvenDead'>,
): ShardRow {
  const { sure: _, atLarge, ...row } = before;
  const mayHaveHadMore = row.term === 0 || outdated;
  const outranked = outrankedBy(before);
  const known = Math.max(row.term, outranked ?? 0);
  // Whoever has had it since the copy that the store was put back to has not heard of this one (K4).
  const isUnknown = outranked !== undefined || isOfBefore(row, { outdated, floorTerm });
  const next = term((mayHaveHadMore ? Math.max(known, floorTerm) : known) + 1);
  return {
    ...row,
    ...((isUnknown || (atLarge && isAnyAtLarge())) && { atLarge: true }),
    owner,
    origin: 'placed',
    backup: '',
    learner: '',
    term: next,
    since: next,
    state: 'stable',
    move: '',
  };
}

/** The rows of a transaction that gives empty shards away, with learners for their new owners. */
export function handedOver(moves: readonly ReleaseMove[], input: PlacementInput): ShardRow[] {
  const given = moves.map(({ row, to }) => givenTo(row, to, input));
  // Nobody has to be avoided as a learner: who was the backup of an empty shard was not lost.
  const after = applied(input.rows, given);
  return changedRows(input.rows, withLearners(after, after, input));
}

/** The table with these rows in it. */
export function applied(rows: readonly ShardRow[], changes: readonly ShardRow[]): readonly ShardRow[] {
  if (changes.length === 0) return rows;
  const byShard = new Map(changes.map((row) => [row.shard, row]));
  return rows.map((row) => byShard.get(row.shard) ?? row);
}

function changedRows(before: readonly ShardRow[], after: readonly ShardRow[]): ShardRow[] {
  return after.filter((row, i) => row !== before[i]);
}

/** Everybody who owns, backs or learns something. */
export function namedIn(rows: readonly ShardRow[]): ReadonlySet<PeerId> {
  const named = new Set<PeerId>();
  for (const { owner, backup, learner } of rows)
    for (const peer of [owner, backup, learner]) if (peer !== '') named.add(peer);
  return named;
}

export interface BalanceInput {
  readonly rows: readonly ShardRow[];
  readonly layout: ShardLayout;
  readonly targets: readonly PeerId[];
  /** Whether the owner says that the shard holds nothing. */
  readonly isEmpty: (row: ShardRow) => boolean;
  readonly max: number;
}

/** Empty shards that should change their owner so that counts come closer to each other; at most `max`. */
export function balance({ rows, layout, targets, isEmpty, max }: BalanceInput): ReleaseMove[] {
  if (targets.length < 2) return [];
  const counts = countOwned(rows, layout, targets);
  const moves: ReleaseMove[] = [];
  const spare = new Map(
    targets.map((peer) => [
      peer,
      rows.filter((row) => layout.isHashed(row.shard) && mayLeave(row, peer) && isEmpty(row)),
    ]),
  );
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
export function countOwned(
  rows: readonly ShardRow[],
  layout: ShardLayout,
  targets: readonly PeerId[],
): Map<PeerId, number> {
  const counts = new Map([...targets].sort().map((peer) => [peer, 0]));
  for (const { owner, shard } of rows) {
    if (owner === '' || !layout.isHashed(shard)) continue;
    const count = counts.get(owner);
    if (count !== undefined) counts.set(owner, count + 1);
  }
  return counts;
}

function mayLeave(row: ShardRow, owner: PeerId): boolean {
  return row.owner === owner && row.state === 'stable';
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
