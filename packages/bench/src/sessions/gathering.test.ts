import { expect, test } from '@jest/globals';
import { perPlayer } from './footprint.js';
import { shareOf } from './gathering.js';

test.each([
  [3_000, 6],
  [100, 7],
  [2, 3],
])('%d newcomers are spread over %d processes, each once', (total, parts) => {
  const shares = Array.from({ length: parts }, (_, part) => shareOf(total, parts, part));
  let next = 0;
  for (const { skip, count } of shares) {
    expect(skip).toBe(next);
    next += count;
  }
  expect(next).toBe(total);
  const counts = shares.map(({ count }) => count);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
});

test('memory is told by role, for each player, without what empty processes take', () => {
  const before = { ours: 30, byRole: { gateway: 10, node: 20 } };
  const after = { ours: 90, byRole: { gateway: 50, node: 40, '(clients)': 8 } };
  expect(perPlayer(after, before, 4)).toEqual({ gateway: 10, node: 5, '(clients)': 2 });
});
