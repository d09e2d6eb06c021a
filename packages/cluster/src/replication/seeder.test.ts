import { expect, test } from '@jest/globals';
import { type PeerId, peerId, shardId, term, VirtualClock } from '@muster/ports';
import type { ActorHost } from '@muster/runtime';
import type { EnvelopeInit } from '@muster/wire';
import { REPLICATION_DEFAULTS } from './options.js';
import type { ReplicatedLog } from './replicated-log.js';
import { Seeder } from './seeder.js';

const b = peerId('b', '1');

test('a last piece that waited for room goes once: room may come before the link says so', async () => {
  const clock = new VirtualClock();
  const sent: EnvelopeInit[] = [];
  let room = 1;
  const seeder = new Seeder({
    clock,
    options: { ...REPLICATION_DEFAULTS, envelopeCharsMax: 100 },
    send(_peer, envelope) {
      if (sent.length >= room) return false;
      sent.push(envelope);
      return true;
    },
  });
  const saved = { text: 'x'.repeat(90), tail: '', seq: 1 };
  seeder.join({
    copies: () => ['book/a', 'book/b', 'book/c'].map((entity) => [entity, saved]),
  } as unknown as ActorHost);
  const log = {
    shard: shardId(7),
    state: { term: term(1) },
    begin: () => 5,
    ship: (peer: PeerId) => seeder.flows(log, peer),
  } as unknown as ReplicatedLog;
  seeder.begin(log, b, 1);
  await clock.advance(1);
  expect([sent.length, seeder.size]).toEqual([1, 1]);
  room = 10;
  // Somebody else's snapshot begins.
  seeder.wake();
  await clock.advance(1);
  expect(sent.map(({ body }) => (body as { last: boolean }).last)).toEqual([false, true]);
  expect(seeder.size).toBe(0);
});

test('shards of which somebody waits for an answer are copied before those of which nobody does', async () => {
  const clock = new VirtualClock();
  const sent: (number | undefined)[] = [];
  const options = { ...REPLICATION_DEFAULTS, snapshotCharsMax: 100 };
  const send = (_peer: PeerId, { shard }: EnvelopeInit) => sent.push(shard) > 0;
  const seeder = new Seeder({ clock, options, send });
  const saved = { text: 'x'.repeat(90), tail: '', seq: 1 };
  seeder.join({ copies: () => ['book/a', 'book/b'].map((entity) => [entity, saved]) } as unknown as ActorHost);
  for (const [shard, isWaitedFor] of [
    [7, false],
    [8, true],
  ] as const) {
    const state = { term: term(1) };
    const log = { shard: shardId(shard), state, isWaitedFor, begin: () => 5, ship: () => true };
    seeder.begin(log as unknown as ReplicatedLog, b, 1);
  }
  await clock.advance(1);
  expect(sent).toEqual([8, 7]);
});

test('of those, shards for which storage stands in come second', async () => {
  const clock = new VirtualClock();
  const sent: (number | undefined)[] = [];
  const send = (_peer: PeerId, { shard }: EnvelopeInit) => sent.push(shard) > 0;
  const seeder = new Seeder({ clock, options: REPLICATION_DEFAULTS, send });
  seeder.join({ copies: () => [] } as unknown as ActorHost);
  for (const [shard, isLearnt] of [
    [7, true],
    [8, false],
  ] as const) {
    const state = { term: term(1) };
    const log = { shard: shardId(shard), state, isWaitedFor: true, isLearnt, begin: () => 5, ship: () => true };
    seeder.begin(log as unknown as ReplicatedLog, b, 1);
  }
  await clock.advance(1);
  expect(sent).toEqual([8, 7]);
});

test('copies come after the answers where storage stands in and the shard is in use: soon after those have left, at the latest in good time, and at once without storage', async () => {
  const clock = new VirtualClock();
  const sent: (number | undefined)[] = [];
  const send = (_peer: PeerId, { shard }: EnvelopeInit) => sent.push(shard) > 0;
  const options = { ...REPLICATION_DEFAULTS, learnAfterMs: 100, learnWithinMs: 500 };
  const seeder = new Seeder({ clock, options, send });
  let [isThere, isAwaited] = [true, true];
  const behind = { unstored: () => [], isThere: () => isThere, isAwaited: () => isAwaited };
  seeder.join({ copies: () => [], logged: () => [] } as unknown as ActorHost, behind);
  const begin = (shard: number, isLearnt: boolean, isInUse = true) => {
    const state = { term: term(1) };
    const rest = { state, isWaitedFor: false, begin: () => 5, ship: () => true };
    const log = { shard: shardId(shard), isLearnt, isInUse, ...rest };
    seeder.begin(log as unknown as ReplicatedLog, b, 1);
  };
  begin(7, true);
  begin(8, false);
  begin(6, true, false);
  await clock.advance(50);
  expect(sent).toEqual([8, 6]);
  await clock.advance(400);
  expect(sent).toEqual([8, 6]);
  await clock.advance(100);
  expect(sent).toEqual([8, 6, 7]);
  isAwaited = false;
  begin(9, true);
  await clock.advance(80);
  expect(sent).toEqual([8, 6, 7]);
  await clock.advance(50);
  expect(sent).toEqual([8, 6, 7, 9]);
  isThere = false;
  begin(10, true);
  await clock.advance(30);
  expect(sent).toEqual([8, 6, 7, 9, 10]);
});
