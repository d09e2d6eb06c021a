import { expect, test } from '@jest/globals';
import { addressOf } from './address.js';
import { KeyedLimit } from './window-limit.js';

test('so many per window; the window begins with the first use', () => {
  const limit = new KeyedLimit({ max: 2, windowMs: 100, blockMs: 0, keysMax: 10 });
  expect([limit.use('a', 50), limit.use('a', 60), limit.use('a', 70)]).toEqual([undefined, undefined, 80]);
  expect(limit.use('b', 70)).toBeUndefined();
  expect(limit.use('a', 149)).toBe(1);
  expect(limit.use('a', 150)).toBeUndefined();
});

test('a block begins with the first use too many, outlasts its window, and is not made longer by asking on', () => {
  const limit = new KeyedLimit({ max: 1, windowMs: 100, blockMs: 1_000, keysMax: 10 });
  limit.use('a', 0);
  expect(limit.use('a', 10)).toBe(1_000);
  expect(limit.use('a', 500)).toBe(510);
  expect(limit.refusals('a', 500)).toBe(2);
  expect(limit.use('a', 1_010)).toBeUndefined();
  expect(limit.refusals('a', 1_010)).toBe(0);
});

test('only so many keys are remembered: the one whose window is oldest is forgotten', () => {
  const limit = new KeyedLimit({ max: 1, windowMs: 100, blockMs: 0, keysMax: 2 });
  for (const key of ['a', 'b', 'c']) limit.use(key, 0);
  expect(limit.use('c', 1)).toBeGreaterThan(0);
  expect(limit.use('b', 1)).toBeGreaterThan(0);
  expect(limit.use('a', 1)).toBeUndefined();
});

test.each([
  ['::ffff:10.0.0.9', '10.0.0.1', 0, '10.0.0.9'],
  ['10.0.0.9', 'evil, 10.0.0.1', 1, '10.0.0.1'],
  ['10.0.0.9', 'evil, 10.0.0.1, 10.0.0.2', 2, '10.0.0.1'],
  ['10.0.0.9', undefined, 1, '10.0.0.9'],
  ['10.0.0.9', '10.0.0.1', 2, '10.0.0.9'],
])('a request of %s that says %s behind %d proxies comes from %s', (remoteAddress, forwarded, proxies, address) => {
  const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } };
  expect(addressOf(request as unknown as Parameters<typeof addressOf>[0], proxies)).toBe(address);
});
