import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { markerText, positionText, readMarker } from './marker.js';

test('a marker without places is what it was before there were any', () => {
  expect(markerText('k3f9.18', {})).toBe('k3f9.18');
  expect(readMarker('k3f9.18')).toEqual({ direct: { life: 'k3f9', number: 18 }, chats: {} });
});

const life = fc.stringMatching(/^[A-Za-z0-9_-]{8}$/);
const position = fc.record({ life, number: fc.nat({ max: 999_999_999 }) });
const heard = fc.record({
  direct: position,
  chats: fc.record({ lobby: position, party: position }, { requiredKeys: [] }),
});

test('whatever was heard is read back from its marker, which has at most 64 characters', () => {
  fc.assert(
    fc.property(heard, ({ direct, chats }) => {
      const marker = markerText(positionText(direct), chats);
      expect(marker.length).toBeLessThanOrEqual(64);
      expect(readMarker(marker)).toEqual({ direct, chats });
    }),
  );
});

test.each([
  '',
  '.',
  '.1',
  'a',
  'a.',
  'a.01',
  'a.-1',
  'a.1e3',
  'a.1~',
  'a.1~x',
  'a.1~l',
  'a.1~lb',
  'a.1~lb.2~lb.2',
  'a.1~zb.2',
])('a text that no server of ours made is no marker: %j', (text) => {
  expect(readMarker(text)).toBeUndefined();
});
