import { expect, test } from '@jest/globals';
import { shardId, term } from '@muster/ports';
import type { Committer } from './committer.js';
import { PERSISTENCE_DEFAULTS } from './options.js';
import { StoredLog } from './stored-log.js';

const nothing = (): void => undefined;

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
