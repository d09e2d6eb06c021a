import { beforeEach, expect, test } from '@jest/globals';
import { type EntityRef, entity, term } from '@muster/ports';
import type { ShardRow } from '../table/routing-table.js';
import { book, books, type Member, World } from '../world.test-kit.js';
import type { ClusterClient } from './cluster-client.js';
import type { ComputeNode } from './compute-node.js';

type Node = Member<ComputeNode>;

let world: World;
let n1: Node;
let n2: Node;
let n3: Node;
let g: Member<ClusterClient>;
let a: EntityRef;
let b: EntityRef;

beforeEach(async () => {
  world = new World();
  n1 = await world.node('n1');
  n2 = await world.node('n2');
  n3 = await world.node('n3');
  g = await world.gateway('g');
  [a, b] = books('a', 'b') as [EntityRef, EntityRef];
});

const lines = (of: EntityRef): Promise<unknown> => world.answer(g, of, 'read');

function place(row: Partial<ShardRow> & { readonly term: ShardRow['term'] }, to?: Parameters<World['place']>[1]): void {
  world.place([{ shard: world.where(a).shard, ...row }], to);
}

test('no acknowledged command is lost with its owner, and unacknowledged ones are executed once, in order', async () => {
  const inTerm = await world.protect(n1, n2, a);
  const first = ['1', '2', '3'].map((text) => world.ask(g, a, 'write', { text }));
  expect(await world.answers(first)).toEqual([1, 2, 3]);
  const rest = ['4', '5', '6'].map((text) => world.ask(g, a, 'write', { text }));
  await world.clock.advance(1);
  n1.cable.kill();
  rest.push(world.ask(g, a, 'write', { text: '7' }));
  await world.clock.advance(50);
  place({ owner: n2.peer, origin: 'promoted', learner: n3.peer, term: term(inTerm + 1), sure: true });
  expect(await world.answers(rest)).toEqual([4, 5, 6, 7]);
  expect(await lines(a)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
});

test.each([0, 1, 2, 3, 4, 5, 6, 8, 10])(
  'the owner dies %d ms into a stream of commands: each is executed once',
  async (at) => {
    const inTerm = await world.protect(n1, n2, a);
    const answers: Promise<unknown>[] = [];
    for (let i = 1; i <= 30; i += 1) {
      answers.push(world.ask(g, a, 'write', { text: String(i) }));
      if (i === 10 + at) n1.cable.kill();
      if (i % 2 === 0) await world.clock.advance(1);
    }
    await world.clock.advance(100);
    place({ owner: n2.peer, origin: 'promoted', learner: n3.peer, term: term(inTerm + 1), sure: true });
    expect(await world.answers(answers)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(await lines(a)).toEqual(Array.from({ length: 30 }, (_, i) => String(i + 1)));
  },
);

test('two owners die one after the other, with a new backup in between', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await world.answer(g, a, 'write', { text: 'x' });
  n1.cable.kill();
  await world.clock.advance(20);
  place({ owner: n2.peer, origin: 'promoted', learner: n3.peer, term: term(inTerm + 1), sure: true });
  await world.answer(g, a, 'write', { text: 'y' });
  expect(n2.process.replicator.reports()).toMatchObject([{ what: 'learner-in-sync', peer: n3.peer, term: inTerm + 1 }]);
  place({ owner: n2.peer, backup: n3.peer, term: term(inTerm + 2) });
  await world.answer(g, a, 'write', { text: 'z' });
  n2.cable.kill();
  await world.clock.advance(20);
  place({ owner: n3.peer, origin: 'promoted', term: term(inTerm + 3), sure: true });
  expect(await lines(a)).toEqual(['x', 'y', 'z']);
});

test('K9: with its backup gone nothing is answered until a learner has everything', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await world.answer(g, a, 'write', { text: 'x' });
  n2.cable.kill();
  const write = world.ask(g, a, 'write', { text: 'y' });
  let answered = false;
  void write.then(() => {
    answered = true;
  });
  await world.clock.advance(900);
  expect(answered).toBe(false);
  expect(n1.process.replicator.reports()).toEqual([]);
  await world.clock.advance(200);
  const { shard } = world.where(a);
  expect(n1.process.replicator.reports()).toEqual([{ shard, term: inTerm, what: 'backup-lost', peer: n2.peer }]);
  expect(answered).toBe(false);
  place({ owner: n1.peer, learner: n3.peer, term: term(inTerm + 1) });
  expect(await world.answers([write])).toEqual([2]);
  expect(n3.process.backups.stateOf(shard)?.phase).toBe('complete');
});

test('a cut-off owner whose backup was promoted answers nothing more: neither writes nor reads (K7)', async () => {
  const inTerm = await world.protect(n1, n2, a);
  const g2 = await world.gateway('g2');
  expect(await world.answer(g, a, 'write', { text: 'x' })).toBe(1);
  // The new row reaches everybody but the old owner and one gateway, which the new owner does not reach either.
  g.cable.block(n2.address);
  n2.cable.block(g.address);
  place({ owner: n2.peer, origin: 'promoted', learner: n3.peer, term: term(inTerm + 1) }, [n2, n3, g2]);
  const atOld = [world.ask(g, a, 'write', { text: 'old' }), world.ask(g, a, 'read')];
  let left = 0;
  for (const answer of atOld)
    void answer.then(() => {
      left += 1;
    });
  await world.clock.advance(1_000);
  expect(left).toBe(0);
  expect(await world.answer(g2, a, 'write', { text: 'new' }, { session: 't' })).toBe(2);
  for (const { cable } of [g, n2]) cable.blocked.clear();
  place({ owner: n2.peer, origin: 'promoted', learner: n3.peer, term: term(inTerm + 1) }, [n1, g]);
  expect(await world.answers(atOld)).toEqual([3, ['x', 'new', 'old']]);
});

test('K7: a promoted backup lets nothing out before the last lease it gave has run out, unless the death is sure', async () => {
  for (const sure of [false, true]) {
    const of = sure ? b : a;
    const inTerm = await world.protect(n1, n2, of);
    await world.answer(g, of, 'write', { text: 'x' });
    const { shard } = world.where(of);
    const before = world.clock.monotonic();
    const row = { shard, owner: n2.peer, origin: 'promoted', term: term(inTerm + 1), ...(sure && { sure }) } as const;
    world.place([row], [n2, n3, g]);
    await world.answer(g, of, 'read');
    const waited = world.clock.monotonic() - before;
    if (sure) expect(waited).toBeLessThan(50);
    else {
      expect(waited).toBeGreaterThanOrEqual(170);
      expect(waited).toBeLessThan(300);
    }
  }
});

test('K7: that its owner was given up for dead, unheard, frees a promoted backup of no lease: the two may be cut off together', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await world.answer(g, a, 'write', { text: 'x' });
  const before = world.clock.monotonic();
  world.giveUp(n1, [n2, n3, g]);
  place({ owner: n2.peer, origin: 'promoted', term: term(inTerm + 1) }, [n2, n3, g]);
  await world.answer(g, a, 'write', { text: 'y' });
  expect(world.clock.monotonic() - before).toBeGreaterThanOrEqual(170);
});

test('K7: an owner that does not hear from its backup answers no reads', async () => {
  await world.protect(n1, n2, a);
  await world.answer(g, a, 'write', { text: 'x' });
  n1.cable.block(n2.address);
  n2.cable.block(n1.address);
  await world.clock.advance(250);
  let read: unknown;
  void lines(a).then((seen) => {
    read = seen;
  });
  await world.clock.advance(100);
  expect(read).toBeUndefined();
  n1.cable.blocked.clear();
  n2.cable.blocked.clear();
  await world.clock.advance(2_000);
  expect(read).toEqual(['x']);
});

test('K10: once the learner is caught up nothing leaves without it, though a backup has everything', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await world.answer(g, a, 'write', { text: 'x' });
  place({ owner: n1.peer, backup: n2.peer, learner: n3.peer, term: term(inTerm) });
  await world.clock.advance(20);
  expect(n1.process.replicator.reports()).toMatchObject([{ what: 'learner-in-sync', peer: n3.peer }]);
  n3.cable.kill();
  let answered = false;
  const write = world.ask(g, a, 'write', { text: 'y' });
  void write.then(() => {
    answered = true;
  });
  await world.clock.advance(500);
  expect(answered).toBe(false);
  // The leader found another learner, or none: the transaction has failed.
  place({ owner: n1.peer, backup: n2.peer, term: term(inTerm) });
  expect(await world.answers([write])).toEqual([2]);
});

test('K10: a learner that was never the backup goes on from nothing where the shard is placed afresh with it', async () => {
  world.place([{ shard: world.where(a).shard, owner: n1.peer, learner: n2.peer, term: term(1) }]);
  await world.answer(g, a, 'write', { text: 'x' });
  expect(n1.process.replicator.reports()).toMatchObject([{ what: 'learner-in-sync', peer: n2.peer }]);
  expect(n2.process.backups.stateOf(world.where(a).shard)?.phase).toBe('complete');
  n1.cable.kill();
  await world.clock.advance(20);
  place({ owner: n2.peer, learner: n3.peer, term: term(2), sure: true });
  expect(await lines(a)).toEqual([]);
  expect(n2.process.backups.size).toBe(0);
});

test('K10: a backup that only ever saw itself as the learner goes on with everything: its row and its promotion came as one', async () => {
  world.place([{ shard: world.where(a).shard, owner: n1.peer, learner: n2.peer, term: term(1) }]);
  await world.answer(g, a, 'write', { text: 'x' });
  place({ owner: n1.peer, backup: n2.peer, term: term(2) }, [n1, g]);
  await world.answer(g, a, 'write', { text: 'y' });
  n1.cable.kill();
  await world.clock.advance(20);
  place({ owner: n2.peer, origin: 'promoted', learner: n3.peer, term: term(3), sure: true });
  expect(await lines(a)).toEqual(['x', 'y']);
});

test('K10: what was copied here long ago is not adopted where the shard is placed afresh, however many rows were missed', async () => {
  world.place([{ shard: world.where(a).shard, owner: n1.peer, learner: n2.peer, term: term(1) }]);
  await world.answer(g, a, 'write', { text: 'x' });
  expect(n2.process.backups.stateOf(world.where(a).shard)?.phase).toBe('complete');
  // Somebody else owned it in term 2, and n2 has not heard of that.
  n1.cable.kill();
  await world.clock.advance(20);
  place({ owner: n2.peer, learner: n3.peer, term: term(3), sure: true });
  expect(await lines(a)).toEqual([]);
  expect(n2.process.backups.size).toBe(0);
});

test('K10: the backup of whoever owned it last goes on with everything, though it missed the rows in between', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await world.answer(g, a, 'write', { text: 'x' });
  // A second learner took the place of n2 and failed, and n2 was the backup again: three terms.
  n1.cable.kill();
  await world.clock.advance(20);
  place({ owner: n2.peer, origin: 'promoted', learner: n3.peer, term: term(inTerm + 4), sure: true });
  expect(await lines(a)).toEqual(['x']);
});

test('a learner catches up while commands come, with actors asleep, awake and new', async () => {
  const sameShard = shardMates(a, 40);
  world.place([{ shard: world.where(a).shard, owner: n1.peer, term: term(1) }]);
  await world.answers(sameShard.map((of) => world.ask(g, of, 'write', { text: 'early' })));
  await world.clock.advance(70_000);
  expect(n1.process.runtime.stats().parked).toBe(40);
  await world.answers(sameShard.slice(0, 10).map((of) => world.ask(g, of, 'write', { text: 'awake' })));
  place({ owner: n1.peer, learner: n2.peer, term: term(1) });
  const more = shardMates(a, 60);
  const answers: Promise<unknown>[] = [];
  for (const of of more) {
    answers.push(world.ask(g, of, 'write', { text: 'late' }));
    if (answers.length % 10 === 0) await world.clock.advance(1);
  }
  await world.answers(answers);
  expect(n1.process.replicator.reports()).toMatchObject([{ what: 'learner-in-sync' }]);
  place({ owner: n1.peer, backup: n2.peer, term: term(2) });
  await world.clock.advance(5);
  n1.cable.kill();
  await world.clock.advance(20);
  place({ owner: n2.peer, origin: 'promoted', term: term(3), sure: true });
  for (const [i, of] of more.entries()) {
    const expected = [...(i < 40 ? ['early'] : []), ...(i < 10 ? ['awake'] : []), 'late'];
    expect(await lines(of)).toEqual(expected);
  }
});

test('K8: what an actor owed goes out from its new owner, and arrives once', async () => {
  const inTerm = await world.protect(n1, n2, a);
  world.own(n3, b, 1);
  n1.cable.block(n3.address);
  n3.cable.block(n1.address);
  await world.answer(g, a, 'tell', { to: b, text: 'owed' });
  await world.clock.advance(100);
  n1.cable.kill();
  await world.clock.advance(20);
  place({ owner: n2.peer, origin: 'promoted', learner: n3.peer, term: term(inTerm + 1), sure: true });
  await world.clock.advance(1_000);
  expect(await lines(b)).toEqual(['owed']);
  expect(await lines(a)).toEqual(['told owed']);
});

test('a deferred answer comes from the new owner', async () => {
  const inTerm = await world.protect(n1, n2, a);
  const waiting = world.ask(g, a, 'wait');
  await world.clock.advance(10);
  n1.cable.kill();
  await world.clock.advance(20);
  place({ owner: n2.peer, origin: 'promoted', learner: n3.peer, term: term(inTerm + 1), sure: true });
  await world.answer(g, a, 'go');
  expect(await world.answers([waiting])).toEqual(['gone']);
});

test('a backup that does not keep up slows its shard down: turns wait, nothing is lost', async () => {
  await world.protect(n1, n2, a);
  n1.cable.block(n2.address);
  n2.cable.block(n1.address);
  const answers: Promise<unknown>[] = [];
  for (let i = 0; i < 60; i += 1) {
    answers.push(world.ask(g, a, 'write', { text: String(i) }));
    await world.clock.advance(10);
  }
  const shown = n1.process.runtime.inspect(world.where(a).shard, a) as { state: { lines: string[] } };
  expect(shown.state.lines.length).toBeLessThan(40);
  expect(n1.process.runtime.stats().mailboxed).toBeGreaterThan(20);
  n1.cable.blocked.clear();
  n2.cable.blocked.clear();
  expect(await world.answers(answers)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
});

test('a backup that comes back after a short break has everything without a new snapshot', async () => {
  await world.protect(n1, n2, a);
  await world.answer(g, a, 'write', { text: 'x' });
  n1.process.peers.reset(n2.peer, 'overrun');
  expect(await world.answer(g, a, 'write', { text: 'y' })).toBe(2);
  const seeding = (): unknown => n2.process.backups.stateOf(world.where(a).shard);
  expect(seeding()).toMatchObject({ phase: 'complete', seeding: 1, position: 2 });
});

test('ephemeral kinds neither wait for a backup nor come back', async () => {
  const sketch = { ...book, kind: 'sketch', durability: 'ephemeral' as const };
  const n4 = await world.node('n4', {}, [book, sketch]);
  const n5 = await world.node('n5', {}, [book, sketch]);
  const of = entity('sketch', '1');
  const inTerm = await world.protect(n4, n5, of);
  n4.cable.block(n5.address);
  n5.cable.block(n4.address);
  await world.clock.advance(300);
  expect(await world.answer(g, of, 'write', { text: 'x' })).toBe(1);
  n4.cable.kill();
  await world.clock.advance(20);
  const { shard } = world.where(of);
  world.place([{ shard, owner: n5.peer, origin: 'promoted', term: term(inTerm + 1) }]);
  // By silence: until the old owner has surely fenced itself, its successor stands still.
  const promotedAt = world.clock.monotonic();
  expect(await world.answer(g, of, 'write', { text: 'y' })).toBe(1);
  expect(world.clock.monotonic() - promotedAt).toBeGreaterThanOrEqual(1_000);
});

/** Books that live in the shard of `of`. */
function shardMates(of: EntityRef, count: number): EntityRef[] {
  const { shard } = world.where(of);
  const { table } = n1.process;
  const found: EntityRef[] = [];
  for (let i = 0; found.length < count; i += 1) {
    const other = entity('book', `m${i}`);
    if (table.shardOf(other) === shard) found.push(other);
  }
  return found;
}

test('an owner that missed rows keeps what it has where it has owned the shard all the time, and only there', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await world.answer(g, a, 'write', { text: 'x' });
  // Its backup was lost and another one came: two terms, of which it hears at once.
  place({ owner: n1.peer, backup: n3.peer, term: term(inTerm + 2), since: term(1) });
  expect(await lines(a)).toEqual(['x']);
  // Somebody else owned it in between.
  place({ owner: n1.peer, term: term(inTerm + 4), since: term(inTerm + 4) });
  expect(await lines(a)).toEqual([]);
});
