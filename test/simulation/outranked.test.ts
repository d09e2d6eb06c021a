import { expect, test } from '@jest/globals';
import { shardOfKey, term } from '@muster/ports';
import { simulate } from '@muster/simulator';
import { MemoryShardStore } from '@muster/storage';

test('K4: the cluster’s store was put back, and storage knows a shard by a newer term than its row: it is opened again above that', async () => {
  const world = simulate({ seed: 230, players: 6 });
  await world.ready();
  const shard = shardOfKey('player/1');
  const known = term((world.view.termOf(shard) ?? 0) + 7);
  // An owner of whom no row tells any more.
  const { clock, storage } = world;
  void new MemoryShardStore({ clock, server: storage.shards }).claim([{ shard, term: known, standing: 'gated' }]);
  await world.run(3_000);
  expect(world.view.termOf(shard)).toBeGreaterThan(known);
  await world.settled();
  await world.until('its player is served', () => world.clients.unserved(world.now - 1_000).length === 0);
});
