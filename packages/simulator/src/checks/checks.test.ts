// A checker that cannot fail proves nothing: each is shown what it must not let pass.
import { expect, test } from '@jest/globals';
import type { EpochRecord } from '@muster/cluster';
import {
  type CommitLog,
  epoch,
  memoryCommitLogs,
  type PeerId,
  playerId,
  shardId,
  type TurnRecord,
  term,
} from '@muster/ports';
import { Listening } from '../clients/listening.js';
import type { StoreView } from '../engine/store-view.js';
import { PlacesView } from '../gathering/places-view.js';
import { Talk } from '../gathering/talk.js';
import { OneWriter } from './one-writer.js';
import { RegimeCheck } from './regime.js';
import { Trouble } from './trouble.js';

const A = 'node-1#a1' as PeerId;
const B = 'node-2#b1' as PeerId;
const record: TurnRecord = { entity: 'player/1', seq: 1, entries: [] };

const go = (): void => undefined;

function writers(): { check: OneWriter; seen: string[] } {
  const seen: string[] = [];
  return { check: new OneWriter((invariant) => seen.push(invariant)), seen };
}

test('two owners of one shard in one term are seen', () => {
  const { check, seen } = writers();
  check.watched(A, memoryCommitLogs).open(shardId(3), term(1), go);
  check.watched(B, memoryCommitLogs).open(shardId(3), term(2), go);
  expect(seen).toEqual([]);
  check.watched(B, memoryCommitLogs).open(shardId(3), term(1), go);
  expect(seen).toEqual(['one owner per shard and term']);
});

const letOut = (log: CommitLog): void => log.onDurable(log.append(record), () => undefined);

test('an owner that lets something out after its successor has is seen; before, it is not', () => {
  const { check, seen } = writers();
  const old = check.watched(A, memoryCommitLogs).open(shardId(3), term(1), go);
  const next = check.watched(B, memoryCommitLogs).open(shardId(3), term(2), go);
  letOut(old);
  letOut(next);
  expect(seen).toEqual([]);
  letOut(old);
  expect(seen).toEqual(['one writer']);
});

test('one fault alone excuses no error; a serious one, or two together, do for a while', () => {
  let now = 0;
  const trouble = new Trouble(() => now);
  trouble.moment('kill node-1', false);
  expect(trouble.excuses(0, 1_000)).toBe(false);
  now = 3_000;
  trouble.moment('kill coordinator-a', false);
  expect(trouble.excuses(3_000, 4_000)).toBe(true);
  expect(trouble.excuses(9_500, 9_600)).toBe(false);
  now = 20_000;
  const over = trouble.begin('cut', true);
  expect(trouble.excuses(20_000, 21_000)).toBe(true);
  now = 25_000;
  over();
  expect([trouble.excuses(30_000, 30_100), trouble.excuses(32_000, 32_100)]).toEqual([true, false]);
});

function listening(lostAt = Number.NEGATIVE_INFINITY): Listening {
  const common = { player: '6', lostAt: () => lostAt, now: () => 0, heard: () => undefined };
  const view = new PlacesView({ ...common, player: playerId('6') });
  return new Listening({ ...common, talk: new Talk({ ...common, view }) });
}

const message = (count: number, marker: string) => ({
  message: `5:1:${count}`,
  source: { type: 'player', userId: '5' },
  marker,
});

test('a gap and a repeat in the messages of one inbox are seen', () => {
  const heard = listening();
  expect(heard.received(message(1, 'x.1'))).toBeUndefined();
  expect(heard.received(message(3, 'x.3'))).toMatch('x.3 after x.1');
  expect(heard.received(message(4, 'x.4'))).toBeUndefined();
  expect(heard.received(message(4, 'x.4'))).toMatch('x.4 after x.4');
});

test('messages of one sender out of order are seen, unless its state was lost', () => {
  const strict = listening();
  strict.received(message(2, 'x.1'));
  expect(strict.received(message(1, 'x.2'))).toMatch('after number 2');
  const excused = listening(-1_000);
  excused.received(message(2, 'x.1'));
  expect(excused.received(message(1, 'x.2'))).toBeUndefined();
});

test('after a reconnect messages go on after the marker that was asked for', () => {
  const heard = listening();
  heard.received(message(1, 'x.1'));
  heard.received(message(2, 'x.2'));
  expect(heard.subscription()).toEqual({ since: { type: 'marker', value: 'x.2' } });
  heard.asked('m1');
  heard.subscribed('m1', false);
  expect(heard.received(message(4, 'x.4'))).toMatch('x.4 after x.2');
});

test('another inbox on one connection is seen, unless state was lost; after a reconnect it may be', () => {
  const heard = listening();
  expect(heard.received(message(1, 'x.1'))).toBeUndefined();
  expect(heard.received(message(2, 'y.1'))).toMatch('y.1 after x.1 on one connection');
  const back = listening();
  back.received(message(1, 'x.1'));
  back.connecting();
  expect(back.received(message(2, 'y.1'))).toBeUndefined();
  const lost = listening(1);
  lost.received(message(1, 'x.1'));
  expect(lost.received(message(2, 'y.1'))).toBeUndefined();
});

test('an epoch that is given a second time is seen; one that is read again in a store that was put back is not', () => {
  const seen: string[] = [];
  let told: (record: EpochRecord) => void = () => undefined;
  let now = 20_000;
  const trouble = new Trouble(() => now);
  const view = {
    onEpoch: (listener: typeof told) => {
      told = listener;
    },
  } as unknown as StoreView;
  new RegimeCheck({ view, shards: () => [], trouble, now: () => now, report: (_, what) => seen.push(what) });
  const lead = (of: number, leader: PeerId) => told({ epoch: epoch(of), leader, attempt: `${of}`, since: '' });
  for (const [of, leader] of [[1, A], [2, B], [1, A], [3, A]] as const) lead(of, leader); // biome-ignore format: one line
  expect(seen).toEqual([]);
  lead(3, B);
  expect(seen.join()).toMatch(`${B} leads in 3, and there was 3`);
  trouble.moment('storage away', true);
  lead(2, A);
  expect(seen).toHaveLength(1);
  now += 20_000;
  lead(1, B);
  expect(seen).toHaveLength(2);
});
