import { expect, test } from '@jest/globals';
import { jitter, token, uuid } from './random.js';
import { SeededRandom } from './seeded-random.js';
import { SystemRandom } from './system-random.js';

test('the same seed draws the same sequence, another seed another', () => {
  const draw = (seed: number): number[] => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 20 }, () => random.next());
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test('draws lie in [0, 1) and look uniform', () => {
  const random = new SeededRandom(1);
  const buckets = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i += 1) {
    const bucket = Math.floor(random.next() * 10);
    buckets[bucket] = buckets[bucket]! + 1;
  }
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('a fork draws on its own: what it takes does not shift its parent', () => {
  const a = new SeededRandom(3);
  const b = new SeededRandom(3);
  const fork = a.fork();
  b.fork();
  fork.next();
  fork.bytes(100);
  expect(a.next()).toBe(b.next());
});

test('a uuid is version 4, variant 1', () => {
  for (const random of [new SeededRandom(5), new SystemRandom()]) {
    expect(uuid(random)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test('tokens are URL-safe and as long as asked', () => {
  expect(token(new SystemRandom(), 32)).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test('jitter stays within its spread', () => {
  const random = new SeededRandom(9);
  for (let i = 0; i < 1_000; i += 1) {
    const delay = jitter(random, 1_000, 0.5);
    expect(delay).toBeGreaterThanOrEqual(500);
    expect(delay).toBeLessThan(1_500);
  }
});
