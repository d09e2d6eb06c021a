import { expect, test } from '@jest/globals';
import { shardOfKey } from '@muster/ports';
import { mostDependedOn } from './faults.js';

const userIds = ['10', '11', '12', '13'];
const row = (index: number, owner: string, backup: string) => ({
  shard: shardOfKey(`player/${userIds[index]}`),
  owner,
  backup,
});

test('the victim is the node that owns or backs most players; its dependants are both kinds', () => {
  const rows = [row(0, 'a#1', 'b#1'), row(1, 'c#1', 'a#1'), row(2, 'a#1', 'c#1'), row(3, 'c#1', '')];
  expect(mostDependedOn(rows, userIds)).toEqual(['a', new Set([0, 1, 2])]);
});

test('players of whom nobody owns anything are no figure', () => {
  expect(() => mostDependedOn([], userIds)).toThrow('nobody owns');
});
