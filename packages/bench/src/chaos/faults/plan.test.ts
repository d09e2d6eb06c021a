import { expect, test } from '@jest/globals';
import { Deck, FAULTS } from './plan.js';

const dealt = (seed: number, count: number): string[] => {
  const deck = new Deck(
    FAULTS.map(({ kind }) => kind),
    seed,
  );
  return Array.from({ length: count }, () => deck.next());
};

test('every kind comes once before any comes again, so that 20 rounds see all of them', () => {
  // A round has one fault at least and three at most: one of the twenty with a second one is enough.
  expect(FAULTS.length).toBeLessThanOrEqual(21);
  for (const seed of [1, 2, 3]) {
    const [first, second] = [
      dealt(seed, 2 * FAULTS.length).slice(0, FAULTS.length),
      dealt(seed, 2 * FAULTS.length).slice(FAULTS.length),
    ];
    expect(new Set(first).size).toBe(FAULTS.length);
    expect(new Set(second).size).toBe(FAULTS.length);
    expect(second).not.toEqual(first);
  }
});

test('the same seed deals the same kinds, another one others', () => {
  expect(dealt(7, 60)).toEqual(dealt(7, 60));
  expect(dealt(8, 60)).not.toEqual(dealt(7, 60));
});

test('kinds have different names', () => {
  expect(new Set(FAULTS.map(({ kind }) => kind)).size).toBe(FAULTS.length);
});
