import type { ShardRow } from '@muster/cluster';
import type { PeerId, ShardLayout } from '@muster/ports';

/**
 * What became of shards in one transaction:
 * `placed`: got an owner, which begins with nothing, or with nothing to take over; `promoted`: the backup owns it now; `moved`: it was handed off;
 * `parked`: nobody owns it, and storage has what was in it;
 * `lost`: has no backup any more; `learning`: has a new learner; `ready`: the learner is its backup now.
 */
export type TableChange = 'placed' | 'promoted' | 'moved' | 'parked' | 'lost' | 'learning' | 'ready';

/** For each kind of change the rows, and whom it is about: the new owner, the former backup, the new learner, the new backup. */
export type TableChanges = ReadonlyMap<TableChange, readonly { readonly row: ShardRow; readonly peer: PeerId }[]>;

/** In the order in which they are told. */
const CHANGES: readonly TableChange[] = ['placed', 'promoted', 'moved', 'parked', 'lost', 'ready', 'learning'];

/** Compares rows with what they were. `before` has the whole table, in order. Kinds of change that did not happen are left out. */
export function tableChanges(before: readonly ShardRow[], after: readonly ShardRow[]): TableChanges {
  const found = new Map<TableChange, { row: ShardRow; peer: PeerId }[]>(CHANGES.map((change) => [change, []]));
  const note = (change: TableChange, row: ShardRow, peer: PeerId | '') => {
    if (peer !== '') found.get(change)!.push({ row, peer });
  };
  for (const row of after) {
    const was = before[row.shard]!;
    if (row.owner !== was.owner) note(row.owner === '' ? 'parked' : row.origin, row, row.owner || was.owner);
    else if (row.backup !== was.backup) {
      if (row.backup === '') note('lost', row, was.backup);
      else note('ready', row, row.backup);
    }
    if (row.learner !== was.learner) note('learning', row, row.learner);
  }
  for (const [change, rows] of found) if (rows.length === 0) found.delete(change);
  return found;
}

/** How many shards each process is named for. */
export function countByPeer(changed: readonly { readonly peer: PeerId }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { peer } of changed) counts[peer] = (counts[peer] ?? 0) + 1;
  return counts;
}

/** Who got at least `many` shards or copies at once: it opens, claims, loads or copies them now. */
export function laden(changes: TableChanges, many: number): PeerId[] {
  const got = new Map<PeerId, number>();
  for (const change of ['placed', 'promoted', 'moved', 'learning'] as const)
    for (const { peer } of changes.get(change) ?? []) got.set(peer, (got.get(peer) ?? 0) + 1);
  return [...got].flatMap(([peer, count]) => (count >= many ? [peer] : []));
}

/** Of the shards that entities hash to: with an owner, with a backup, with a learner. */
export function countShards(
  rows: readonly ShardRow[],
  layout: ShardLayout,
): Record<'owned' | 'backed' | 'learning', number> {
  const counts = { owned: 0, backed: 0, learning: 0 };
  for (const { shard, owner, backup, learner } of rows) {
    if (!layout.isHashed(shard)) continue;
    if (owner !== '') counts.owned += 1;
    if (backup !== '') counts.backed += 1;
    if (learner !== '') counts.learning += 1;
  }
  return counts;
}
