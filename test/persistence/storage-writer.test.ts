import { expect, test } from '@jest/globals';
import { persistenceOptions } from '@muster/cluster';
import { shardId, term } from '@muster/ports';
import { MemoryShardServer, MemoryShardStore } from '@muster/storage';
import { SHARD, world } from './writers.test-kit.js';

test('nothing leaves before it is stored, and what many shards did at once is one commit within 5 ms', async () => {
  const { clock, process, stored } = world();
  const { metrics, open } = process();
  const shards = [1, 2, 3].map((n) => ({ id: shardId(n), ...open(1, shardId(n)) }));
  await clock.advance(10);
  const commits = metrics.value('muster_persistence_commit_records_count');
  for (const shard of shards) shard.turn('one');
  for (const shard of shards) shard.turn('two');
  expect(shards.flatMap(({ left }) => left)).toEqual([]);
  await clock.advance(10);
  for (const { left, id } of shards) {
    expect(left).toEqual(['one', 'two']);
    expect(stored(id)).toEqual([1, 2]);
  }
  expect(metrics.value('muster_persistence_commit_records_count')).toBe(commits + 1);
  expect(metrics.value('muster_persistence_commit_records_sum')).toBe(6);
  expect(metrics.value('muster_persistence_waiting_chars')).toBe(0);
});

test('K5: a deposed owner lets nothing out: its records are refused, and it is told', async () => {
  const { clock, process, stored } = world();
  const [old, young] = [process(), process()];
  const before = old.open(1);
  before.turn();
  await clock.advance(10);
  const after = young.open(2, SHARD, { isSure: true });
  await clock.advance(10);
  before.turn('late');
  before.read('late read');
  await clock.advance(1_000);
  expect(before.left).toEqual(['turn 1']);
  expect(old.ended).toEqual(['7@1 STALE_TERM']);
  expect(old.metrics.value('muster_persistence_refused_total', { reason: 'STALE_TERM' })).toBe(1);
  expect(young.found).toEqual([{ term: 1, position: 1, standing: 'gated' }]);
  after.turn('next');
  await clock.advance(10);
  expect(after.left).toEqual(['next']);
  expect(stored()).toHaveLength(2);
});

test('K5: an owner that comes too late is refused by its claim, before it has written anything', async () => {
  const { clock, process, stored } = world();
  process().open(5);
  await clock.advance(10);
  const late = process();
  const { turn, left } = late.open(4);
  turn();
  await clock.advance(1_000);
  expect([late.ended, left, stored()]).toEqual([['7@4 STALE_TERM'], [], []]);
});

test('while storage is away nothing leaves and no turns are taken; then everything leaves, in order, stored once', async () => {
  const { clock, server, process, stored } = world();
  const { logs, metrics, open } = process();
  const { log, turn, read, left, woken } = open(1);
  turn();
  await clock.advance(10);
  server.stop();
  turn();
  read('read');
  expect(log.full).toBe(false);
  await clock.advance(60_000);
  expect(log.full).toBe(true);
  expect(logs.awaySince).toBeDefined();
  expect([left, woken()]).toEqual([['turn 1'], 0]);
  expect(metrics.value('muster_persistence_failures_total', { code: 'STORAGE_UNAVAILABLE' })).toBeGreaterThan(30);
  server.start();
  await clock.advance(1_300);
  expect(left).toEqual(['turn 1', 'turn 2', 'read']);
  expect([log.full, woken(), logs.awaySince]).toEqual([false, 1, undefined]);
  expect(stored()).toEqual([1, 2]);
});

test('a commit whose answer was lost is sent again and is there once', async () => {
  const { clock, process, stored } = world();
  const { store, open } = process();
  const { turn, left } = open(1);
  await clock.advance(10);
  store.path.loseAnswers(3);
  turn();
  await clock.advance(5);
  expect([stored(), left]).toEqual([[1], []]);
  turn();
  await clock.advance(1_000);
  expect([stored(), left]).toEqual([
    [1, 2],
    ['turn 1', 'turn 2'],
  ]);
});

test('a full disk stops its shards, not their records', async () => {
  const { clock, server, process, stored } = world();
  const { open } = process();
  const { log, turn, left } = open(1);
  await clock.advance(10);
  server.fill();
  turn();
  await clock.advance(5_000);
  expect([left, log.full]).toEqual([[], true]);
  server.free();
  await clock.advance(1_300);
  expect([left, stored()]).toEqual([['turn 1'], [1]]);
});

test('a shard is full by size before it is by time, and goes on when there is room', async () => {
  const { clock, server, process } = world({ lagCharsMax: 1_000 });
  const { open } = process();
  const { log, turn, woken } = open(1);
  const other = open(1, shardId(8));
  await clock.advance(10);
  server.stall();
  turn('x'.repeat(2_000));
  expect([log.full, other.log.full]).toEqual([true, false]);
  server.resume();
  await clock.advance(10);
  expect([log.full, woken(), other.woken()]).toEqual([false, 1, 0]);
});

test('all shards are full when too much waits in all of them together', async () => {
  const { clock, server, process } = world({ lagCharsMax: 1_000, totalCharsMax: 1_500 });
  const { open } = process();
  const shards = [1, 2, 3].map((n) => open(1, shardId(n)));
  await clock.advance(10);
  server.stall();
  for (const { turn } of shards.slice(0, 2)) turn('x'.repeat(900));
  expect(shards.map(({ log }) => log.full)).toEqual([true, true, true]);
  shards[0]!.log.close();
  expect(shards.slice(1).map(({ log, woken }) => [log.full, woken()])).toEqual([
    [false, 1],
    [false, 1],
  ]);
});

test('K7: a read of a quiet shard waits until storage has said that the term still holds', async () => {
  const { clock, process } = world();
  const [old, young] = [process(), process()];
  const { turn, read, left } = old.open(1);
  turn();
  await clock.advance(100);
  read('within the lease');
  expect(left).toEqual(['turn 1', 'within the lease']);
  await clock.advance(200);
  read('after it');
  expect(left).toHaveLength(2);
  await clock.advance(10);
  expect(left.at(-1)).toBe('after it');
  await clock.advance(300);
  young.open(2, SHARD, { isSure: true });
  await clock.advance(10);
  read('deposed');
  await clock.advance(1_000);
  expect(left).not.toContain('deposed');
});

test('K7: a new owner is silent for as long as the old one may answer reads, unless that is surely gone or had parked', async () => {
  const { clock, process } = world();
  const first = process().open(1);
  first.read('first');
  await clock.advance(10);
  expect(first.left).toEqual(['first']);
  const second = process().open(2);
  second.turn('second');
  second.read('second too');
  await clock.advance(215);
  expect(second.left).toEqual([]);
  await clock.advance(10);
  expect(second.left).toEqual(['second', 'second too']);
  const third = process().open(3, SHARD, { isSure: true });
  third.turn('third');
  await clock.advance(10);
  expect(third.left).toEqual(['third']);
  const { store } = process();
  const parked = store.mark([{ shard: SHARD, term: term(3), standing: 'parked', through: 2 }]);
  await clock.advance(10);
  expect((await parked)[0]!.refused).toBeUndefined();
  const fourth = process().open(4);
  fourth.turn('fourth');
  await clock.advance(10);
  expect(fourth.left).toEqual(['fourth']);
});

test('slow storage does not keep reads for ever: an answer frees what was asked before its call', async () => {
  const { clock, process } = world();
  const { store, open } = process();
  const { read, left } = open(1);
  await clock.advance(10);
  store.path.delay({ requestMs: 400, answerMs: 400 });
  await clock.advance(500);
  read('slow');
  await clock.advance(900);
  expect(left).toEqual(['slow']);
});

test('an owner whose term is raised goes on where it was, also where the last answer under the old one was lost', async () => {
  const { clock, process, stored } = world();
  const { store, open, ended, found } = process();
  const { stored: way, turn, left } = open(1);
  turn();
  await clock.advance(10);
  store.path.loseAnswers(1);
  turn();
  await clock.advance(5);
  way.raise(term(2), 'gated');
  turn();
  await clock.advance(1_000);
  expect(left).toEqual(['turn 1', 'turn 2', 'turn 3']);
  expect(stored()).toEqual([1, 2, 3]);
  expect(ended).toEqual([]);
  expect(found.at(-1)).toEqual({ term: 1, position: 2, standing: 'gated' });
});

test('an owner raised before its first claim was answered hears both answers', async () => {
  const { clock, server, process } = world();
  const { open, found } = process();
  const { stored: way, turn, left } = open(1);
  server.stall();
  turn();
  way.raise(term(2), 'gated');
  await clock.advance(10);
  way.raise(term(3), 'gated');
  server.resume();
  await clock.advance(50);
  expect(left).toEqual(['turn 1']);
  expect(found).toEqual([undefined, { term: 1, position: 0, standing: 'behind' }]);
  expect(server.head(SHARD)).toEqual({ term: 3, position: 1, standing: 'gated' });
});

test('a record that cannot be stored costs its actor, and nobody else in its shard or another', async () => {
  const { clock, server, process } = world();
  const { open, ended } = process();
  const [bad, good] = [open(1), open(1, shardId(8))];
  bad.turn('bad', 'a/\ud800');
  bad.turn('neighbour', 'a/2');
  good.turn('good');
  await clock.advance(20);
  // Whoever is told sees to it that nothing of the actor leaves (unstorable.test.ts).
  expect([bad.left, good.left, ended]).toEqual([['bad', 'neighbour'], ['good'], ['7 cannot take a/\ud800']]);
  expect(server.rowsIn(SHARD).map(({ entity }) => entity)).toEqual(['a/2']);
});

test('storage that was put back ends a shard whose actors are not here, and no other', async () => {
  const { clock, server, process } = world();
  const { store, open, ended } = process();
  const { turn, left } = open(3);
  turn();
  await clock.advance(10);
  const restored = new MemoryShardServer({ clock });
  const empty = new MemoryShardStore({ clock, server: restored });
  store.append = (batches) => empty.append(batches);
  turn('lost');
  await clock.advance(10);
  expect([left, ended]).toEqual([['turn 1'], ['7@3 NOT_CLAIMED']]);
  expect(server.rowsIn(SHARD)).toHaveLength(1);
});

test('a closed log lets nothing out, also when its records were stored', async () => {
  const { clock, process, stored } = world();
  const { store, open } = process();
  const { log, turn, left } = open(1);
  await clock.advance(10);
  store.path.delay({ requestMs: 0, answerMs: 50 });
  turn();
  await clock.advance(20);
  log.close();
  turn();
  await clock.advance(1_000);
  expect(left).toEqual([]);
  expect(stored()).toEqual([1]);
  expect(log.full).toBe(false);
});

test('more than one commit may hold goes in several, and a thousand shards are claimed in a few calls', async () => {
  const { clock, process, stored } = world({ commitRecordsMax: 10, commitCharsMax: 200 });
  const { open, metrics } = process();
  const shards = Array.from({ length: 1_000 }, (_, n) => open(1, shardId(n)));
  await clock.advance(20);
  for (let n = 0; n < 25; n += 1) shards[1]!.turn();
  shards[2]!.turn('x'.repeat(1_000));
  await clock.advance(50);
  expect(stored(shardId(1))).toHaveLength(25);
  expect(stored(shardId(2))).toHaveLength(1);
  expect(shards[2]!.left).toHaveLength(1);
  expect(metrics.value('muster_persistence_commit_records_sum')).toBe(26);
});

test('options that contradict each other are refused', () => {
  for (const wrong of [
    { gatherMs: 6 },
    { lagMs: 0 },
    { retryMinMs: 2_000 },
    { lagCharsMax: 1e9 },
    { leaseMs: Number.NaN },
  ])
    expect(() => persistenceOptions(wrong)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  expect(persistenceOptions({ gatherMs: 5 }).gatherMs).toBe(5);
});

test('K7: a backup that comes soon does not end the silence of a new owner: its predecessor may still answer reads', async () => {
  const { clock, process } = world();
  const former = process().open(1);
  former.turn();
  await clock.advance(10);
  const { log, stored, turn, left } = process().open(2);
  await clock.advance(10);
  stored.raise(term(3), 'behind');
  await clock.advance(10);
  turn('new');
  former.read('old');
  expect([former.left, left, log.gated]).toEqual([['turn 1', 'old'], [], false]);
  await clock.advance(250);
  expect(left).toEqual(['new']);
});
