import { expect, test } from '@jest/globals';
import { type PeerId, shardId, term } from '@muster/ports';
import { Freshness } from './freshness.js';

const owner = 'node-1#a' as PeerId;
const shard = shardId(7);

/** A log of which nothing is stored, and the time. */
function world({ owns = true, ownedSince = 0, troubledAt = Number.NEGATIVE_INFINITY } = {}) {
  const reported: string[] = [];
  const at = { now: 0 };
  const freshness = new Freshness({
    report: (invariant, seen) => reported.push(`${invariant}: ${seen}`),
    now: () => at.now,
    ownsSince: () => (owns ? ownedSince : undefined),
    wasInTrouble: (since) => troubledAt >= since,
  });
  const log = freshness.watch(shard, owner);
  const record = (position: number, seq: number, entries: readonly unknown[] = ['x']) =>
    log.appended(position, { entity: 'a/1', seq, entries });
  const lookAt = (now: number) => {
    at.now = now;
    freshness.tick();
    return reported;
  };
  const answers = [{ shard, refused: undefined, term: term(1), position: 1 }];
  const append = (seq: number) =>
    freshness.appended([{ shard, term: term(1), first: 1, records: [{ entity: 'a/1', seq, text: 'x' }] }], answers);
  return { freshness, log, record, lookAt, append, answers };
}

test('a record that left and is not stored a second later is late, and found after some', () => {
  const { freshness, log, record, lookAt } = world();
  record(1, 1);
  expect(lookAt(5_000)).toEqual([]);
  log.letOut(1, term(1));
  expect(lookAt(6_000)).toEqual([]);
  expect([lookAt(6_300), freshness.counts.late]).toEqual([[], 1]);
  expect(lookAt(9_000)).toEqual([
    'storage is not seconds behind: shard 7: node-1#a let record 1 of a/1 out at 5000.0; stored is 0',
  ]);
});

test('stored in time, as a record or within a later whole of its actor, is well', () => {
  const { freshness, log, record, lookAt, append, answers } = world();
  record(1, 1);
  record(2, 2);
  log.letOut(2, term(1));
  append(1);
  const entities = [{ entity: 'a/1', position: 2, seq: 2, version: 1, text: '{}' }];
  freshness.saved([{ shard, term: term(1), entities }], answers);
  expect(lookAt(2_000)).toEqual([]);
});

test('what storage refused is not stored', () => {
  const { freshness, log, record, lookAt } = world();
  record(1, 1);
  log.letOut(1, term(1));
  freshness.appended(
    [{ shard, term: term(1), first: 1, records: [{ entity: 'a/1', seq: 1, text: 'x' }] }],
    [{ shard, refused: 'STALE_TERM', term: term(2), position: 0 }],
  );
  expect([lookAt(2_000), freshness.counts.late]).toEqual([[], 1]);
});

test('an actor that is gone, or lives anew, need not be stored as it was', () => {
  const { log, record, lookAt } = world();
  record(1, 4);
  log.letOut(1, term(1));
  record(2, 0, []);
  expect(lookAt(2_000)).toEqual([]);
});

test.each([
  ['the owner died, or has another shard now', { owns: false }],
  ['it stood still, or began anew, meanwhile', { ownedSince: 700 }],
  ['storage was in trouble', { troubledAt: -4_000 }],
])('%s: that excuses it, and is counted', (_, trouble) => {
  const { freshness, log, record, lookAt } = world(trouble);
  record(1, 1);
  log.letOut(1, term(1));
  expect(lookAt(2_000)).toEqual([]);
  expect(freshness.counts).toEqual({ shown: 1, excused: 1, late: 0 });
});
