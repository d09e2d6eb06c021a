import { expect, test } from '@jest/globals';
import { KnownStrings } from './known-strings.js';

function read(known: KnownStrings, text: string): string | undefined {
  const bytes = Buffer.from(`<${text}>`);
  const length = bytes.length - 2;
  const found = known.find(bytes, 1, length);
  if (found === undefined) known.missed(bytes, 1, length, text);
  return found;
}

test('a text that came twice is known from then on, wherever it stands', () => {
  const known = new KnownStrings();
  expect([read(known, 'gateway-1#x/7'), read(known, 'gateway-1#x/7')]).toEqual([undefined, undefined]);
  expect(read(known, 'gateway-1#x/7')).toBe('gateway-1#x/7');
  expect(read(known, 'gateway-1#x/8')).toBeUndefined();
});

test('texts with one end are told apart', () => {
  const known = new KnownStrings();
  for (const text of ['gateway-1#x/7', 'gateway-1#x/7', 'gateway-2#x/7', 'gateway-1#x/7']) {
    const found = read(known, text);
    expect(found ?? text).toBe(text);
  }
});

test('thousands of players and sessions come out as they went in', () => {
  const known = new KnownStrings();
  for (let round = 0; round < 3; round += 1) {
    for (let n = 0; n < 5_000; n += 1) {
      for (const text of [String(n), `gateway-1#Zb3k/${n}`]) expect(read(known, text) ?? text).toBe(text);
    }
  }
});

test('what is no ASCII, empty or long is never taken for something else', () => {
  const known = new KnownStrings();
  for (const text of ['käse', 'é', '\u0080', 'x'.repeat(65)]) {
    for (let time = 0; time < 3; time += 1) expect(read(known, text)).toBeUndefined();
  }
  expect(known.find(Buffer.from([0xe4]), 0, 1)).toBeUndefined();
  expect(known.find(Buffer.alloc(0), 0, 0)).toBe('');
});

test('a length beyond the bytes that are there finds nothing', () => {
  const known = new KnownStrings();
  for (let time = 0; time < 3; time += 1) read(known, 'player');
  expect(known.find(Buffer.from('play'), 0, 6)).toBeUndefined();
});
