import { beforeEach, expect, test } from '@jest/globals';
import { emptyRow, type ShardRow } from '@muster/cluster';
import { type PeerId, parsePeerId, peerId, shardId, term } from '@muster/ports';
import type { Fleet } from '../engine/fleet.js';
import type { Ways } from '../network/ways.js';
import { Losses } from './losses.js';
import { Trouble } from './trouble.js';

const [A, B, C] = ['node-1', 'node-2', 'node-3'].map((id) => peerId(id, 'x')) as [PeerId, PeerId, PeerId];
const SHARD = shardId(7);

let now: number;
let dead: Set<PeerId>;
let cutAt: Map<string, number>;
let trouble: Trouble;
let reports: string[];
let losses: Losses;
let last: ShardRow;

beforeEach(() => {
  now = 100_000;
  dead = new Set();
  cutAt = new Map();
  reports = [];
  trouble = new Trouble(() => now);
  const get = (id: string) => {
    const peer = [A, B, C].find((it) => parsePeerId(it).id === id)!;
    return dead.has(peer) ? undefined : { process: { peer, state: 'running', steadySince: 0 }, running: {} };
  };
  losses = new Losses({
    fleet: { get } as unknown as Fleet,
    ways: { isFluent: true, troubledAt: (id: string) => cutAt.get(id) ?? Number.NEGATIVE_INFINITY } as Ways,
    trouble,
    report: (invariant, seen) => reports.push(`${invariant}: ${seen}`),
    now: () => now,
    isInUse: () => true,
  });
  last = emptyRow(SHARD);
  commit({ owner: A, backup: B, term: term(2) });
});

function commit(changes: Partial<ShardRow>): void {
  const row = { ...last, ...changes };
  losses.committed(row, last);
  last = row;
}

/** The shard is placed afresh with C, which has not all of it. */
function lost(): readonly string[] {
  commit({ owner: C, backup: '', term: term(last.term + 1) });
  losses.begunWithLess(SHARD, last.term, C);
  return reports;
}

test('owner and backup dead together may lose something, and it is counted', () => {
  dead = new Set([A, B]);
  expect(lost()).toEqual([]);
  expect(losses.of(SHARD)).toEqual([now]);
});

test('a loss while the backup is well is seen', () => {
  dead = new Set([A]);
  expect(lost().join()).toMatch(`failed: ${A}; well: ${B}`);
});

test('a backup that is cut off has failed; one that was cut off long ago has not', () => {
  dead = new Set([A]);
  cutAt.set('node-2', now - 60_000);
  expect(lost().join()).toMatch(`well: ${B}`);
  reports.length = 0;
  cutAt.set('node-2', now - 500);
  commit({ owner: A, backup: B, term: term(9) });
  expect(lost()).toEqual([]);
});

test('an owner that was alone has storage for its second place: its death is one failure, with storage in trouble it is two', () => {
  commit({ backup: '', term: term(3) });
  now += 60_000;
  commit({ learner: C });
  dead = new Set([A]);
  expect(lost().join()).toMatch(`failed: ${A}; well: nobody`);
  reports.length = 0;
  commit({ owner: A, backup: '', term: term(9) });
  trouble.begin('storage stalled', true);
  expect(lost()).toEqual([]);
});

test('a backup that died a moment before its owner is the second failure; long before, it is not', () => {
  dead = new Set([A, B]);
  commit({ backup: '', term: term(3) });
  now += 2_000;
  expect(lost()).toEqual([]);
  commit({ owner: A, backup: B, term: term(9) });
  commit({ backup: '', term: term(10) });
  now += 60_000;
  expect(lost().join()).toMatch(`failed: ${A}; well`);
});

test('what was parked is in storage, whole', () => {
  commit({ owner: '', backup: '', term: term(3) });
  dead = new Set([A, B]);
  expect(lost().join()).toMatch('failed: nobody');
});

test('a slow network is no failure: who was well has its copy', () => {
  dead = new Set([A]);
  trouble.begin('slow network', true);
  expect(lost().join()).toMatch(`failed: ${A}; well: ${B}`);
});
