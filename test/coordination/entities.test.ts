import { expect, test } from '@jest/globals';
import { HASHED_SHARDS, SOLO_SHARDS, shardOfKey } from '@muster/ports';
import { ClusterWorld } from './cluster-world.js';
import type { Operator } from './operator.js';

interface Order {
  readonly order: string;
  readonly entity: string;
  readonly end?: string;
  readonly phase?: string;
}

async function listed(world: ClusterWorld, operator: Operator): Promise<{ entities: Order[]; endedEntities: Order[] }> {
  const { result } = await world.answer(operator.ask('move.list', {}));
  return result as unknown as { entities: Order[]; endedEntities: Order[] };
}

/** Gives the order and waits until it is over; how it ended. */
async function ordered(
  world: ClusterWorld,
  operator: Operator,
  command: 'entity.move' | 'entity.pin' | 'entity.unpin',
  args: { readonly entity: string; readonly to: string } | { readonly entity: string },
): Promise<string> {
  const { code, result } = await world.answer(
    operator.ask(command, args as { readonly entity: string; readonly to: string }),
  );
  if (code !== '') return code;
  const { order } = result as unknown as Order;
  for (let waited = 0; waited < 40_000; waited += 100) {
    await world.clock.advance(100);
    const { endedEntities } = await listed(world, operator);
    const end = endedEntities.find((one) => one.order === order)?.end;
    if (end !== undefined) return end;
  }
  return 'never';
}

const solos = (world: ClusterWorld) =>
  world.server
    .range(world.keys.shards)
    .entries.flatMap(({ value }) => JSON.parse(value) as { shard: number; owner: string }[])
    .filter(({ shard, owner }) => shard >= HASHED_SHARDS && owner !== '');

test('an entity is moved alone under its client, who notices nothing, and is shown where it is (K1)', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  const [id, entity] = ['17', 'tally/17'];
  const home = shardOfKey(entity);
  const before = world.rows()[home]!;
  const target = [...world.nodes].find(([, { peer }]) => peer !== before.owner && peer !== before.backup)!;
  expect(await world.answer(world.add('g1', id))).toBe(1);
  const order = ordered(world, operator, 'entity.move', { entity, to: target[0] });
  const answers: (number | string)[] = [];
  for (let i = 0; i < 200; i += 1) {
    void world.add('g1', id).then((answer) => answers.push(answer));
    await world.clock.advance(7);
  }
  expect(await world.answer(order)).toBe('done');
  await world.clock.advance(100);
  expect(answers).toEqual(Array.from({ length: 200 }, (_, i) => i + 2));
  expect(world.where(id)).toMatchObject({ owner: target[1].peer, shard: HASHED_SHARDS });
  expect(world.rows()[home]).toMatchObject({ owner: before.owner, backup: before.backup });
  const { result } = await world.answer(operator.ask('entity.show', { entity }));
  expect(result).toMatchObject({ shard: HASHED_SHARDS, home, pinned: false, owner: target[1].peer });
  const list = await world.answer(operator.ask('entity.list', {}));
  expect(list.result).toMatchObject({ entities: [{ entity, shard: HASHED_SHARDS, home }], max: SOLO_SHARDS });
  expect(world.metrics.value('muster_coordinator_shards_changed_total', { change: 'carved', why: '' })).toBe(1);
});

test('a pinned entity goes home when it is unpinned, wherever that is by then, and its shard is nobody’s again', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  expect(await world.answer(world.add('g1', '5'))).toBe(1);
  expect(await ordered(world, operator, 'entity.pin', { entity: 'tally/5' })).toBe('done');
  expect(world.where('5').shard).toBe(HASHED_SHARDS);
  const home = shardOfKey('tally/5');
  const other = [...world.nodes].find(([, { peer }]) => peer !== world.rows()[home]!.owner)!;
  await world.answer(operator.ask('shard.move', { shard: home, to: other[0] }));
  await world.until(() => world.rows()[home]!.owner === other[1].peer, 5_000);
  expect(await world.answer(world.add('g1', '5'))).toBe(2);
  expect(await ordered(world, operator, 'entity.unpin', { entity: 'tally/5' })).toBe('done');
  expect(await world.answer(world.add('g1', '5'))).toBe(3);
  expect(world.where('5')).toMatchObject({ shard: home, owner: other[1].peer });
  expect(await world.until(() => solos(world).length === 0, 20_000)).toBe(true);
  expect((await world.answer(operator.ask('entity.list', {}))).result).toMatchObject({ entities: [] });
  // The shard that moved has a backup again by then.
  await world.clock.advance(3_000);
  expect((await world.answer(operator.ask('status', {}))).result).toMatchObject({ healthy: true, problems: [] });
});

test('carved entities survive their owners, drains and the leader: they are never in two places, and never gone', async () => {
  const world = await ClusterWorld.running({ nodes: 4 });
  const operator = await world.operator('c1');
  const ids = ['1', '2', '3', '4', '5', '6'];
  const added = async (): Promise<(number | string)[]> =>
    world.answer(Promise.all(ids.map((id) => world.add('g1', id))));
  await added();
  for (const id of ids) expect(await ordered(world, operator, 'entity.pin', { entity: `tally/${id}` })).toBe('done');
  expect(await added()).toEqual(ids.map(() => 2));
  const owner = [...world.nodes].find(([, { peer }]) => peer === world.where('1').owner)!;
  await world.until(() => solos(world).length === 6 && ids.every((id) => world.where(id).backup !== ''), 5_000);
  owner[1].process.kill();
  expect(await added()).toEqual(ids.map(() => 3));
  world.coordinators.get('c1')!.process.kill();
  await world.until(() => world.leader !== undefined && world.leader !== world.coordinators.get('c1'), 5_000);
  expect(await added()).toEqual(ids.map(() => 4));
  const next = await world.operator('c2');
  const drained = [...world.nodes].find(([, { peer, process }]) => process.alive && peer === world.where('1').owner)!;
  await world.answer(next.ask('node.drain', { node: drained[0] }));
  expect(await world.until(() => ids.every((id) => world.where(id).owner !== drained[1].peer), 20_000)).toBe(true);
  expect(await added()).toEqual(ids.map(() => 5));
  const { result } = await world.answer(next.ask('entity.list', {}));
  expect((result as unknown as { entities: unknown[] }).entities).toHaveLength(6);
});

test('orders in the store that the leader does not know, or cannot read, are swept with the next list', async () => {
  const world = await ClusterWorld.running();
  const stored = () => world.server.range(world.keys.orders).entries.map(({ key }) => key);
  const orphan = JSON.stringify({ order: '1.e7', wish: 'pin', to: '', solo: HASHED_SHARDS });
  const writes = [
    { type: 'put', key: world.keys.order('tally/7'), value: orphan },
    { type: 'put', key: world.keys.order('tally/8'), value: '{"order":"1.e8","wish":"flee"}' },
  ] as const;
  world.server.transact({ compare: [], writes });
  expect(stored()).toHaveLength(2);
  expect(await world.until(() => stored().length === 0, 5_000)).toBe(true);
  expect(world.where('7').shard).toBeLessThan(HASHED_SHARDS);
});

test('operators are refused what cannot be: unknown nodes, what is at home, a second order, and a 257th shard', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  const code = async (command: string, args: { readonly entity: string; readonly to?: string }) => {
    // The audit takes only so many entries per millisecond.
    await world.clock.advance(1);
    return (await world.answer(operator.ask(command as 'entity.pin', args))).code;
  };
  expect(await code('entity.move', { entity: 'tally/1', to: 'n9' })).toBe('NOT_FOUND');
  expect(await code('entity.move', { entity: 'tally/1' })).toBe('NOT_FOUND');
  expect(await code('entity.pin', { entity: 'nonsense' })).toBe('INVALID_ENTITY');
  expect(await code('entity.unpin', { entity: 'tally/1' })).toBe('REFUSED');
  expect(await code('entity.pin', { entity: 'tally/1' })).toBe('');
  expect(await code('entity.pin', { entity: 'tally/1' })).toBe('REFUSED');
  for (let i = 2; i <= SOLO_SHARDS; i += 1) expect(await code('entity.pin', { entity: `tally/${i}` })).toBe('');
  expect(await code('entity.pin', { entity: 'tally/257' })).toBe('SOLO_SHARDS_TAKEN');
  for (let waited = 0; waited < 30_000 && solos(world).length < SOLO_SHARDS; waited += 100)
    await world.clock.advance(100);
  await world.clock.advance(3_000);
  expect(solos(world)).toHaveLength(SOLO_SHARDS);
  expect((await listed(world, operator)).entities).toEqual([]);
  expect(await code('entity.pin', { entity: 'tally/257', to: 'n1' })).toBe('SOLO_SHARDS_TAKEN');
  expect(await world.answer(world.add('g1', '200'))).toBe(1);
});

test('what no node knows is refused at once; what does not exist yet can be pinned, and comes to life there, but not moved', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  const ask = async (command: 'entity.move' | 'entity.pin', args: { readonly entity: string; readonly to: string }) => {
    await world.clock.advance(1);
    return world.answer(operator.ask(command, args));
  };
  expect(await ask('entity.pin', { entity: 'nosuch/1', to: 'n2' })).toEqual({
    code: 'UNKNOWN_KIND',
    result: expect.objectContaining({ kind: 'nosuch' }),
  });
  const { code, result } = await ask('entity.move', { entity: 'tally/1', to: 'n2' });
  expect([code, JSON.stringify(result)]).toEqual(['REFUSED', expect.stringContaining('tally/1 does not exist')]);
  expect((await ask('entity.pin', { entity: 'tally/1', to: 'n2' })).result).toMatchObject({ exists: false });
  const { peer } = world.nodes.get('n2')!;
  expect(await world.until(() => world.where('1').owner === peer && world.where('1').shard >= HASHED_SHARDS)).toBe(
    true,
  );
  expect(await world.answer(world.add('g1', '1'))).toBe(1);
  expect(await world.answer(world.add('g1', '2'))).toBe(1);
  expect((await ask('entity.move', { entity: 'tally/2', to: 'n2' })).result).toMatchObject({ exists: true });
});
