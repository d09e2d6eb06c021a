import { expect, test } from '@jest/globals';
import type { ClusterEvent } from '@muster/coordinator';
import { ClusterWorld } from './cluster-world.js';

test('etcd away for 10 s: the vice keeps acknowledgements good, nobody freezes, nothing is moved, and all heals', async () => {
  const world = await ClusterWorld.running();
  const before = world.rows();
  const events: ClusterEvent[] = [];
  const operator = await world.operator('c1', events);
  await world.answer(operator.ask('events.follow', {}));
  world.server.stall();
  let froze = 0;
  for (let i = 0; i < 100; i += 1) {
    await world.clock.advance(100);
    froze += [...world.nodes.values()].filter(({ it }) => it.agent.isFrozen()).length;
  }
  expect(froze).toBe(0);
  expect(await world.answer(world.add('g1', 'a'))).toBe(1);
  const { result } = await world.answer(operator.ask('status', {}));
  expect(result).toMatchObject({ healthy: false, store: { reachable: false }, epoch: 1 });
  world.server.resume();
  await world.clock.advance(15_000);
  expect(world.leader?.it.epoch).toBe(1);
  expect(world.rows()).toEqual(before);
  expect(events.map(({ type }) => type)).toEqual(['store.away', 'store.back']);
  expect([...world.nodes.values()].flatMap(({ replacedBy }) => replacedBy)).toEqual([]);
});

test('leases that all ran out while etcd was stopped kill nobody who still beats, and everybody registers again', async () => {
  const world = await ClusterWorld.running();
  const before = world.rows();
  world.server.stall();
  await world.clock.advance(20_000);
  world.server.resume();
  await world.clock.advance(5_000);
  expect(world.rows()).toEqual(before);
  const lines = (role: 'node' | 'gateway' | 'coordinator') =>
    world.server.range(world.keys.members(role)).entries.length;
  expect([lines('node'), lines('gateway'), lines('coordinator')]).toEqual([3, 1, 2]);
  expect([...world.nodes.values()].flatMap(({ replacedBy }) => replacedBy)).toEqual([]);
});

test('a node dies while etcd is away: its shards wait for the store, and are placed again as soon as it answers', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  world.server.stall();
  await world.clock.advance(2_000);
  n1.process.kill();
  await world.clock.advance(4_000);
  expect(world.leader?.it.epoch).toBe(1);
  world.server.resume();
  expect(await world.timeUntil(() => world.settled())).toBeLessThan(1_000);
});

test('etcd has no room: it is said, nothing is sealed for it, nobody loses the lead; what had to be written is, as soon as there is room', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  const events: ClusterEvent[] = [];
  const operator = await world.operator('c1', events);
  await world.answer(operator.ask('events.follow', {}));
  const before = world.rows();
  world.server.fill();
  n1.process.kill();
  await world.clock.advance(12_000);
  const { result } = await world.answer(operator.ask('status', {}));
  expect(result).toMatchObject({ healthy: false, epoch: 1, store: { reachable: true } });
  expect(JSON.stringify(result)).toContain('The cluster store has no room');
  expect(world.leader?.it.storeHasRoom).toBe(false);
  expect(events.map(({ type }) => type).filter((type) => type.startsWith('store.'))).toEqual([]);
  expect(world.rows()).toEqual(before);
  world.server.free();
  expect(await world.timeUntil(() => world.settled())).toBeLessThan(1_000);
  expect(world.rows().filter(({ owner }) => owner === n1.peer)).toEqual([]);
  expect(world.leader?.it.storeHasRoom).toBe(true);
});

test('silence counts anew after an outage: a node that was silent only while etcd was away is not dead', async () => {
  const world = await ClusterWorld.running();
  const owners = () => world.rows().map(({ owner }) => owner);
  const before = owners();
  world.server.stall();
  await world.clock.advance(2_000);
  const n1 = world.nodes.get('n1')!;
  n1.process.pause();
  await world.clock.advance(4_000);
  world.server.resume();
  await world.clock.advance(500);
  n1.process.resume();
  await world.clock.advance(5_000);
  expect(n1.replacedBy).toEqual([]);
  // Whom it backed did not wait for it; what it owns is its own.
  expect(owners()).toEqual(before);
});

for (const slowLearners of [true, false]) {
  const [what, counted] = slowLearners
    ? (['what only a silent node has is placed again', 'muster_coordinator_deaths_total'] as const)
    : (['the backups of a silent node take over', 'muster_coordinator_given_up_total'] as const);
  test(`a store that fails now and then is no outage: ${what} all the same`, async () => {
    const world = await ClusterWorld.running({ slowLearners });
    const { path } = world.coordinators.get('c1')!.store;
    const n1 = world.nodes.get('n1')!;
    n1.process.pause();
    const moved = () => world.rows().every(({ owner }) => owner !== n1.peer);
    for (let i = 0; i < 8 && !moved(); i += 1) {
      await world.clock.advance(480);
      path.cut();
      await world.clock.advance(20);
      path.mend();
    }
    expect(moved()).toBe(true);
    expect(world.metrics.value(counted, { role: 'node', cause: 'silent' })).toBe(1);
  });
}

test('watches that lose events are healed by the list every 2 s', async () => {
  const world = await ClusterWorld.running({ nodes: 2 });
  world.coordinators.get('c1')!.store.path.dropWatchEvents(1_000);
  const joiner = world.node('n3');
  expect(await world.timeUntil(() => (world.owners()[joiner.peer] ?? 0) > 0)).toBeLessThan(3_500);
});

for (const [what, lose] of [
  ['happened and its answer was lost', 'loseAnswers'],
  ['was lost itself', 'loseRequests'],
] as const) {
  test(`K2: a transaction that ${what} is read back before anything is pushed`, async () => {
    const world = await ClusterWorld.running();
    const { path } = world.coordinators.get('c1')!.store;
    const before = world.rows();
    path[lose](1);
    world.nodes.get('n1')!.process.kill();
    expect(await world.timeUntil(() => world.settled())).toBeLessThan(2_500);
    for (const { shard, term } of world.rows()) expect(term - before[shard]!.term).toBeLessThanOrEqual(1);
    expect(world.leader?.it.epoch).toBe(1);
  });
}

test('K2: a take-over whose answer was lost is found to have won', async () => {
  const world = await ClusterWorld.running();
  world.coordinators.get('c2')!.store.path.loseAnswers(1);
  world.coordinators.get('c1')!.process.kill();
  expect(await world.timeUntil(() => world.leader?.it.ready ?? false)).toBeLessThan(1_500);
  expect(world.leader?.it.epoch).toBe(2);
});

test('a leader that is cut from the store for good leaves the lead to its vice only when it dies', async () => {
  const world = await ClusterWorld.running();
  world.coordinators.get('c1')!.store.path.cut();
  await world.clock.advance(5_000);
  expect(world.leader?.it.epoch).toBe(1);
  expect([...world.nodes.values()].some(({ it }) => it.agent.isFrozen())).toBe(false);
  world.coordinators.get('c1')!.process.kill();
  await world.until(() => world.leader?.it.epoch === 2, 1_000);
  expect(world.leader?.it.epoch).toBe(2);
});

test('K4: into a store that is wiped under a living cluster its leader writes every row again, in an epoch above all that were', async () => {
  const world = await ClusterWorld.running();
  const before = world.rows();
  const writes = world.server.range('/').entries.map(({ key }) => ({ type: 'delete' as const, key }));
  world.server.transact({ compare: [], writes });
  expect(await world.until(() => world.settled(), 10_000)).toBe(true);
  expect(world.leader?.it.epoch).toBe(2);
  expect(world.server.range(world.keys.meta).entries).toHaveLength(1);
  expect(world.rows()).toEqual(before);
  expect(await world.answer(world.add('g1', 'a'))).toBe(1);
});

test('K4: the store is wiped and its leader dies at once: the next one starts above the terms that it saw in the store', async () => {
  const world = await ClusterWorld.running();
  world.nodes.get('n3')!.process.kill();
  await world.until(() => world.settled());
  await world.clock.advance(2_500);
  const before = Math.max(...world.rows().map(({ term }) => term));
  world.coordinators.get('c1')!.process.kill();
  const writes = world.server.range('/').entries.map(({ key }) => ({ type: 'delete' as const, key }));
  world.server.transact({ compare: [], writes });
  expect(await world.until(() => world.settled(), 10_000)).toBe(true);
  expect(Math.min(...world.rows().map(({ term }) => term))).toBeGreaterThan(before);
  expect(await world.answer(world.add('g1', 'a'))).toBe(1);
});

for (const late of ['arrives', 'is-lost'] as const) {
  test(`K2: a transaction given up for unknown ${late === 'arrives' ? 'that arrives late' : 'that is lost'} leaves one owner per shard`, async () => {
    const world = await ClusterWorld.running();
    const before = world.rows();
    const { path } = world.coordinators.get('c1')!.store;
    const gone = world.nodes.get('n1')!.peer;
    path.stall();
    world.nodes.get('n1')!.process.kill();
    await world.clock.advance(2_500);
    path.resume(late);
    expect(await world.timeUntil(() => world.settled())).toBeLessThan(1_000);
    await world.clock.advance(3_000);
    expect(world.settled()).toBe(true);
    expect(world.allBacked()).toBe(true);
    // Once each: the backup took over or was given up, and there is a new one.
    const steps = world.rows().map(({ term }, shard) => term - before[shard]!.term);
    expect(steps).toEqual(before.map(({ owner, backup }) => (owner === gone || backup === gone ? 2 : 0)));
  });
}
