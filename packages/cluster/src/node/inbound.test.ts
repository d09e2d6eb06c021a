import { expect, test } from '@jest/globals';
import { MemoryMetrics, peerId, SeededRandom, shardId, shardOfKey, silentLog, term, VirtualClock } from '@muster/ports';
import type { ActorHost, Delivery, Outcome } from '@muster/runtime';
import { LoopbackNetwork } from '@muster/wire';
import { Peers } from '../links/peers.js';
import { RoutingTable } from '../table/routing-table.js';
import { Flights } from './flights.js';
import { Inbound } from './inbound.js';

function inbound(state: 'open' | 'sealed' | 'closed' = 'open') {
  const clock = new VirtualClock();
  const metrics = new MemoryMetrics();
  const happened: string[] = [];
  const deliveries: Delivery[] = [];
  const self = { role: 'node', peer: peerId('n', '1'), address: '', cluster: 'c', zone: '', build: '' } as const;
  const setup = {
    clock,
    random: new SeededRandom(1),
    network: new LoopbackNetwork({ clock }),
    metrics,
    log: silentLog,
  };
  const host: Partial<ActorHost> = {
    stateOf: () => state,
    termOf: () => term(4),
    deliver: (_, delivery) => {
      happened.push('delivered');
      deliveries.push(delivery);
    },
  };
  const made = new Inbound({
    clock,
    peers: new Peers({ ...setup, self }),
    table: new RoutingTable(),
    host: host as ActorHost,
    outlet: {
      reply: (_to, _shard, _term, outcome: Outcome) => happened.push(outcome.ok ? 'ok' : outcome.code),
      send: () => undefined,
      publish: () => undefined,
    },
    flights: new Flights(),
    metrics,
    checkFence: () => happened.push('fence checked'),
  });
  const take = (sentIn: number, body: object = {}, shard = shardOfKey('book/1')) =>
    made.local({ type: 'command', shard, term: sentIn, body: { kind: 'book', id: '1', name: 'read', ...body } });
  return { take, happened, deliveries, clock };
}

test('the fence is checked before a command is taken: a stopped process wakes up with its messages before its timers', () => {
  const { take, happened } = inbound();
  take(4);
  expect(happened).toEqual(['fence checked', 'delivered']);
});

test('a command of an older term is taken by who still owns the shard, one of a newer term goes back', () => {
  const { take, happened } = inbound();
  take(3);
  take(5);
  expect(happened).toEqual(['fence checked', 'delivered', 'NOT_OWNER']);
});

test('what is left of a deadline counts from the arrival', async () => {
  const { take, deliveries, clock } = inbound();
  await clock.advance(70);
  take(4, { ttlMs: 30 });
  take(4);
  expect(deliveries.map(({ deadline }) => deadline)).toEqual([100, Number.POSITIVE_INFINITY]);
});

test('a sealed shard, a closed one and an entity of another shard each get their answer', () => {
  const [sealed, closed, open] = [inbound('sealed'), inbound('closed'), inbound()];
  sealed.take(4);
  closed.take(4);
  open.take(4, {}, shardId(shardOfKey('book/1') + 1));
  expect([sealed.happened, closed.happened, open.happened]).toEqual([['SHARD_MOVING'], ['NOT_OWNER'], ['NOT_OWNER']]);
});

test('K16: a client’s command is its own cause, unless it names the request of another that led to it', () => {
  const { take, deliveries } = inbound();
  take(4, { session: 'g#1/1', request: 3, caller: '7' });
  take(4, { session: 'g#1/1', request: 4, caller: '7', cause: 'g#2/5:9' });
  expect(deliveries.map(({ cause }) => cause)).toEqual(['g#1/1:3', 'g#2/5:9']);
});
