import { expect, test } from '@jest/globals';
import { epoch, type Regime, term } from '@muster/ports';
import { ClusterWorld } from './cluster-world.js';

test('a cold start: one coordinator leads, the other is its vice, and every shard has an owner, in equal counts', async () => {
  const world = await ClusterWorld.running();
  expect(world.leader?.it.epoch).toBe(1);
  expect(world.settled()).toBe(true);
  expect(Object.values(world.owners()).sort()).toEqual([341, 341, 342]);
  expect(await world.answer(world.add('g1', 'a'))).toBe(1);
});

test('kill -9 of the leader: its vice leads at the next epoch within 100 ms, nothing is placed again, no command fails', async () => {
  const world = await ClusterWorld.running();
  const before = world.rows();
  const vice = world.coordinators.get('c2')!.it;
  world.coordinators.get('c1')!.process.kill();
  const calls = Array.from({ length: 20 }, (_, i) => world.add('g1', `p${i}`));
  expect(await world.timeUntil(() => vice.leads)).toBeLessThan(100);
  expect(vice.epoch).toBe(2);
  expect(await world.answer(Promise.all(calls))).toEqual(calls.map(() => 1));
  await world.clock.advance(5_000);
  expect(world.rows()).toEqual(before);
  expect([...world.nodes.values()].some(({ it }) => it.agent.isFrozen())).toBe(false);
});

test('a leader that hangs is replaced by silence, follows when it wakes up, and becomes the vice', async () => {
  const world = await ClusterWorld.running();
  const [c1, c2] = [world.coordinators.get('c1')!, world.coordinators.get('c2')!];
  c1.process.pause();
  const took = await world.timeUntil(() => c2.it.leads);
  expect(took).toBeGreaterThan(250);
  expect(took).toBeLessThan(450);
  await world.clock.advance(3_000);
  c1.process.resume();
  expect(await world.until(() => !c1.it.leads, 500)).toBe(true);
  expect(c2.it.leads && c2.it.epoch === 2).toBe(true);
  await world.clock.advance(200);
  const { result } = await world.answer((await world.operator('c2')).ask('status', {}));
  expect(result).toMatchObject({ epoch: 2, leader: c2.peer, vice: c1.peer, healthy: true });
  expect([...world.nodes.values()].flatMap(({ replacedBy }) => replacedBy)).toEqual([]);
});

test('two leaders: the one cut from its vice keeps nobody going and writes nothing, and follows as soon as it can read', async () => {
  const world = await ClusterWorld.running();
  const [c1, c2] = [world.coordinators.get('c1')!, world.coordinators.get('c2')!];
  world.wires.cut('c1', 'c2');
  c1.store.path.stall();
  await world.until(() => c2.it.leads, 2_000);
  await world.clock.advance(400);
  // K6: it still believes that it leads, and says itself that its word is not good.
  expect(c1.it.leads).toBe(true);
  const { result } = await world.answer((await world.operator('c1')).ask('epoch.show', {}));
  expect(result).toMatchObject({ epoch: 1, goodForMs: 0 });
  world.nodes.get('n1')!.process.kill();
  await world.until(() => world.settled(), 3_000);
  expect(world.rows().every(({ owner }) => !owner.startsWith('n1'))).toBe(true);
  c1.store.path.resume();
  expect(await world.until(() => !c1.it.leads, 1_000)).toBe(true);
  world.wires.mend('c1', 'c2');
  await world.clock.advance(1_000);
  expect(c2.it.leads && !c1.it.leads).toBe(true);
});

test('of three coordinators the vice takes over, and when both are killed at once the third does', async () => {
  const world = await ClusterWorld.running({ coordinators: 3 });
  const { result } = await world.answer((await world.operator('c1')).ask('coordinator.list', {}));
  expect(result.coordinators.map(({ role }) => role)).toEqual(['leader', 'vice', 'standby']);
  world.coordinators.get('c1')!.process.kill();
  world.coordinators.get('c2')!.process.kill();
  const third = world.coordinators.get('c3')!.it;
  expect(await world.timeUntil(() => third.leads)).toBeLessThan(1_000);
  expect(await world.answer(world.add('g1', 'a'))).toBe(1);
});

test('where leaders do not get to run for a third of a second now and then, that costs one epoch and not one each time', async () => {
  const world = await ClusterWorld.running();
  for (let n = 0; n < 20; n += 1) {
    const { process } = world.leader!;
    process.pause();
    await world.clock.advance(420);
    process.resume();
    await world.clock.advance(2_580);
  }
  expect(world.leader!.it.epoch).toBe(2);
  // A leader that is killed is followed at once, however long the silence of one that stands would be waited for.
  const { leader } = world;
  leader!.process.kill();
  const isFollowed = () => world.leader !== undefined && world.leader !== leader;
  expect(await world.timeUntil(isFollowed)).toBeLessThan(50);
});

test('a coordinator whose line ran out before it died is not dialled for ever', async () => {
  const world = await ClusterWorld.running();
  const [c1, c2] = [world.coordinators.get('c1')!, world.coordinators.get('c2')!];
  c2.process.pause();
  await world.clock.advance(15_000);
  expect(c1.it.peers.link(c2.peer)).toBeDefined();
  c2.process.kill();
  await world.clock.advance(5_000);
  let misses = 0;
  c1.it.peers.onMiss(() => {
    misses += 1;
  });
  await world.clock.advance(10_000);
  expect(misses).toBe(0);
});

test('a single coordinator is confirmed by the store alone', async () => {
  const world = await ClusterWorld.running({ coordinators: 1 });
  await world.clock.advance(10_000);
  expect([...world.nodes.values()].some(({ it }) => it.agent.isFrozen())).toBe(false);
  const { result } = await world.answer((await world.operator('c1')).ask('status', {}));
  expect(result.problems).toEqual(['There is no vice: nobody would take over from the leader.']);
});

test('both coordinators are killed: nodes keep serving until they fence themselves, and recover with the next two', async () => {
  const world = await ClusterWorld.running();
  const before = world.rows();
  for (const id of ['c1', 'c2']) world.coordinators.get(id)!.process.kill();
  await world.clock.advance(1_000);
  expect(await world.answer(world.add('g1', 'a'))).toBe(1);
  await world.clock.advance(1_000);
  expect([...world.nodes.values()].every(({ it }) => it.agent.isFrozen())).toBe(true);
  const held = world.add('g1', 'a');
  world.coordinator('c1');
  world.coordinator('c2');
  expect(await world.answer(held)).toBe(2);
  await world.clock.advance(5_000);
  expect(world.leader?.it.epoch).toBe(2);
  expect(world.rows()).toEqual(before);
});

test('STORE_MISMATCH: a coordinator of another shape refuses to start, and so does a node', async () => {
  const world = new ClusterWorld();
  const shape = JSON.stringify({ shards: 64, hash: 'murmur3-32', schema: 1 });
  world.server.transact({ compare: [], writes: [{ type: 'put', key: world.keys.meta, value: shape }] });
  const errors: unknown[] = [];
  for (const { it } of [world.coordinator('c1'), world.node('n1')])
    it.start().catch((error: unknown) => errors.push(error));
  await world.clock.advance(1_000);
  expect(errors).toMatchObject([{ code: 'STORE_MISMATCH' }, { code: 'STORE_MISMATCH' }]);
});

test('K4: an empty store starts above the highest epoch and term that storage remembers, and storage follows', async () => {
  const raised: number[][] = [];
  const regime: Regime = {
    highest: async () => ({ epoch: epoch(41), term: term(300), revision: 900 }),
    raise: async (toEpoch, toTerm) => {
      raised.push([toEpoch, toTerm]);
    },
  };
  const world = new ClusterWorld({ regime });
  world.coordinator('c1');
  world.node('n1');
  await world.until(() => world.settled(), 5_000);
  expect(world.leader?.it.epoch).toBe(42);
  expect(new Set(world.rows().map((row) => row.term))).toEqual(new Set([301]));
  await world.clock.advance(100);
  expect(raised.at(-1)).toEqual([42, 301]);
});

test('K3: who was given up for dead under one leader is told so by the next, and comes back as somebody new', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  n1.process.pause();
  const isForgotten = () => world.rows().every((row) => ![row.owner, row.backup, row.learner].includes(n1.peer));
  expect(await world.until(isForgotten, 3_000)).toBe(true);
  // Its line is gone as well by then: nothing but the list of the buried tells the next leader.
  await world.clock.advance(2_000);
  world.coordinators.get('c1')!.process.kill();
  expect(await world.until(() => world.leader?.it.ready ?? false, 2_000)).toBe(true);
  n1.process.resume();
  expect(await world.until(() => n1.replacedBy.length > 0, 3_000)).toBe(true);
  expect(isForgotten()).toBe(true);
  const isListed = ({ peer, state }: { peer: string; state: string }) => peer === n1.peer && state !== 'dead';
  expect(world.membersAt('g1').some(isListed)).toBe(false);
});

test('a leader that is told to stop hands over to its vice before it goes: nobody waits for silence, no command fails', async () => {
  const world = await ClusterWorld.running({ coordinators: 3 });
  const before = world.rows();
  const [c1, c2] = [world.coordinators.get('c1')!, world.coordinators.get('c2')!];
  const since = world.clock.monotonic();
  let [left, atOnce] = [Number.POSITIVE_INFINITY, ''];
  const calls = Array.from({ length: 20 }, (_, i) => world.add('g1', `p${i}`));
  void c1.it.stop().then(() => {
    left = world.clock.monotonic() - since;
    // Its address listened until then.
    atOnce = world.leader?.peer ?? 'nobody';
  });
  expect(c1.it.leads).toBe(false);
  expect(await world.timeUntil(() => c2.it.leads)).toBeLessThan(50);
  expect(await world.answer(Promise.all(calls))).toEqual(calls.map(() => 1));
  await world.clock.advance(100);
  expect(left).toBeLessThan(100);
  expect(atOnce).toBe(c2.peer);
  expect(world.metrics.value('muster_coordinator_elections_total', { result: 'resigned' })).toBe(1);
  await world.clock.advance(5_000);
  expect([c2.it.leads, c2.it.epoch]).toEqual([true, 2]);
  expect(world.rows()).toEqual(before);
  expect([...world.nodes.values()].some(({ it }) => it.agent.isFrozen())).toBe(false);
});

test('K6: from the moment it resigns nothing that it acknowledges is good, and it writes nothing', async () => {
  const world = await ClusterWorld.running();
  const [c1, c2] = [world.coordinators.get('c1')!, world.coordinators.get('c2')!];
  // The vice cannot win, and does not end: the leader waits for it as long as it may.
  c2.store.path.stall();
  const before = world.server.range(world.keys.shards).entries;
  let left = Number.POSITIVE_INFINITY;
  const since = world.clock.monotonic();
  void c1.it.stop().then(() => {
    left = world.clock.monotonic() - since;
  });
  world.nodes.get('n1')!.process.kill();
  await world.clock.advance(900);
  expect(left).toBe(Number.POSITIVE_INFINITY);
  for (const id of ['n2', 'n3']) expect(world.nodes.get(id)!.it.agent.sinceGoodMs).toBeGreaterThan(850);
  await world.clock.advance(300);
  expect(left).toBeGreaterThanOrEqual(1_000);
  expect(left).toBeLessThan(1_100);
  expect(world.server.range(world.keys.shards).entries).toEqual(before);
  c2.store.path.resume();
  expect(await world.until(() => c2.it.leads && world.settled(), 15_000)).toBe(true);
});

test('both coordinators are told to stop at once: neither waits for the other', async () => {
  const world = await ClusterWorld.running();
  const since = world.clock.monotonic();
  const left: number[] = [];
  for (const { it } of world.coordinators.values())
    void it.stop().then(() => {
      left.push(world.clock.monotonic() - since);
    });
  await world.clock.advance(500);
  expect(left).toHaveLength(2);
});
