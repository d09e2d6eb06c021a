import { expect, test } from '@jest/globals';
import { simulate } from '@muster/simulator';

const steady = { dropShare: 0, leaveShare: 0 };

test('a paused node that comes back is refused by everybody, and comes back as somebody new', async () => {
  const world = simulate({ seed: 21, nodes: 3, players: 12, workload: steady });
  await world.ready();
  const owner = world.ownerOf('player/1');
  const before = world.fleet.get(owner)!.process.peer;
  const resume = world.pause(owner);
  await world.run(6_000);
  expect(world.ownerOf('player/1')).not.toBe(owner);
  resume();
  await world.run(1_500);
  const now = world.fleet.get(owner)!.process;
  expect(now.peer).not.toBe(before);
  expect(world.trace.count('process.ends')).toBe(1);
  await world.calm();
  expect(world.clients.ledger.counts).toMatchObject({ lost: 0 });
});

test('a node that pauses for less than it takes to be given up goes on as if nothing had been', async () => {
  const world = simulate({ seed: 22, nodes: 3, players: 12, strict: true, workload: steady });
  await world.ready();
  const owner = world.ownerOf('player/1');
  world.pause(owner, 800);
  await world.run(3_000);
  expect(world.ownerOf('player/1')).toBe(owner);
  await world.calm();
  expect(world.clients.ledger.counts).toMatchObject({ failed: 0, lost: 0 });
});

test('etcd away for 10 s: talk goes on, nobody is replaced, and all heals', async () => {
  const world = simulate({ seed: 23, nodes: 3, players: 12, strict: true, workload: steady });
  await world.ready();
  const { leader } = world;
  world.stallStore(10_000);
  await world.run(10_000);
  expect(world.clients.unserved(world.now - 2_000)).toEqual([]);
  await world.calm();
  expect({ leader: world.leader, epoch: world.epoch }).toEqual({ leader, epoch: 1 });
  expect(world.clients.ledger.counts).toMatchObject({ failed: 0, lost: 0 });
});

test('etcd stopped and back, every lease expired: nobody dies of it', async () => {
  const world = simulate({ seed: 24, nodes: 3, players: 12, strict: true, workload: steady });
  await world.ready();
  world.stopStore(5_000);
  await world.run(6_000);
  world.expireLeases();
  await world.run(1_000);
  await world.calm();
  expect(world.trace.count('member.dead')).toBe(0);
  expect(world.epoch).toBe(1);
  expect(world.clients.ledger.counts).toMatchObject({ failed: 0, lost: 0 });
});

test('while etcd is away a dead node stays in the table; its shards are placed when etcd is back', async () => {
  const world = simulate({ seed: 25, nodes: 3, players: 12, workload: steady });
  await world.ready();
  const owner = world.ownerOf('player/1');
  const heal = world.stallStore();
  await world.run(500);
  world.kill(owner);
  await world.run(4_000);
  expect(world.ownerOf('player/1')).toBe(owner);
  heal();
  await world.until('its shards have another owner', () => world.ownerOf('player/1') !== owner, 3_000);
  world.start(owner);
  await world.calm();
});

test('a gateway cut from the coordinators goes on serving its clients', async () => {
  const world = simulate({ seed: 26, nodes: 3, players: 12, strict: true, workload: steady });
  await world.ready();
  const heal = world.cut('gateway-1', 'coordinators');
  await world.run(5_000);
  expect(world.clients.unserved(world.now - 2_000)).toEqual([]);
  heal();
  await world.calm();
  expect(world.clients.ledger.counts).toMatchObject({ failed: 0, lost: 0 });
});

test('a line that is cut one way, from leader to vice, costs one epoch and no more within ten seconds', async () => {
  const world = simulate({ seed: 27, nodes: 3, players: 12, workload: steady });
  await world.ready();
  const { vice } = world;
  const heal = world.cutOneWay('leader', 'vice');
  await world.run(9_000);
  expect({ leader: world.leader, epoch: world.epoch }).toEqual({ leader: vice, epoch: 2 });
  heal();
  await world.calm();
});

test('a node cut from everybody: its backups own its shards after a second, and it freezes before what it alone has is placed again', async () => {
  const world = simulate({ seed: 28, nodes: 3, players: 12, workload: steady });
  await world.ready();
  // Who was just given hundreds of shards is waited for longer.
  await world.run(2_000);
  const owner = world.ownerOf('player/1');
  const heal = world.isolate(owner);
  await world.run(900);
  expect(world.ownerOf('player/1')).toBe(owner);
  await world.run(300);
  expect(world.ownerOf('player/1')).not.toBe(owner);
  // Silence counts from its last beat, which was up to a tenth of a second before the cut.
  await world.run(600);
  expect(world.trace.count('member.frozen')).toBe(1);
  expect(world.trace.count('member.dead')).toBe(0);
  await world.run(2_000);
  heal();
  await world.calm();
});

test('K4: a store that was wiped starts above the highest epoch, its leader writes again what it knew, and everybody is served on', async () => {
  const world = simulate({ seed: 29, nodes: 3, players: 12, workload: steady });
  await world.ready();
  world.kill('leader');
  await world.run(2_000);
  const [epoch, rows] = [world.epoch, [...world.view.allRows()]];
  world.wipeStore();
  await world.run(1_000);
  world.repair();
  await world.calm();
  expect(world.epoch).toBeGreaterThan(epoch);
  for (const { shard, term, owner } of rows) {
    const now = world.view.row(shard)!;
    expect(now.term).toBeGreaterThanOrEqual(term);
    // Never one term for two owners.
    if (now.term === term) expect(now.owner).toBe(owner);
  }
});
