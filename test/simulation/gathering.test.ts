// Players meet in lobbies and parties and talk there, while those who have a part in it die.
import { expect, test } from '@jest/globals';
import { type Simulation, simulate } from '@muster/simulator';

async function begun(seed: number): Promise<Simulation> {
  const world = simulate({ seed, nodes: 3, players: 8, workload: { gatherShare: 0.8, thinkMs: 150 } });
  await world.ready();
  await world.run(2_000);
  return world;
}

test('owners of players, lobbies and parties die one after the other, and everybody knows who is where (K12)', async () => {
  const world = await begun(61);
  for (const entity of ['player/1', ...world.clients.board.newest.slice(-2)]) {
    const owner = world.ownerOf(entity);
    world.restart(owner, 500);
    await world.run(3_000);
  }
  await world.calm();
  expect(world.losses.count).toBe(0);
  expect(world.clients.board.lobbies.size).toBeGreaterThan(3);
  expect(world.clients.said.due).toBeGreaterThan(5);
});

test('the same seed gives the same run', async () => {
  const hash = async (seed: number): Promise<string> => (await begun(seed)).trace.hash;
  expect(await hash(62)).toBe(await hash(62));
});
