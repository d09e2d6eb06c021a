import { expect, test } from '@jest/globals';
import { runPlan, runSeed, type SeedResult, violationReport } from '@muster/simulator';
import { ONCE_FAILED } from './once-failed.js';
import { storedPlan } from './stored-plan.js';

const FIRST_SEED = 1;
const SEEDS = 25;
const SECONDS = 20;

/** Empty where nothing is broken, else all that a person needs to see it again. */
function brokenBy(result: SeedResult): string {
  return result.violation ? violationReport(result) : '';
}

test.each(Array.from({ length: SEEDS }, (_, i) => FIRST_SEED + i))('seed %d breaks no invariant', async (seed) => {
  expect(brokenBy(await runSeed(seed, SECONDS))).toBe('');
});

test.each(ONCE_FAILED)('$plan, which failed before $fixedIn, does not any more', async ({ plan }) => {
  expect(brokenBy(await runPlan(storedPlan(`once-failed/${plan}`)))).toBe('');
});

test('a seed and its faults give the same run each time', async () => {
  const [first, second] = [await runSeed(7, 8), await runSeed(7, 8)];
  expect(second.hash).toBe(first.hash);
  expect(second.world.trace.text()).toBe(first.world.trace.text());
  expect((await runSeed(8, 8)).hash).not.toBe(first.hash);
});
