import { describe, expect, test } from '@jest/globals';
import { type PeerId, peerId, type ShardId, shardId } from '@muster/ports';
import fc from 'fast-check';
import { type Balance, EVEN, isUneven, type LoadMove, type NodeLoad, planMoves, stepBalance } from './balancer.js';
import { BALANCER_DEFAULTS, balancerOptions } from './options.js';

const options = balancerOptions();
const [A, B, C] = ['a', 'b', 'c'].map((id) => peerId(id, '1')) as [PeerId, PeerId, PeerId];

/** A node with shards of these loads; their numbers begin at `first`. */
function node(peer: PeerId, first: number, loads: readonly number[]): NodeLoad {
  const shards = loads.map((turns, i) => ({ shard: shardId(first + i), turns }));
  shards.sort((a, b) => b.turns - a.turns);
  return { peer, turns: loads.reduce((sum, each) => sum + each, 0), shards };
}

/** The loads after these moves. */
function after(loads: readonly NodeLoad[], moves: readonly LoadMove[]): NodeLoad[] {
  const where = new Map<ShardId, { at: PeerId; turns: number }>();
  for (const { peer, shards } of loads) for (const { shard, turns } of shards) where.set(shard, { at: peer, turns });
  for (const { shard, from, to } of moves) {
    expect(where.get(shard)!.at).toBe(from);
    where.get(shard)!.at = to;
  }
  return loads.map(({ peer }) => {
    const own = [...where].filter(([, { at }]) => at === peer).map(([shard, { turns }]) => ({ shard, turns }));
    own.sort((a, b) => b.turns - a.turns);
    return { peer, turns: own.reduce((sum, { turns }) => sum + turns, 0), shards: own };
  });
}

const busiest = (loads: readonly NodeLoad[]) => Math.max(...loads.map(({ turns }) => turns));

describe('a plan', () => {
  test('takes the one shard that is just large enough, not the largest', () => {
    const loads = [node(A, 0, [0.3, 0.2, 0.1, 0.1]), node(B, 10, [0.3]), node(C, 20, [0.3])];
    expect(planMoves(loads, options)).toEqual([{ shard: 1, from: A, to: B, turns: 0.2 }]);
  });

  test('takes as few as it can where one is not enough', () => {
    const loads = [node(A, 0, Array(20).fill(0.05)), node(B, 100, []), node(C, 200, [])];
    const moves = planMoves(loads, options);
    const now = after(loads, moves);
    expect(busiest(now)).toBeLessThanOrEqual(1.25 * (1 / 3) + 1e-9);
    // With one fewer it would not have been below.
    expect(busiest(after(loads, moves.slice(0, -1)))).toBeGreaterThan(1.25 * (1 / 3));
  });

  test('leaves a shard alone that is a whole node’s load: moving it would move the problem', () => {
    expect(planMoves([node(A, 0, [0.9]), node(B, 10, [0.05]), node(C, 20, [0.05])], options)).toEqual([]);
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
    const tiny = [node(A, 0, [0.04, 0.04]), node(B, 10, [0.001])];
    expect(isUneven(tiny, options)).toBe(false);
    expect(isUneven([node(A, 0, [0.9])], options)).toBe(false);
    expect(isUneven([], options)).toBe(false);
  });
});

test('options that make no sense are refused', () => {
  expect(() => balancerOptions({ unevenRatio: 1 })).toThrow('unevenRatio');
  expect(() => balancerOptions({ planMax: 0 })).toThrow('planMax');
  expect(balancerOptions({ planMax: 3 })).toEqual({ ...BALANCER_DEFAULTS, planMax: 3 });
});
