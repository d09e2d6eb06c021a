import { expect, test } from '@jest/globals';
import { close, findOpen, nextDeadline, nextNumbers, noRequests, noticeOf, open, overdue } from './table.js';

const NOW = 1_700_000_000_000;

function tableOf(...deadlines: readonly (number | null)[]) {
  const table = noRequests<string>();
  for (const deadlineAt of deadlines) {
    const [n] = nextNumbers(table, NOW);
    open(table, { n: n!, commandId: 'autohost/kill', data: { n }, deadlineAt, context: `c${n}` });
  }
  return table;
}

test('numbers grow, also where two are given in one millisecond', () => {
  expect(nextNumbers(noRequests(), NOW, 2)).toEqual([NOW, NOW + 1]);
  expect(tableOf(null, null).open.map(({ n }) => n)).toEqual([NOW, NOW + 1]);
});

test('an actor that lost its state gives no number that its client has seen', () => {
  const before = tableOf(null, null);
  expect(nextNumbers(noRequests(), NOW + 1_000)[0]).toBeGreaterThan(before.last);
});

test('a clock that went back gives no number twice', () => {
  expect(nextNumbers(tableOf(null), NOW - 5_000)).toEqual([NOW + 1]);
});

test('what is closed is found no more, and its number is not given again', () => {
  const table = tableOf(null, null);
  close(table, NOW + 1);
  expect(findOpen(table, NOW + 1)).toBeUndefined();
  expect(findOpen(table, NOW)?.context).toBe(`c${NOW}`);
  expect(nextNumbers(table, NOW)).toEqual([NOW + 2]);
});

test('the earliest deadline is the next; requests without one are never overdue', () => {
  const table = tableOf(null, NOW + 9, NOW + 5);
  expect(nextDeadline(table)).toBe(NOW + 5);
  expect(nextDeadline(table, [NOW + 2])).toBe(NOW + 9);
  expect(overdue(table, NOW + 4)).toEqual([]);
  expect(overdue(table, NOW + 5).map(({ n }) => n)).toEqual([NOW + 2]);
  expect(nextDeadline(tableOf(null))).toBeNull();
});

test('the gateway hears neither what the actor keeps for itself nor the deadline', () => {
  const table = tableOf(NOW + 5);
  expect(noticeOf('g/1', table.open[0]!)).toEqual({
    session: 'g/1',
    n: NOW,
    commandId: 'autohost/kill',
    data: { n: NOW },
  });
});
