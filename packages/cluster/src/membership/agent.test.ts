import { beforeEach, expect, test } from '@jest/globals';
import {
  MemoryMetrics,
  type PeerId,
  peerId,
  SeededRandom,
  SHARDS,
  shardId,
  silentLog,
  term,
  VirtualClock,
} from '@muster/ports';
import { type Heartbeat, type HeartbeatAckInit, LoopbackNetwork } from '@muster/wire';
import { Peers } from '../links/peers.js';
import { clusterMeta, memberValue, storeKeys } from '../table/layout.js';
import { emptyRow, RoutingTable } from '../table/routing-table.js';
import { tableToWire } from '../table/wire-form.js';
import { MemberAgent } from './agent.js';
import { ROOM_FOR_ALL, type Room } from './room.js';
import { ScriptedStore } from './store.test-kit.js';

const keys = storeKeys('c');
const self = peerId('n1', 'x');
const load = {
  ownedDigest: 7,
  owned: 1,
  actors: 2,
  sessions: 0,
  loopLagMs: 0,
  utilisation: 0.5,
  rssBytes: 9,
  occupied: new Uint8Array([1]),
};
let clock: VirtualClock;
let network: LoopbackNetwork;
let store: ScriptedStore;
let table: RoutingTable;
let said: string[];
let rooms: Room[];
let agent: MemberAgent;
/** What coordinators say with every acknowledgement beside the usual. */
let also: HeartbeatAckInit;
let coordinators: Map<string, { readonly peers: Peers; readonly beats: Heartbeat[]; epoch: number; leads: boolean }>;

function peersOf(role: 'node' | 'coordinator', peer: PeerId): Peers {
  const metrics = new MemoryMetrics();
  const info = { role, peer, address: '', cluster: 'c', zone: '', build: '1' } as const;
  return new Peers({ clock, random: new SeededRandom(1), network, self: info, metrics, log: silentLog });
}

/** A coordinator that acknowledges every beat as it is told to. */
async function coordinator(peer: PeerId, epoch: number, leads: boolean): Promise<void> {
  const peers = peersOf('coordinator', peer);
  const it = { peers, beats: [] as Heartbeat[], epoch, leads };
  coordinators.set(peer, it);
  peers.on('heartbeat', (from, { body }) => {
    it.beats.push(body);
    const ack = { number: body.number, leads: it.leads, goodForMs: 300, sessions: 5, ...also };
    peers.send(from.peer, 'control', { type: 'heartbeatAck', epoch: it.epoch, body: ack });
  });
  const address = await peers.listen('host:0');
  const [id] = peer.split('#');
  store.put(keys.members('coordinator') + id, memberValue(peer, { address, state: 'up', zone: '', build: '1' }));
}

beforeEach(async () => {
  clock = new VirtualClock();
  network = new LoopbackNetwork({ clock });
  store = new ScriptedStore();
  store.put(keys.meta, JSON.stringify(clusterMeta(SHARDS)));
  table = new RoutingTable();
  said = [];
  rooms = [];
  also = {};
  coordinators = new Map();
  const peers = peersOf('node', self);
  await peers.listen('host:0');
  agent = new MemberAgent({
    clock,
    store,
    peers,
    table,
    role: 'node',
    metrics: new MemoryMetrics(),
    log: silentLog,
    load: () => load,
    on: {
      frozen: (frozen) => said.push(frozen ? 'frozen' : 'thawed'),
      replaced: (by) => said.push(`replaced by ${by}`),
      sessions: (count) => said.push(`sessions ${count}`),
      released: () => said.push('released'),
      room: (room) => rooms.push(room),
      leader: (leader, epoch) => said.push(`leader ${leader} ${epoch}`),
    },
  });
});

const c1 = peerId('c1', 'a');
const c2 = peerId('c2', 'b');

/** The leader's table, as a push. */
function push(from: PeerId, epoch: number, owner: PeerId, ofTerm: number): void {
  const row = { ...emptyRow(shardId(3)), owner, term: term(ofTerm) };
  const body = tableToWire({ revision: 9, full: true, rows: [row], overrides: [] });
  coordinators.get(from)!.peers.send(self, 'control', { type: 'table', epoch, body });
}

test('it registers, finds every coordinator in the store, and beats to all of them ten times a second', async () => {
  await coordinator(c1, 1, true);
  await coordinator(c2, 1, false);
  void agent.start();
  await clock.advance(1_050);
  expect(store.entries.has(`${keys.members('node')}n1`)).toBe(true);
  const beats = [...coordinators.values()].map((it) => it.beats);
  expect(beats.every((each) => each.length >= 10 && each.length <= 12)).toBe(true);
  expect(beats[0]!.at(-1)).toMatchObject({ actors: 2, frozen: false, state: 'up', ownedDigest: 7 });
  expect(said.slice(0, 2)).toEqual([`leader ${c1} 1`, 'sessions 5']);
});

test('without a good acknowledgement it freezes after 1,500 ms, and thaws with the next', async () => {
  await coordinator(c1, 1, true);
  void agent.start();
  await clock.advance(500);
  coordinators.get(c1)!.leads = false;
  await clock.advance(1_400);
  expect(said).not.toContain('frozen');
  await clock.advance(200);
  expect(said.at(-1)).toBe('frozen');
  coordinators.get(c1)!.leads = true;
  await clock.advance(200);
  expect(said).toContain('thawed');
});

test('it takes the table of the highest epoch it has seen, and nothing of an older one', async () => {
  await coordinator(c1, 1, true);
  await coordinator(c2, 2, true);
  void agent.start();
  await clock.advance(300);
  push(c2, 2, self, 4);
  await clock.advance(1);
  push(c1, 1, peerId('n9', 'z'), 5);
  await clock.advance(1);
  expect(table.row(shardId(3))).toMatchObject({ owner: self, term: 4 });
  expect([agent.epoch, agent.leader, agent.tablesTaken]).toEqual([2, c2, 1]);
});

const lastState = () => coordinators.get(c1)!.beats.at(-1)!.state;

test('it becomes what an operator asks for, and says so in its beats and in its line', async () => {
  await coordinator(c1, 1, true);
  void agent.start();
  await clock.advance(300);
  for (const state of ['cordoned', 'draining', 'up'] as const) {
    also = { asked: state };
    await clock.advance(150);
    expect(lastState()).toBe(state);
    also = {};
    await clock.advance(300);
    expect(lastState()).toBe(state);
    expect(JSON.parse(store.entries.get(`${keys.members('node')}n1`)!.value)).toMatchObject({ state });
  }
  also = { asked: 'idle' };
  await clock.advance(300);
  expect(lastState()).toBe('up');
});

test('one that is going to end drains, whatever an operator asks for; only then is it told that nothing names it any more', async () => {
  await coordinator(c1, 1, true);
  void agent.start();
  await clock.advance(300);
  also = { released: true };
  await clock.advance(300);
  expect(said).not.toContain('released');
  also = { asked: 'up', released: true };
  agent.leave();
  await clock.advance(300);
  expect(lastState()).toBe('draining');
  expect(said).toContain('released');
});

test('it hears what there is room for; what it does not know is no restriction', async () => {
  await coordinator(c1, 1, true);
  void agent.start();
  also = { shed: 'soft', admission: 'queue', admitPerSecond: 7 };
  await clock.advance(300);
  expect(rooms.at(-1)).toEqual({ shed: 'soft', admission: 'queue', admitPerSecond: 7 });
  also = { shed: 'hard', admission: 'closed' };
  await clock.advance(300);
  expect(rooms.at(-1)).toEqual(ROOM_FOR_ALL);
});

test('told that it was replaced, it says so once; an older epoch cannot tell it', async () => {
  await coordinator(c1, 1, true);
  await coordinator(c2, 2, true);
  void agent.start();
  await clock.advance(300);
  const tell = (from: PeerId, epoch: number) =>
    coordinators.get(from)!.peers.send(self, 'control', { type: 'replaced', epoch, body: { by: 'n1#y' } });
  tell(c1, 1);
  await clock.advance(1);
  expect(said.some((line) => line.startsWith('replaced'))).toBe(false);
  tell(c2, 2);
  tell(c2, 2);
  await clock.advance(1);
  expect(said.filter((line) => line.startsWith('replaced'))).toEqual(['replaced by n1#y']);
});

test('K3: a coordinator that comes back under its name is dialled anew, its former run no more', async () => {
  await coordinator(c1, 1, true);
  void agent.start();
  await clock.advance(300);
  await coordinators.get(c1)!.peers.stop();
  const next = peerId('c1', 'next');
  await coordinator(next, 2, true);
  await clock.advance(500);
  expect(coordinators.get(next)!.beats.length).toBeGreaterThan(3);
  expect(agent.leader).toBe(next);
});

test('a coordinator that lost its registration and not its link is still beaten to', async () => {
  await coordinator(c1, 1, true);
  void agent.start();
  await clock.advance(300);
  store.remove(`${keys.members('coordinator')}c1`);
  await clock.advance(5_000);
  expect(said).not.toContain('frozen');
});

test('a cluster of another shape is not joined', async () => {
  store.put(keys.meta, JSON.stringify({ ...clusterMeta(SHARDS), hash: 'fnv' }));
  await expect(agent.start()).rejects.toMatchObject({ code: 'STORE_MISMATCH' });
  expect(store.entries.size).toBe(1);
});

test('a stopped agent leaves the store and is quiet', async () => {
  await coordinator(c1, 1, true);
  void agent.start();
  await clock.advance(300);
  await agent.stop();
  const count = coordinators.get(c1)!.beats.length;
  await clock.advance(5_000);
  expect(coordinators.get(c1)!.beats.length).toBe(count);
  expect(store.entries.has(`${keys.members('node')}n1`)).toBe(false);
});

test('what is urgent goes to the leader alone, at once and together, and does not pass for a beat', async () => {
  await coordinator(c1, 1, true);
  await coordinator(c2, 1, false);
  void agent.start();
  await clock.advance(1_010);
  const [led, other] = [c1, c2].map((peer) => coordinators.get(peer)!.beats);
  const [before, beside] = [led!.length, other!.length];
  agent.tellSoon();
  agent.tellSoon();
  await clock.advance(40);
  expect([led!.length - before, other!.length - beside]).toEqual([1, 0]);
  expect(led!.at(-1)!.number).toBe(led!.at(-2)!.number);
  agent.tellSoon();
  await agent.stop();
  await clock.advance(200);
  expect(led!.length).toBeLessThanOrEqual(before + 2);
});
