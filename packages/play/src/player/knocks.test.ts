import { expect, test } from '@jest/globals';
import { Stage } from './testdata/stage.js';
import { Town } from './testdata/town.js';

const LIMIT = { max: 3, windowMs: 10_000 };

test('so many sign-ins of one account are let in within a window that begins with the first, whatever gateway asks', () => {
  const stage = new Stage();
  const knock = (gateway: string) => stage.from(`${gateway}/1`, 'knock', LIMIT).reply;
  expect([knock('g1#a'), knock('g2#a'), knock('g3#a')]).toEqual(Array(3).fill({ retryAfterMs: null }));
  stage.now += 4_000;
  expect([knock('g4#a'), knock('g1#a')]).toEqual(Array(2).fill({ retryAfterMs: 6_000 }));
  stage.now += 6_000;
  expect(knock('g4#a')).toEqual({ retryAfterMs: null });
});

test('nobody knocks for somebody else, nor does another actor', () => {
  const stage = new Stage();
  const stranger = { type: 'client', session: 'g1#a/1', request: 1, caller: '2' } as const;
  expect(stage.internal('knock', LIMIT, stranger).refuse).toBe('unauthorized');
  expect(stage.internal('knock', LIMIT).refuse).toBe('unauthorized');
});

test('the count holds when the node dies in between', async () => {
  const town = new Town('ann');
  for (const gateway of ['g1#a', 'g2#a', 'g3#a']) town.ask('1', `${gateway}/1`, 'knock', LIMIT);
  await town.told();
  town.promote();
  town.ask('1', 'g4#a/1', 'knock', LIMIT);
  expect(await town.told()).toEqual([expect.stringMatching(/^g4#a\/1 \{"retryAfterMs":99\d\d\}$/)]);
});
