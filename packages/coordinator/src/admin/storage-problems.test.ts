import { expect, test } from '@jest/globals';
import { storageProblems } from './storage-problems.js';

test('storage that does not answer is a problem with the names of the nodes that wait for it', () => {
  expect(
    storageProblems([
      { id: 'node-1', storageAwayMs: 999 },
      { id: 'node-2', storageAwayMs: 0 },
    ]),
  ).toEqual([]);
  const away = [
    { id: 'node-1', storageAwayMs: 12_400 },
    { id: 'node-2', storageAwayMs: 0 },
    { id: 'node-3', storageAwayMs: 3_000 },
  ];
  expect(storageProblems(away)).toEqual([expect.stringContaining('Storage has not answered node-1, node-3 for 12 s')]);
});
