import { beforeEach, expect, test } from '@jest/globals';
import { MemoryMetrics, type PeerId, peerId, type Role, SeededRandom, silentLog, VirtualClock } from '@muster/ports';
import { Link, LoopbackNetwork } from '@muster/wire';
import { dials, secondCounts } from './handshake.js';
import { Peers } from './peers.js';

let clock: VirtualClock;
let network: LoopbackNetwork;
let metrics: MemoryMetrics;

beforeEach(() => {
  clock = new VirtualClock();
  network = new LoopbackNetwork({ clock });
  metrics = new MemoryMetrics();
});

interface Side {
  readonly peers: Peers;
  readonly events: string[];
  readonly peer: PeerId;
  address: string;
}

function side(id: string, role: Role = 'node', cluster = 'c'): Side {
  const peer = id.includes('#') ? (id as PeerId) : peerId(id, 'x');
  const peers = new Peers({
    clock,
    random: new SeededRandom(id.length),
    network,
    self: { role, peer, address: '', cluster, zone: '', build: '1' },
    metrics,
    log: silentLog,
  });
  const events: string[] = [];
  peers.onUp((info) => events.push(`up ${info.peer}`));
  peers.onDown((info, reason) => events.push(`down ${info.peer} ${reason}`));
  peers.onMiss((missed, reason) => events.push(`miss ${missed} ${reason}`));
  return { peers, events, peer, address: '' };
}

async function listening(id: string, role?: Role, cluster?: string): Promise<Side> {
  const made = side(id, role, cluster);
  made.address = await made.peers.listen('host:0');
  return made;
}

test('a link is up on both sides after both said Hello, and carries envelopes to the handler of their body', async () => {
  const [a, b] = [await listening('a', 'gateway'), await listening('b')];
  const got: string[] = [];
  b.peers.on('inspect', (from, { body }) => got.push(`${from.role} ${from.peer} ${body.id}`));
  a.peers.connect(b.peer, b.address);
  await clock.advance(1);
  expect([a.events, b.events]).toEqual([['up b#x'], ['up a#x']]);
  expect(b.peers.link('a#x')).toMatchObject({ role: 'gateway', address: a.address });
  expect(a.peers.send('b#x', 'data', { type: 'inspect', body: { id: '7' } })).toBe(true);
  expect(a.peers.send('nobody#x', 'data', { type: 'inspect', body: {} })).toBe(false);
  await clock.advance(1);
  expect(got).toEqual(['gateway a#x 7']);
});

test('both sides dial at once: one link is left, the same on both sides', async () => {
  const [a, b] = [await listening('a'), await listening('b')];
  const got: string[] = [];
  a.peers.on('inspect', () => got.push('at a'));
  b.peers.on('inspect', () => got.push('at b'));
  a.peers.connect(b.peer, b.address);
  b.peers.connect(a.peer, a.address);
  await clock.advance(5_000);
  expect([a.peers.linked().length, b.peers.linked().length]).toEqual([1, 1]);
  expect(a.events.at(-1)).toBe('up b#x');
  expect(b.events.at(-1)).toBe('up a#x');
  const quiet = [a.events.length, b.events.length];
  a.peers.send('b#x', 'data', { type: 'inspect', body: {} });
  b.peers.send('a#x', 'data', { type: 'inspect', body: {} });
  await clock.advance(5_000);
  expect(got.sort()).toEqual(['at a', 'at b']);
  expect([a.events.length, b.events.length]).toEqual(quiet);
});

test('a lost link is dialled again until the peer is back, with growing waits', async () => {
  const [a, b] = [await listening('a'), await listening('b')];
  a.peers.connect(b.peer, b.address);
  await clock.advance(1);
  await b.peers.stop();
  await clock.advance(10_000);
  const misses = a.events.filter((event) => event === 'miss b#x refused').length;
  expect(a.events[1]).toBe('down b#x closed');
  expect(misses).toBeGreaterThan(8);
  expect(misses).toBeLessThan(25);
  const again = side('b');
  await again.peers.listen(b.address);
  await clock.advance(1_500);
  expect(a.events.at(-1)).toBe('up b#x');
});

test('nothing is dialled any more after disconnect', async () => {
  const [a, b] = [await listening('a'), await listening('b')];
  a.peers.connect(b.peer, b.address);
  await clock.advance(1);
  a.peers.disconnect(b.peer);
  await clock.advance(5_000);
  expect(a.events).toEqual(['up b#x', 'down b#x disconnected']);
  expect(b.events).toEqual(['up a#x', 'down a#x closed']);
});

test('a process of another cluster is refused with Goodbye and a reason', async () => {
  const [a, b] = [await listening('a', 'node', 'mine'), await listening('b', 'node', 'theirs')];
  a.peers.connect(b.peer, b.address);
  await clock.advance(10);
  expect(a.events).toEqual(['miss b#x refused-by-peer']);
  expect(b.events).toEqual([]);
  expect(metrics.value('muster_peers_refused_total', { reason: 'unknown-peer' })).toBe(1);
});

test('a stranger who says something else than Hello first, or nothing, is cut off', async () => {
  const b = await listening('b');
  const reports: string[] = [];
  const stranger = () =>
    new Link({
      connection: network.dial(b.address),
      clock,
      log: silentLog,
      metrics,
      handler: { envelope: () => undefined, closed: ({ reason }) => reports.push(reason) },
    });
  stranger().send('control', { type: 'inspect', body: {} });
  stranger();
  await clock.advance(2_000);
  expect(reports).toEqual(['closed', 'closed']);
  expect(b.events).toEqual([]);
});

test('a dial that finds another incarnation under the id is a miss', async () => {
  const [a, b] = [await listening('a'), await listening('b#new')];
  a.peers.connect('b#old' as PeerId, b.address);
  await clock.advance(5);
  expect(a.events).toEqual(['miss b#old other-incarnation']);
});

test('K3: the arrival of a new incarnation ends the old one, which is refused from then on', async () => {
  const [a, old, young] = [await listening('a'), await listening('z#old'), await listening('z#young')];
  old.peers.connect(a.peer, a.address);
  await clock.advance(1);
  young.peers.connect(a.peer, a.address);
  await clock.advance(3_000);
  expect(a.events).toEqual(['up z#old', 'down z#old unknown-peer', 'up z#young']);
  expect(old.events).toContain('miss a#x refused-by-peer');
  expect(a.peers.linked().map(({ peer }) => peer)).toEqual(['z#young']);
});

test('K3: an old incarnation whose link was lost before its successor came does not take the name back', async () => {
  const [a, old, young] = [await listening('a'), await listening('z#old'), await listening('z#young')];
  old.peers.connect(a.peer, a.address);
  await clock.advance(1);
  old.peers.disconnect(a.peer);
  await clock.advance(10);
  young.peers.connect(a.peer, a.address);
  await clock.advance(10);
  old.peers.connect(a.peer, a.address);
  await clock.advance(3_000);
  expect(a.peers.linked().map(({ peer }) => peer)).toEqual(['z#young']);
  expect(young.events).toEqual(['up a#x']);
  expect(old.events).toContain('miss a#x refused-by-peer');
});

test('a probe tells alive, another incarnation, refused and silent apart, and disturbs no link', async () => {
  const [a, b] = [await listening('a'), await listening('b')];
  a.peers.connect(b.peer, b.address);
  await network.listen('host:mute', (connection) => {
    connection.handle({
      open: () => undefined,
      frame: () => undefined,
      drain: () => undefined,
      close: () => undefined,
    });
  });
  await clock.advance(1);
  const outcomes = Promise.all([
    a.peers.probe(b.address, b.peer),
    a.peers.probe(b.address, 'b#other' as PeerId),
    a.peers.probe('host:nobody', b.peer),
    a.peers.probe('host:mute', b.peer),
  ]);
  await clock.advance(400);
  expect(await outcomes).toEqual(['alive', 'other-incarnation', 'refused', 'silent']);
  expect(a.events).toEqual(['up b#x']);
  expect(a.peers.link('b#x')).toBeDefined();
});

test('a bad setting is named', () => {
  const setup = { clock, random: new SeededRandom(1), network, metrics, log: silentLog };
  const self = { role: 'node', peer: peerId('a', 'x'), address: '', cluster: 'c', zone: '', build: '1' } as const;
  expect(() => new Peers({ ...setup, self, options: { redialMinMs: 0 } })).toThrow('peers.redialMinMs');
});

test('gateways dial nodes, everybody dials coordinators, the smaller id dials within a role', () => {
  const who = (role: Role, id = 'm') => ({ role, peer: peerId(id, 'x') });
  expect(dials(who('gateway'), who('node'))).toBe(true);
  expect(dials(who('node'), who('gateway'))).toBe(false);
  expect(dials(who('node'), who('coordinator'))).toBe(true);
  expect(dials(who('cli'), who('coordinator'))).toBe(true);
  expect(dials(who('node', 'a'), who('node', 'b'))).toBe(true);
  expect(dials(who('node', 'b'), who('node', 'a'))).toBe(false);
});

test('of two links that both sides dialled, both keep the one of the smaller id; of two by one side, the newer', () => {
  const [mine, theirs] = [{ dialled: true }, { dialled: false }];
  // What this side dialled counts where this side is the smaller.
  expect([secondCounts(theirs, mine, true), secondCounts(mine, theirs, true)]).toEqual([true, false]);
  expect([secondCounts(theirs, mine, false), secondCounts(mine, theirs, false)]).toEqual([false, true]);
  for (const smaller of [true, false])
    expect([secondCounts(mine, mine, smaller), secondCounts(theirs, theirs, smaller)]).toEqual([true, true]);
});
