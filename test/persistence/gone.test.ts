// An actor that went, while storage still has it: whoever owns the shard next must not bring it back.
import { expect, test } from '@jest/globals';
import { entity, term } from '@muster/ports';
import { defineActor, event } from '@muster/runtime';
import { MemoryShardServer, MemoryShardStore } from '@muster/storage';
import { TestLeader } from '../../packages/cluster/src/handoff/leader.test-kit.js';
import { World } from '../../packages/cluster/src/world.test-kit.js';

interface JarCommands {
  fill: { data: { to: number }; reply: null };
  look: { data: unknown; reply: number };
}

const jar = defineActor<{ n: number }, JarCommands, { filled: { to: number } }>('jar', {
  durability: 'replicated',
  version: 1,
  initial: () => ({ n: 0 }),
  blank: ({ n }) => n === 0,
  decide: {
    fill: (_, { to }) => ({ events: [event('filled', { to })], reply: null }),
    look: ({ n }) => ({ reply: n }),
  },
  evolve: {
    filled(s, { to }) {
      s.n = to;
    },
  },
});
const a = entity('jar', 'a');

async function setUp() {
  const world = new World();
  const server = new MemoryShardServer({ clock: world.clock });
  const options = { runtime: { passivateAfterMs: 100, replyKeepMs: 100 } };
  const node = (id: string) => world.node(id, options, [jar], new MemoryShardStore({ clock: world.clock, server }));
  const nodes = [await node('n1'), await node('n2'), await node('n3')] as const;
  const g = await world.gateway('g');
  const fill = (to: number) => world.answer(g, a, 'fill', { to });
  const look = () => world.answer(g, a, 'look');
  const { shard } = world.where(a);
  return { world, server, nodes, fill, look, shard };
}

/** The actor lived on n1, with n2 as its backup, and was stored; storage went away, and then the actor. */
async function goneWhileAway() {
  const here = await setUp();
  const { world, server, nodes, fill, shard } = here;
  const [n1, n2] = nodes;
  const inTerm = await world.protect(n1, n2, a);
  await fill(1);
  await world.clock.advance(2_000);
  expect(server.rowsIn(shard)).not.toEqual([]);
  server.stop();
  await fill(0);
  await world.clock.advance(1_000);
  expect(n1.process.runtime.actorsIn(shard)).toBe(0);
  return { ...here, inTerm };
}

test('it went while storage was away, and its shard was handed to the backup: the source knows it as the new backup', async () => {
  const { world, server, nodes, look, shard, inTerm } = await goneWhileAway();
  const [n1, n2, n3] = nodes;
  expect(await new TestLeader(world, n1.cable.sibling()).moved(a, n2)).toBe('moved');
  n2.cable.kill();
  await world.clock.advance(20);
  world.place([{ shard, owner: n1.peer, origin: 'promoted', term: term(inTerm + 2), sure: true }]);
  server.start();
  await world.clock.advance(5_000);
  expect(server.head(shard)).toMatchObject({ term: inTerm + 2, standing: 'gated' });
  n1.cable.kill();
  await world.clock.advance(20);
  world.place([{ shard, owner: n3.peer, term: term(inTerm + 3), sure: true }]);
  expect(await look()).toBe(0);
});

test('it went while storage was away, and the backup was seeded after that: promoted, it knows that storage still has it', async () => {
  const { world, server, nodes, look, shard, inTerm } = await goneWhileAway();
  const [n1, n2, n3] = nodes;
  n2.cable.kill();
  await world.clock.advance(20);
  await world.protect(n1, n3, a, inTerm + 1);
  n1.cable.kill();
  await world.clock.advance(20);
  world.place([{ shard, owner: n3.peer, origin: 'promoted', term: term(inTerm + 3), sure: true }]);
  server.start();
  await world.clock.advance(5_000);
  expect(server.head(shard)).toMatchObject({ term: inTerm + 3, standing: 'gated' });
  n3.cable.kill();
  await world.clock.advance(20);
  const n4 = await world.node('n4', {}, [jar], new MemoryShardStore({ clock: world.clock, server }));
  world.place([{ shard, owner: n4.peer, term: term(inTerm + 4), sure: true }]);
  expect(await look()).toBe(0);
});
