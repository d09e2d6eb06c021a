import { beforeEach, expect, test } from '@jest/globals';
import { VirtualClock } from '@muster/ports';
import { Listing } from './listing.js';
import { MEMBERSHIP_DEFAULTS as options } from './options.js';
import { ScriptedStore } from './store.test-kit.js';

let clock: VirtualClock;
let store: ScriptedStore;
let seen: string[];
let failures: number;
let listing: Listing;

beforeEach(async () => {
  clock = new VirtualClock();
  store = new ScriptedStore();
  seen = [];
  failures = 0;
  listing = new Listing({
    clock,
    store,
    prefix: '/a/',
    options,
    matters: (key) => !key.startsWith('/a/noise'),
    listed: ({ entries }) => seen.push(entries.map(({ value }) => value).join()),
    failed: () => {
      failures += 1;
    },
  });
  store.put('/a/1', 'one');
  listing.start();
  await clock.advance(1);
});

test('what stands under the prefix is told at the start, after a change, and every 2 s', async () => {
  store.put('/a/2', 'two');
  await clock.advance(10);
  expect(seen).toEqual(['one', 'one,two']);
  await clock.advance(4_000);
  expect(seen.length).toBe(4);
});

test('an event that the watch lost is seen with the next list', async () => {
  store.deaf = true;
  store.put('/a/2', 'two');
  await clock.advance(1_900);
  expect(seen).toEqual(['one']);
  await clock.advance(200);
  expect(seen).toEqual(['one', 'one,two']);
});

test('many changes at once make one list, and keys that do not matter none', async () => {
  for (let i = 0; i < 50; i += 1) store.put('/a/2', String(i));
  for (let i = 0; i < 50; i += 1) store.put('/a/noise', String(i));
  await clock.advance(100);
  expect(store.ranges).toBe(2);
});

test('after a gap the watch is opened anew from what was listed', async () => {
  const [first] = store.watches;
  first!.gap('compacted');
  await clock.advance(10);
  expect(store.watches.size).toBe(1);
  expect(store.watches.has(first!)).toBe(false);
  expect(seen.length).toBe(2);
});

test('a store that is away is asked again soon, and a stopped listing asks no more', async () => {
  store.away = true;
  await clock.advance(3_000);
  expect(failures).toBeGreaterThan(2);
  store.away = false;
  await clock.advance(options.retryMs);
  expect(seen.length).toBe(2);
  listing.stop();
  const { ranges } = store;
  await clock.advance(10_000);
  expect([store.ranges, store.watches.size]).toEqual([ranges, 0]);
});
