import { beforeEach, expect, test } from '@jest/globals';
import {
  entity,
  MemoryMetrics,
  type PeerId,
  peerId,
  type Role,
  SeededRandom,
  shardOfKey,
  silentLog,
  term,
  VirtualClock,
} from '@muster/ports';
import { type EnvelopeOf, LoopbackNetwork } from '@muster/wire';
import { Peers } from '../links/peers.js';
import { emptyRow, RoutingTable } from '../table/routing-table.js';
import type { Call } from './call.js';
import { Router } from './router.js';

const room = entity('room', '1');
const shard = shardOfKey('room/1');
let clock: VirtualClock;
let network: LoopbackNetwork;
let table: RoutingTable;
let gateway: Peers;
let router: Router;
let answered: number;
let owner: Peers;
let got: EnvelopeOf<'command'>[];

function peersOf(id: string, role: Role): Peers {
  const self = { role, peer: peerId(id, 'x'), address: '', cluster: 'c', zone: '', build: '1' };
  return new Peers({ clock, random: new SeededRandom(1), network, self, metrics: new MemoryMetrics(), log: silentLog });
}

function place(peer: PeerId | '', inTerm: number): void {
  const rows = [{ ...emptyRow(shard), owner: peer, term: term(inTerm) }];
  table.apply({ revision: inTerm, full: false, rows, overrides: [] });
}

function call(request: number): Call {
  const origin = { type: 'client', session: 'g#x/1', request, answered: 0, caller: '7' } as const;
  const rest = { deadlineMs: 10_000, trace: '', cause: '' };
  return { entity: room, name: 'say', data: Buffer.from('{}'), origin, ...rest };
}

function send(...requests: number[]): void {
  for (const request of requests) router.call(call(request), () => (answered += 1));
}

const requests = () => got.map(({ body }) => body.request);

beforeEach(async () => {
  clock = new VirtualClock();
  network = new LoopbackNetwork({ clock });
  table = new RoutingTable();
  [gateway, owner, got, answered] = [peersOf('g', 'gateway'), peersOf('n', 'node'), [], 0];
  const address = await owner.listen('host:0');
  owner.on('command', (_, command) => got.push(command));
  gateway.connect(owner.self.peer, address);
  await clock.advance(2);
  const options = { openingCommands: 2, openingMs: 200 };
  router = new Router({ clock, peers: gateway, table, metrics: new MemoryMetrics(), options });
});

test('K14: what has piled up reaches a new owner in its order, a few first, and the rest as answers come or when they do not', async () => {
  place('', 3);
  const all = Array.from({ length: 12 }, (_, i) => i + 1);
  send(...all);
  place(owner.self.peer, 4);
  await clock.advance(5);
  expect(requests()).toEqual([1, 2]);
  // What comes meanwhile waits behind them.
  send(13);
  const { request, flight, call: number } = got[0]!.body;
  const body = { request, flight, call: number, data: Buffer.from('{}') };
  owner.send(gateway.self.peer, 'data', { type: 'reply', shard, term: 4, body });
  await clock.advance(5);
  expect([requests(), answered]).toEqual([[1, 2, 3, 4], 1]);
  await clock.advance(250);
  expect(requests()).toEqual([...all, 13]);
  send(14);
  await clock.advance(5);
  expect(requests().at(-1)).toBe(14);
  router.stop();
});
