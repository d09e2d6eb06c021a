import { expect, test } from '@jest/globals';
import { shardOfKey } from '@muster/ports';
import { ClusterWorld } from './cluster-world.js';

test('the owner of an entity, found from the store’s text alone, is what entity.show says; so is what the owner knows of it', async () => {
  const world = await ClusterWorld.running();
  await world.answer(Promise.all([world.add('g1', 'x'), world.add('g1', 'x')]));
  const operator = await world.operator('c1');
  const { code, result } = await world.answer(operator.ask('entity.show', { entity: 'tally/x' }));
  expect(code).toBe('');
  const row = world.rows().find(({ shard }) => shard === shardOfKey('tally/x'))!;
  expect(result).toMatchObject({
    entity: 'tally/x',
    shard: row.shard,
    owner: row.owner,
    term: row.term,
    actorError: '',
  });
  expect(JSON.stringify(result.actor)).toContain('"count":2');
});

test('an entity that nobody has called is shown with its owner and without an actor', async () => {
  const world = await ClusterWorld.running();
  const { result } = await world.answer((await world.operator('c1')).ask('entity.show', { entity: 'tally/nobody' }));
  expect(result).toMatchObject({ actor: null, actorError: '' });
});

test('nodes are listed with what they said in their last beats, and found by a prefix', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  const { result } = await world.answer(operator.ask('node.list', {}));
  expect(result.nodes.map(({ id, state, shards }) => [id, state, shards])).toEqual([
    ['n1', 'up', 342],
    ['n2', 'up', 341],
    ['n3', 'up', 341],
  ]);
  expect(result.gateways.map(({ id, state }) => [id, state])).toEqual([['g1', 'up']]);
  const shown = await world.answer(operator.ask('node.show', { node: 'n2' }));
  expect(shown.result.owns.length).toBe(341);
  expect(shown.result.backs).toEqual(
    world.rows().flatMap(({ backup, shard }) => (backup.startsWith('n2#') ? [shard] : [])),
  );
  expect(shown.result.node.backups).toBe(shown.result.backs.length);
  expect((await world.answer(operator.ask('node.show', { node: 'n' }))).code).toBe('INVALID_REQUEST');
  expect((await world.answer(operator.ask('node.show', { node: 'z' }))).code).toBe('NOT_FOUND');
});

test('shards are listed, of one node too, and shown with the key of their page', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  const all = await world.answer(operator.ask('shard.list', {}));
  expect([all.result.shards.length, all.result.counts]).toEqual([
    1_024,
    { total: 1_024, owned: 1_024, unowned: 0, moving: 0, backed: 1_024, learning: 0 },
  ]);
  const own = await world.answer(operator.ask('shard.list', { node: 'n1' }));
  expect(own.result.shards.length).toBe(342);
  const one = await world.answer(operator.ask('shard.show', { shard: 40 }));
  expect(one.result).toMatchObject({
    shard: { shard: 40, state: 'stable' },
    storeKey: world.keys.page(1),
    occupied: false,
  });
  expect((await world.answer(operator.ask('shard.show', { shard: 4_000 }))).code).toBe('NOT_FOUND');
});

test('a coordinator that does not lead says who does, and where', async () => {
  const world = await ClusterWorld.running();
  const { code, result } = await world.answer((await world.operator('c2')).ask('status', {}));
  const { peer, it } = world.coordinators.get('c1')!;
  expect(code).toBe('NOT_LEADER');
  expect(result).toMatchObject({ leader: peer, address: it.peers.self.address });
});

test('what is no question is refused with a code and disturbs nothing', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  expect((await world.answer(operator.ask('entity.show', { entity: 'no entity' }))).code).toBe('INVALID_ENTITY');
  expect((await world.answer(operator.ask('no.such' as 'status', {}))).code).toBe('COMMAND_UNIMPLEMENTED');
  expect((await world.answer(operator.ask('status', [] as never))).code).toBe('INVALID_REQUEST');
  expect((await world.answer(operator.ask('status', {}))).code).toBe('');
});

test('process.restart asks that process, in whatever role, to hand off and end; the leader asks itself', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  for (const id of ['c2', 'n2', 'g1', 'c1']) {
    const { code, result } = await world.answer(operator.ask('process.restart', { peer: id }));
    expect([code, result.peer.split('#')[0], result.accepted]).toEqual(['', id, true]);
  }
  await world.clock.advance(200);
  expect(world.retired.sort()).toEqual(['c1', 'c2', 'g1', 'n2']);
  expect((await world.answer(operator.ask('process.restart', { peer: 'n' }))).code).toBe('NOT_FOUND');
  const former = world.nodes.get('n1')!.peer.replace(/#.*/, '#former');
  expect((await world.answer(operator.ask('process.restart', { peer: former }))).code).toBe('NOT_FOUND');
});

test('a coordinator that was deposed cannot restart anybody', async () => {
  const world = await ClusterWorld.running();
  const { it } = world.coordinators.get('c1')!;
  const epoch = it.epoch - 1;
  for (const peer of [world.nodes.get('n1')!.peer, world.coordinators.get('c2')!.peer])
    expect(it.peers.send(peer, 'control', { type: 'retire', epoch, body: { by: 'nobody' } })).toBe(true);
  await world.clock.advance(50);
  expect(world.retired).toEqual([]);
});
