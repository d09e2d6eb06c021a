import { expect, test } from '@jest/globals';
import type { Observed } from '../players/observed.js';
import { countByRole, type Said, sentDuring, stepsOf } from './steps.js';

const said: readonly Said[] = [
  {
    type: 'plan',
    wall: 90,
    steps: [
      { id: 'coordinator-a', role: 'coordinator' },
      { id: 'node-1', role: 'node' },
    ],
  },
  { type: 'asked', step: 1, wall: 100 },
  { type: 'back', step: 1, wall: 120 },
  { type: 'settled', step: 1, wall: 130 },
  { type: 'asked', step: 2, wall: 140 },
  { type: 'back', step: 2, wall: 170 },
  { type: 'settled', step: 2, wall: 200 },
  { type: 'done', wall: 201 },
];

test('a step lasts from its question until all is well again', () => {
  expect(stepsOf(said)).toEqual([
    { id: 'coordinator-a', role: 'coordinator', from: 100, until: 130 },
    { id: 'node-1', role: 'node', from: 140, until: 200 },
  ]);
});

test('a rollout that was cut short is not measured', () => {
  expect(() => stepsOf(said.slice(0, -1))).toThrow('did not come to its end');
  expect(() => stepsOf(said.filter((one) => one.type !== 'settled' || one.step !== 2))).toThrow('never settled');
});

test('a process whose answer was lost with it counts from when that was noticed', () => {
  const skipped = said.map((one) =>
    one.type === 'asked' && one.step === 2 ? { ...one, type: 'skipped' as const } : one,
  );
  expect(stepsOf(skipped)).toEqual(stepsOf(said));
});

test('what happens counts for the process that was restarted last', () => {
  const counts = countByRole(stepsOf(said), [99, 100, 135, 140, 500]);
  expect(counts).toEqual({ coordinator: 2, node: 2, gateway: 0, between: 1 });
});

test('commands belong to the step in which they were sent, whatever clock their sender has', () => {
  const command = (sentAt: number): Observed => ({ client: 0, sentAt, answeredAt: sentAt + 1, failure: '' });
  const all = [command(1), command(40), command(50), command(99), command(100)];
  expect(sentDuring(stepsOf(said), 'node', all, 100).map(({ sentAt }) => sentAt)).toEqual([40, 50, 99]);
});
