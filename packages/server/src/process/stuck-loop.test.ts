import { expect, test } from '@jest/globals';
import { looked, newStuckLoop, waitedMsIn } from './stuck-loop.js';

const LOOK_MS = 500;

/** How long the loop counts as still after looks of [at, turn, waitedMs]. */
function stillAfter(...looks: readonly (readonly [at: number, turn: number, waitedMs: number])[]): number {
  const [first, ...rest] = looks.map(([at, turn, waitedMs]) => ({ at, turn, waitedMs }));
  return rest.reduce((loop, look) => looked(loop, look, LOOK_MS), newStuckLoop(first!)).stillMs;
}

test('a loop that does not turn is still for as long as it is looked at, and one turn makes it young', () => {
  expect(stillAfter([0, 7, 0], [500, 7, 0], [1_010, 7, 0])).toBe(1_010);
  expect(stillAfter([0, 7, 0], [500, 7, 0], [1_000, 8, 0], [1_500, 8, 0])).toBe(500);
});

test('time in which the one who looks did not run either does not count', () => {
  expect(stillAfter([0, 7, 0], [60_000, 7, 0])).toBe(1_000);
});

test('time in which the main thread waited for a processor does not count', () => {
  expect(stillAfter([0, 7, 100], [500, 7, 500], [1_000, 7, 950])).toBe(150);
  expect(stillAfter([0, 7, 100], [500, 7, 900], [1_000, 7, 900])).toBe(500);
});

test('what the kernel says of a thread is read; where it says nothing, nothing is taken off', () => {
  expect(waitedMsIn('81028511 2500000 42\n')).toBe(2.5);
  expect(waitedMsIn('')).toBe(0);
});
