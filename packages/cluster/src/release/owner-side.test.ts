import { beforeEach, expect, test } from '@jest/globals';
import { type EntityRef, peerId, SeededRandom, silentLog, term } from '@muster/ports';
import { Peers } from '../links/peers.js';
import type { ClusterClient } from '../node/cluster-client.js';
import type { ComputeNode } from '../node/compute-node.js';
import { books, type Member, World } from '../world.test-kit.js';

let world: World;
let [n1, n2]: Member<ComputeNode>[] = [];
let g: Member<ClusterClient>;
let a: EntityRef;
let leader: Peers;
let said: string[];

beforeEach(async () => {
  world = new World();
  n1 = await world.node('n1');
  n2 = await world.node('n2');
  g = await world.gateway('g');
  [a] = books('a') as [EntityRef];
  world.own(n1, a, 4);
  leader = new Peers({
    clock: world.clock,
    random: new SeededRandom(1),
    network: n2!.cable,
    self: { role: 'coordinator', peer: peerId('c', '1'), address: '', cluster: 'c', zone: '', build: '1' },
    metrics: n2!.metrics,
    log: silentLog,
  });
  said = [];
  leader.on('released', (from, { shard, term: of, body }) => {
    said.push(`${from.peer} ${body.move} ${body.done} ${shard === world.where(a).shard} ${of}`);
  });
  leader.connect(n1!.peer, n1!.address);
  await world.clock.advance(5);
});

function release(move: string, inTerm: number, epoch: number, cancel = false): Promise<void> {
  const { shard } = world.where(a);
  leader.send(n1!.peer, 'control', { type: 'release', shard, term: inTerm, epoch, body: { move, cancel } });
  return world.clock.advance(5);
}

test('K13: an empty shard is sealed until its new term; commands meanwhile wait and run at the new owner', async () => {
  await release('m1', 4, 2);
  expect(said).toEqual(['n1#x m1 true true 4']);
  const answer = world.ask(g, a, 'write', { text: 'x' });
  await world.clock.advance(600);
  expect(said).toHaveLength(2);
  world.place([{ shard: world.where(a).shard, owner: n2!.peer, term: term(5) }]);
  expect(await world.answers([answer])).toEqual([1]);
  expect(n2!.process.runtime.actorsIn(world.where(a).shard)).toBe(1);
  await world.clock.advance(2_000);
  expect(said).toHaveLength(2);
});

test('a cancelled release opens the shard again, and what waited runs', async () => {
  await release('m1', 4, 2);
  const answer = world.ask(g, a, 'write', { text: 'x' });
  await world.clock.advance(100);
  await release('m1', 4, 2, true);
  expect(await world.answers([answer])).toEqual([1]);
  expect(n1!.process.runtime.actorsIn(world.where(a).shard)).toBe(1);
});

test('a shard with an actor is not given up, nor for a leader of an older epoch', async () => {
  await release('m1', 4, 7);
  await release('m1', 4, 7, true);
  await world.answer(g, a, 'write', { text: 'x' });
  await release('m2', 4, 6);
  await release('m3', 4, 7);
  expect(said).toEqual(['n1#x m1 true true 4', 'n1#x m3 false true 4']);
});

test('a release of an older epoch than this process has heard of in any message is not heard (fence 3)', async () => {
  leader.send(n1!.peer, 'control', { type: 'table', epoch: 9, body: { revision: 1 } });
  await release('m1', 4, 8);
  expect(said).toEqual([]);
  await release('m2', 4, 9);
  expect(said).toEqual(['n1#x m2 true true 4']);
});
