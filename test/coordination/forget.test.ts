import { expect, test } from '@jest/globals';
import { ClusterWorld } from './cluster-world.js';

const names = (world: ClusterWorld, peer: string) =>
  world.rows().filter(({ owner, backup, learner }) => [owner, backup, learner].includes(peer)).length;

test('owner and backup vanish without a trace: their shards wait until an operator forgets them, and are placed then', async () => {
  const world = await ClusterWorld.running();
  const [n1, n2] = [world.nodes.get('n1')!, world.nodes.get('n2')!];
  for (const node of [n1, n2]) node.process.pause();
  await world.clock.advance(60_000);
  const both = (row: { owner: string; backup: string }) =>
    [n1.peer, n2.peer].includes(row.owner) && [n1.peer, n2.peer].includes(row.backup);
  const waiting = world.rows().filter(both).length;
  expect(waiting).toBeGreaterThan(300);
  const operator = await world.operator('c1');
  const { result } = await world.answer(operator.ask('node.forget', { node: n1.peer }));
  expect(result).toMatchObject({ accepted: true, node: n1.peer, shards: waiting });
  expect(await world.until(() => names(world, n1.peer) === 0, 500)).toBe(true);
  expect(world.rows().every(({ owner, sure }) => owner.startsWith('n3#') && sure === undefined)).toBe(true);
  // It was alive after all: it is told, and so is the other, which has lost everything.
  for (const node of [n1, n2]) node.process.resume();
  expect(await world.until(() => n1.replacedBy.length > 0, 1_000)).toBe(true);
  expect(world.owners()).toEqual({ [world.nodes.get('n3')!.peer]: 1_024 });
});

test('nobody forgets a node that is heard, a gateway, or another run of it', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  const ask = async (node: string) => (await world.answer(operator.ask('node.forget', { node }))).code;
  expect(await ask(world.nodes.get('n1')!.peer)).toBe('REFUSED');
  // A name alone: nobody should forget the run that came after.
  expect(await ask('n1')).toBe('INVALID_REQUEST');
  expect(await ask('n1#other')).toBe('NOT_FOUND');
  expect(await ask(world.gateways.get('g1')!.peer)).toBe('NOT_FOUND');
  expect(await ask('')).toBe('NOT_FOUND');
  expect(world.owners()[world.nodes.get('n1')!.peer]).toBe(342);
});

test('the last node that is silent is forgotten: its shards wait for a node, and the next one has them', async () => {
  const world = await ClusterWorld.running({ nodes: 1 });
  const n1 = world.nodes.get('n1')!;
  n1.process.pause();
  await world.clock.advance(20_000);
  expect(world.metrics.value('muster_coordinator_deaths_total', { role: 'node', cause: 'silent' })).toBe(0);
  const operator = await world.operator('c1');
  expect((await world.answer(operator.ask('node.forget', { node: n1.peer }))).code).toBe('');
  const n2 = world.node('n2');
  expect(await world.until(() => world.owners()[n2.peer] === 1_024, 5_000)).toBe(true);
});
