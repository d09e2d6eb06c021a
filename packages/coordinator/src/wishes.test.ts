import { beforeEach, expect, test } from '@jest/globals';
import { codeOf, peerId, VirtualClock } from '@muster/ports';
import { Wishes } from './wishes.js';

const node = peerId('n1', 'x');
let clock: VirtualClock;
let wishes: Wishes;
let ends: string[];

beforeEach(() => {
  clock = new VirtualClock();
  wishes = new Wishes(clock, 3_000);
  ends = [];
});

function ask(state: 'up' | 'cordoned' | 'draining'): void {
  wishes.ask(node, state).then(
    () => ends.push(`${state}: done`),
    (error: unknown) => ends.push(`${state}: ${codeOf(error)}`),
  );
}

test('a node is asked until its beats say that it is so', async () => {
  expect(wishes.of(node)).toBe('');
  ask('draining');
  expect(wishes.of(node)).toBe('draining');
  wishes.heard(node, 'up');
  wishes.heard(peerId('n1', 'y'), 'draining');
  expect(wishes.of(node)).toBe('draining');
  wishes.heard(node, 'draining');
  await clock.advance(0);
  expect([wishes.of(node), ends]).toEqual(['', ['draining: done']]);
});

test('one that does not obey is told to the operator, and is not asked for ever', async () => {
  ask('cordoned');
  await clock.advance(2_900);
  expect(ends).toEqual([]);
  await clock.advance(200);
  expect([wishes.of(node), ends]).toEqual(['', ['cordoned: DEADLINE_EXCEEDED']]);
});

test('the last operator’s wish counts, and the one before hears so', async () => {
  ask('draining');
  ask('up');
  expect(wishes.of(node)).toBe('up');
  wishes.heard(node, 'up');
  await clock.advance(5_000);
  expect(ends).toEqual(['draining: REFUSED', 'up: done']);
});

test('a leader that ends leaves nobody waiting', async () => {
  ask('draining');
  wishes.stop();
  await clock.advance(0);
  expect(ends).toEqual(['draining: STOPPING']);
});
