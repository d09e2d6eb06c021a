import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { simulate } from '../faults/simulation.js';
import { COUNTED_METRICS, Counters } from './counters.js';

const documented = new Set(
  [...readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8').matchAll(/`(muster_\w+)`/g)].map(
    ([, name]) => name,
  ),
);

test('every metric that is counted exists: one that was renamed would read 0 for ever', () => {
  const counters = new Counters();
  counters.take(simulate({ seed: 1 }));
  expect([...COUNTED_METRICS].length).toBeGreaterThan(20);
  expect([...COUNTED_METRICS].filter((name) => !documented.has(name))).toEqual([]);
});
