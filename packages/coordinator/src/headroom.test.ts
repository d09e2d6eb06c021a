import { describe, expect, test } from '@jest/globals';
import { type Headroom, newHeadroom, roomOf, stepHeadroom, targetOf } from './headroom.js';
import { HEADROOM_DEFAULTS, headroomOptions } from './options.js';

const options = headroomOptions();

/** Levels as they change, over loads given for each second. */
function play(loadAt: (second: number) => readonly number[], seconds: number) {
  let state: Headroom = newHeadroom(0, options);
  const changes: string[] = [];
  for (let at = 0; at < seconds * 1_000; at += 100) {
    const next = stepHeadroom(state, loadAt(Math.floor(at / 1_000)), at, options);
    if (next.level !== state.level) changes.push(`${Math.round(at / 100) / 10} ${next.level}`);
    state = next;
  }
  return { state, changes };
}

describe('headroom', () => {
  test('with n nodes the target leaves room for the work of one of them; one alone may use 85 %', () => {
    expect([1, 2, 3, 4].map((nodes) => targetOf(nodes, options))).toEqual([0.85, 0.5, 2 / 3, 0.75]);
  });

  test('below the target nothing is refused', () => {
    expect(play(() => [0.45, 0.5], 60).changes).toEqual([]);
  });

  test('above it the opportunistic goes first, then the soft, then new sessions wait, each two seconds later; never more', () => {
    expect(play(() => [0.8, 0.6], 60).changes).toEqual(['2 opportunistic', '4 soft', '6 queue']);
  });

  test('one busy node among idle ones is not the cluster’s want of room: balance helps there', () => {
    expect(play(() => [0.95, 0.1, 0.2], 60).changes).toEqual([]);
  });

  test('with room again it opens step by step, ten seconds each', () => {
    const { changes } = play((second) => (second < 7 ? [0.9, 0.9] : [0.2, 0.2]), 60);
    expect(changes).toEqual(['2 opportunistic', '4 soft', '6 queue', '17 soft', '27 opportunistic', '37 open']);
  });

  test('a burst of a second refuses nobody, and a load around the target does not flutter', () => {
    expect(play((second) => (second % 3 === 0 ? [0.9, 0.9] : [0.3, 0.3]), 120).changes).toEqual([]);
    const around = play((second) => (second < 3 ? [0.9, 0.9] : second % 2 === 0 ? [0.46, 0.46] : [0.52, 0.52]), 120);
    expect(around.changes).toEqual(['2 opportunistic']);
  });

  test('a death makes the target lower: what three could do may be too much for two', () => {
    expect(play((second) => (second < 10 ? [0.6, 0.6, 0.6] : [0.9, 0.9]), 20).changes[0]).toBe('12 opportunistic');
  });

  test('without a node that says anything nothing changes', () => {
    expect(play(() => [], 60).changes).toEqual([]);
  });
});

describe('sessions that queue', () => {
  test('are admitted at half the rate each second that it is too much, and at a tenth more while there is room', () => {
    const busy = play(() => [0.9, 0.9], 12).state;
    expect(busy.level).toBe('queue');
    expect(busy.admitPerSecond).toBe(HEADROOM_DEFAULTS.admitMin);
    let state: Headroom = { ...busy, admitChangedAt: 0, above: undefined };
    for (let at = 1_000; at <= 5_000; at += 1_000) state = stepHeadroom(state, [0.47, 0.47], at, options);
    expect(state.admitPerSecond).toBeCloseTo(HEADROOM_DEFAULTS.admitMin * 1.1 ** 5, 5);
  });

  test('are shared among the gateways, at least one per second each', () => {
    const queueing: Headroom = { ...newHeadroom(0, options), level: 'queue', admitPerSecond: 9 };
    expect(roomOf(queueing, 2)).toEqual({ shed: 'soft', admission: 'queue', admitPerSecond: 4 });
    expect(roomOf(queueing, 50).admitPerSecond).toBe(1);
    expect(roomOf({ ...queueing, level: 'opportunistic' }, 2)).toEqual({
      shed: 'opportunistic',
      admission: 'open',
      admitPerSecond: 0,
    });
  });
});

test('options that make no sense are refused', () => {
  expect(() => headroomOptions({ aloneTarget: 1 })).toThrow('aloneTarget');
  expect(() => headroomOptions({ raiseMs: 0 })).toThrow('raiseMs');
});
