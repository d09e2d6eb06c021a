import { expect, test } from '@jest/globals';
import { type PeerId, parsePeerId, type ShardId, shardLayout } from '@muster/ports';
import { type Simulation, simulate } from '@muster/simulator';

const steady = { dropShare: 0, leaveShare: 0 };
/** Small, so that most shards are in use. */
const layout = shardLayout(64, 32);

/** Two shards change hands and an entity gets a shard of its own: what a snapshot from before knows nothing of. */
async function liveOn(world: Simulation): Promise<void> {
  world.operator.order('entity.pin', { entity: 'player/1', to: 'node-2' });
  for (const shard of [...world.used()].slice(0, 2)) {
    const to = world.view.ownerOf(shard) === 'node-3' ? 'node-1' : 'node-3';
    world.operator.order('shard.move', { shard, to });
  }
  await world.until('player/1 is carved out', () => world.view.overrides.has('player/1'), 10_000);
  await world.run(3_000);
}

const table = (world: Simulation) =>
  [...world.view.allRows()].map(({ shard, owner, backup, term }) => [shard, owner, backup, term].join(' '));

test('K4: etcd is put back under a living cluster: its leader writes again what it knows, no shard changes hands and nothing is lost', async () => {
  const world = simulate({ seed: 51, nodes: 3, players: 12, workload: steady, layout });
  await world.ready();
  await world.run(2_000);
  world.restoreStore(8_000, 200);
  await liveOn(world);
  const [before, override, epoch] = [table(world), world.view.overrides.get('player/1'), world.epoch];
  await world.until('the store was put back', () => world.trace.count('regime.store-went-back') > 0, 12_000);
  await world.until('the table is there again', () => table(world).join() === before.join(), 1_000);
  expect(world.view.overrides.get('player/1')).toEqual(override);
  expect(world.epoch).toBeGreaterThan(epoch);
  await world.calm();
  expect({ losses: world.losses.count, older: world.trace.count('regime.store-is-older') }).toEqual({
    losses: 0,
    older: 0,
  });
});

test('K4: etcd is put back to a copy of an older epoch, and its leader still leads, above both', async () => {
  const world = simulate({ seed: 52, nodes: 3, players: 12, workload: steady, layout });
  await world.ready();
  world.restoreStore(6_000, 100);
  await world.run(1_000);
  world.restart('leader', 500);
  await world.run(4_000);
  const { leader, epoch } = world;
  await world.until('the store was put back', () => world.trace.count('regime.store-went-back') > 0, 6_000);
  await world.calm();
  expect({ leader: world.leader, epoch: world.epoch > epoch, losses: world.losses.count }).toEqual({
    leader,
    epoch: true,
    losses: 0,
  });
});

test('K4: etcd is put back while its vice dies and its leader lives: nothing is lost', async () => {
  const world = simulate({ seed: 56, nodes: 3, players: 12, workload: steady, layout });
  await world.ready();
  world.restoreStore(6_000, 200);
  await world.run(2_000);
  world.restart('node-1', 200);
  await world.run(4_100);
  world.restart('vice', 1_000);
  await world.run(5_000);
  await world.calm();
  expect(world.trace.count('regime.store-went-back')).toBe(1);
  expect(world.losses.count).toBe(0);
});

test('K4: a node that was started again after the snapshot is not taken for its former self, whose line stands there again', async () => {
  const world = simulate({ seed: 53, nodes: 3, players: 12, workload: steady, layout });
  await world.ready();
  world.restoreStore(8_000, 50);
  await world.run(1_000);
  world.restart('node-2', 200);
  await world.run(5_000);
  const peer = world.fleet.get('node-2')!.process.peer;
  await world.run(8_000);
  expect(world.fleet.get('node-2')!.process.peer).toBe(peer);
  await world.calm();
  expect(world.losses.count).toBe(0);
});

for (const wish of ['pin', 'unpin'] as const)
  test(`K4: all stops in order, etcd is put back to before an entity's ${wish}, all starts: terms of another shard hide nothing, and it has its state`, async () => {
    const world = simulate({ seed: 54, nodes: 3, players: 12, workload: steady, layout });
    await world.ready();
    const other = [...world.used()].find((shard) => shard !== world.view.shardOf('player/1'))!;
    for (let i = 0; i < 6; i += 1) {
      world.operator.order('shard.move', { shard: other, to: `node-${1 + (i % 3)}` });
      await world.run(2_000);
    }
    const pin = async (now: boolean) => {
      world.operator.order(now ? 'entity.pin' : 'entity.unpin', { entity: 'player/1' });
      await world.until('it is carved', () => world.view.overrides.has('player/1') === now, 10_000);
    };
    if (wish === 'unpin') await pin(true);
    await world.run(1_000);
    const putBack = world.server.backup();
    await pin(wish === 'pin');
    await world.run(4_000);
    const override = world.view.overrides.get('player/1');
    // Nobody is there to answer: clients may hear that.
    const over = world.trouble.begin('everything stops', true);
    world.stop('nodes', 9_000);
    await world.until('every node has ended', () => world.fleet.living('node').length === 0, 8_000);
    world.kill('coordinators');
    putBack();
    await world.run(1_000);
    for (const id of world.fleet.ids('coordinator')) world.start(id);
    await world.run(10_000);
    over();
    await world.calm();
    expect(world.view.overrides.get('player/1')?.shard).toBe(override?.shard);
    expect(world.trace.count('regime.store-is-older')).toBeGreaterThan(0);
    expect(world.losses.count).toBe(0);
  });

test('K4: a leader whose storage did not answer at first does not take for an older store what has become of its own since', async () => {
  const world = simulate({ seed: 55, nodes: 3, players: 12, workload: steady, layout });
  await world.ready();
  await world.run(2_000);
  const back = world.stallStorage(60_000, 'arrives');
  world.restart('leader', 500);
  await world.run(3_000);
  const epoch = world.epoch;
  // Their new owners claim them as soon as storage answers, most of them before the leader asks again.
  for (const shard of [...world.used()].slice(0, 12)) {
    const to = world.view.ownerOf(shard) === 'node-3' ? 'node-1' : 'node-3';
    world.operator.order('shard.move', { shard, to });
  }
  await world.run(4_000);
  back();
  await world.run(5_000);
  await world.calm();
  expect(world.trace.count('regime.not-recalled')).toBeGreaterThan(0);
  expect({ older: world.trace.count('regime.store-is-older'), epoch: world.epoch }).toEqual({ older: 0, epoch });
  expect(world.losses.count).toBe(0);
});

test('K4: etcd is put back and its leader dies while storage is stalled: what nodes know keeps a term from being given twice', async () => {
  const world = simulate({ seed: 59, nodes: 3, players: 12, workload: steady, layout });
  await world.ready();
  await world.run(2_000);
  world.stallStorage(6_000, 'is-lost');
  world.restoreStore(1_500, 200, true);
  const shard = [...world.used()][0]!;
  // Where it is given up as the backup later, its former owner goes on one term above.
  const owner = parsePeerId([...world.view.allRows()][shard]!.backup as PeerId).id;
  world.operator.order('shard.move', { shard, to: owner });
  await world.until('it has moved', () => world.view.ownerOf(shard) === owner, 1_400);
  const [of, epoch] = [world.view.termOf(shard)!, world.epoch];
  await world.until('another leads', () => world.epoch > epoch, 3_000);
  await world.run(1_000);
  expect(world.view.termOf(shard)).toBeLessThan(of);
  world.restart(owner, 500);
  await world.run(8_000);
  await world.calm();
  expect(world.view.termOf(shard)).toBeGreaterThan(of);
});

/** An ungated actor's shard and its owner, once there is something to do. */
async function pulsing(world: Simulation): Promise<{ owner: string; shard: ShardId }> {
  const shard = world.view.shardOf('pulse/1');
  await world.until('ungated actors act', () => world.ungated.acts > 50, 20_000);
  return { owner: world.view.ownerOf(shard)!, shard };
}

test('K4, fence 4: etcd is put back to before a fail-over, and its leader dies: the owner from before wakes up and does not act beside the one since', async () => {
  const world = simulate({ seed: 57, nodes: 3, players: 3, callers: 6, workload: steady, layout });
  await world.ready();
  const { owner, shard } = await pulsing(world);
  world.restoreStore(6_000, 200, true);
  world.cutOneWay('leader', owner, 6_000);
  world.pause(owner, 7_700);
  await world.until('somebody else has it', () => world.view.ownerOf(shard) !== owner, 3_000);
  const since = world.view.ownerOf(shard);
  await world.run(2_000);
  // With one node alone the next leader waits before it places anything.
  world.pause(world.fleet.ids('node').find((id) => id !== owner && id !== since)!, 6_000);
  await world.until('the next leader has found out', () => world.trace.count('regime.store-is-older') > 0, 8_000);
  await world.run(3_000);
  await world.calm();
  expect(world.trace.count('member.thawed')).toBeGreaterThan(0);
});

test('K4, fence 4: etcd is put back, and its leader dies: an owner that the next one cannot reach stands still before another acts', async () => {
  const world = simulate({ seed: 58, nodes: 3, players: 3, callers: 30, workload: steady, layout });
  await world.ready();
  const { owner: first, shard } = await pulsing(world);
  const [owner, third] = world.fleet.ids('node').filter((id) => id !== first) as [string, string];
  // Not where it will be placed.
  world.operator.order('shard.move', { shard, to: owner });
  await world.until('it has moved', () => world.view.ownerOf(shard) === owner, 5_000);
  world.restoreStore(3_000, 200, true);
  const another = [...world.used()].find((each) => world.view.ownerOf(each) === first)!;
  world.operator.order('shard.move', { shard: another, to: third });
  await world.run(3_050);
  world.cut(owner, 'coordinators', 5_000);
  await world.until('the next leader has found out', () => world.trace.count('regime.store-is-older') > 0, 8_000);
  await world.until('it is placed elsewhere', () => world.view.ownerOf(shard) !== owner, 1_000);
  const before = world.ungated.successions;
  await world.run(3_000);
  await world.calm();
  expect(world.ungated.successions).toBeGreaterThan(before);
});
