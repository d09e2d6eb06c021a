// One prefix of the store is one cluster, and one cluster is one storage.
import { expect, test } from '@jest/globals';
import { clusterMeta } from '@muster/cluster';
import { SHARDS } from '@muster/ports';
import { ClusterWorld } from './cluster-world.js';

function meta(world: ClusterWorld): unknown {
  const [entry] = world.server.range(world.keys.meta).entries;
  return entry && JSON.parse(entry.value);
}

/** Of each process that was started: what it was refused with. */
async function refusals(world: ClusterWorld, parts: readonly { it: { start(): Promise<unknown> } }[]) {
  const errors: unknown[] = [];
  for (const { it } of parts) it.start().catch((error: unknown) => errors.push(error));
  await world.clock.advance(1_000);
  return errors;
}

async function clusterOf(storage: string): Promise<ClusterWorld> {
  const world = new ClusterWorld({ options: { expectNodes: 2 } });
  world.storageIdentity = storage;
  // Members first: they wait for a coordinator to say what cluster this is.
  for (const id of ['n1', 'n2']) world.node(id);
  world.gateway('g1');
  await world.clock.advance(500);
  for (const id of ['c1', 'c2']) world.coordinator(id);
  expect(await world.until(() => world.settled(), 5_000)).toBe(true);
  return world;
}

test('STORE_MISMATCH: processes with another storage are refused, and nothing changes for the cluster that is there', async () => {
  const world = await clusterOf('first');
  expect(meta(world)).toEqual({ ...clusterMeta(SHARDS), storage: 'first' });
  await world.clock.advance(1_000);
  const [rows, members] = [world.rows(), world.membersAt('g1')];
  world.storageIdentity = 'second';
  const errors = await refusals(world, [world.coordinator('c3'), world.node('n3'), world.gateway('g2')]);
  expect(errors).toHaveLength(3);
  for (const error of errors)
    expect(error).toMatchObject({
      code: 'STORE_MISMATCH',
      message: expect.stringMatching(/of storage first.*storage second/),
    });
  await world.clock.advance(5_000);
  expect(meta(world)).toEqual({ ...clusterMeta(SHARDS), storage: 'first' });
  expect([world.rows(), world.membersAt('g1'), world.leader?.it.epoch]).toEqual([rows, members, 1]);
  expect(world.server.range('/').entries.filter(({ key }) => /\/(c3|n3|g2)$/.test(key))).toEqual([]);
});

test('a member of another storage that comes before every coordinator does not join the one that comes then', async () => {
  const world = new ClusterWorld({ options: { expectNodes: 1 } });
  world.storageIdentity = 'second';
  const early = world.node('n9');
  await world.clock.advance(1_000);
  expect(world.server.range('/').entries).toEqual([]);
  world.storageIdentity = 'first';
  world.coordinator('c1');
  world.node('n1');
  expect(await world.until(() => world.nodes.get('n1')!.it.ready, 5_000)).toBe(true);
  await world.clock.advance(1_000);
  expect(early.it.shards).toEqual([]);
  expect(world.server.range(world.keys.members('node')).entries.map(({ key }) => key.slice(-2))).toEqual(['n1']);
});

test('what an older build wrote names no storage: the leader completes it, and from then on others are refused', async () => {
  const world = new ClusterWorld({ options: { expectNodes: 1 } });
  const old = { ...clusterMeta(SHARDS), of: 'an older build' };
  world.server.transact({ compare: [], writes: [{ type: 'put', key: world.keys.meta, value: JSON.stringify(old) }] });
  world.storageIdentity = 'first';
  // A member alone completes nothing: it could be the stranger.
  world.node('n1');
  await world.clock.advance(1_000);
  expect(meta(world)).toEqual(old);
  world.coordinator('c1');
  expect(await world.until(() => world.settled(), 5_000)).toBe(true);
  expect(meta(world)).toEqual({ ...old, storage: 'first' });
  world.storageIdentity = 'second';
  expect(await refusals(world, [world.coordinator('c2')])).toMatchObject([{ code: 'STORE_MISMATCH' }]);
});

test('K4: into a store that was wiped the leader writes again which storage the cluster has', async () => {
  const world = await clusterOf('first');
  const writes = world.server.range('/').entries.map(({ key }) => ({ type: 'delete' as const, key }));
  world.server.transact({ compare: [], writes });
  expect(await world.until(() => world.settled() && meta(world) !== undefined, 10_000)).toBe(true);
  expect(meta(world)).toEqual({ ...clusterMeta(SHARDS), storage: 'first' });
});
