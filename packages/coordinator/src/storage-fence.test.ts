import { expect, test } from '@jest/globals';
import type { ClaimAnswer, ShardClaim, ShardMark, ShardStanding } from '@muster/ports';
import { shardId, term } from '@muster/ports';
import { fenceAll } from './storage-fence.js';

/** Shards that storage knows, with the term and the standing of each. */
function storage(known: readonly (readonly [shard: number, term: number, standing: ShardStanding])[]) {
  const [claims, marks]: [ShardClaim[], ShardMark[]] = [[], []];
  return {
    claims,
    marks,
    terms: async () => new Map(known.map(([shard, of]) => [shardId(shard), term(of)])),
    claim: async (some: readonly ShardClaim[]): Promise<readonly ClaimAnswer[]> => {
      claims.push(...some);
      return some.map(({ shard, term: at }) => {
        const [, of, standing] = known.find(([is]) => is === shard)!;
        const before = { term: term(of), position: 9, standing };
        const refused = of > at ? 'STALE_TERM' : undefined;
        return { shard, refused, term: term(Math.max(of, at)), position: 9, before };
      });
    },
    mark: async (some: readonly ShardMark[]) => {
      marks.push(...some);
      return [];
    },
  };
}

test('every shard that storage knows is claimed, and how far it can be trusted stays as it was', async () => {
  const shards = storage([
    [5, 3, 'behind'],
    [2, 7, 'parked'],
    [9, 4, 'gated'],
  ]);
  expect(await fenceAll(shards, term(8))).toBe(8);
  expect(shards.claims.map(({ shard, term: at }) => [shard, at])).toEqual([
    [2, 8],
    [5, 8],
    [9, 8],
  ]);
  expect(shards.marks).toEqual([
    { shard: 2, term: 8, standing: 'parked', through: 9 },
    { shard: 9, term: 8, standing: 'gated', through: 9 },
  ]);
});

test('one that somebody has claimed in a newer term meanwhile is left alone, and its term told', async () => {
  const shards = storage([
    [2, 12, 'parked'],
    [5, 3, 'behind'],
  ]);
  expect(await fenceAll(shards, term(8))).toBe(12);
  expect(shards.marks).toEqual([]);
});
