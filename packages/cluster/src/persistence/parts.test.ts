import { expect, test } from '@jest/globals';
import { shardId, term } from '@muster/ports';
import { savesOf } from './parts.js';
import type { StoredLog } from './stored-log.js';

function log(shard: number, actors: number, waiters: number): StoredLog {
  const nextSaves = (max: number) =>
    Array.from({ length: Math.min(max, actors) }, (_, i) => ({
      entity: `a/${i}`,
      position: 1,
      seq: 1,
      version: 1,
      text: 'xx',
    }));
  const callingIt = () => undefined;
  return {
    shard: shardId(shard),
    term: term(1),
    leaving: { size: waiters },
    nextSaves,
    callingIt,
  } as unknown as StoredLog;
}

test('of actors that are to be stored whole, those come first in whose shard somebody waits for an answer', () => {
  const parts = savesOf([log(1, 5, 0), log(2, 3, 1), log(3, 5, 0)], { savesMax: 7, savesCharsMax: 1_000 });
  expect(parts.map(({ shard, entities }) => [shard, entities.length])).toEqual([
    [2, 3],
    [1, 4],
  ]);
});

test('one call takes no more characters than it may, but for the last actor', () => {
  const parts = savesOf([log(1, 1, 0), log(2, 1, 0), log(3, 1, 0)], { savesMax: 7, savesCharsMax: 3 });
  expect(parts.map(({ shard }) => shard)).toEqual([1, 2]);
});
