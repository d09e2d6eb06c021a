// An operator breaks the glass at nodes that live. Such an order passes waits and compares of epochs, and no fence: the world's checks — one
// writer, linearizability, ungated actors in one place, nothing acknowledged lost — run over all of it.
import { expect, test } from '@jest/globals';
import { shardLayout } from '@muster/ports';
import { simulate } from '@muster/simulator';

const steady = { dropShare: 0, leaveShare: 0 };
/** Small, so that most shards are in use. */
const layout = shardLayout(64, 32);

for (const seed of [71, 72])
  test(`a node that serves its players is given up as soon as its coordinators do not hear it: two act as its shards' owners, and nothing breaks (${seed})`, async () => {
    const world = simulate({ seed, nodes: 3, players: 12, workload: steady, layout });
    await world.ready();
    // Whoever has asked before has a link.
    world.operator.order('status', {}, 1);
    await world.run(2_000);
    const owner = world.ownerOf('player/1');
    const mend = world.cut(owner, 'coordinators');
    await world.run(450);
    world.giveUp(owner);
    await world.run(300);
    // Long before silence alone would have said so.
    expect({ orders: world.trace.count('member.given-up'), moved: world.ownerOf('player/1') !== owner }).toEqual({
      orders: 1,
      moved: true,
    });
    await world.run(600);
    mend();
    await world.run(3_000);
    await world.calm();
    expect({ losses: world.losses.count, lost: world.clients.ledger.counts.lost, epoch: world.epoch }).toEqual({
      losses: 0,
      lost: 0,
      epoch: 1,
    });
  });

test('owner and backup hang together, and each is given up: nobody else answers for what they alone have, and they go on with it', async () => {
  const world = simulate({ seed: 74, nodes: 4, players: 12, workload: steady, layout });
  await world.ready();
  world.operator.order('status', {}, 1);
  await world.run(2_000);
  const { owner, backup } = world.view.row(world.view.shardOf('player/1'))!;
  const both = [owner, backup].map((peer) => peer.slice(0, peer.indexOf('#')));
  const resume = both.map((id) => world.pause(id));
  await world.run(600);
  for (const id of both) world.giveUp(id);
  await world.run(1_000);
  expect(world.trace.count('order.taken')).toBe(2);
  expect(world.view.row(world.view.shardOf('player/1'))).toMatchObject({ owner, backup });
  for (const end of resume) end();
  await world.run(3_000);
  await world.calm();
  expect({ losses: world.losses.count, lost: world.clients.ledger.counts.lost }).toEqual({ losses: 0, lost: 0 });
});
