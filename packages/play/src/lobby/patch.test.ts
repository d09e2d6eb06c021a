import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { diffPatch, type Fields, mergePatch } from './merge-patch.js';
import { lobbyPatch } from './patch.js';
import { Room } from './testdata/room.test-kit.js';

const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer()));
const key = fc.constantFrom('a', 'b', 'c', '1', 'toString');
const fields = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, tie('object')),
  object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
})).object as fc.Arbitrary<Fields>;

test('a difference, merged, makes the second of the first, and there is none between equals', () => {
  fc.assert(
    fc.property(fields, fields, (before, after) => {
      const patch = diffPatch(before, after);
      expect(mergePatch(before, patch ?? {})).toEqual(after);
      expect(diffPatch(after, structuredClone(after))).toBeUndefined();
    }),
  );
});

test('merging changes neither of the two', () => {
  fc.assert(
    fc.property(fields, fields, (target, patch) => {
      const before = JSON.stringify([target, patch]);
      mergePatch(target, patch);
      expect(JSON.stringify([target, patch])).toBe(before);
    }),
  );
});

// https://www.rfc-editor.org/rfc/rfc7396#appendix-A
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j with %j is %j, as the RFC has it', (target, patch, result) => {
  expect(mergePatch(target, patch)).toEqual(result);
});

test('a player that says its status again is told of, though nothing changed', () => {
  const { details } = new Room();
  expect(lobbyPatch(details, details)).toBeUndefined();
  expect(lobbyPatch(details, details, '1')).toEqual({
    id: 'l1',
    players: { 1: { id: '1', isReady: false, assetStatus: 'complete' } },
  });
});
