import { expect, test } from '@jest/globals';
import { emptyRow, type PeerInfo, type ShardRow } from '@muster/cluster';
import { peerId, shardId, term } from '@muster/ports';
import type { Heartbeat } from '@muster/wire';
import { HeardLoads } from './heard-loads.js';

const [a, b, c] = ['a', 'b', 'c'].map((id) => peerId(id, '1')) as [ShardRow['owner'], never, never];
const row: ShardRow = { ...emptyRow(shardId(9)), owner: a, learner: b, term: term(4) };
const info = { role: 'node', peer: a, address: '', zone: '', build: '' } as PeerInfo;

function heard(report: Partial<Heartbeat['reports'][number]>): HeardLoads {
  const loads = new HeardLoads();
  const reports = [{ shard: 9, term: 4, what: 'learner-in-sync', peer: b, ...report }];
  loads.heard(info, { tableRevision: 20, occupied: new Uint8Array(), reports } as unknown as Heartbeat, 1, 0);
  return loads;
}

test('a report counts for the row that its owner acts on, and for the process that it names', () => {
  expect(heard({}).isReported(row, 'learner-in-sync', b, 20)).toBe(true);
  expect(heard({}).isReported(row, 'backup-lost', b, 20)).toBe(false);
  expect(heard({}).isReported({ ...row, owner: c }, 'learner-in-sync', b, 20)).toBe(false);
});

test('K10: what was said under another term, of another shard or of another learner makes nobody a backup', () => {
  for (const other of [{ term: 3 }, { term: 5 }, { shard: 8 }, { peer: c }])
    expect(heard(other).isReported(row, 'learner-in-sync', b, 20)).toBe(false);
});

test('what the owner has taken back, or said before its link broke, does not count', () => {
  const loads = heard({});
  loads.heard(info, { occupied: new Uint8Array(), tableRevision: 20, reports: [] } as unknown as Heartbeat, 1, 100);
  expect(loads.isReported(row, 'learner-in-sync', b, 20)).toBe(false);
  const cut = heard({});
  cut.gone(info.peer);
  expect(cut.isReported(row, 'learner-in-sync', b, 20)).toBe(false);
});

test('K10: what was said before the owner had seen the row as it is does not count: its learner may have been dropped and named again', () => {
  expect(heard({}).isReported(row, 'learner-in-sync', b, 21)).toBe(false);
});

test('K4: a newer term of a shard counts whoever has had it, the newest of all, unless it was said before the row was known', () => {
  const loads = heard({ what: 'outranked', peer: a, known: 6 });
  const reports = [{ shard: 9, term: 4, what: 'outranked', peer: b, known: 8 }];
  const other = { ...info, peer: b } as PeerInfo;
  loads.heard(other, { tableRevision: 19, occupied: new Uint8Array(), reports } as unknown as Heartbeat, 1, 0);
  expect([18, 20, 21].map((changedAt) => loads.outrankedBy(row, changedAt))).toEqual([8, 6, undefined]);
  expect(loads.outrankedBy({ ...row, term: term(5) }, 18)).toBeUndefined();
  loads.gone(b);
  expect(loads.outrankedBy(row, 18)).toBe(6);
});
