import { expect, test } from '@jest/globals';
import { VirtualClock } from '@muster/ports';
import fc from 'fast-check';
import { TimerWheel, type WheelTimer } from './timer-wheel.js';

test('every timer fires once, never early and at most a tick late, over any number of revolutions, unless it was cancelled', async () => {
  const plan = fc.array(
    fc.record({ delay: fc.integer({ min: -5, max: 400 }), pause: fc.nat(150), cancel: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(plan, async (steps) => {
      const clock = new VirtualClock();
      const wheel = new TimerWheel(clock, 10, 8);
      const fired: { readonly at: number; readonly due: number }[] = [];
      const cancelled: WheelTimer[] = [];
      for (const { delay, pause, cancel } of steps) {
        const due = clock.monotonic() + Math.max(0, delay);
        const timer = wheel.arm(delay, { due: () => void fired.push({ at: clock.monotonic(), due }) });
        if (cancel) {
          timer.cancel();
          timer.cancel();
          cancelled.push(timer);
        }
        await clock.advance(pause);
      }
      await clock.advance(1_000);
      expect(fired).toHaveLength(steps.length - cancelled.length);
      for (const { at, due } of fired) {
        expect(at).toBeGreaterThanOrEqual(due);
        expect(at).toBeLessThanOrEqual(due + 20);
      }
      expect(wheel.size).toBe(0);
    }),
  );
});

test('a timer may cancel and arm others while it fires', async () => {
  const clock = new VirtualClock();
  const wheel = new TimerWheel(clock, 10, 8);
  const story: string[] = [];
  const victim: WheelTimer[] = [];
  wheel.arm(20, {
    due: () => {
      story.push('first');
      victim[0]!.cancel();
      wheel.arm(0, { due: () => void story.push('armed anew') });
    },
  });
  victim.push(wheel.arm(20, { due: () => void story.push('victim') }));
  await clock.advance(100);
  expect(story).toEqual(['first', 'armed anew']);
});

test('a stalled process fires all that fell due meanwhile, in the order of time', async () => {
  const clock = new VirtualClock();
  const wheel = new TimerWheel(clock, 10, 4);
  const story: number[] = [];
  for (const delay of [250, 30, 120]) wheel.arm(delay, { due: () => void story.push(delay) });
  await clock.advance(1_000);
  expect(story).toEqual([30, 120, 250]);
  wheel.arm(50, { due: () => void story.push(50) });
  wheel.stop();
  await clock.advance(1_000);
  expect(story).toHaveLength(3);
});
