import { expect, test } from '@jest/globals';
import { WholeLines } from './whole-lines.js';

test('what two processes write in pieces comes out as the lines of each', () => {
  const said: string[] = [];
  const [one, other] = [new WholeLines((text) => said.push(text)), new WholeLines((text) => said.push(text))];
  one.heard('gateway-1 war');
  other.heard('node-1 ended\nnode-1 ');
  one.heard('ns\n\n');
  other.heard('runs');
  other.end();
  one.end();
  expect(said).toEqual(['node-1 ended\n', 'gateway-1 warns\n\n', 'node-1 runs\n']);
});

test('a line without an end is passed on in pieces', () => {
  const said: string[] = [];
  const lines = new WholeLines((text) => said.push(text));
  for (let n = 0; n < 10; n += 1) lines.heard('x'.repeat(30_000));
  expect(said.length).toBeGreaterThan(2);
  expect(said.every((text) => text.length <= 100_000 && text.endsWith('\n'))).toBe(true);
});
