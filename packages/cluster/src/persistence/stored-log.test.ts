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
