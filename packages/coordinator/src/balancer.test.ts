import { describe, expect, test } from '@jest/globals';
import { type PeerId, peerId, type ShardId, shardId } from '@muster/ports';
import fc from 'fast-check';
import {
  type Balance,
  EVEN,
  isUneven,
  type LoadMove,
  type NodeLoad,
  planMoves,
  type ShardLoad,
  stepBalance,
} from './balancer.js';
import { BALANCER_DEFAULTS, balancerOptions } from './options.js';

const options = balancerOptions();
const [A, B, C] = ['a', 'b', 'c'].map((id) => peerId(id, '1')) as [PeerId, PeerId, PeerId];

/** A node with shards of these loads; their numbers begin at `first`. */
function node(peer: PeerId, first: number, loads: readonly number[], backup: PeerId | '' = ''): NodeLoad {
  const shards = loads.map((turns, i) => ({ shard: shardId(first + i), turns, backup }));
  return { peer, turns: sumOf(loads), inUse: loads.length, shards };
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

/** The loads after these moves. */
function after(loads: readonly NodeLoad[], moves: readonly LoadMove[]): NodeLoad[] {
  const where = new Map<ShardId, ShardLoad & { at: PeerId }>();
  for (const { peer, shards } of loads) for (const load of shards) where.set(load.shard, { ...load, at: peer });
  for (const { shard, from, to } of moves) {
    expect(where.get(shard)!.at).toBe(from);
    where.get(shard)!.at = to;
  }
  return loads.map(({ peer }) => {
    const own = [...where.values()].filter(({ at }) => at === peer);
    return { peer, turns: sumOf(own.map(({ turns }) => turns)), inUse: own.length, shards: own };
  });
}

const busiest = (loads: readonly NodeLoad[]) =>
  Math.max(...loads.map(({ turns, inUse }) => turns + inUse * options.inUseTurns));

describe('a plan', () => {
  test('takes the one shard that is just large enough, not the largest', () => {
    const loads = [node(A, 0, [0.3, 0.2, 0.1, 0.1]), node(B, 10, [0.3]), node(C, 20, [0.3])];
    expect(planMoves(loads, options)).toEqual([{ shard: 1, from: A, to: B, turns: 0.2 }]);
  });

  test('takes as few as it can where one is not enough', () => {
    const loads = [
      node(A, 0, Array(20).fill(0.05)),
      node(B, 100, Array(6).fill(0.05)),
      node(C, 200, Array(6).fill(0.05)),
    ];
    const moves = planMoves(loads, options);
    const now = after(loads, moves);
    const mean = (32 * (0.05 + options.inUseTurns)) / 3;
    expect(busiest(now)).toBeLessThanOrEqual(1.25 * mean);
    // With one fewer it would not have been below.
    expect(busiest(after(loads, moves.slice(0, -1)))).toBeGreaterThan(1.25 * mean);
  });

  test('leaves a shard alone that is a whole node’s load: moving it would move the problem', () => {
    expect(planMoves([node(A, 0, [0.9]), node(B, 10, [0.05]), node(C, 20, [0.05])], options)).toEqual([]);
  });

  test('a node that has just come gets its share, however many others there are', () => {
    const others = Array.from({ length: 6 }, (_, n) => node(peerId(`n${n}`, '1'), n * 100, Array(40).fill(0.01)));
    const loads = [...others, node(C, 900, [])];
    expect(busiest(loads)).toBeLessThan(options.unevenRatio * (2.4 / 7));
    expect(isUneven(loads, options)).toBe(true);
    const now = after(loads, planMoves(loads, options));
    expect(now.at(-1)!.inUse).toBe(34);
    for (const { inUse } of now) expect(inUse).toBeGreaterThanOrEqual(34);
    expect(isUneven(now, options)).toBe(false);
  });

  test('where hardly anything happens, what is in use is spread nevertheless', () => {
    const loads = [node(A, 0, Array(90).fill(0)), node(B, 100, Array(90).fill(0)), node(C, 200, [])];
    expect(after(loads, planMoves(loads, options)).map(({ inUse }) => inUse)).toEqual([60, 60, 60]);
  });

  test('a joiner gets first what it has a copy of: nothing has to be copied for that', () => {
    const a = node(A, 0, Array(60).fill(0.01), B);
    const backed = { ...a, shards: a.shards.map((it) => (it.shard % 2 === 0 ? it : { ...it, backup: C })) };
    const moves = planMoves([backed, node(B, 100, Array(60).fill(0.01)), node(C, 200, [])], options);
    const fromA = moves.filter(({ from }) => from === A);
    expect(fromA.length).toBe(20);
    expect(fromA.every(({ shard, to }) => to === C && shard % 2 === 1)).toBe(true);
  });

  test('never makes the busiest node busier, and ends: whatever a steady load is, its plans come to nothing', () => {
    const loads = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(loads, { minLength: 2, maxLength: 6 }), (drawn) => {
        let now = drawn.map((each, i) => node(peerId(`n${i}`, '1'), i * 100, each));
        let rounds = 0;
        const seen = new Set<string>();
        for (; rounds < 40; rounds += 1) {
          const moves = planMoves(now, options);
          if (moves.length === 0) break;
          const next = after(now, moves);
          expect(busiest(next)).toBeLessThanOrEqual(busiest(now) + 1e-9);
          now = next;
          // No arrangement comes back.
          const picture = JSON.stringify(now.map(({ shards }) => shards.map(({ shard }) => shard).sort()));
          expect(seen.has(picture)).toBe(false);
          seen.add(picture);
        }
        expect(rounds).toBeLessThan(40);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the balancer', () => {
  const uneven = [node(A, 0, [0.3, 0.2, 0.1, 0.1]), node(B, 10, [0.3]), node(C, 20, [0.3])];
  const even = [node(A, 0, [0.3]), node(B, 10, [0.3]), node(C, 20, [0.3])];

  /** When it acts on loads that are what they are at each second. */
  function actsAt(loadsAt: (second: number) => readonly NodeLoad[], calmSince = -1_000_000): number | undefined {
    let state: Balance = EVEN;
    for (let second = 0; second < 200; second += 1) {
      const step = stepBalance(state, loadsAt(second), calmSince, second * 1_000, options);
      if (step.moves.length > 0) return second;
      state = step.state;
    }
    return undefined;
  }

  test('acts when one node has had more than 1.25 times the mean for 30 s', () => {
    expect(actsAt(() => uneven)).toBe(30);
    expect(actsAt(() => even)).toBeUndefined();
  });

  test('a moment below the bound begins the 30 s anew: bursts move nothing', () => {
    expect(actsAt((second) => (second === 20 ? even : uneven))).toBe(51);
    expect(actsAt((second) => (second % 25 === 0 ? even : uneven))).toBeUndefined();
  });

  test('waits until nobody has come or gone, and no such move has ended, for 30 s', () => {
    expect(actsAt(() => uneven, 60_000)).toBe(90);
  });

  test('does nothing about load that is not worth it, nor where there is one node', () => {
    const tiny = [node(A, 0, [0.004, 0.004]), node(B, 10, [])];
    expect(isUneven(tiny, options)).toBe(false);
    expect(planMoves(tiny, options)).toEqual([]);
    expect(isUneven([node(A, 0, [0.9])], options)).toBe(false);
    expect(isUneven([], options)).toBe(false);
  });
});

test('options that make no sense are refused', () => {
  expect(() => balancerOptions({ unevenRatio: 1 })).toThrow('unevenRatio');
  expect(() => balancerOptions({ idleRatio: 1 })).toThrow('idleRatio');
  expect(() => balancerOptions({ planMax: 0 })).toThrow('planMax');
  expect(balancerOptions({ planMax: 3 })).toEqual({ ...BALANCER_DEFAULTS, planMax: 3 });
});
