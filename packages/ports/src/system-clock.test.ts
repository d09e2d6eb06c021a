import { expect, test } from '@jest/globals';
import { SystemClock } from './system-clock.js';

const clock = new SystemClock();

test('no timer is early, not by a part of a millisecond: who looks at the time when it fires finds that it has come', async () => {
  const early: Promise<number>[] = [];
  for (let n = 0; n < 600; n += 1) {
    const delayMs = 0.5 + (n % 60) * 0.913;
    early.push(earlyBy(delayMs));
    // Timers that begin in one turn share its time: those of many turns show the rounding.
    if (n % 20 === 0) await new Promise<void>((resolve) => setTimeout(resolve, 3));
  }
  expect(Math.max(...(await Promise.all(early)))).toBe(0);
});

function earlyBy(delayMs: number): Promise<number> {
  const due = clock.monotonic() + delayMs;
  return new Promise((resolve) => {
    clock.after(delayMs, () => resolve(Math.max(0, due - clock.monotonic())));
  });
}

test('a cancelled timer does not fire, wherever it was on its way', async () => {
  let fired = 0;
  const timers = Array.from({ length: 50 }, (_, n) =>
    clock.after(1 + n * 0.13, () => {
      fired += 1;
    }),
  );
  clock.after(3, () => {
    for (const timer of timers) timer.cancel();
  });
  await new Promise<void>((resolve) => void clock.after(20, resolve));
  const before = fired;
  await new Promise<void>((resolve) => void clock.after(20, resolve));
  expect(fired).toBe(before);
});
