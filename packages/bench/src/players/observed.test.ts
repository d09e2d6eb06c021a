import { expect, test } from '@jest/globals';
import { CommandRecord } from './command-record.js';
import { firstSince, latencies, longestSilence, type Observed, percentiles, sentIn, tally } from './observed.js';
import { Schedule } from './schedule.js';

const command = (client: number, sentAt: number, tookMs?: number, failure = ''): Observed => ({
  client,
  sentAt,
  answeredAt: tookMs === undefined ? undefined : sentAt + tookMs,
  failure,
});

test('the first command at or after an instant is found for each client that is asked about, and nobody else', () => {
  const commands = [command(0, 99, 1), command(1, 100, 2), command(0, 105, 3), command(2, 106, 4), command(1, 200, 5)];
  const first = firstSince(commands, 100, new Set([0, 1, 3]));
  expect([...first]).toEqual([
    [1, commands[1]],
    [0, commands[2]],
  ]);
});

test('a first command that was answered by a failure counts with the time it took', () => {
  const first = firstSince([command(0, 10, 3_000, 'timeout'), command(0, 20, 1)], 10, new Set([0]));
  expect(latencies(first.values())).toEqual([3_000]);
});

test('a stretch holds what was sent in it, its end not included', () => {
  const commands = [command(0, 1), command(1, 2), command(0, 3), command(1, 4)];
  expect(sentIn(commands, 2, 4)).toEqual([commands[1], commands[2]]);
  expect(sentIn(commands, 2, 4, new Set([0]))).toEqual([commands[2]]);
});

test('commands are counted as answered, failed with reasons, or neither', () => {
  expect(tally([command(0, 1, 1), command(0, 2, 9, 'timeout'), command(0, 3, 9, 'timeout'), command(0, 4)])).toEqual({
    asked: 4,
    answered: 3,
    failed: 2,
    failures: { timeout: 2 },
  });
});

test('percentiles go up to the worst', () => {
  expect(percentiles([4, 1, 3, 2, 5])).toEqual({ p50Ms: 3, p99Ms: 4.96, maxMs: 5, count: 5 });
});

test('a pause is the longest time without an answer, edges included', () => {
  expect(longestSilence([5, 1, 3, 9, 10], 0, 12)).toBe(4);
  expect(longestSilence([1, 2, 3], 0, 100)).toBe(97);
  expect(longestSilence([50, 200], 60, 160)).toBe(100);
  expect(longestSilence([], 60, 160)).toBe(100);
});

test('clients take turns, evenly spread, however late the sender is', () => {
  const schedule = new Schedule(4, 10, 1_000);
  const sent = Array.from({ length: 6 }, () => {
    const { next } = schedule;
    schedule.done();
    return [next.client, next.dueAt];
  });
  expect(sent).toEqual([
    [0, 1_000],
    [1, 1_025],
    [2, 1_050],
    [3, 1_075],
    [0, 1_100],
    [1, 1_125],
  ]);
});

test('a record keeps the order of sending, whatever the order of the answers', () => {
  const record = new CommandRecord();
  const first = record.sent(7, 1);
  const second = record.sent(8, 2);
  record.sent(9, 3);
  second(12);
  first(22, 'timeout');
  expect(record.unanswered).toBe(1);
  expect(record.since(2).map(({ client }) => client)).toEqual([8, 9]);
  expect(record.take()).toEqual([command(7, 1, 21, 'timeout'), command(8, 2, 10), command(9, 3)]);
  expect([record.take(), record.unanswered]).toEqual([[], 0]);
});
