import { expect, test } from '@jest/globals';
import { drawPlan } from './plan.js';
import { SCENE_NAMES, sceneOf } from './scenes.js';

const SEEDS = Array.from({ length: 100 }, (_, i) => 1_234 + i);

test('a hundred seeds in a row have every scene several times', () => {
  const scenes = SEEDS.map(sceneOf);
  for (const name of SCENE_NAMES) expect(scenes.filter((scene) => scene === name).length).toBeGreaterThanOrEqual(4);
});

test('a scene is played twice in a minute, within the time of its run, and once in a short one', () => {
  const seed = SEEDS.find((each) => sceneOf(each) === 'the store is older than storage')!;
  for (const [seconds, times] of [
    [60, 2],
    [20, 1],
  ] as const) {
    const { faults } = drawPlan(seed, seconds);
    const restores = faults.filter(({ kind, count, ms }) => kind === 'restore-store' && count === 3 && ms >= 3_000);
    expect(restores).toHaveLength(times);
    for (const { atMs } of restores) expect(atMs + 6_000).toBeLessThan(seconds * 1_000);
    expect(faults.map(({ atMs }) => atMs)).toEqual(faults.map(({ atMs }) => atMs).sort((a, b) => a - b));
  }
});
