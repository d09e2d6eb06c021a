import { expect, test } from '@jest/globals';
import { HASHED_SHARDS, shardOfKey } from '@muster/ports';
import { ClusterWorld, type WorldRow } from './cluster-world.js';

const names = (row: WorldRow, peer: string) => [row.owner, row.backup, row.learner].includes(peer);

/** Actors that live on this node, in as many shards. */
function actorsOn(world: ClusterWorld, peer: string, count: number): string[] {
  const shards = new Set(world.rows().flatMap(({ shard, owner }) => (owner === peer ? [shard] : [])));
  const found: string[] = [];
  for (let i = 0; found.length < count; i += 1) if (shards.delete(shardOfKey(`tally/${i}`))) found.push(String(i));
  return found;
}

/** Looks ten times a second: what takes seconds need not be looked for in every millisecond. */
async function within(world: ClusterWorld, done: () => boolean, limitMs: number): Promise<boolean> {
  for (let waited = 0; waited < limitMs && !done(); waited += 100) await world.clock.advance(100);
  return done();
}

async function addAll(world: ClusterWorld, ids: readonly string[]): Promise<(number | string)[]> {
  return world.answer(Promise.all(ids.map((id) => world.add('g1', id))));
}

test('a node that drains hands everything off under its clients, and is let go when no row names it', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  const ids = actorsOn(world, n1.peer, 30);
  await addAll(world, ids);
  await world.clock.advance(200);
  const operator = await world.operator('c1');
  const { result } = await world.answer(operator.ask('node.drain', { node: 'n1' }));
  expect(result).toMatchObject({ accepted: true, node: n1.peer, state: 'draining' });
  let failed = 0;
  const gone = () => !world.rows().some((row) => names(row, n1.peer));
  for (let round = 2; !gone() && round < 60; round += 1) {
    const answers = await addAll(world, ids);
    failed += answers.filter((answer) => answer !== round).length;
    await world.clock.advance(100);
  }
  expect([gone(), failed]).toEqual([true, 0]);
  expect(world.allBacked()).toBe(true);
  expect(n1.it.shards).toEqual([]);
  // What was in use was handed off; the rest was empty.
  expect(world.metrics.value('muster_coordinator_moves_total', { end: 'moved', why: 'drain' })).toBeGreaterThanOrEqual(
    30,
  );
  expect(n1.replacedBy).toEqual([]);
  // It serves on, and may come back.
  await world.answer(operator.ask('node.undrain', { node: 'n1' }));
  expect(await within(world, () => world.rows().filter(({ owner }) => owner === n1.peer).length > 200, 10_000)).toBe(
    true,
  );
});

test('a node that ends tells nobody anything but that it drains: when it is let go it owns nothing', async () => {
  const world = await ClusterWorld.running();
  const n2 = world.nodes.get('n2')!;
  await addAll(world, actorsOn(world, n2.peer, 20));
  await world.clock.advance(200);
  const drained = await world.answer(n2.it.drain(30_000));
  expect(drained).toBe(true);
  expect(world.rows().some((row) => names(row, n2.peer))).toBe(false);
  const operator = await world.operator('c1');
  // An operator cannot call it back.
  const refused = await world.answer(operator.ask('node.undrain', { node: 'n2' }).catch((error: unknown) => error));
  expect(JSON.stringify(refused)).toContain('DEADLINE_EXCEEDED');
});

test('a node that drains beside a cordoned one is let go, though nobody is left to back what it hands over', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map((id) => world.nodes.get(id)!.peer) as [string, string, string];
  await world.answer(operator.ask('node.cordon', { node: 'n3' }));
  expect(await world.answer(world.nodes.get('n2')!.it.drain(30_000))).toBe(true);
  const rows = world.rows().filter(({ owner }) => owner !== '');
  expect(rows.filter(({ owner, backup }) => owner === n1 && backup === '').length).toBeGreaterThan(64);
  expect(rows.filter(({ owner, backup }) => owner === n2 || (owner === n3 && backup === n2))).toEqual([]);
});

test('a node that drains is not dead because its lease ran out with all others: it is heard', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  await addAll(world, actorsOn(world, n1.peer, 30));
  await world.clock.advance(200);
  const drained = n1.it.drain(30_000);
  expect(await world.until(() => world.rows().some(({ state }) => state === 'moving'), 2_000)).toBe(true);
  world.server.expireAllLeases();
  expect(await world.answer(drained)).toBe(true);
  expect(n1.replacedBy).toEqual([]);
});

test('a whole cluster that ends parks every shard, in as many rounds as that takes, and every node is let go', async () => {
  const world = await ClusterWorld.running();
  const nodes = [...world.nodes.values()];
  const drained = await world.answer(Promise.all(nodes.map(({ it }) => it.drain(30_000))));
  expect(drained).toEqual([true, true, true]);
  expect(new Set(world.rows().map(({ owner, backup }) => `${owner} ${backup}`))).toEqual(new Set([' ']));
});

test('a drain goes on under the next leader, and what the first one had begun is given up', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  const ids = actorsOn(world, n1.peer, 60);
  await addAll(world, ids);
  await world.clock.advance(200);
  void n1.it.drain(30_000);
  expect(await world.until(() => world.rows().some(({ state }) => state === 'moving'), 2_000)).toBe(true);
  world.leader!.process.kill();
  expect(await within(world, () => !world.rows().some((row) => names(row, n1.peer)), 20_000)).toBe(true);
  expect(world.leader!.it.epoch).toBe(2);
  expect(world.rows().every(({ state }) => state === 'stable')).toBe(true);
  expect(await addAll(world, ids)).toEqual(ids.map(() => 2));
});

test('a cordoned node keeps what it has and gets nothing more', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  const n3 = world.nodes.get('n3')!;
  await world.answer(operator.ask('node.cordon', { node: 'n3' }));
  const had = world.rows().filter(({ owner }) => owner === n3.peer).length;
  world.nodes.get('n1')!.process.kill();
  await within(world, () => world.rows().every(({ owner }) => owner !== world.nodes.get('n1')!.peer), 5_000);
  await world.clock.advance(3_000);
  const has = world.rows().filter(({ owner }) => owner === n3.peer).length;
  // Its backups are promoted nevertheless: they are the only ones that know.
  expect(has).toBeGreaterThanOrEqual(had);
  expect(world.rows().some(({ learner }) => learner === n3.peer)).toBe(false);
});

test('an operator moves one shard, sees it in the list, and is refused what cannot be', async () => {
  const world = await ClusterWorld.running();
  const [n1, n3] = [world.nodes.get('n1')!, world.nodes.get('n3')!];
  const [id] = actorsOn(world, n1.peer, 1) as [string];
  expect(await world.answer(world.add('g1', id))).toBe(1);
  const operator = await world.operator('c1');
  const shard = shardOfKey(`tally/${id}`);
  const { result } = await world.answer(operator.ask('shard.move', { shard, to: 'n3' }));
  expect(result).toMatchObject({ accepted: true, shard, from: n1.peer, to: n3.peer });
  expect(await world.until(() => world.rows()[shard]!.owner === n3.peer, 5_000)).toBe(true);
  expect(await world.answer(world.add('g1', id))).toBe(2);
  const list = (await world.answer(operator.ask('move.list', {}))).result;
  expect(list).toMatchObject({ moves: [], ended: [{ shard, why: 'asked', end: 'moved' }] });
  for (const [args, code] of [
    [{ shard, to: 'n3' }, 'REFUSED'],
    [{ shard, to: 'n9' }, 'NOT_FOUND'],
    [{ shard: 5_000, to: 'n1' }, 'NOT_FOUND'],
    [{ shard: HASHED_SHARDS, to: 'n1' }, 'REFUSED'],
  ] as const)
    expect((await world.answer(operator.ask('shard.move', args))).code).toBe(code);
});
