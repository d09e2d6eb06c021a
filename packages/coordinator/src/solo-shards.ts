// Shards of one entity each (K1). Pure: which of them can be given away, and which nobody needs any more.
import type { ShardRow } from '@muster/cluster';
import type { ShardId, ShardLayout } from '@muster/ports';

/** The first that is free: no entity is in it (`isTaken`), and none is on its way there. Undefined: all are taken. */
export function freeSolo(
  rows: readonly ShardRow[],
  layout: ShardLayout,
  isTaken: (shard: ShardId) => boolean,
): ShardId | undefined {
  const free = rows.slice(layout.hashed).filter(({ shard }) => !isTaken(shard));
  // One that somebody still has would have to go to where the entity is first.
  return (free.find(({ owner }) => owner === '') ?? free[0])?.shard;
}

/** Those that have an owner, and no entity: it is to give them up. */
export function idleSolos(
  rows: readonly ShardRow[],
  layout: ShardLayout,
  isTaken: (shard: ShardId) => boolean,
): ShardRow[] {
  return rows
    .slice(layout.hashed)
    .filter(({ shard, owner, state }) => owner !== '' && state === 'stable' && !isTaken(shard));
}
