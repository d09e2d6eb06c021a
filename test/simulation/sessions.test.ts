import { expect, test } from '@jest/globals';
import { simulate } from '@muster/simulator';

test('the same user on two gateways ends as one session, whoever dies', async () => {
  const world = simulate({ seed: 41, nodes: 3, players: 6, rivals: 6 });
  await world.ready();
  await world.run(8_000);
  const owner = world.ownerOf('player/1');
  world.kill(owner);
  await world.run(5_000);
  world.start(owner);
  await world.calm();
  expect(world.clients.superseded).toBeGreaterThan(3);
});

test('the same seed gives the same run, and another seed another one', async () => {
  const hashOf = async (seed: number): Promise<string> => {
    const world = simulate({ seed, nodes: 3, players: 6, rivals: 2 });
    await world.ready();
    world.restart(world.ownerOf('player/1'), 250);
    await world.run(1_500);
    return world.trace.hash;
  };
  const first = await hashOf(42);
  expect(await hashOf(42)).toBe(first);
  expect(await hashOf(43)).not.toBe(first);
});
