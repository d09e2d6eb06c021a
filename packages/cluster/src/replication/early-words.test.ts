import { expect, test } from '@jest/globals';
import { shardId } from '@muster/ports';
import { EarlyWords } from './early-words.js';

test('more words than a few are dropped, all of them, and counted: their owner finds out and begins with a snapshot', () => {
  let dropped = 0;
  const heard: number[] = [];
  const early = new EarlyWords((words) => {
    dropped += words;
  });
  for (let n = 1; n <= 33; n += 1) early.add(shardId(7), () => void heard.push(n));
  early.add(shardId(8), () => void heard.push(100));
  expect(dropped).toBe(32);
  for (const take of early.take(shardId(7))) take();
  expect(heard).toEqual([33]);
  expect(early.take(shardId(7))).toEqual([]);
});
