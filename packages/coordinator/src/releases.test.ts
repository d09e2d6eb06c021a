import { expect, test } from '@jest/globals';
import { emptyRow, type ShardRow } from '@muster/cluster';
import { type PeerId, shardId, term, VirtualClock } from '@muster/ports';
import { Releases } from './releases.js';

const owner = 'node-1#a' as PeerId;
const PARK_MS = 10_000;

/** Two shards of one owner that are to be parked. */
function parking() {
  const clock = new VirtualClock();
  const rows = new Map<number, ShardRow>(
    [1, 2].map((shard) => [shard, { ...emptyRow(shardId(shard)), owner, term: term(4), backup: 'node-2#b' as PeerId }]),
  );
  const told: string[] = [];
  const releases = new Releases({
    clock,
    epoch: 3,
    rowOf: (shard) => rows.get(shard)!,
    peers: {
      send: (to, _lane, { shard, body }) => {
        if ('move' in body) told.push(`${to} ${shard} ${'cancel' in body && body.cancel ? 'cancel' : 'release'}`);
        return true;
      },
    },
    on: { commit: () => told.push('commit'), over: () => told.push('over') },
  });
  releases.start([...rows.values()].map((row) => ({ row, to: '' })), PARK_MS); // biome-ignore format: one line
  return { releases, rows, told };
}

test('a shard whose backup dies while it is parked is not waited for: the new term has ended its seal, and nobody answers about the old one', () => {
  const { releases, rows, told } = parking();
  releases.released(
    { role: 'node', peer: owner, address: '', zone: '', build: '' },
    { type: 'released', shard: shardId(1), term: 4, epoch: 3, trace: '', body: { move: '3.1', done: true } },
  );
  releases.tick();
  expect(told).toEqual([`${owner} 1 release`, `${owner} 2 release`]);
  rows.set(2, { ...rows.get(2)!, backup: '', term: term(5) });
  releases.tick();
  expect(told.slice(2)).toEqual(['commit']);
  expect(releases.takeCommit()?.map(({ row }) => row.shard)).toEqual([1]);
  releases.settled(true);
  expect(releases.isIdle).toBe(true);
});
