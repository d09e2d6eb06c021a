import { describe, expect, test } from '@jest/globals';
import { emptyPage, type ShardRow } from '@muster/cluster';
import { epoch, type ShardId, shardId, term } from '@muster/ports';
import { behind, type Found, type Recalled, signOf } from './went-back.js';

const rowsOf = (...terms: number[]): ShardRow[] =>
  emptyPage(0)
    .slice(0, terms.length)
    .map((row, i) => ({ ...row, term: term(terms[i]!) }));

const store: Found = { epoch: 5, revision: 100, rows: rowsOf(4, 9, 0) };
const storage: Recalled = { epoch: epoch(5), revision: 100, term: term(9), terms: knows([0, 4], [1, 9]) };

function knows(...terms: [number, number][]): Recalled['terms'] {
  return new Map(terms.map(([shard, known]): [ShardId, Recalled['term']] => [shardId(shard), term(known)]));
}

describe('K4: a store went back', () => {
  test('not where it has all that storage remembers, or more: that is written behind it', () => {
    expect(signOf(store, storage)).toBeUndefined();
    expect(signOf({ epoch: 6, revision: 120, rows: rowsOf(5, 11, 1) }, storage)).toBeUndefined();
  });

  test('where another epoch, revision or term was written before', () => {
    expect(signOf({ ...store, epoch: 4 }, storage)).toBe('epoch');
    expect(signOf({ ...store, revision: 99 }, storage)).toBe('revision');
    expect(signOf({ ...store, rows: rowsOf(4, 8, 0) }, storage)).toBe('term');
    expect(signOf({ epoch: 0, revision: 0, rows: rowsOf(0, 0, 0) }, storage)).toBe('epoch');
  });

  test('where one shard’s row is older than its owner’s claim, however high another one’s term is', () => {
    expect(signOf({ ...store, rows: rowsOf(3, 9, 0) }, storage)).toBe('rows');
    expect(behind(rowsOf(3, 9, 0), storage.terms).map(({ shard }) => shard)).toEqual([0]);
    expect(signOf(store, { ...storage, terms: knows([2, 1]) })).toBe('rows');
  });
});
