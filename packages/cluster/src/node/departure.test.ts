import { beforeEach, expect, test } from '@jest/globals';
import { VirtualClock } from '@muster/ports';
import { Departure, type DepartureEnd } from './departure.js';

let clock: VirtualClock;
/** When a leader last acknowledged. */
let goodAt: () => number;
let ends: [DepartureEnd, number][];

beforeEach(() => {
  clock = new VirtualClock();
  goodAt = () => clock.monotonic();
  ends = [];
});

function departs(hurry?: AbortSignal): Departure {
  const sinceGoodMs = () => clock.monotonic() - goodAt();
  const departure = new Departure({ clock, sinceGoodMs, drainAloneMs: 5_000 });
  void departure.wait(30_000, hurry).then((end) => ends.push([end, clock.monotonic()]));
  return departure;
}

test('it is over when the leader says that no row names the node, however often that is said', async () => {
  const departure = departs();
  await clock.advance(1_000);
  departure.released();
  departure.released();
  await clock.advance(60_000);
  expect(ends).toEqual([['released', 1_000]]);
});

test('it has its limit', async () => {
  departs();
  await clock.advance(60_000);
  expect(ends).toEqual([['late', 30_000]]);
});

test('where nobody leads any more, nobody is waited for', async () => {
  goodAt = () => Math.min(clock.monotonic(), 2_000);
  departs();
  await clock.advance(60_000);
  expect(ends).toEqual([['alone', 7_250]]);
});

test.each([0, 1_000])('whoever hurries after %i ms waits no longer', async (after) => {
  const hurry = new AbortController();
  if (after === 0) hurry.abort();
  departs(hurry.signal);
  await clock.advance(after);
  hurry.abort();
  await clock.advance(60_000);
  expect(ends).toEqual([['hurried', after]]);
});
