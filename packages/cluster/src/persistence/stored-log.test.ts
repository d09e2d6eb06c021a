import { expect, test } from '@jest/globals';
import { shardId, term } from '@muster/ports';
import type { Committer } from './committer.js';
import { PERSISTENCE_DEFAULTS } from './options.js';
import { StoredLog } from './stored-log.js';

const nothing = (): void => undefined;

test('an actor that storage cannot take does not hold down what copies are told of the others: they hear its name', () => {
  const committer = { options: PERSISTENCE_DEFAULTS, now: 0, overfull: false, wants: nothing, wantsLater: nothing };
  const log = new StoredLog(
    { ...committer, waits: nothing, leftBehind: nothing, merged: nothing } as unknown as Committer,
    {
      shard: shardId(7),
      term: term(2),
      standing: 'behind',
      start: 0,
      isSure: true,
      saved: () => undefined,
    },
  );
  const answered = { call: 1, sentAt: 0 };
  log.held.from(0);
  log.claimed({ position: 0, term: term(2), before: undefined } as never, 'behind', answered);
  const write = (position: number, entity: string): void => {
    log.append(position, { entity, seq: position, text: '[]' });
    log.reached(position);
  };
  write(1, 'book/large');
  write(2, 'book/a');
  log.exclude(['book/large']);
  expect(log.batch({ records: 10, chars: 1_000, must: true }).records).toHaveLength(1);
  log.stored(1, answered);
  expect([log.toldThrough, log.unsaved.excludedNames]).toEqual([2, ['book/large']]);
  write(3, 'book/b');
  log.batch({ records: 10, chars: 1_000, must: true });
  log.stored(2, answered);
  expect(log.toldThrough).toBe(3);
  // Of too many nobody is named, and nothing since the first of them counts.
  const many = Array.from({ length: 65 }, (_, n) => `book/${n}`);
  many.forEach((entity, n) => {
    write(4 + n, entity);
  });
  log.exclude(many);
  expect([log.toldThrough, log.unsaved.excludedNames]).toEqual([0, []]);
});

test('a new copy hears of the end of an actor that storage may still have, whether or not the other copies have heard of it', () => {
  const options = { ...PERSISTENCE_DEFAULTS, lagCharsMax: 1 };
  // Storage is away, and what waits for it is too much: records are given up for actors that are to be stored as they are.
  const committer = { options, now: 0, overfull: false, wants: nothing, wantsLater: nothing, waits: nothing };
  const log = new StoredLog({ ...committer, merged: nothing } as unknown as Committer, {
    shard: shardId(7),
    term: term(2),
    standing: 'behind',
    start: 0,
    knownBehind: true,
    isSure: true,
    saved: () => undefined,
  });
  log.held.from(0);
  log.append(1, { entity: 'book/a', seq: 0, text: '' });
  expect(log.unstored).toEqual(['book/a']);
  log.reached(1);
  expect(log.unstored).toEqual(['book/a']);
});

const claimAnswer = (position: number, asTerm: number) =>
  ({ position, term: term(asTerm), before: undefined }) as never;
const answered = (call: number) => ({ call, sentAt: 0 });

function promoted(unsaved: readonly string[], start: number): StoredLog {
  const committer = {
    options: PERSISTENCE_DEFAULTS,
    now: 0,
    calls: 0,
    overfull: false,
    wants: nothing,
    waits: nothing,
  };
  const rest = { wantsLater: nothing, leftBehind: nothing, merged: nothing };
  const log = new StoredLog({ ...committer, ...rest } as unknown as Committer, {
    shard: shardId(7),
    term: term(2),
    standing: 'gated',
    start,
    unsaved,
    knownBehind: true,
    isSure: true,
    saved: () => ({ text: '{}', seq: 5, version: 1 }),
  });
  log.claimed({ position: 9, term: term(2), before: { standing: 'behind' } } as never, 'behind', answered(1));
  return log;
}

test('K9: with the last actor that a promoted owner owes, storage is its second place: nobody waits for another call', () => {
  const log = promoted(['book/a', 'book/b'], 4);
  const out: string[] = [];
  log.append(5, { entity: 'book/c', seq: 1, text: '[]' });
  log.onDurable(5, () => out.push('c'), true);
  expect(log.need).toBe('save');
  const first = log.nextSaves(1, 1_000);
  expect(log.callingIt(first, 0)).toBeUndefined();
  log.savedAll(first, answered(2));
  const last = log.nextSaves(1, 1_000);
  expect([log.callingIt(last, 0), log.toldThrough]).toEqual(['gated', undefined]);
  log.savedAll(last, answered(3), 'gated');
  expect([log.need, out]).toEqual(['append', []]);
  expect(log.batch({ records: 10, chars: 1_000, must: true }).standing).toBeUndefined();
  log.stored(10, answered(4));
  expect(out).toEqual(['c']);
});

test('K9: a shard that loses its backup calls itself gated with the last record that it owes, not with an earlier one', () => {
  const log = promoted([], 4);
  log.raise(term(3), 'behind');
  log.claimed(claimAnswer(9, 3), 'behind', answered(2));
  const out: number[] = [];
  for (const position of [5, 6]) log.append(position, { entity: 'book/a', seq: position, text: '[]' });
  log.raise(term(4), 'gated');
  log.append(7, { entity: 'book/a', seq: 7, text: '[]' });
  for (const position of [6, 7]) log.onDurable(position, () => out.push(position), true);
  expect(log.need).toBe('claim');
  log.claimed(claimAnswer(9, 4), 'behind', answered(3));
  expect(log.need).toBe('append');
  expect(log.batch({ records: 1, chars: 1_000, must: true }).standing).toBeUndefined();
  log.stored(10, answered(4));
  expect(log.batch({ records: 1, chars: 1_000, must: true }).standing).toBe('gated');
  // It may have arrived: the same again, saying the same.
  expect([log.need, log.batch({ records: 1, chars: 1_000, must: true }).standing]).toEqual(['append', 'gated']);
  log.stored(11, answered(5), 'gated');
  expect(out).toEqual([6]);
  log.batch({ records: 9, chars: 1_000, must: true });
  log.stored(12, answered(6));
  expect(out).toEqual([6, 7]);
});
