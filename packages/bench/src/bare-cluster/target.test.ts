import { expect, test } from '@jest/globals';
import { isMiscount, Target } from './target.js';

const target = () => new Target({ kind: 'kept', id: '1' }, 'driver#1/1');

test('a command that was executed once is counted once, in whatever order the answers come', () => {
  const one = target();
  expect([one.next(), one.next(), one.next()]).toEqual([1, 2, 3]);
  expect(one.heard(2, 2)).toBe('');
  expect(one.answered).toBe(0);
  expect(one.heard(1, 1)).toBe('');
  expect(one.answered).toBe(2);
  expect(one.heard(3, 3)).toBe('');
  expect(one.answered).toBe(3);
});

test('what was lost or executed twice is seen in the next answer', () => {
  const [lost, twice] = [target(), target()];
  for (const one of [lost, twice]) {
    one.heard(one.next(), 1);
    one.next();
  }
  expect(lost.heard(2, 1)).toBe('counted: -1 beside what was due');
  expect(twice.heard(2, 3)).toBe('counted: 1 beside what was due');
  expect(isMiscount('counted: 1 beside what was due')).toBe(true);
});

test('a command that failed may have been executed or not; nothing else is forgiven', () => {
  const one = target();
  expect(one.heard(one.next(), 'UNREACHABLE')).toBe('UNREACHABLE');
  expect(isMiscount('UNREACHABLE')).toBe(false);
  expect(one.heard(one.next(), 1)).toBe('');
  expect(one.heard(one.next(), 3)).toBe('');
  expect(isMiscount(one.heard(one.next(), 2))).toBe(true);
  expect(isMiscount(one.heard(one.next(), 6))).toBe(true);
});
