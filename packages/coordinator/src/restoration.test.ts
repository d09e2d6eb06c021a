import { expect, test } from '@jest/globals';
import { emptyRow } from '@muster/cluster';
import { peerId, SHARDS, shardId, term, VirtualClock } from '@muster/ports';
import { Restoration, type RestorationSetup } from './restoration.js';

const row = { ...emptyRow(shardId(9)), owner: peerId('a', '1'), term: term(4) };

/** A leader whose storage answers when it is told to, and what was asked of it. */
function leading() {
  const asked: string[] = [];
  let answer: () => void = () => {};
  const clock = new VirtualClock();
  const setup = {
    clock,
    log: { write: () => {} },
    epoch: 2,
    foundEpoch: 1,
    floorTerm: term(0),
    recallMs: 100,
    retryMs: 100,
    isSuspect: false,
    ledger: { rows: () => [row], revision: 7, layout: SHARDS, overrides: { all: () => new Map() } },
    recall: () =>
      new Promise((resolve) => {
        answer = () => resolve({ epoch: 1, revision: 7, term: term(4), terms: new Map() });
      }),
    shards: {
      whereabouts: async () => {
        asked.push('whereabouts');
        return [];
      },
    },
    on: { checked: () => asked.push('checked'), behind: () => asked.push('behind') },
  };
  return { clock, asked, restoration: new Restoration(setup as unknown as RestorationSetup), answer: () => answer() };
}

test('K4: where a node knows a newer term of a shard, nothing is placed before storage has said whether it knows more', async () => {
  const { clock, asked, restoration, answer } = leading();
  restoration.ask();
  const settled = restoration.settle();
  await clock.advance(200);
  expect(await settled).toBe(true);
  const outranked = { rows: [row], outrankedBy: () => term(6) };
  expect(await restoration.mend({ ...outranked, outrankedBy: () => undefined })).toBe(true);
  expect(await restoration.mend(outranked)).toBe(false);
  expect(asked).toEqual([]);
  answer();
  await clock.advance(1);
  expect(await restoration.mend(outranked)).toBe(true);
  expect(asked).toEqual(['checked', 'whereabouts']);
});
