import { expect, test } from '@jest/globals';
import { shardId } from '@muster/ports';
import { FirstAnswers } from './first-answers.js';
import { type Pending, WaitingLine } from './waiting-line.js';

const a = shardId(7);
const b = shardId(8);

function held(...calls: readonly string[]): WaitingLine {
  const line = new WaitingLine();
  for (const call of calls) {
    const [session, name] = call.split(' ');
    line.push({ call: { origin: { type: 'client', session }, name, data: new Uint8Array() } } as unknown as Pending);
  }
  return line;
}

const many = held(...Array.from({ length: 20 }, () => 'x say'));
const few = held('x say', 'x say', 'x say');

function taken(first: FirstAnswers, shard: typeof a, now: number): number {
  let count = 0;
  while (count < 100 && first.take(shard, now)) count += 1;
  return count;
}

test('a few go to a new owner, and with each answer as many again; other shards are not held up', () => {
  const first = new FirstAnswers({ openingCommands: 3, openingMs: 100 });
  first.begin(a, many, 0);
  expect([taken(first, a, 1), taken(first, b, 1)]).toEqual([3, 100]);
  expect([first.answered(a), first.answered(b)]).toEqual([true, false]);
  expect(taken(first, a, 2)).toBe(3);
});

test('the rest goes when nothing waits any more, when little did, and when answers take long', () => {
  const first = new FirstAnswers({ openingCommands: 3, openingMs: 100 });
  first.begin(a, many, 0);
  first.end(a);
  expect(taken(first, a, 1)).toBe(100);
  first.begin(a, many, 10);
  expect([taken(first, a, 109), taken(first, a, 110)]).toEqual([3, 100]);
  first.begin(a, many, 200);
  first.begin(a, few, 201);
  expect(taken(first, a, 202)).toBe(100);
});

test('everybody gets something through: as many go as that takes, in their order', () => {
  const first = new FirstAnswers({ openingCommands: 1, openingMs: 100 });
  first.begin(a, held('x attach', 'y attach', 'x say', 'x say', 'y say', 'y say', 'x say'), 0);
  expect(taken(first, a, 1)).toBe(5);
  first.giveBack(a);
  expect(taken(first, a, 1)).toBe(1);
});
