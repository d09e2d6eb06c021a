import { expect, test } from '@jest/globals';
import type { ShardId } from '@muster/ports';
import { ClusterWorld } from './cluster-world.js';

/** Lets these shards be in use, and their turns take so many seconds per second, wherever they are. */
function loaded(world: ClusterWorld, rates: ReadonlyMap<number, number>): void {
  for (const { it } of world.nodes.values()) {
    it.runtime.actorsIn = (shard) => Number(rates.has(shard));
    it.runtime.busy = () =>
      it.shards.map((shard) => [shard as ShardId, (rates.get(shard) ?? 0) * world.clock.monotonic()]);
  }
}

/** Looks ten times a second: what takes seconds need not be looked for in every millisecond. */
async function within(world: ClusterWorld, done: () => boolean, limitMs: number): Promise<boolean> {
  for (let waited = 0; waited < limitMs && !done(); waited += 100) await world.clock.advance(100);
  return done();
}

const ownedBy = (world: ClusterWorld, peer: string) =>
  world.rows().flatMap(({ shard, owner }) => (owner === peer ? [shard] : []));

test('a node that has much more to do than the others gives shards away once it lasts, and then all is at rest', async () => {
  const world = await ClusterWorld.running({ policies: { balancer: { unevenMs: 6_000, calmMs: 6_000 } } });
  const n1 = world.nodes.get('n1')!;
  const rates = new Map(ownedBy(world, n1.peer).slice(0, 6).map((shard) => [shard, 0.1])); // biome-ignore format: one line
  loaded(world, rates);
  const onN1 = () => n1.it.shards.filter((shard) => rates.has(shard)).length;
  await world.clock.advance(4_000);
  expect(onN1()).toBe(6);
  expect(await within(world, () => onN1() <= 3, 30_000)).toBe(true);
  await world.clock.advance(5_000);
  const picture = world.rows().map(({ owner }) => owner);
  expect(world.rows().every(({ state }) => state === 'stable')).toBe(true);
  expect(
    world.metrics.value('muster_coordinator_moves_total', { end: 'moved', why: 'balance' }),
  ).toBeGreaterThanOrEqual(3);
  await world.clock.advance(10_000);
  expect(world.rows().map(({ owner }) => owner)).toEqual(picture);
});

test('an operator sees what balance would do, and lets it happen at once', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  const rates = new Map(ownedBy(world, n1.peer).slice(0, 6).map((shard) => [shard, 0.1])); // biome-ignore format: one line
  loaded(world, rates);
  await world.clock.advance(10_000);
  const operator = await world.operator('c1');
  const before = world.rows().map(({ owner }) => owner);
  const plan = (await world.answer(operator.ask('rebalance.plan', {}))).result;
  expect(plan.moves.length).toBeGreaterThanOrEqual(3);
  expect(plan.moves.every(({ from }) => from === n1.peer)).toBe(true);
  await world.clock.advance(1_000);
  expect(world.rows().map(({ owner }) => owner)).toEqual(before);
  expect((await world.answer(operator.ask('rebalance.run', {}))).result).toMatchObject({ accepted: true });
  const done = () => plan.moves.every(({ shard }) => !n1.it.shards.includes(shard as ShardId));
  expect(await within(world, done, 10_000)).toBe(true);
});

test('a node that comes back empty gets its share of what is in use half a minute later, two shards at a time, and nobody waits for an answer', async () => {
  const world = await ClusterWorld.running();
  const n3 = world.nodes.get('n3')!;
  expect(await world.answer(n3.it.drain(30_000))).toBe(true);
  await world.answer(n3.it.stop());
  const ids = Array.from({ length: 120 }, (_, n) => String(n));
  const addAll = () => world.answer(Promise.all(ids.map((id) => world.add('g1', id))));
  await addAll();
  await world.clock.advance(5_000);
  const again = world.node('n3');
  const inUse = () => again.it.shards.filter((shard) => again.it.runtime.actorsIn(shard) > 0).length;
  // What is empty comes at once.
  expect(await within(world, () => again.it.shards.length > 300, 10_000)).toBe(true);
  const joinedAt = world.clock.monotonic();
  let most = 0;
  const failed: unknown[] = [];
  for (let round = 2; inUse() < 30 && world.clock.monotonic() - joinedAt < 60_000; round += 1) {
    if (world.clock.monotonic() - joinedAt < 28_000) expect(inUse()).toBe(0);
    const answers = await addAll();
    failed.push(...answers.filter((answer) => answer !== round));
    most = Math.max(most, world.rows().filter(({ state }) => state === 'moving').length);
    await world.clock.advance(200);
  }
  expect(failed).toEqual([]);
  expect([inUse() >= 30, most > 0 && most <= 2]).toEqual([true, true]);
  await world.clock.advance(40_000);
  const moved = () => world.metrics.value('muster_coordinator_moves_total', { end: 'moved', why: 'balance' });
  const before = moved();
  await world.clock.advance(40_000);
  expect(moved()).toBe(before);
});

test('where the nodes have no room for another death new sessions wait, and status says so; with room again they come in', async () => {
  const world = await ClusterWorld.running();
  const gateway = world.gateways.get('g1')!.it;
  const node = world.nodes.get('n1')!.it;
  const operator = await world.operator('c1');
  world.utilisation = 0.75;
  expect(await within(world, () => gateway.room.admission === 'queue', 15_000)).toBe(true);
  expect(gateway.room.admitPerSecond).toBeGreaterThanOrEqual(1);
  expect(node.room.shed).toBe('soft');
  const status = (await world.answer(operator.ask('status', {}))).result;
  expect(status).toMatchObject({ healthy: false, headroom: { level: 'queue', used: 0.75 } });
  expect(status.problems).toContain('There is no room for new sessions: they wait.');
  world.utilisation = 0.2;
  expect(await within(world, () => gateway.room.shed === '' && gateway.room.admission === 'open', 40_000)).toBe(true);
});
