import { expect, test } from '@jest/globals';
import { runSeed, violationReport } from '@muster/simulator';
import { ONCE_FAILED } from './once-failed.js';

const FIRST_SEED = 1;
const SEEDS = 25;
const SECONDS = 20;

/** Empty where nothing is broken, else all that a person needs to see it again. */
async function brokenBy(seed: number, seconds: number): Promise<string> {
  const result = await runSeed(seed, seconds);
  return result.violation ? violationReport(result) : '';
}

test.each(Array.from({ length: SEEDS }, (_, i) => FIRST_SEED + i))('seed %d breaks no invariant', async (seed) => {
  expect(await brokenBy(seed, SECONDS)).toBe('');
});

test.each(ONCE_FAILED)('seed $seed, which failed before $fixedIn, does not any more', async ({ seed, seconds }) => {
  expect(await brokenBy(seed, seconds)).toBe('');
});

test('a seed and its faults give the same run each time', async () => {
  const [first, second] = [await runSeed(7, 8), await runSeed(7, 8)];
  expect(second.hash).toBe(first.hash);
  expect(second.world.trace.text()).toBe(first.world.trace.text());
  expect((await runSeed(8, 8)).hash).not.toBe(first.hash);
});
