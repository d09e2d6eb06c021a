// Friends are facts in storage, and every player's actor has a copy: whatever dies between a client, two actors and storage, the copies agree
// with storage once all is quiet, and nothing was done twice.
import { expect, test } from '@jest/globals';
import { simulate } from '@muster/simulator';

type World = ReturnType<typeof simulate>;

const workload = { dropShare: 0.01, leaveShare: 0.01, thinkMs: 100, sendShare: 0.1, infoShare: 0.1, friendShare: 0.8 };

async function begun(seed: number): Promise<World> {
  const world = simulate({ seed, nodes: 4, players: 10, workload });
  await world.ready();
  await world.run(1_000);
  return world;
}

/** Of every player in memory: the version of its copy, and that of storage. */
async function versions(world: World): Promise<readonly (readonly [string, number, number])[]> {
  const found: (readonly [string, number, number])[] = [];
  for (const player of world.clients.entities()) {
    const actor = world.actor(player) as
      | { readonly state?: { readonly ties: { readonly version: number } } }
      | undefined;
    const { version } = await world.storage.near.friendships.of(player.slice('player/'.length) as never);
    if (actor?.state) found.push([player, actor.state.ties.version, version]);
  }
  return found;
}

async function agreesInTheEnd(world: World): Promise<void> {
  await world.calm();
  const found = await versions(world);
  expect(found.length).toBeGreaterThan(3);
  expect(found.filter(([, here, stored]) => here !== stored)).toEqual([]);
  // Something was done at all.
  expect(Math.max(...found.map(([, , stored]) => stored))).toBeGreaterThan(5);
}

test.each([1, 2])('nodes die one after the other while players befriend each other (%i)', async (n) => {
  const world = await begun(900 + n);
  for (const player of ['player/1', 'player/2', 'player/3']) {
    const owner = world.ownerOf(player);
    world.kill(owner);
    await world.run(1_500);
    world.start(owner);
    await world.run(2_500);
  }
  await agreesInTheEnd(world);
});

test('storage goes away and comes back, and a node dies meanwhile', async () => {
  const world = await begun(911);
  const back = world.storage.leave();
  await world.run(1_000);
  const owner = world.ownerOf('player/1');
  world.kill(owner);
  await world.run(2_500);
  back();
  world.start(owner);
  await world.run(3_000);
  await agreesInTheEnd(world);
});

test('storage takes so long that a command is asked for again while it runs', async () => {
  const world = await begun(912);
  const fast = world.storage.slow(200);
  await world.run(4_000);
  fast();
  await agreesInTheEnd(world);
});
