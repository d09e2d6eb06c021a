import { expect, test } from '@jest/globals';
import type { Fault } from '../faults/kinds.js';
import { drawPlan } from '../faults/plan.js';
import { shrink } from './shrink.js';

const fault = (atMs: number): Fault => ({ atMs, kind: 'reset', place: 'node-1', other: 'node-2', ms: 1, count: 1 });
const plan = { ...drawPlan(1, 20), faults: Array.from({ length: 23 }, (_, i) => fault(i)) };

test('of many faults the two that matter together are left', async () => {
  const needs = (faults: readonly Fault[]) => [3, 17].every((at) => faults.some(({ atMs }) => atMs === at));
  const { plan: small, runs } = await shrink(plan, async ({ faults }) => needs(faults), 200);
  expect(small.faults.map(({ atMs }) => atMs)).toEqual([3, 17]);
  expect(runs).toBeLessThan(60);
});

test('where no fault is needed none is left', async () => {
  expect((await shrink(plan, async () => true, 200)).plan.faults).toEqual([]);
});

test('after so many runs it says what it has', async () => {
  let tried = 0;
  const { plan: small, runs } = await shrink(
    plan,
    async ({ faults }) => {
      tried += 1;
      return faults.length > 20;
    },
    5,
  );
  expect([runs, tried]).toEqual([5, 5]);
  expect(small.faults.length).toBeGreaterThan(20);
});
