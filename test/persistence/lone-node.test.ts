import { beforeEach, expect, test } from '@jest/globals';
import type { ClusterClient, ComputeNode } from '@muster/cluster';
import { type EntityRef, term } from '@muster/ports';
import { MemoryShardServer, MemoryShardStore } from '@muster/storage';
import { book, books, type Member, World } from '../../packages/cluster/src/world.test-kit.js';

type Node = Member<ComputeNode>;

let world: World;
let server: MemoryShardServer;
let g: Member<ClusterClient>;
let a: EntityRef;
let stores: Map<string, MemoryShardStore>;

beforeEach(async () => {
  world = new World();
  server = new MemoryShardServer({ clock: world.clock });
  stores = new Map();
  [a] = books('a') as [EntityRef];
  g = await world.gateway('g');
});

function node(id: string, kinds = [book]): Promise<Node> {
  const store = new MemoryShardStore({ clock: world.clock, server });
  stores.set(id, store);
  return world.node(id, {}, kinds, store);
}

function place(owner: Node, inTerm: number, more = {}): void {
  world.place([{ shard: world.where(a).shard, owner: owner.peer, term: term(inTerm), sure: true, ...more }]);
}

const write = (text: string): Promise<unknown> => world.answer(g, a, 'write', { text });
const lines = (): Promise<unknown> => world.answer(g, a, 'read');

test('a node that is alone answers when storage has it, and whoever comes after it goes on from there', async () => {
  const n1 = await node('n1');
  place(n1, 1);
  expect([await write('1'), await write('2')]).toEqual([1, 2]);
  expect(server.rowsIn(world.where(a).shard).map(({ seq }) => seq)).toEqual([1, 2]);
  expect(server.head(world.where(a).shard)).toMatchObject({ standing: 'gated', position: 2 });
  n1.cable.kill();
  const n2 = await node('n2');
  place(n2, 2);
  expect(await lines()).toEqual(['1', '2']);
  expect(await write('3')).toBe(3);
  expect(n2.metrics.value('muster_state_may_lack_total')).toBe(0);
});

test('while storage is away a node that is alone answers nothing, and what was asked is done once when it is back', async () => {
  const n1 = await node('n1');
  place(n1, 1);
  await write('1');
  server.stop();
  const asked = [world.ask(g, a, 'write', { text: '2' }), world.ask(g, a, 'read')];
  let answered = 0;
  for (const each of asked) void each.then(() => (answered += 1));
  await world.clock.advance(2_000);
  expect(answered).toBe(0);
  expect(n1.process.storage).toMatchObject({ loadingShards: 0 });
  expect(n1.process.storage!.awayMs).toBeGreaterThan(1_000);
  server.start();
  expect(await world.answers(asked)).toEqual([2, ['1', '2']]);
});

test('K5: a shard whose state is not known opens when storage answers, never empty', async () => {
  const n1 = await node('n1');
  place(n1, 1);
  await write('1');
  n1.cable.kill();
  server.stop();
  const n2 = await node('n2');
  place(n2, 2);
  const asked = world.ask(g, a, 'read');
  await world.clock.advance(1_000);
  expect(n2.process.storage).toMatchObject({ loadingShards: 1 });
  expect(n2.process.runtime.stateOf(world.where(a).shard)).toBe('loading');
  server.start();
  expect(await world.answers([asked])).toEqual([['1']]);
});

test('K5: a paused owner that comes back lets nothing out and stores nothing over its successor', async () => {
  const n1 = await node('n1');
  place(n1, 1);
  await write('1');
  const n2 = await node('n2');
  const late = n1;
  // It has not heard of the new row.
  world.place([{ shard: world.where(a).shard, owner: n2.peer, term: term(2), sure: true }], [n2, g]);
  expect(await write('2')).toBe(2);
  late.process.runtime.deliver(world.where(a).shard, {
    entity: a,
    command: 'write',
    data: '{"text":"late"}',
    origin: { type: 'admin', who: 'x', request: 1, replyTo: g.peer },
    deadline: Infinity,
    cause: '',
    trace: '',
  });
  await world.clock.advance(500);
  expect(late.process.shards).toEqual([]);
  expect(await lines()).toEqual(['1', '2']);
});

test('an orderly stop parks the shard: its successor need not wait, and nothing is reported missing', async () => {
  const n1 = await node('n1');
  place(n1, 1);
  await write('1');
  const stopping = n1.process.stop();
  await world.clock.advance(500);
  await stopping;
  expect(server.head(world.where(a).shard)).toMatchObject({ standing: 'parked', position: 1 });
  const n2 = await node('n2');
  place(n2, 2);
  expect(await lines()).toEqual(['1']);
});

test('an entity that cannot be read is an error of its own, stays as it is, and harms no other', async () => {
  const others = Array.from({ length: 3_000 }, (_, i) => books(`b${i}`)[0]!);
  const b = others.find((other) => world.where(other).shard === world.where(a).shard)!;
  const n1 = await node('n1');
  place(n1, 1);
  await write('1');
  await world.answer(g, b, 'write', { text: 'b' });
  n1.cable.kill();
  const { shard } = world.where(a);
  server.tamper(shard, 'book/a', (row) => ({ ...row, body: row.body.replace('1', '7') }));
  const rows = server.rowsIn(shard);
  const n2 = await node('n2');
  place(n2, 2);
  expect(await lines()).toBe('STATE_DAMAGED');
  expect(await write('2')).toBe('STATE_DAMAGED');
  expect(await world.answer(g, b, 'read')).toEqual(['b']);
  expect(server.rowsIn(shard)).toEqual(rows);
});

test('storage is emptied under an owner that is alone: nothing that was acknowledged is lost, also of a shard that is quiet', async () => {
  const [b] = books('b') as [EntityRef];
  const n1 = await node('n1');
  const owned = (owner: Node, inTerm: number) =>
    world.place(
      [a, b].map((of) => ({ shard: world.where(of).shard, owner: owner.peer, term: term(inTerm), sure: true })),
    );
  owned(n1, 1);
  await write('1');
  await world.answer(g, b, 'write', { text: 'b' });
  server.wipe();
  expect(await write('2')).toBe(2);
  await world.clock.advance(50);
  expect(n1.metrics.value('muster_persistence_lost_total', { reason: 'NOT_CLAIMED' })).toBe(2);
  expect(server.head(world.where(b).shard)).toMatchObject({ term: 1, standing: 'gated' });
  n1.cable.kill();
  const n2 = await node('n2');
  owned(n2, 2);
  expect(await lines()).toEqual(['1', '2']);
  expect(await world.answer(g, b, 'read')).toEqual(['b']);
  expect(n2.metrics.value('muster_state_may_lack_total')).toBe(0);
  expect(n1.metrics.value('muster_persistence_refused_total', { reason: 'NOT_CLAIMED' })).toBe(0);
});

test('storage is put back to an older state under an owner that is alone: what it knows is stored again', async () => {
  const n1 = await node('n1');
  place(n1, 1);
  await write('1');
  const putBack = server.backup();
  await write('2');
  putBack();
  expect(await write('3')).toBe(3);
  n1.cable.kill();
  const n2 = await node('n2');
  place(n2, 2);
  expect(await lines()).toEqual(['1', '2', '3']);
  expect(n1.metrics.value('muster_persistence_lost_total', { reason: 'GAP' })).toBe(1);
});

test('storage is emptied while a shard is read from it: what it has then is what there is', async () => {
  const n1 = await node('n1');
  place(n1, 1);
  await write('1');
  n1.cable.kill();
  const n2 = await node('n2');
  stores.get('n2')!.path.delay({ requestMs: 30, answerMs: 30 });
  place(n2, 2);
  await world.clock.advance(70);
  expect(n2.process.runtime.stateOf(world.where(a).shard)).toBe('loading');
  server.wipe();
  expect(await write('2')).toBe(1);
  expect(n2.metrics.value('muster_persistence_lost_total', { reason: 'NOT_CLAIMED' })).toBe(0);
});
