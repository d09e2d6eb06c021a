import { expect, test } from '@jest/globals';
import { VirtualClock } from './virtual-clock.js';

test('timers run by due time, then in the order they were set, at the time they were set for', async () => {
  const clock = new VirtualClock();
  const ran: string[] = [];
  for (const [name, at] of [
    ['c', 30],
    ['a', 10],
    ['b', 10],
    ['late', 31],
  ] as const)
    clock.after(at, () => ran.push(`${name}@${clock.monotonic()}`));
  await clock.advance(30);
  expect(ran).toEqual(['a@10', 'b@10', 'c@30']);
  expect(clock.monotonic()).toBe(30);
});

test('many timers in any order come out sorted', async () => {
  const clock = new VirtualClock();
  const ran: number[] = [];
  for (let i = 0; i < 500; i += 1) clock.after((i * 7919) % 501, () => ran.push(clock.monotonic()));
  await clock.advance(501);
  expect(ran).toHaveLength(500);
  expect(ran).toEqual([...ran].sort((a, b) => a - b));
});

test('a deferred call runs before any time passes, after the promises of its turn', async () => {
  const clock = new VirtualClock();
  const ran: string[] = [];
  clock.after(1, () => ran.push('timer'));
  clock.defer(() => {
    ran.push('defer');
    void Promise.resolve().then(() => ran.push('promise'));
    clock.defer(() => ran.push('defer again'));
  });
  await clock.advance(1);
  expect(ran).toEqual(['defer', 'promise', 'defer again', 'timer']);
});

test('a cancelled timer never runs, and a timer may set the next', async () => {
  const clock = new VirtualClock();
  let beats = 0;
  const beat = () => {
    beats += 1;
    clock.after(10, beat);
  };
  beat();
  const timer = clock.after(5, () => {
    beats = -100;
  });
  timer.cancel();
  await clock.advance(100);
  expect(beats).toBe(11);
});

test('until stops at the first step at which the condition holds, or says that it never did', async () => {
  const clock = new VirtualClock();
  let done = false;
  clock.after(7, () => {
    done = true;
  });
  expect(await clock.until(() => done, 100)).toBe(true);
  expect(clock.monotonic()).toBe(7);
  expect(await clock.until(() => false, 20)).toBe(false);
});
