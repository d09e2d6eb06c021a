import { beforeEach, expect, test } from '@jest/globals';
import type { EntityRef } from '@muster/ports';
import { books, type Member, World } from '../world.test-kit.js';
import type { ClusterClient } from './cluster-client.js';
import type { ComputeNode } from './compute-node.js';

let world: World;
let [n1, n2, n3]: Member<ComputeNode>[] = [];
let g: Member<ClusterClient>;
let a: EntityRef;

beforeEach(async () => {
  world = new World();
  n1 = await world.node('n1');
  n2 = await world.node('n2');
  n3 = await world.node('n3');
  g = await world.gateway('g');
  [a] = books('a') as [EntityRef];
  world.own(n1, a, 1);
});

const write = (text: string): Promise<unknown> => world.answer(g, a, 'write', { text });
const cut = (node: Member<ComputeNode>): void => {
  g.cable.block(node.address);
  node.cable.block(g.address);
};

test('a gateway that no coordinator reaches finds a shard whose owner has died: the new one says where it is', async () => {
  await write('x');
  n1!.cable.kill();
  world.own(n2, a, 2, [n2!, n3!]);
  expect(await write('y')).toBe(1);
});

test('what an owner said before its link came up is said again on it', async () => {
  await write('x');
  cut(n2!);
  await world.clock.advance(100);
  n1!.cable.kill();
  world.own(n2, a, 2, [n2!, n3!]);
  const answer = world.ask(g, a, 'write', { text: 'y' });
  await world.clock.advance(200);
  for (const { cable } of [g, n2!]) cable.blocked.clear();
  expect((await world.answers([answer]))[0]).toBe(1);
});

test('fence 3: an owner that was deposed convinces nobody who has heard of its successor', async () => {
  await write('x');
  world.own(n2, a, 2, [n2!, n3!, g]);
  await write('y');
  // A new link: the former owner, which has heard of nothing, says that the shard is its own.
  cut(n1!);
  await world.clock.advance(100);
  for (const { cable } of [g, n1!]) cable.blocked.clear();
  await world.clock.advance(2_000);
  expect(g.process.peers.link(n1!.peer)).toBeDefined();
  expect(await write('z')).toBe(2);
});
