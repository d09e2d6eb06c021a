import { beforeEach, expect, test } from '@jest/globals';
import type { ClusterClient, ComputeNode } from '@muster/cluster';
import { type EntityRef, MusterError, term } from '@muster/ports';
import { MemoryShardServer, MemoryShardStore } from '@muster/storage';
import { book, books, type Member, World } from '../../packages/cluster/src/world.test-kit.js';

type Node = Member<ComputeNode>;

let world: World;
let server: MemoryShardServer;
let g: Member<ClusterClient>;
let n1: Node;
let n2: Node;
let n3: Node;
let stores: Map<string, MemoryShardStore>;
const [a] = books('a') as [EntityRef];

beforeEach(async () => {
  world = new World();
  stores = new Map();
  server = new MemoryShardServer({ clock: world.clock });
  [n1, n2, n3] = [await node('n1'), await node('n2'), await node('n3')];
  g = await world.gateway('g');
});

function node(id: string, options = {}): Promise<Node> {
  const store = new MemoryShardStore({ clock: world.clock, server });
  stores.set(id, store);
  return world.node(id, { persistence: options }, [book], store);
}

function place(owner: Node, inTerm: number, more = {}): void {
  world.place([{ shard: shard(), owner: owner.peer, term: term(inTerm), sure: true, ...more }]);
}

const shard = () => world.where(a).shard;
const write = (text: string): Promise<unknown> => world.answer(g, a, 'write', { text });
const lines = (): Promise<unknown> => world.answer(g, a, 'read');

/** Owner, backup and nobody else know the shard; then a third node gets it as one that nobody has. */
async function bothDie(owner: Node, backup: Node, inTerm: number): Promise<void> {
  owner.cable.kill();
  backup.cable.kill();
  await world.clock.advance(20);
  place(n3, inTerm);
}

test('beside a backup answers do not wait for storage, which follows within a second', async () => {
  await world.protect(n1, n2, a);
  await world.clock.advance(50);
  const before = server.head(shard())!;
  expect(before.standing).toBe('behind');
  await write('1');
  expect(server.head(shard())!.position).toBe(0);
  await world.clock.advance(1_000);
  expect(server.head(shard())!.position).toBe(1);
  expect(server.rowsIn(shard())).toHaveLength(1);
});

test('storage is away for a minute: the shard serves on in bounded memory, and all is stored afterwards', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await write('first');
  await world.clock.advance(1_000);
  server.stop();
  const long = 'x'.repeat(2_000);
  for (let i = 0; i < 300; i += 1) {
    expect(await write(`${i}${long}`)).toBe(i + 2);
    await world.clock.advance(200);
  }
  const { waitingChars, awayMs, behindMs } = n1.process.storage!;
  expect(waitingChars).toBeLessThan(300_000);
  expect(awayMs).toBeGreaterThan(55_000);
  expect(behindMs).toBeGreaterThan(0);
  expect(n1.metrics.value('muster_persistence_merged_total')).toBeGreaterThan(100);
  server.start();
  await world.clock.advance(3_000);
  await bothDie(n1, n2, inTerm + 1);
  expect(await lines()).toHaveLength(301);
});

test('owner and backup die at once: what was stored is there, and what is missing is known exactly', async () => {
  const inTerm = await world.protect(n1, n2, a);
  const seen: number[] = [];
  const listener = { event: (e: { number: number }) => seen.push(e.number), snapshot: () => 0, lost: () => 0 };
  g.process.streams.subscribe(a, 'lines', { snapshot: true }, listener as never);
  await write('1');
  await world.clock.advance(1_000);
  await write('2');
  await world.clock.advance(5);
  const last = seen.at(-1)!;
  await bothDie(n1, n2, inTerm + 1);
  expect(await lines()).toEqual(['1']);
  expect(n3.metrics.value('muster_state_may_lack_total')).toBe(1);
  await world.clock.advance(1_000);
  expect(n3.metrics.value('muster_state_lost_total')).toBe(1);
  expect(await write('3')).toBe(2);
  await world.clock.advance(50);
  // What comes now does not look like what is lost.
  expect(seen.at(-1)).toBeGreaterThan(last + 1);
});

test('a promoted owner stores what its predecessor had not, before its own', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await write('1');
  await world.clock.advance(1_000);
  server.stop();
  await write('2');
  n1.cable.kill();
  await world.clock.advance(20);
  place(n2, inTerm + 1, { origin: 'promoted', learner: n3.peer });
  let answered = false;
  void world.ask(g, a, 'write', { text: '3' }).then(() => {
    answered = true;
  });
  await world.clock.advance(500);
  // Alone, and storage away: nothing leaves.
  expect(answered).toBe(false);
  server.start();
  expect(await lines()).toEqual(['1', '2', '3']);
  expect(server.head(shard())).toMatchObject({ standing: 'gated' });
  expect(n2.metrics.value('muster_persistence_saved_total')).toBe(1);
  await bothDie(n2, n2, inTerm + 2);
  expect(await lines()).toEqual(['1', '2', '3']);
  expect(n3.metrics.value('muster_state_may_lack_total')).toBe(0);
});

test('storage calls a shard gated only when nothing that left is missing there', async () => {
  const inTerm = await world.protect(n1, n2, a);
  server.stop();
  await write('1');
  n1.cable.kill();
  await world.clock.advance(20);
  // Whatever is stored whole is lost on the way.
  const store = stores.get('n2')!;
  store.save = () => Promise.reject(new MusterError('STORAGE_UNAVAILABLE', { cause: 'a test' }));
  server.start();
  place(n2, inTerm + 1, { origin: 'promoted' });
  await world.clock.advance(2_000);
  expect(server.head(shard())).toMatchObject({ term: inTerm + 1, standing: 'behind' });
  await bothDie(n2, n2, inTerm + 2);
  expect(await lines()).toEqual([]);
  expect(n3.metrics.value('muster_state_may_lack_total')).toBe(1);
});

test('what its predecessor had stored a promoted owner does not store again', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await write('1');
  await world.clock.advance(1_500);
  n1.cable.kill();
  await world.clock.advance(20);
  place(n2, inTerm + 1, { origin: 'promoted', learner: n3.peer });
  expect(await write('2')).toBe(2);
  expect(n2.metrics.value('muster_persistence_saved_total')).toBe(0);
  expect(server.rowsIn(shard()).map(({ seq }) => seq)).toEqual([1, 2]);
});

test('K9: a new backup while storage is away: storage calls the shard behind already, so it goes on', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await write('1');
  await world.clock.advance(1_000);
  server.stop();
  n2.cable.kill();
  place(n1, inTerm + 1, { learner: n3.peer });
  const waits = world.ask(g, a, 'write', { text: '2' });
  await world.clock.advance(300);
  place(n1, inTerm + 2, { backup: n3.peer });
  expect(await world.answers([waits])).toEqual([2]);
});

test('an actor whose records have become long is stored whole, and they are gone', async () => {
  const inTerm = await world.protect(n1, n2, a);
  for (let i = 0; i < 30; i += 1) await write(`${i}${'x'.repeat(1_000)}`);
  await world.clock.advance(2_000);
  const rows = server.rowsIn(shard());
  expect(rows[0]!.version).toBe(1);
  expect(rows.length).toBeLessThan(25);
  await bothDie(n1, n2, inTerm + 1);
  expect(await lines()).toHaveLength(30);
});

test('K7: a learner that was named while its shard was read is asked for leases: reads need no further row', async () => {
  server.stop();
  place(n1, 1, { learner: n2.peer });
  await world.clock.advance(1_000);
  // No row comes any more: the cluster's store is away.
  server.start();
  expect(await write('1')).toBe(1);
  await world.clock.advance(1_000);
  expect(n2.process.backups.stateOf(shard())).toMatchObject({ phase: 'complete', owner: n1.peer });
  expect(await lines()).toEqual(['1']);
});

test('a learner that was named while its shard was read, and lost its link, is seeded when that is back', async () => {
  server.stop();
  place(n1, 1, { learner: n2.peer });
  await world.clock.advance(1_000);
  n1.cable.block(n2.address);
  n2.cable.block(n1.address);
  server.start();
  await world.clock.advance(2_000);
  expect(n2.process.backups.stateOf(shard())).toBeUndefined();
  n1.cable.blocked.clear();
  n2.cable.blocked.clear();
  await world.clock.advance(5_000);
  expect(n2.process.backups.stateOf(shard())).toMatchObject({ phase: 'complete', owner: n1.peer });
});

test('storage cannot take a record: the shard is read again as one that lacks something, and its backup begins afresh', async () => {
  await world.protect(n1, n2, a);
  await write('1');
  await world.clock.advance(1_000);
  const store = stores.get('n1')!;
  const { append } = store;
  store.append = async (batches) => {
    store.append = append;
    return batches.map((batch) => ({ shard: batch.shard, refused: 'UNSTORABLE', term: batch.term, position: 0 }));
  };
  expect(await write('2')).toBe(2);
  await world.clock.advance(1_000);
  expect(n1.metrics.value('muster_persistence_refused_total', { reason: 'UNSTORABLE' })).toBe(1);
  expect(n1.metrics.value('muster_state_may_lack_total')).toBe(1);
  // Nobody tells the owner to drop its backup.
  expect(await write('3')).toBe(2);
  expect(n2.process.backups.stateOf(shard())).toMatchObject({ phase: 'complete', owner: n1.peer, position: 1 });
});

test('storage is emptied under an owner with a backup: it is given all of it again, and both may die', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await write('1');
  await world.clock.advance(1_000);
  server.wipe();
  expect(await write('2')).toBe(2);
  await world.clock.advance(2_000);
  expect(server.head(shard())).toMatchObject({ term: inTerm, standing: 'behind' });
  await bothDie(n1, n2, inTerm + 1);
  expect(await lines()).toEqual(['1', '2']);
});

test('storage is emptied and the owner dies before it noticed: the promoted backup stores all of it', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await write('1');
  await world.clock.advance(1_000);
  server.wipe();
  n1.cable.kill();
  await world.clock.advance(20);
  place(n2, inTerm + 1, { origin: 'promoted' });
  expect(await lines()).toEqual(['1']);
  await bothDie(n2, n2, inTerm + 2);
  expect(await lines()).toEqual(['1']);
});

test('storage is emptied and the owner dies while it gives back: its backup knows that nothing is stored', async () => {
  const others = Array.from({ length: 3_000 }, (_, i) => books(`b${i}`)[0]!);
  const b = others.find((other) => world.where(other).shard === shard())!;
  const inTerm = await world.protect(n1, n2, a);
  await write('1');
  await world.clock.advance(1_000);
  server.wipe();
  // Whatever this owner stores whole is lost on the way.
  stores.get('n1')!.save = () => Promise.reject(new MusterError('STORAGE_UNAVAILABLE', { cause: 'a test' }));
  expect(await world.answer(g, b, 'write', { text: 'b' })).toBe(1);
  await world.clock.advance(2_000);
  n1.cable.kill();
  await world.clock.advance(20);
  place(n2, inTerm + 1, { origin: 'promoted' });
  expect(await lines()).toEqual(['1']);
  await bothDie(n2, n2, inTerm + 2);
  expect(await lines()).toEqual(['1']);
});

test('a row that comes while a node that ends parks its shards does not keep it: its players have no server meanwhile', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await write('1');
  server.stop();
  const stopping = n1.process.stop();
  await world.clock.advance(50);
  place(n1, inTerm + 1, { backup: n3.peer });
  server.start();
  await world.clock.advance(1_000);
  expect(server.head(shard())).toMatchObject({ standing: 'parked', position: 1, term: inTerm + 1 });
  expect(n1.process.shards).toEqual([]);
  await stopping;
  place(n3, inTerm + 2);
  expect(await lines()).toEqual(['1']);
});
