import { beforeEach, expect, test } from '@jest/globals';
import { emptyRow, type ShardRow } from '@muster/cluster';
import { type PeerId, parsePeerId, peerId, shardId, term } from '@muster/ports';
import type { Fleet } from '../engine/fleet.js';
import type { StoreView } from '../engine/store-view.js';
import type { Ways } from '../network/ways.js';
import { NodeRole } from '../roles/node.js';
import { Losses } from './losses.js';
import { Trouble } from './trouble.js';

const [A, B, C] = ['node-1', 'node-2', 'node-3'].map((id) => peerId(id, 'x')) as [PeerId, PeerId, PeerId];
const SHARD = shardId(7);

let now: number;
let dead: Set<PeerId>;
/** By host: what cut it off, and when. */
let cuts: Map<string, readonly [string, number]>;
let trouble: Trouble;
let reports: string[];
let losses: Losses;
let last: ShardRow;
/** Whoever owns the shard has nothing in it. */
let empty: boolean;

beforeEach(() => {
  now = 100_000;
  dead = new Set();
  cuts = new Map();
  reports = [];
  empty = false;
  trouble = new Trouble(() => now);
  const get = (id: string) => {
    const peer = [A, B, C].find((it) => parsePeerId(it).id === id)!;
    const runtime = { stateOf: () => 'open', termOf: () => last.term, actorsIn: () => 0 };
    const running = empty ? Object.assign(Object.create(NodeRole.prototype), { node: { runtime } }) : {};
    return dead.has(peer) ? undefined : { process: { peer, state: 'running', steadySince: 0 }, running };
  };
  losses = new Losses({
    fleet: { get } as unknown as Fleet,
    ways: {
      isFluent: true,
      troubledAt: (id: string) => cuts.get(id)?.[1] ?? Number.NEGATIVE_INFINITY,
      cutsAt: (id: string, since: number) => {
        const [fault, at] = cuts.get(id) ?? ['', Number.NEGATIVE_INFINITY];
        return at > since ? [fault] : [];
      },
    } as unknown as Ways,
    trouble,
    view: { onEpoch: () => undefined } as unknown as StoreView,
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
  losses.begun(SHARD, last.term, C, true);
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
  cuts.set('node-2', ['a cut', now - 60_000]);
  expect(lost().join()).toMatch(`well: ${B}`);
  reports.length = 0;
  cuts.set('node-2', ['a cut', now - 500]);
  commit({ owner: A, backup: B, term: term(9) });
  expect(lost()).toEqual([]);
});

test('one cut is one failure, whoever it cuts off; two cuts are two', () => {
  for (const id of ['node-1', 'node-2']) cuts.set(id, ['a cut', now - 500]);
  expect(lost().join()).toMatch('failed: a cut; well: nobody');
  reports.length = 0;
  cuts.set('node-2', ['another cut', now - 500]);
  commit({ owner: A, backup: B, term: term(9) });
  expect(lost()).toEqual([]);
});

test('who was given a shard empty is excused for beginning with nothing once', () => {
  empty = true;
  commit({ owner: C, backup: '', term: term(3), origin: 'moved' });
  losses.begun(SHARD, term(3), C, true);
  expect(reports).toEqual([]);
  losses.begun(SHARD, term(4), C, true);
  expect(reports.join()).toMatch('one failure loses nothing');
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
