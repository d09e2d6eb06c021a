// Where entities are, after a cluster store that was wiped or restored (K4): storage has them in shards, and nothing else is left to say
// which of two copies counts. Pure.
//
// An entity goes on in a shard only when its end in the other one is in a second place (cluster's carving/protocol.ts), which may be a backup:
// storage hears of that end up to a second later. So of one that storage has in both, either nothing has happened since, or what has is in
// that second and went with owner and backup: in both cases what storage has of it at home is whole, and no older than anything is that
// comes back from storage. What its solo shard has is a stray, though it may be the newer of the two.
import type { Override } from '@muster/cluster';
import type { ShardId, ShardLayout, Whereabout } from '@muster/ports';
import type { OverrideChange } from './overrides.js';

/** What has to be written so that overrides fit what is stored. Of entities of which nothing is stored they stay as they are. */
export function mendedOverrides(
  stored: readonly Whereabout[],
  overrides: ReadonlyMap<string, Override>,
  layout: ShardLayout,
): OverrideChange[] {
  const places = new Map<string, ShardId[]>();
  for (const { entity, shard } of stored) places.set(entity, [...(places.get(entity) ?? []), shard]);
  return [...places].flatMap(([entity, shards]): OverrideChange[] => {
    const known = overrides.get(entity);
    const isHome = shards.some((shard) => layout.isHashed(shard));
    if (isHome) return known ? [{ entity, to: null }] : [];
    if (known && shards.includes(known.shard)) return [];
    return [{ entity, to: { shard: shards[0]!, pinned: known?.pinned ?? false } }];
  });
}
