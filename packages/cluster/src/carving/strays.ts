// An entity's copy in a shard that it does not belong to is void (K1): left by a carving that its owner did not survive to settle.
import { parseEntity, type ShardId } from '@muster/ports';
import type { RoutingTable } from '../table/routing-table.js';

/** Those of a shard's actors that belong to another shard. `held`: on their way at this moment, and no strays. */
export function straysAmong(
  actors: ReadonlyMap<string, unknown>,
  shard: ShardId,
  table: Pick<RoutingTable, 'layout' | 'shardOf' | 'allOverrides'>,
  held: readonly string[],
): readonly string[] {
  const overrides = table.allOverrides();
  // Into a hashed shard everything hashes that has no override: asking each of thousands would hold up a promotion.
  const suspects = table.layout.isHashed(shard)
    ? [...overrides.keys()].filter((entity) => actors.has(entity))
    : [...actors.keys()];
  return suspects.filter((entity) => table.shardOf(parseEntity(entity)) !== shard && !held.includes(entity));
}
