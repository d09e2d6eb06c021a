import { expect, test } from '@jest/globals';
import { peerId } from '@muster/ports';
import { type Hearing, type MassSilence, NO_MASS_SILENCE, spareSilent } from './mass-silence.js';
import { HEARTBEAT_DEFAULTS as options } from './options.js';
import { newWatch } from './watch.js';

/** Nodes n1, n2 … that were last heard at these times; those of the last 300 ms are well. */
function heard(now: number, ...heardAt: number[]): Hearing[] {
  return heardAt.map((at, i) => {
    const node = { role: 'node' as const, address: '', linked: true, newcomer: false };
    const watch = newWatch({ ...node, peer: peerId(`n${i + 1}`, 'a') }, { now: at, options });
    return { watch, isTarget: now - at < options.suspectMs };
  });
}

function spared(now: number, heardAt: readonly number[], state: MassSilence = NO_MASS_SILENCE): Record<string, string> {
  const step = spareSilent(state, heard(now, ...heardAt), now, options);
  return Object.fromEntries([...step.spared].map(([peer, what]) => [peer.split('#')[0], what]));
}

test('one of three that is silent is spared nothing', () => {
  expect(spared(3_000, [1_000, 3_000, 3_000])).toEqual({});
});

test('the last one that is well may be silent: it is given up, and not dead', () => {
  expect(spared(3_000, [1_000])).toEqual({ n1: 'death' });
  expect(spared(3_000, [1_000, 2_950])).toEqual({ n2: 'death' });
});

test('most of the nodes fall silent together: none of them is accused, the longest silent first after its patience', () => {
  expect(spared(3_000, [1_000, 2_500, 3_000])).toEqual({ n1: 'all', n2: 'all', n3: 'death' });
  expect(spared(10_999, [1_000, 2_500, 10_999])).toMatchObject({ n1: 'all', n2: 'all' });
  const first = spareSilent(NO_MASS_SILENCE, heard(11_000, 1_000, 2_500, 11_000), 11_000, options);
  expect([...first.spared.keys()].map((peer) => peer.split('#')[0])).toEqual(['n3', 'n2']);
  expect(first.state).toEqual({ accusedAt: 11_000 });
  // The first is gone; one of two is no mass, but the next is not accused at once.
  expect(spared(12_999, [2_500, 12_999], first.state)).toMatchObject({ n1: 'all' });
  expect(spared(13_000, [2_500, 13_000], first.state)).toEqual({ n2: 'death' });
});

test('another one that falls silent later does not end the patience with most of them', () => {
  expect(spared(9_300, [1_000, 1_000, 9_000])).toMatchObject({ n1: 'all', n2: 'all' });
  expect(spared(9_300, [1_000, 1_500, 9_000, 9_300, 9_300])).toEqual({});
});

test('a whole cluster that is silent stays, however long', () => {
  expect(spared(3_000, [1_000, 1_000, 1_000])).toEqual({ n1: 'all', n2: 'all', n3: 'all' });
  expect(spareSilent(NO_MASS_SILENCE, heard(90_000, 1_000, 1_000), 90_000, options).state).toBe(NO_MASS_SILENCE);
});

test('who has been silent for long does not count among those who fell silent, nor among those who were heard', () => {
  expect(spared(20_000, [1_000, 18_000, 20_000, 20_000])).toEqual({});
  expect(spared(20_000, [1_000, 18_000, 18_500, 20_000])).toMatchObject({ n2: 'all', n3: 'all' });
});
