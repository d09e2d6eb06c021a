import { expect, test } from '@jest/globals';
import { simulate } from '@muster/simulator';

test('a killed leader is followed by its vice in the next epoch, and no client notices', async () => {
  const world = simulate({ seed: 7, nodes: 3, players: 12, strict: true });
  await world.ready();
  const { leader, vice } = world;
  world.kill('leader');
  await world.run(2_000);
  expect(world.leader).toBe(vice);
  expect(world.epoch).toBe(2);
  expect(world.leads(vice)).toBe(true);
  world.start(leader);
  await world.calm();
  expect(world.clients.ledger.failures).toEqual([]);
});

test("a killed node's players are served elsewhere, sockets stay open, and no command fails", async () => {
  const world = simulate({ seed: 8, nodes: 3, players: 12, strict: true, workload: { dropShare: 0, leaveShare: 0 } });
  await world.ready();
  const owner = world.ownerOf('player/1');
  world.kill(owner);
  await world.run(1_000);
  expect(world.ownerOf('player/1')).not.toBe(owner);
  world.start(owner);
  await world.calm();
  expect(world.clients.ledger.counts).toMatchObject({ failed: 0, lost: 0 });
});

test('a leader that dies 30 ms after a node leaves its work to the vice, and no command fails', async () => {
  const world = simulate({ seed: 9, nodes: 3, players: 12, strict: true, workload: { dropShare: 0, leaveShare: 0 } });
  await world.ready();
  const { leader } = world;
  const owner = world.ownerOf('player/2');
  world.kill(owner);
  await world.run(30);
  world.kill('leader');
  await world.run(2_500);
  expect(world.epoch).toBe(2);
  expect(world.ownerOf('player/2')).not.toBe(owner);
  world.start(owner);
  world.start(leader);
  await world.calm();
  expect(world.clients.ledger.counts).toMatchObject({ failed: 0, lost: 0 });
});

test('a node that restarts within 300 ms under its old name is not taken for its former self', async () => {
  const world = simulate({ seed: 10, nodes: 3, players: 12, strict: true });
  await world.ready();
  const owner = world.ownerOf('player/3');
  const before = world.fleet.get(owner)!.process.peer;
  const rows = [...world.view.allRows()].filter((row) => row.owner === before);
  world.restart(owner, 200);
  await world.run(1_500);
  expect(world.fleet.get(owner)!.process.peer).not.toBe(before);
  for (const row of rows) {
    expect(world.view.row(row.shard)!.owner).not.toBe(before);
    expect(world.view.termOf(row.shard)).toBeGreaterThan(row.term);
  }
  await world.calm();
  expect(world.clients.ledger.failures).toEqual([]);
});

test('a killed gateway loses its sockets and nothing else: its clients come back through the other one', async () => {
  const world = simulate({ seed: 11, nodes: 3, players: 12, strict: true });
  await world.ready();
  world.kill('gateway-1');
  await world.run(3_000);
  for (const device of world.clients.devices) if (device.state === 'online') expect(device.gateway).toBe('gateway-2');
  world.start('gateway-1');
  await world.calm();
  expect(world.clients.ledger.failures).toEqual([]);
});

test('a rolling restart, one process after the other in order, costs no client a command', async () => {
  const world = simulate({ seed: 12, nodes: 3, players: 12, strict: true });
  await world.ready();
  for (const id of world.fleet.ids()) {
    world.stop(id, 200);
    await world.run(4_000);
  }
  await world.calm();
  expect(world.clients.ledger.failures).toEqual([]);
});
