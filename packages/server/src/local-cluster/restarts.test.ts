import { expect, test } from '@jest/globals';
import { Restarts } from './restarts.js';

test('a process that was killed leaves the machine to its heirs for a second; one that ended in order is back at once', () => {
  const restarts = new Restarts();
  expect(restarts.pauseAfter(60_000, false)).toBe(1_000);
  expect(restarts.pauseAfter(60_000, true)).toBe(0);
});

test('one that cannot run is tried less and less often, but never given up', () => {
  const restarts = new Restarts();
  const pauses = Array.from({ length: 8 }, () => restarts.pauseAfter(300, false));
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(restarts.pauseAfter(10_000, false)).toBe(1_000);
  expect(restarts.pauseAfter(300, true)).toBe(1_000);
});
