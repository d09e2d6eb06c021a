import { expect, test } from '@jest/globals';
import { type Simulation, simulate } from '@muster/simulator';

const steady = { dropShare: 0, leaveShare: 0 };
const ENTITIES = ['player/1', 'player/2', 'register/1', 'account/1', 'alarm/1'];

/** An operator gives every one of them a shard of its own. */
async function pinAll(world: Simulation): Promise<void> {
  for (const entity of ENTITIES) world.operator.order('entity.pin', { entity });
  await world.until('they are carved out', () => ENTITIES.every((entity) => world.view.overrides.has(entity)), 10_000);
}

const places = (world: Simulation) => ENTITIES.map((entity) => world.view.overrides.get(entity));

test('carved entities are where they were after the whole cluster was killed and started again (K1, K5)', async () => {
  const world = simulate({ seed: 41, nodes: 3, players: 12, workload: steady });
  await world.ready();
  await pinAll(world);
  const before = places(world);
  await world.run(3_000);
  for (const role of ['nodes', 'coordinators']) world.kill(role);
  await world.run(500);
  world.repair();
  await world.calm();
  expect(places(world)).toEqual(before);
});

test('one node alone: it and the store are lost at once, and storage tells who is where, with all that was acknowledged (K4)', async () => {
  const world = simulate({ seed: 42, coordinators: 1, nodes: 1, gateways: 1, players: 8, workload: steady });
  await world.ready();
  await pinAll(world);
  world.operator.order('entity.unpin', { entity: 'account/1' });
  await world.until('it comes home', () => !world.view.overrides.has('account/1'), 10_000);
  await world.run(2_000);
  const shards = ENTITIES.map((entity) => world.view.shardOf(entity));
  for (const role of ['nodes', 'coordinators']) world.kill(role);
  world.wipeStore();
  await world.run(200);
  world.repair();
  await world.calm();
  expect(ENTITIES.map((entity) => world.view.shardOf(entity))).toEqual(shards);
  expect(world.trace.count('regime.overrides-mended')).toBe(1);
  expect(world.losses.count).toBe(0);
});

test('an owner that dies right after the commit leaves a stray at home: its backup lets go of it, and nobody acts twice', async () => {
  const world = simulate({ seed: 43, nodes: 3, players: 12, workload: steady });
  await world.ready();
  world.atNext('carving.settles', 10_000, (owner) => world.restart(owner.split('#')[0]!, 500));
  await pinAll(world);
  await world.run(2_000);
  expect(world.trace.count('carving.stray')).toBeGreaterThan(0);
  await world.calm();
  expect(world.losses.count).toBe(0);
});
