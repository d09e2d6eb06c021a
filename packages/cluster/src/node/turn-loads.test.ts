import { expect, test } from '@jest/globals';
import { type Millis, type ShardId, shardId, VirtualClock } from '@muster/ports';
import { COMPUTE_DEFAULTS } from './options.js';
import { TurnLoads } from './turn-loads.js';

function measured() {
  const clock = new VirtualClock();
  const spent = new Map<ShardId, Millis>();
  const loads = new TurnLoads(clock, COMPUTE_DEFAULTS, () => spent);
  /** Each shard is busy for so many milliseconds of every 500, for so long. */
  const run = async (busy: Readonly<Record<number, Millis>>, seconds: number) => {
    for (let i = 0; i < seconds * 2; i += 1) {
      for (const [shard, ms] of Object.entries(busy)) {
        const id = shardId(Number(shard));
        spent.set(id, (spent.get(id) ?? 0) + ms);
      }
      await clock.advance(500);
      loads.report();
    }
    return loads.report();
  };
  return { clock, spent, loads, run };
}

test('a lasting load is told as seconds of turns per second, busiest shard first', async () => {
  const { run } = measured();
  const { turns, busiest } = await run({ 3: 50, 9: 200, 12: 0 }, 60);
  expect(busiest.map(({ shard }) => shard)).toEqual([9, 3]);
  expect(busiest[0]!.turns).toBeCloseTo(0.4, 2);
  expect(turns).toBeCloseTo(0.5, 2);
});

test('a burst of a second is a fraction of that, and what has stopped is forgotten', async () => {
  const { run } = measured();
  await run({ 3: 0 }, 10);
  const burst = await run({ 3: 400 }, 1);
  expect(burst.turns).toBeLessThan(0.2);
  const later = await run({ 3: 0 }, 40);
  expect(later.turns).toBeLessThan(0.01);
});

test('a shard that was closed and came back counts from nothing', async () => {
  const { run, spent } = measured();
  await run({ 3: 400 }, 30);
  spent.set(shardId(3), 10);
  expect((await run({ 3: 10 }, 1)).turns).toBeGreaterThanOrEqual(0);
  spent.clear();
  expect((await run({}, 1)).turns).toBe(0);
});

test('beats name as many shards as may be, however many are busy', async () => {
  const { run } = measured();
  const all = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [i, 1 + (i % 7)]));
  const { busiest } = await run(all, 5);
  expect(busiest.length).toBe(COMPUTE_DEFAULTS.busiestMax);
  expect(busiest[0]!.turns).toBeGreaterThanOrEqual(busiest.at(-1)!.turns);
});
