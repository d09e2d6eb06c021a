import { beforeEach, expect, test } from '@jest/globals';
import {
  entity,
  MemoryMetrics,
  type PeerId,
  peerId,
  type Role,
  SeededRandom,
  type ShardId,
  shardOfKey,
  silentLog,
  term,
  VirtualClock,
} from '@muster/ports';
import { type EnvelopeOf, LoopbackNetwork, type ReplyInit } from '@muster/wire';
import { Peers } from '../links/peers.js';
import { emptyRow, RoutingTable } from '../table/routing-table.js';
import type { Call, RoutedOutcome } from './call.js';
import type { RouterOptions } from './options.js';
import { Router } from './router.js';

type Command = EnvelopeOf<'command'>;

const room = entity('room', '1');
const shard = shardOfKey('room/1');

let clock: VirtualClock;
let network: LoopbackNetwork;
let metrics: MemoryMetrics;
let table: RoutingTable;
let gateway: Peers;

/** An owner that does what the test says with the commands it got. */
interface Owner {
  readonly peers: Peers;
  readonly peer: PeerId;
  readonly got: Command[];
  address: string;
}

beforeEach(() => {
  clock = new VirtualClock();
  network = new LoopbackNetwork({ clock });
  metrics = new MemoryMetrics();
  table = new RoutingTable();
  gateway = peersOf('g', 'gateway');
});

function peersOf(id: string, role: Role): Peers {
  const self = { role, peer: peerId(id, 'x'), address: '', cluster: 'c', zone: '', build: '1' };
  return new Peers({ clock, random: new SeededRandom(id.length), network, self, metrics, log: silentLog });
}

async function owner(id: string): Promise<Owner> {
  const peers = peersOf(id, 'node');
  const made: Owner = { peers, peer: peers.self.peer, got: [], address: await peers.listen('host:0') };
  peers.on('command', (_, command) => made.got.push(command));
  gateway.connect(made.peer, made.address);
  await clock.advance(2);
  return made;
}

function place(to: Owner | undefined, inTerm: number, of: ShardId = shard): void {
  const row = { ...emptyRow(of), owner: to?.peer ?? ('' as const), term: term(inTerm) };
  table.apply({ revision: inTerm, full: false, rows: [row], overrides: [] });
}

function reply({ peers }: Owner, to: Command, inTerm: number, body: ReplyInit = {}): void {
  const { request, flight, call } = to.body;
  const data = Buffer.from(JSON.stringify(`done ${request}`));
  peers.send('g#x', 'data', {
    type: 'reply',
    shard: to.shard,
    term: inTerm,
    body: { request, flight, call, data, ...body },
  });
}

function bounce(from: Owner, to: Command, code: string, place: Owner | undefined, inTerm: number): void {
  reply(from, to, inTerm, { code, owner: place?.peer ?? '', data: new Uint8Array(0) });
}

function client(request: number, changes: Partial<Call> = {}): Call {
  return {
    entity: room,
    name: 'say',
    data: Buffer.from(`{"n":${request}}`),
    origin: { type: 'client', session: 'g#x/1', request, answered: 0, caller: '7' },
    deadlineMs: 10_000,
    trace: '',
    cause: '',
    ...changes,
  };
}

function router(options: Partial<RouterOptions> = {}) {
  const made = new Router({ clock, peers: gateway, table, metrics, options });
  const outcomes: string[] = [];
  const note = (name: string | number) => (outcome: RoutedOutcome) =>
    outcomes.push(outcome.ok ? `${name} ${Buffer.from(outcome.data)} in ${outcome.term}` : `${name} ${outcome.code}`);
  const send = (...requests: number[]) => {
    for (const request of requests) made.call(client(request), note(request));
  };
  return { router: made, outcomes, note, send };
}

const requests = ({ got }: Owner): number[] => got.map(({ body }) => body.request);

test('a command goes to the owner with everything the actor needs, and its answer comes back', async () => {
  const n1 = await owner('n1');
  place(n1, 4);
  const { outcomes, send, router: r } = router();
  send(1);
  await clock.advance(5);
  expect(n1.got[0]).toMatchObject({
    shard,
    term: 4,
    body: { kind: 'room', id: '1', name: 'say', session: 'g#x/1', request: 1, caller: '7', flight: 1 },
  });
  expect(Buffer.from(n1.got[0]!.body.data).toString()).toBe('{"n":1}');
  expect(n1.got[0]!.body.ttlMs).toBeGreaterThan(9_000);
  reply(n1, n1.got[0]!, 4);
  await clock.advance(1);
  expect(outcomes).toEqual(['1 "done 1" in 4']);
  expect(r.pending).toBe(0);
});

test('an error comes back with its code and details; an unknown code is a failed actor', async () => {
  const n1 = await owner('n1');
  place(n1, 4);
  const { router: r, send, outcomes } = router();
  let details: unknown;
  r.call(client(1), (outcome) => {
    details = outcome.ok ? undefined : [outcome.code, outcome.details];
  });
  send(2);
  await clock.advance(1);
  reply(n1, n1.got[0]!, 4, { code: 'REFUSED', data: Buffer.from('{"reason":"banned"}') });
  reply(n1, n1.got[1]!, 4, { code: 'WHAT', data: Buffer.from('no json') });
  await clock.advance(1);
  expect(details).toEqual(['REFUSED', { reason: 'banned' }]);
  expect(outcomes).toEqual(['2 ACTOR_FAILED']);
});

test('commands wait for an owner and reach it in the order of the calls', async () => {
  const { send, outcomes } = router();
  send(1, 2);
  const n1 = await owner('n1');
  send(3);
  expect(n1.got).toEqual([]);
  place(n1, 1);
  send(4);
  await clock.advance(2);
  expect(requests(n1)).toEqual([1, 2, 3, 4]);
  expect(outcomes).toEqual([]);
});

test('K14: a redirect sends everything unanswered to the new owner, in order, before newer commands', async () => {
  const [n1, n2] = [await owner('n1'), await owner('n2')];
  place(n1, 4);
  const { send, outcomes } = router();
  send(1, 2, 3);
  await clock.advance(1);
  reply(n1, n1.got[0]!, 4);
  bounce(n1, n1.got[1]!, 'NOT_OWNER', n2, 5);
  bounce(n1, n1.got[2]!, 'NOT_OWNER', n2, 5);
  await clock.advance(1);
  send(4);
  await clock.advance(2);
  expect(requests(n2)).toEqual([2, 3, 4]);
  expect(n2.got.map((command) => command.term)).toEqual([5, 5, 5]);
  for (const command of n2.got) reply(n2, command, 5);
  await clock.advance(1);
  expect(outcomes).toEqual(['1 "done 1" in 4', '2 "done 2" in 5', '3 "done 3" in 5', '4 "done 4" in 5']);
});

test('K14: a lost link sends everything unanswered again over the next one, in order', async () => {
  const n1 = await owner('n1');
  place(n1, 4);
  const { send } = router();
  send(1, 2, 3);
  await clock.advance(1);
  reply(n1, n1.got[1]!, 4);
  await clock.advance(1);
  gateway.reset(n1.peer, 'overrun');
  send(4);
  await clock.advance(100);
  send(5);
  await clock.advance(2);
  expect(requests(n1)).toEqual([1, 2, 3, 1, 3, 4, 5]);
  expect(metrics.value('muster_router_resent_total')).toBe(2);
});

test('K14: a new term sends everything unanswered again, even to the same owner', async () => {
  const n1 = await owner('n1');
  place(n1, 4);
  const { send } = router();
  send(1, 2);
  await clock.advance(1);
  place(n1, 5);
  await clock.advance(1);
  expect(n1.got.map(({ term: of, body }) => `${body.request}@${of} flight ${body.flight}`)).toEqual([
    '1@4 flight 1',
    '2@4 flight 1',
    '1@5 flight 2',
    '2@5 flight 2',
  ]);
});

test('a node that heard nothing of its new shard yet is asked again soon, until it has', async () => {
  const [n1, n2] = [await owner('n1'), await owner('n2')];
  place(n2, 5);
  const { send, outcomes } = router();
  send(1);
  await clock.advance(1);
  bounce(n2, n2.got[0]!, 'NOT_OWNER', n1, 4);
  await clock.advance(10);
  expect([n1.got.length, n2.got.length]).toEqual([0, 1]);
  await clock.advance(60);
  expect([n1.got.length, n2.got.length]).toEqual([0, 2]);
  reply(n2, n2.got[1]!, 5);
  await clock.advance(1);
  expect(outcomes).toEqual(['1 "done 1" in 5']);
});

test('fence 3: an answer of a deposed owner does not count, the new owner gives its own', async () => {
  const [n1, n2] = [await owner('n1'), await owner('n2')];
  place(n1, 4);
  const { send, outcomes } = router();
  send(1);
  await clock.advance(1);
  place(n2, 5);
  reply(n1, n1.got[0]!, 4);
  reply(n1, n1.got[0]!, 5);
  await clock.advance(2);
  reply(n2, n2.got[0]!, 4);
  await clock.advance(2);
  expect(outcomes).toEqual([]);
  reply(n2, n2.got[0]!, 5);
  await clock.advance(1);
  expect(outcomes).toEqual(['1 "done 1" in 5']);
  reply(n2, n2.got[0]!, 5);
  await clock.advance(1);
  const dropped = 'muster_router_replies_dropped_total';
  expect([metrics.value(dropped, { reason: 'stale' }), metrics.value(dropped, { reason: 'late' })]).toEqual([3, 1]);
});

test('what waits is bounded in number, bytes and time; the error says why it waited', async () => {
  const { send, outcomes, router: r, note } = router({ holdMessages: 3, holdBytes: 40, holdMs: 500 });
  send(1, 2, 3, 4);
  expect(outcomes).toEqual(['4 HOLD_FULL']);
  await clock.advance(600);
  expect(outcomes.slice(1)).toEqual(['1 NO_OWNER', '2 NO_OWNER', '3 NO_OWNER']);
  r.call(client(5, { data: Buffer.alloc(41) }), note(5));
  expect(outcomes.at(-1)).toBe('5 HOLD_FULL');
  expect(r.pending).toBe(0);
});

test('an owner that stays fenced: commands are tried again and again, then fail with SELF_FENCED', async () => {
  const n1 = await owner('n1');
  place(n1, 4);
  const { send, outcomes } = router();
  send(1);
  for (let passed = 0; passed < 4_000; passed += 5) {
    const command = n1.got.pop();
    if (command) bounce(n1, command, 'SELF_FENCED', n1, 4);
    await clock.advance(5);
  }
  expect(outcomes).toEqual(['1 SELF_FENCED']);
});

test('a node is killed with unanswered commands: they wait for the new owner and none is lost or reordered', async () => {
  const [n1, n2] = [await owner('n1'), await owner('n2')];
  place(n1, 4);
  const { send, outcomes } = router();
  send(1, 2, 3);
  await clock.advance(1);
  await n1.peers.stop();
  send(4);
  await clock.advance(300);
  expect(n2.got).toEqual([]);
  place(n2, 5);
  send(5);
  await clock.advance(1);
  for (const command of n2.got) reply(n2, command, 5);
  await clock.advance(1);
  expect(requests(n2)).toEqual([1, 2, 3, 4, 5]);
  expect(outcomes).toHaveLength(5);
});

test('a deadline ends a command wherever it is; the message says what is left of it', async () => {
  const n1 = await owner('n1');
  place(n1, 4);
  const { router: r, outcomes, note } = router();
  r.call(client(1, { deadlineMs: 200 }), note('sent'));
  await clock.advance(1);
  gateway.disconnect(n1.peer);
  r.call(client(2, { deadlineMs: 100 }), note('held'));
  await clock.advance(50);
  gateway.connect(n1.peer, n1.address);
  await clock.advance(10);
  expect(n1.got.map(({ body }) => [body.request, body.ttlMs])).toEqual([
    [1, 200],
    [1, 149],
    [2, 50],
  ]);
  await clock.advance(300);
  expect(outcomes).toEqual(['held DEADLINE_EXCEEDED', 'sent DEADLINE_EXCEEDED']);
});

test('re-attach commands go in front of what is sent again, once per owner, term and link', async () => {
  const [n1, n2] = [await owner('n1'), await owner('n2')];
  const { router: r, send, note, outcomes } = router({ openingCommands: 20 });
  let next = 100;
  r.onOwner((of, row, front) => {
    if (of !== shard) return;
    outcomes.push(`owner ${row.owner} ${row.term}`);
    // An ordinary call from here stands behind what waits.
    if (row.term === 5) send(9);
    for (const _ of [1, 2]) {
      next += 1;
      front(client(next), note(next));
    }
  });
  send(1, 2);
  place(n1, 4);
  await clock.advance(1);
  expect(requests(n1)).toEqual([101, 102, 1, 2]);
  bounce(n1, n1.got[0]!, 'SHARD_MOVING', n1, 4);
  await clock.advance(100);
  place(n2, 5);
  send(3);
  await clock.advance(1);
  expect(requests(n2)).toEqual([103, 104, 101, 102, 1, 2, 9, 3]);
  expect(outcomes).toEqual(['owner n1#x 4', 'owner n2#x 5']);
});

test("an actor's send that is repeated while under way is sent again in its place and answered once", async () => {
  const n1 = await owner('n1');
  place(n1, 4);
  const { router: r, note, outcomes } = router();
  const origin = { type: 'entity', from: entity('lobby', '9'), number: 3 } as const;
  r.call(client(0, { origin, deadlineMs: 0 }), note('first'));
  r.call(client(0, { origin, deadlineMs: 0 }), note('second'));
  await clock.advance(1);
  expect(n1.got.map(({ body }) => [body.sender, body.number, body.ttlMs])).toEqual([
    ['lobby/9', 3, 0],
    ['lobby/9', 3, 0],
  ]);
  reply(n1, n1.got[0]!, 4);
  reply(n1, n1.got[1]!, 4);
  await clock.advance(1);
  expect(outcomes).toEqual(['first "done 0" in 4']);
});

test('a full link holds back the rest, in order, until there is room', async () => {
  const peers = gateway;
  const n1 = await owner('n1');
  place(n1, 4);
  const { send } = router({ holdMessages: 100_000 });
  const some = Array.from({ length: 9_500 }, (_, i) => i + 1);
  send(...some);
  expect(peers.send(n1.peer, 'data', { type: 'inspect', body: {} })).toBe(false);
  await clock.advance(200);
  expect(requests(n1)).toEqual(some);
});

test('everything that waits is answered when the router stops', async () => {
  const n1 = await owner('n1');
  place(n1, 4);
  const { router: r, send, outcomes } = router();
  send(1);
  r.call(client(2, { entity: entity('room', 'elsewhere') }), (outcome) => outcomes.push(`2 ${outcome.ok}`));
  r.stop();
  send(3);
  expect(outcomes).toEqual(['1 STOPPING', '2 false', '3 STOPPING']);
});

test('an entity that is carved out takes what it has not answered along, in order and before anything new (K1, K14)', async () => {
  const n1 = await owner('n1');
  const solo = 1_030 as ShardId;
  place(n1, 4);
  place(n1, 2, solo);
  const { outcomes, send } = router();
  send(1, 2);
  await clock.advance(1);
  const [first, second] = n1.got.splice(0) as [Command, Command];
  const row = { ...emptyRow(solo), owner: n1.peer, term: term(5) };
  table.apply({ revision: 5, full: false, rows: [row], overrides: [{ entity: 'room/1', shard: solo }] });
  send(3);
  // Its old shard's last words: a bounce says nothing of its new one, and an answer will be given again.
  bounce(n1, first, 'NOT_OWNER', n1, 9);
  reply(n1, second, 4);
  await clock.advance(20);
  expect(n1.got.map((command) => [command.shard, command.body.request])).toEqual([1, 2, 3].map((n) => [solo, n]));
  for (const command of n1.got) reply(n1, command, 5);
  await clock.advance(1);
  expect(outcomes).toEqual([1, 2, 3].map((n) => `${n} "done ${n}" in 5`));
});
