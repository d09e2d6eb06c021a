import { expect, test } from '@jest/globals';
import type { Override } from '@muster/cluster';
import { SHARDS, type ShardId, shardId } from '@muster/ports';
import { mendedOverrides } from './lost-overrides.js';

const [HOME, S1, S2] = [shardId(17), shardId(1_024), shardId(1_025)];
const at = (...shards: ShardId[]) => shards.map((shard) => ({ entity: 'ship/7', shard }));
const known = (shard: ShardId, pinned = false) => new Map<string, Override>([['ship/7', { shard, pinned }]]);
const none = new Map<string, Override>();

test('an entity that is only in a solo shard is there, whatever the store has forgotten or remembers wrongly', () => {
  expect(mendedOverrides(at(S1), none, SHARDS)).toEqual([{ entity: 'ship/7', to: { shard: S1, pinned: false } }]);
  expect(mendedOverrides(at(S1), known(S2, true), SHARDS)).toEqual([
    { entity: 'ship/7', to: { shard: S1, pinned: true } },
  ]);
});

test('one that is at home as well is at home: nothing has happened to the other copy since', () => {
  expect(mendedOverrides(at(HOME, S1), none, SHARDS)).toEqual([]);
  expect(mendedOverrides(at(HOME, S1), known(S1), SHARDS)).toEqual([{ entity: 'ship/7', to: null }]);
});

test('what fits stays, and what nothing is stored of', () => {
  expect(mendedOverrides(at(S1), known(S1, true), SHARDS)).toEqual([]);
  expect(mendedOverrides([], known(S1), SHARDS)).toEqual([]);
  expect(mendedOverrides(at(S1, S2), known(S2), SHARDS)).toEqual([]);
});
