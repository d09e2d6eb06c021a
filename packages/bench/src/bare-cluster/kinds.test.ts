import { expect, test } from '@jest/globals';
import { KINDS, keyOf } from './kinds.js';

test('replicated and ephemeral actors of the comparison differ in nothing but durability', () => {
  const [kept, loose] = KINDS;
  const plain = ({ kind, durability, ...rest }: (typeof KINDS)[number]) => JSON.stringify(Object.keys(rest));
  expect([kept!.durability, loose!.durability]).toEqual(['replicated', 'ephemeral']);
  expect(plain(kept!)).toBe(plain(loose!));
});

test('actors of one key share a shard', () => {
  const [, , placed] = KINDS;
  expect([placed!.placementKey?.('7:1'), placed!.placementKey?.('7:999'), keyOf('12:0')]).toEqual(['7', '7', '12']);
});

test('a write keeps its text and counts, a touch only counts', () => {
  const [kept] = KINDS;
  const state = kept!.initial('1', undefined);
  const ctx = undefined as never;
  const apply = (decision: ReturnType<(typeof kept & object)['decide']['write']>) => {
    for (const { name, data } of decision.events ?? []) kept!.evolve[name](state, data as never, 0);
    const { reply } = decision;
    return typeof reply === 'function' ? reply(state, 0) : reply;
  };
  expect(apply(kept!.decide.write(state, { text: 'a' }, ctx))).toBe(1);
  expect(apply(kept!.decide.touch(state, null, ctx))).toBe(2);
  expect(state).toEqual({ n: 2, text: 'a' });
});
