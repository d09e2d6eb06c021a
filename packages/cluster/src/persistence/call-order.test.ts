import { expect, test } from '@jest/globals';
import { CallOrder } from './call-order.js';
import type { Need } from './log-start.js';

const log = (name: string, need: Need | undefined, waiting = 0) => ({ name, need, leaving: { size: waiting } });

function calls(order: CallOrder, wanting: Set<ReturnType<typeof log>>, count: number): readonly string[] {
  return Array.from({ length: count }, () => {
    const { need, logs } = order.next(wanting);
    return `${need} ${logs.map(({ name }) => name).join(' ')}`;
  });
}

test('claims go before everything else, and only so many at a time', () => {
  const wanting = new Set([log('a', 'append'), log('b', 'claim'), log('c', 'claim'), log('d', 'claim')]);
  expect(calls(new CallOrder(2), wanting, 1)).toEqual(['claim b c']);
});

test('shards for which somebody waits go before hundreds of which nobody does, but for every fourth call', () => {
  const wanting = new Set([log('a', 'claim'), log('b', 'mark', 1), log('c', 'claim'), log('d', 'append', 2)]);
  expect(calls(new CallOrder(256), wanting, 4)).toEqual(['mark b', 'mark b', 'mark b', 'claim a c']);
});

test('who waits is the first of those in a call for all', () => {
  const wanting = new Set([log('a', 'claim'), log('b', 'append'), log('c', 'claim', 1), log('d', 'claim')]);
  const order = new CallOrder(2);
  expect(calls(order, wanting, 4)[3]).toBe('claim c a');
});

test('who waits without a need does not hold up the others, and leaves the set', () => {
  const wanting = new Set([log('a', undefined, 1), log('b', 'append')]);
  expect(calls(new CallOrder(256), wanting, 1)).toEqual(['append b']);
  expect([...wanting].map(({ name }) => name)).toEqual(['b']);
});

test('many saves do not hold up records', () => {
  const wanting = new Set([log('a', 'save', 1), log('b', 'append', 1)]);
  expect(calls(new CallOrder(256), wanting, 3)).toEqual(['save a', 'append b', 'save a']);
});
