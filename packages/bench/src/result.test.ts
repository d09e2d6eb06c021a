import { expect, test } from '@jest/globals';
import { type Finding, jsonLine, settle, table } from './result.js';
import { inTurns, median, quantile, spread } from './rounds.js';

const from = { node: '20.0.0', commit: 'abc', cpus: 2, loadBefore: 0.5 };
const finding: Finding = {
  name: 'echo',
  value: 31_240.4,
  unit: 'requests/CPU-second',
  baseline: 'raw ws echo',
  baselineValue: 51_706,
  completed: 156_200,
  asked: 156_200,
  details: { rounds: 5, cpuMicrosPerRequest: { gateway: 12.34567 } },
};

test('a figure whose work was not done is not published', () => {
  expect(() => settle({ ...finding, completed: 156_199 }, from)).toThrow('echo: 156199 of 156200 were completed');
  expect(() => settle({ ...finding, baselineValue: 0 }, from)).toThrow('is no figure');
});

test('a result is one line of JSON: figure, baseline, ratio, what was checked, details on the same level', () => {
  const line = jsonLine(settle(finding, from));
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({
    name: 'echo',
    value: 31_240,
    unit: 'requests/CPU-second',
    baseline: 'raw ws echo',
    baselineValue: 51_706,
    ratio: 0.6042,
    completed: 156_200,
    asked: 156_200,
    rounds: 5,
    cpuMicrosPerRequest: { gateway: 12.35 },
    ...from,
  });
});

test('for people, the figure stands beside its baseline', () => {
  const [figure, baseline, rest] = table(settle({ ...finding, p50Ms: 4.1, p99Ms: 9.8 }, from)).split('\n');
  expect(figure).toMatch(/^echo +31,240 requests\/CPU-second$/);
  expect(baseline).toMatch(/51,706 raw ws echo: ratio 0.6042$/);
  expect(rest).toContain('156,200 of 156,200 checked; p50 4.1 ms, p99 9.8 ms; rounds 5');
});

test('the sides take turns, and their warm-ups are thrown away', async () => {
  const order: string[] = [];
  const side = (name: string) => async () => order.push(name);
  const samples = await inTurns({ a: side('a'), b: side('b') }, { rounds: 2, warmUps: 1 });
  expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect(samples).toEqual({ a: [3, 5], b: [4, 6] });
});

test('medians, quantiles and the spread of the rounds', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  expect(quantile([1, 2, 3, 4, 5], 0.99)).toBeCloseTo(4.96);
  expect(median([])).toBeNaN();
  expect(spread([1, 3], [2, 2])).toEqual({ low: 0.5, high: 1.5 });
});
