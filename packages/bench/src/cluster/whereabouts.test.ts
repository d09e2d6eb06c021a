import { expect, test } from '@jest/globals';
import { Whereabouts } from './whereabouts.js';

test('the launcher says who ended and who runs now; lines may come in pieces', () => {
  const whereabouts = new Whereabouts([{ id: 'node-1', pid: 10 }], () => 5);
  whereabouts.heard('{"level":"warn"}\nnode-1 (pid 10) ended with SIG');
  expect(whereabouts.endings).toEqual([]);
  whereabouts.heard('KILL; it is started again\nnode-1 runs as ');
  whereabouts.heard('pid 11\n');
  expect(whereabouts.endings).toEqual([
    {
      id: 'node-1',
      at: 5,
      line: 'node-1 (pid 10) ended with SIGKILL; it is started again',
      before: ['{"level":"warn"}'],
    },
  ]);
  expect(whereabouts.pidOf('node-1')).toBe(11);
  expect(() => whereabouts.pidOf('node-2')).toThrow('no process is called node-2');
});

test('a measurement of processes that all stay fails as soon as one ends, also one that is started again', async () => {
  const whereabouts = new Whereabouts([{ id: 'node-1', pid: 10 }], () => 5);
  expect(await whereabouts.whileAllRun(async () => 7)).toBe(7);
  const measured = whereabouts.whileAllRun(() => new Promise(() => undefined));
  whereabouts.heard('why\nnode-1 (pid 10) ended with 0; it is started again\n');
  await expect(measured).rejects.toThrow('node-1 (pid 10) ended with 0; it is started again\n  why');
  await expect(whereabouts.whileAllRun(() => new Promise(() => undefined))).rejects.toThrow('ended with 0');
});
