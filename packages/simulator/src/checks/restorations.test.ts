import { beforeEach, expect, test } from '@jest/globals';
import type { EpochRecord } from '@muster/cluster';
import { epoch, type PeerId, peerId, shardId } from '@muster/ports';
import type { Fleet } from '../engine/fleet.js';
import type { StoreView } from '../engine/store-view.js';
import type { Ways } from '../network/ways.js';
import { Restorations } from './restorations.js';

const [A, B] = ['coordinator-a', 'coordinator-b'].map((id) => peerId(id, 'x')) as [PeerId, PeerId];
const [SEVEN, EIGHT] = [shardId(7), shardId(8)];

let now: number;
let leader: PeerId;
let dead: boolean;
let behind: readonly number[];
let told: (record: EpochRecord) => void;
let restorations: Restorations;

beforeEach(() => {
  now = 100_000;
  leader = A;
  dead = false;
  behind = [];
  const view = {
    onEpoch: (listener: typeof told) => {
      told = listener;
    },
    behind: () => behind,
    get leader() {
      return leader;
    },
  };
  restorations = new Restorations({
    fleet: {
      get: () => (dead ? undefined : { process: { peer: A, state: 'running', steadySince: 0 }, stopping: false }),
      isCutFromStore: () => false,
    } as unknown as Fleet,
    ways: { isFluent: true, cutsAt: () => [] } as unknown as Ways,
    view: view as unknown as StoreView,
    now: () => now,
  });
});

function leads(by: PeerId): void {
  leader = by;
  told({ epoch: epoch(9), leader: by, attempt: '1', since: '' });
}

/** The store is put back, and lacks the last of shard 7. */
function putBack(): void {
  restorations.begin();
  behind = [SEVEN];
}

const forgotten = () => [SEVEN, EIGHT].map((shard) => restorations.isForgotten(shard));

test('nothing is forgotten while the leader lives that knew, whoever else dies', () => {
  putBack();
  expect(forgotten()).toEqual([false, false]);
  leads(A);
  expect(forgotten()).toEqual([false, false]);
});

test('a living leader that is followed all the same excuses nothing', () => {
  putBack();
  leads(B);
  expect(forgotten()).toEqual([false, false]);
});

test('where it dies before it has written, each shard may go back to what storage has, once', () => {
  putBack();
  dead = true;
  leads(B);
  expect(forgotten()).toEqual([true, true]);
  restorations.began(SEVEN);
  expect(forgotten()).toEqual([false, true]);
  now += 20_000;
  expect(forgotten()).toEqual([false, false]);
});

test('a shard whose row was older may wait for its next owner for long', () => {
  putBack();
  dead = true;
  leads(B);
  now += 60_000;
  expect(forgotten()).toEqual([true, false]);
});

test('where it dies after it has written, nothing is excused', () => {
  putBack();
  leads(A);
  behind = [];
  dead = true;
  leads(B);
  expect(forgotten()).toEqual([false, false]);
});
