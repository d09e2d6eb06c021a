import { expect, test } from '@jest/globals';
import { SeededRandom, VirtualClock } from '@muster/ports';
import { SimProcess } from './sim-process.js';
import { Trace } from './trace.js';

function newProcess(rate = 1): { world: VirtualClock; process: SimProcess; crashes: unknown[] } {
  const world = new VirtualClock();
  const crashes: unknown[] = [];
  const process = new SimProcess({
    id: 'node-1',
    world,
    random: new SeededRandom(1),
    trace: new Trace({ clock: world, linesMax: 10, level: 'info' }),
    rate,
    wallOffsetMs: 0,
    crashed: (_, error) => crashes.push(error),
  });
  return { world, process, crashes };
}

test('a clock that runs two percent fast fires its timers that much sooner, never before its own time', async () => {
  const { world, process } = newProcess(1.02);
  const fired: number[] = [];
  process.clock.after(1_020, () => fired.push(process.clock.monotonic()));
  await world.advance(999);
  expect(fired).toEqual([]);
  await world.advance(2);
  expect(fired).toHaveLength(1);
  expect(fired[0]).toBeGreaterThanOrEqual(1_020);
});

test('what falls due during a pause runs at its end, in the order in which it came', async () => {
  const { world, process } = newProcess();
  const ran: string[] = [];
  process.clock.after(30, () => ran.push('timer 30'));
  process.clock.after(10, () => ran.push('timer 10'));
  process.pause();
  world.after(20, () => process.run(() => ran.push('message 20')));
  await world.advance(1_000);
  expect(ran).toEqual([]);
  process.resume();
  process.run(() => ran.push('message 1000'));
  await world.advance(0);
  expect(ran).toEqual(['timer 10', 'message 20', 'timer 30', 'message 1000']);
  expect(process.clock.monotonic()).toBe(1_000);
});

test('a timer cancelled by what ran before it at the end of a pause does not fire', async () => {
  const { world, process } = newProcess();
  const ran: string[] = [];
  const later = process.clock.after(20, () => ran.push('later'));
  process.clock.after(10, () => later.cancel());
  process.pause();
  await world.advance(100);
  process.resume();
  await world.advance(100);
  expect(ran).toEqual([]);
});

test('after a kill nothing of the process runs, deferred or due, paused or not', async () => {
  const { world, process } = newProcess();
  const ran: string[] = [];
  process.clock.after(10, () => ran.push('timer'));
  process.clock.defer(() => ran.push('deferred'));
  process.pause();
  process.run(() => ran.push('message'));
  process.kill();
  process.resume();
  await world.advance(1_000);
  expect(ran).toEqual([]);
});

test('what a process throws where nobody catches it is reported, and others go on', async () => {
  const { world, process, crashes } = newProcess();
  process.clock.after(1, () => {
    throw new Error('oh');
  });
  await world.advance(10);
  expect(crashes).toEqual([new Error('oh')]);
});
