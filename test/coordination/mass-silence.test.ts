import { expect, test } from '@jest/globals';
import { ClusterWorld } from './cluster-world.js';

const deaths = (world: ClusterWorld) =>
  world.metrics.value('muster_coordinator_deaths_total', { role: 'node', cause: 'silent' });
const givenUp = (world: ClusterWorld) =>
  world.metrics.value('muster_coordinator_given_up_total', { role: 'node', cause: 'silent' });

test('one node is cut from the leader, and the others are too busy with its shards to beat: nobody else is given up', async () => {
  const world = await ClusterWorld.running();
  const [n1, n2, n3] = [world.nodes.get('n1')!, world.nodes.get('n2')!, world.nodes.get('n3')!];
  for (const other of ['c1', 'c2']) world.wires.cut('n1', other);
  expect(await world.until(() => world.rows().every(({ owner }) => owner !== n1.peer), 3_000)).toBe(true);
  const owners = world.owners();
  await world.clock.advance(400);
  for (const { process } of [n2, n3]) process.pause();
  await world.clock.advance(2_000);
  for (const { process } of [n2, n3]) process.resume();
  await world.clock.advance(500);
  expect([...n2.replacedBy, ...n3.replacedBy]).toEqual([]);
  expect([givenUp(world), world.owners()]).toEqual([1, owners]);
  // Now that they are heard again, the silence of the one counts.
  expect(await world.until(() => deaths(world) === 1, 3_000)).toBe(true);
  for (const other of ['c1', 'c2']) world.wires.mend('n1', other);
  expect(
    await world.until(
      () => world.membersAt('g1').every(({ peer, state }) => peer === n1.peer || state === 'up'),
      3_000,
    ),
  ).toBe(true);
});

test('a node is busy for two seconds with the shards that it was just given: it keeps them', async () => {
  const world = await ClusterWorld.running();
  const [n1, n2] = [world.nodes.get('n1')!, world.nodes.get('n2')!];
  n1.process.kill();
  expect(await world.until(() => world.rows().every(({ owner }) => owner !== n1.peer), 500)).toBe(true);
  const owned = world.owners()[n2.peer]!;
  n2.process.pause();
  await world.clock.advance(1_700);
  n2.process.resume();
  await world.clock.advance(500);
  expect([givenUp(world), world.owners()[n2.peer]]).toEqual([0, owned]);
});

test('two of three nodes hang: each is waited for for long, then one is given up after the other, and the last one stays', async () => {
  const world = await ClusterWorld.running();
  const [n1, n2, n3] = [world.nodes.get('n1')!, world.nodes.get('n2')!, world.nodes.get('n3')!];
  n1.process.pause();
  await world.clock.advance(100);
  n2.process.pause();
  await world.clock.advance(9_700);
  expect([givenUp(world), deaths(world)]).toEqual([0, 0]);
  expect(await world.timeUntil(() => deaths(world) === 1, 1_000)).toBeLessThan(300);
  expect(await world.timeUntil(() => deaths(world) === 2, 5_000)).toBeGreaterThan(1_900);
  n3.process.pause();
  await world.clock.advance(20_000);
  expect([givenUp(world), deaths(world)]).toEqual([1, 2]);
});

test('what is refused is believed at once, whoever else is silent', async () => {
  const world = await ClusterWorld.running({ nodes: 4 });
  const [n1, n2, n3, n4] = ['n1', 'n2', 'n3', 'n4'].map((id) => world.nodes.get(id)!);
  const before = world.rows();
  for (const node of [n1!, n2!]) node.process.pause();
  await world.clock.advance(600);
  n3!.process.kill();
  await world.clock.advance(500);
  expect(world.metrics.value('muster_coordinator_deaths_total', { role: 'node', cause: 'refused' })).toBe(1);
  const promoted = world.rows().filter(({ owner }, i) => owner === n4!.peer && before[i]!.owner === n3!.peer);
  expect(promoted.length).toBe(before.filter(({ owner, backup }) => owner === n3!.peer && backup === n4!.peer).length);
  await world.clock.advance(500);
  expect([givenUp(world), deaths(world)]).toEqual([0, 0]);
});
