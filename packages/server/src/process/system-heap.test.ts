import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { limitHeapGrowth } from './system-heap.js';

test('the heap grows as it is told to, and as the engine likes where it is told nothing', () => {
  const flags: string[] = [];
  const set = (flag: string): void => {
    flags.push(flag);
  };
  limitHeapGrowth(0, set);
  expect(flags).toEqual([]);
  limitHeapGrowth(20, set);
  expect(flags).toEqual(['--heap-growing-percent=20']);
});

test('the engine knows this flag: an unknown one would be passed over in silence', () => {
  const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8', maxBuffer: 10_000_000 });
  expect(stdout).toMatch(/--heap-growing-percent /);
});
