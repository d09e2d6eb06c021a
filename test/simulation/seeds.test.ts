import { expect, test } from '@jest/globals';
import { Counters, drawPlan, type Fault, runPlan, runSeed, type SeedResult, violationReport } from '@muster/simulator';
import { ONCE_FAILED } from './once-failed.js';
import { storedPlan } from './stored-plan.js';

const FIRST_SEED = 1;
const SEEDS = 6;
const SECONDS = 20;

const fault = (atMs: number, kind: Fault['kind'], place: string, ms: number, count = 4): Fault => {
  return { atMs, kind, place, other: '', ms, count };
};
const EVERYTHING: readonly Fault[] = [
  fault(300, 'move-shards', 'node-1', 5, 9),
  fault(900, 'drain-node', 'node-2', 2_500),
  fault(1_500, 'slow-storage', 'store', 1_500),
  fault(3_200, 'stall-storage', 'store', 900),
  fault(4_000, 'kill-node', 'node-3', 1_500),
  fault(5_600, 'move-shards', 'node-3', 11, 9),
  fault(6_000, 'lose-storage', 'store', 800),
  fault(7_000, 'fill-storage', 'store', 900),
  fault(8_200, 'stop', 'node-1', 700),
  fault(8_400, 'kill-leader', 'leader', 900),
  fault(9_500, 'unknown-outcomes', 'leader', 1),
  fault(9_600, 'move-shards', 'node-2', 3, 9),
];
/** What the run above is about. */
const HAPPENED = [
  'moves done',
  'seals handed over',
  'shards promoted',
  'copies that followed to the next owner',
  'storage calls that failed',
  'orders of operators taken',
  'take-overs by refusal',
  'store: unknown outcomes',
];

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

test('a run gives the same trace each time over storage in trouble, moves, drains and orders of operators', async () => {
  const plan = { ...drawPlan(3, 12), coordinators: 2, nodes: 3, faults: EVERYTHING };
  const [first, second] = [await runPlan(plan), await runPlan(plan)];
  expect(brokenBy(first)).toBe('');
  expect(second.hash).toBe(first.hash);
  expect(second.world.trace.text()).toBe(first.world.trace.text());
  const [counters, again] = [new Counters(), new Counters()];
  counters.take(first.world);
  again.take(second.world);
  expect(again.lines()).toEqual(counters.lines());
  expect(HAPPENED.filter((name) => counters.count(name) === 0)).toEqual([]);
});
