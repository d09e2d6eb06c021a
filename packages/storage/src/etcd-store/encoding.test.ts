import { expect, test } from '@jest/globals';
import { entryOf, integer, rangeOf, requestOf } from './encoding.js';

test('a prefix is the range up to the next text that does not start with it', () => {
  expect(rangeOf('/a/')).toEqual({ key: Buffer.from('/a/'), range_end: Buffer.from('/a0') });
  expect(rangeOf('é').range_end).toEqual(Buffer.from([0xc3, 0xaa]));
});

test('the empty prefix is the range of all keys', () => {
  expect(rangeOf('')).toEqual({ key: Buffer.from([0]), range_end: Buffer.from([0]) });
});

test('an int64 that a number would round is refused: fences compare these', () => {
  expect(integer('9007199254740991')).toBe(9_007_199_254_740_991);
  expect(() => integer('9007199254740993')).toThrow('9007199254740993');
  expect(() => integer('x')).toThrow('x');
  const kv = { key: Buffer.from('a'), value: Buffer.from(''), create_revision: '1', version: '1', lease: '0' };
  expect(() => entryOf({ ...kv, mod_revision: '9007199254740993' })).toThrow('2^53');
});

test('compares are of modification revisions, writes carry their lease as text', () => {
  const lease = { id: '7587863094328377356', ttlMs: 1, renew: async () => undefined, revoke: async () => undefined };
  const request = requestOf({
    compare: [{ key: 'epoch', modRevision: 0 }],
    writes: [
      { type: 'put', key: 'a', value: 'v', lease },
      { type: 'delete', key: 'b' },
    ],
  });
  expect(request).toEqual({
    compare: [{ key: Buffer.from('epoch'), target: 'Mod', result: 'Equal', mod_revision: 0 }],
    success: [
      { request_put: { key: Buffer.from('a'), value: Buffer.from('v'), lease: '7587863094328377356' } },
      { request_delete_range: { key: Buffer.from('b') } },
    ],
  });
});
