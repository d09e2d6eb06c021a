// Hand-written histories: a checker that cannot fail proves nothing.
import { expect, test } from '@jest/globals';
import { ANY_VALUE, isLinearizable, type Operation } from './linearizability.js';

/** `call called-answered = answer`, for example `w a 1-3`, `r 2-4 = a`, `c a b 5-6 = true`; `-?`: nobody knows. */
function history(text: string): Operation[] {
  return text
    .split(';')
    .map((line) => line.trim())
    .map((line): Operation => {
      const [asked, said] = line.split('=').map((part) => part.trim()) as [string, string | undefined];
      const words = asked.split(' ');
      const [called, answered] = words.pop()!.split('-') as [string, string];
      const [type, first = '', second = ''] = words;
      const calledAt = Number(called);
      const isKnown = answered !== '?';
      const answeredAt = isKnown ? Number(answered) : Number.POSITIVE_INFINITY;
      if (type === 'r')
        return { call: { type: 'read' }, calledAt, answeredAt, answer: isKnown ? (said ?? '') : undefined };
      if (type === 'w')
        return { call: { type: 'write', value: first }, calledAt, answeredAt, answer: isKnown ? null : undefined };
      const call = { type: 'compareAndSet', expected: first, value: second } as const;
      return { call, calledAt, answeredAt, answer: isKnown ? said === 'true' : undefined };
    });
}

test.each([
  ['one after the other', 'w a 1-2; r 3-4 = a; c a b 5-6 = true; r 7-8 = b'],
  ['a read of what is being written may see it or not', 'w a 1-9; r 2-3 =; r 4-5 = a; r 6-7 = a'],
  ['an unknown write may have happened', 'w a 1-2; w b 3-?; r 4-5 = a; r 6-7 = b'],
  ['an unknown write may never have happened', 'w a 1-2; w b 3-?; r 4-5 = a; r 6-7 = a'],
  ['an unknown compareAndSet that only fits later', 'c a b 1-?; w a 2-3; r 4-5 = b'],
  ['two that fit in one order only', 'c a b 1-9 = true; c b a 2-8 = true; w a 0-1; r 10-11 = a'],
])('%s is linearizable', (_, text) => {
  expect(isLinearizable(history(text), '')).toBe('linearizable');
});

test.each([
  ['an acknowledged write that is gone', 'w a 1-2; r 3-4 ='],
  ['a read of a value that was replaced', 'w a 1-2; w b 3-4; r 5-6 = a'],
  ['a new value seen, then the old one', 'w a 1-2; w b 3-9; r 4-5 = b; r 6-7 = a'],
  ['two that succeed from one value', 'w a 1-2; c a b 3-8 = true; c a c 4-9 = true'],
  ['one write that takes effect twice', 'w a 1-2; w b 3-4; r 5-6 = b; r 7-8 = a'],
  ['a compareAndSet that failed though nothing else was there', 'w a 1-2; c a b 3-4 = false'],
  ['an unknown write from the future', 'r 1-2 = b; w b 3-?'],
])('%s is not linearizable', (_, text) => {
  expect(isLinearizable(history(text), '')).toBe('not-linearizable');
});

test('a register whose value nobody knows has the one that is read first', () => {
  expect(isLinearizable(history('r 1-2 = x; r 3-4 = x'), ANY_VALUE)).toBe('linearizable');
  expect(isLinearizable(history('r 1-2 = x; r 3-4 = y'), ANY_VALUE)).toBe('not-linearizable');
});

test('a search that is not over after so many steps says so', () => {
  const many = Array.from({ length: 12 }, (_, i) => `w v${i} ${i}-?`).join('; ');
  expect(isLinearizable(history(`${many}; r 50-51 = none`), '', 100)).toBe('too-long-to-say');
});

test('a thousand operations of five clients take no more steps than a few each', () => {
  const operations: Operation[] = [];
  let value = '';
  for (let i = 0; i < 1_000; i += 1) {
    const calledAt = i * 10 - (i % 5) * 8;
    const answeredAt = i * 10 + (i % 5) * 8 + 1;
    if (i % 2 === 0) {
      value = `v${i}`;
      operations.push({ call: { type: 'write', value }, calledAt: i * 10, answeredAt: i * 10 + 1, answer: null });
    } else operations.push({ call: { type: 'read' }, calledAt, answeredAt, answer: value });
  }
  expect(isLinearizable(operations, '', 40_000)).toBe('linearizable');
});
