import { beforeEach, expect, test } from '@jest/globals';
import { type EntityRef, entity, peerId, SeededRandom, silentLog, term } from '@muster/ports';
import { Peers } from '../links/peers.js';
import { book, books, type Member, World } from '../world.test-kit.js';
import type { ClusterClient } from './cluster-client.js';
import type { ComputeNode } from './compute-node.js';

let world: World;
let [n1, n2]: Member<ComputeNode>[] = [];
let g: Member<ClusterClient>;
let a: EntityRef;
let b: EntityRef;

beforeEach(async () => {
  world = new World();
  n1 = await world.node('n1');
  n2 = await world.node('n2');
  g = await world.gateway('g');
  [a, b] = books('a', 'b') as [EntityRef, EntityRef];
  world.own(n1, a, 1);
  world.own(n2, b, 1);
});

function linesAt({ process }: Member<ComputeNode>, of: EntityRef): string[] {
  const seen = process.runtime.inspect(world.where(of).shard, of) as { readonly state: { readonly lines: string[] } };
  return seen.state.lines;
}

const lines = (of: EntityRef): Promise<unknown> => world.answer(g, of, 'read');

test('commands of a client run on the owner, in order, and are answered', async () => {
  const answers = ['x', 'y', 'z'].map((text) => world.ask(g, a, 'write', { text }));
  expect(await world.answers(answers)).toEqual([1, 2, 3]);
  expect(await lines(a)).toEqual(['x', 'y', 'z']);
  expect(n1!.process.runtime.stats().actors).toBe(1);
  expect(n2!.process.runtime.stats().actors).toBe(0);
});

test('an actor tells another one on another node and one beside it: once in effect, and hears their answers', async () => {
  const c = entity('book', 'c');
  world.own(n1, c, 1);
  await world.answers([
    world.ask(g, a, 'tell', { to: b, text: 'far' }),
    world.ask(g, a, 'tell', { to: c, text: 'near' }),
  ]);
  await world.clock.advance(2_000);
  expect(await lines(b)).toEqual(['far']);
  expect(await lines(c)).toEqual(['near']);
  expect([...((await lines(a)) as string[])].sort()).toEqual(['told far', 'told near']);
});

test("an actor's send survives the loss of the link: it arrives once, however often it is repeated", async () => {
  n1!.cable.block(n2!.address);
  n2!.cable.block(n1!.address);
  await world.answer(g, a, 'tell', { to: b, text: 'late' });
  await world.clock.advance(6_000);
  expect(await lines(b)).toEqual([]);
  n1!.cable.blocked.clear();
  n2!.cable.blocked.clear();
  await world.clock.advance(5_000);
  expect(await lines(b)).toEqual(['late']);
  expect(await lines(a)).toEqual(['told late']);
});

test('K14: commands in flight while the link is lost are executed once and in order', async () => {
  const answers: Promise<unknown>[] = [];
  for (let i = 1; i <= 60; i += 1) {
    answers.push(world.ask(g, a, 'write', { text: String(i) }));
    if (i % 20 === 0) g.process.peers.reset(n1!.peer, 'overrun');
    if (i % 3 === 0) await world.clock.advance(1);
  }
  await world.answers(answers);
  expect(await lines(a)).toEqual(Array.from({ length: 60 }, (_, i) => String(i + 1)));
});

test('K14: a shard changes its owner under a stream of commands: every answer comes, each owner saw its part in order', async () => {
  const seen: string[][] = [];
  const answers: Promise<unknown>[] = [];
  for (let i = 1; i <= 80; i += 1) {
    answers.push(world.ask(g, a, 'write', { text: String(i) }));
    if (i === 40) {
      // First the nodes, and the new owner before the old one; the gateway only hears of it by a bounce.
      world.own(n2, a, 2, [n2!]);
      await world.clock.advance(1);
      seen.push(linesAt(n1!, a));
      world.own(n2, a, 2, [n1!]);
    }
    if (i % 5 === 0) await world.clock.advance(1);
    if (i === 70) world.own(n2, a, 2, [g]);
  }
  const codes = (await world.answers(answers)).filter((answer) => typeof answer !== 'number');
  expect(codes).toEqual([]);
  seen.push((await lines(a)) as string[]);
  for (const part of seen) {
    expect(part.length).toBeGreaterThan(10);
    expect(part).toEqual([...part].sort((x, y) => Number(x) - Number(y)));
  }
  expect(new Set(seen.flat()).size).toBe(80);
});

test('two nodes never both take commands of one shard in the newest term', async () => {
  world.own(n2, a, 2, [n1!, g]);
  // n2 has not heard of it yet: nobody serves.
  const answer = world.ask(g, a, 'write', { text: 'x' });
  await world.clock.advance(200);
  expect([n1!, n2!].map(({ process }) => process.runtime.stateOf(world.where(a).shard))).toEqual(['closed', 'closed']);
  world.own(n2, a, 2, [n2!]);
  expect(await world.answers([answer])).toEqual([1]);
});

test('a node is killed with unanswered commands: they are answered by the next owner, in order', async () => {
  await world.answer(g, a, 'write', { text: 'before' });
  const answers = ['1', '2', '3'].map((text) => world.ask(g, a, 'write', { text }));
  n1!.cable.kill();
  await world.clock.advance(100);
  world.own(n2, a, 2, [n2!, g]);
  answers.push(world.ask(g, a, 'write', { text: '4' }));
  await world.answers(answers);
  expect(await lines(a)).toEqual(['1', '2', '3', '4']);
});

test('a term that jumped means that others owned the shard unseen: nothing of before is kept', async () => {
  await world.answer(g, a, 'write', { text: 'old' });
  world.own(n1, a, 2);
  expect(await lines(a)).toEqual(['old']);
  world.own(n1, a, 5);
  expect(await lines(a)).toEqual([]);
});

test('a deferred command is answered through a repeat over a new link', async () => {
  const answer = world.ask(g, a, 'wait');
  await world.clock.advance(5);
  g.process.peers.reset(n1!.peer, 'overrun');
  await world.clock.advance(100);
  await world.answer(g, a, 'go');
  expect(await world.answers([answer])).toEqual(['gone']);
});

test('nobody speaks for a client but a gateway, and nobody for an actor but a node', async () => {
  const stranger = new Peers({
    clock: world.clock,
    random: new SeededRandom(1),
    network: n2!.cable,
    self: { role: 'cli', peer: peerId('cli', '1'), address: '', cluster: 'c', zone: '', build: '1' },
    metrics: n2!.metrics,
    log: silentLog,
  });
  const codes: string[] = [];
  stranger.on('reply', (_, { body }) => codes.push(body.code));
  stranger.connect(n1!.peer, n1!.address);
  await world.clock.advance(5);
  const { shard } = world.where(a);
  const command = { kind: 'book', id: 'a', name: 'write', data: Buffer.from('{"text":"forged"}') };
  const send = (body: object) =>
    stranger.send(n1!.peer, 'data', { type: 'command', shard, term: 1, body: { ...command, ...body } });
  send({ session: 's', request: 1, caller: '1' });
  send({ sender: 'book/b', number: 1 });
  send({ request: 9, kind: 'no kind' });
  send({ request: 10, caller: 'operator' });
  await world.clock.advance(5);
  expect(codes).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED', 'INVALID_ENTITY', '']);
  expect(await lines(a)).toEqual(['forged']);
});

test('a node that nobody acknowledges fences its ungated actors: their commands wait for another owner, then fail', async () => {
  const fenced = { ...book, kind: 'sketch', durability: 'ephemeral' as const };
  const fence = { heartbeat: { selfFenceMs: 1_500, placeAgainMs: 2_000 } };
  const n3 = await world.node('n3', fence, [fenced]);
  const sketch = entity('sketch', '1');
  world.own(n3, sketch, 1);
  expect(await world.answer(g, sketch, 'write', { text: 'x' })).toBe(1);
  await world.clock.advance(1_600);
  expect(await world.answer(g, sketch, 'write', { text: 'y' })).toBe('SELF_FENCED');
});

test('operators see what is known of an entity', async () => {
  await world.answer(g, a, 'write', { text: 'x' });
  const coordinator = new Peers({
    clock: world.clock,
    random: new SeededRandom(1),
    network: n2!.cable,
    self: { role: 'coordinator', peer: peerId('c1', '1'), address: '', cluster: 'c', zone: '', build: '1' },
    metrics: n2!.metrics,
    log: silentLog,
  });
  const seen: unknown[] = [];
  coordinator.on('inspected', (_, { body }) => {
    seen.push([body.request, body.code, body.result.length > 0 && JSON.parse(Buffer.from(body.result).toString())]);
  });
  coordinator.connect(n1!.peer, n1!.address);
  await world.clock.advance(5);
  const inspect = (request: number, of: EntityRef) =>
    coordinator.send(n1!.peer, 'control', { type: 'inspect', shard: world.where(of).shard, body: { request, ...of } });
  inspect(1, a);
  inspect(2, b);
  await world.clock.advance(5);
  expect(seen).toEqual([
    [1, '', expect.objectContaining({})],
    [2, 'NOT_OWNER', false],
  ]);
  expect(JSON.stringify(seen[0])).toContain('"x"');
});

test('a stopped node says goodbye: its links end and what waits on it is answered', async () => {
  const stopped = n1!.process.stop();
  await world.clock.advance(1_000);
  await stopped;
  expect(n2!.process.peers.link(n1!.peer)).toBeUndefined();
  expect(g.process.peers.link(n1!.peer)).toBeUndefined();
  expect(n1!.process.shards).toEqual([]);
});

test('rows and terms of a restarted process: the new incarnation owns nothing of the old one', async () => {
  expect(n1!.process.shards).toEqual([world.where(a).shard]);
  const { shard } = world.where(a);
  world.place([{ shard, owner: peerId('n1', 'y'), term: term(2) }]);
  expect(n1!.process.shards).toEqual([]);
});

test('K14: after a bounce the rest of its flight is bounced too, or it would be executed before what went back', async () => {
  const sketch = { ...book, kind: 'sketch', durability: 'ephemeral' as const };
  const n3 = await world.node('n3', {}, [sketch]);
  const of = entity('sketch', '1');
  world.own(n3, of, 1);
  const sender = new Peers({
    clock: world.clock,
    random: new SeededRandom(1),
    network: n2!.cable,
    self: { role: 'gateway', peer: peerId('other', '1'), address: '', cluster: 'c', zone: '', build: '1' },
    metrics: n2!.metrics,
    log: silentLog,
  });
  const codes: string[] = [];
  sender.on('reply', (_, { body }) => codes.push(`${body.request}/${body.flight} ${body.code}`));
  sender.connect(n3.peer, n3.address);
  await world.clock.advance(5);
  const send = (request: number, flight: number) => {
    const data = Buffer.from(`{"text":"${request}"}`);
    const body = { ...of, name: 'write', data, session: 's', request, flight };
    sender.send(n3.peer, 'data', { type: 'command', shard: world.where(of).shard, term: 1, body });
    return world.clock.advance(5);
  };
  n3.process.runtime.freeze(true);
  await send(1, 1);
  n3.process.runtime.freeze(false);
  await send(2, 1);
  await send(1, 2);
  await send(2, 2);
  expect(codes).toEqual(['1/1 SELF_FENCED', '2/1 NOT_OWNER', '1/2 ', '2/2 ']);
  expect(linesAt(n3, of)).toEqual(['1', '2']);
  // A new link starts its flights anew.
  n3.process.runtime.freeze(true);
  await send(3, 2);
  n3.process.runtime.freeze(false);
  sender.reset(n3.peer, 'overrun');
  await world.clock.advance(100);
  await send(3, 1);
  expect(linesAt(n3, of)).toEqual(['1', '2', '3']);
});
