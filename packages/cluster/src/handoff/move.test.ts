import { beforeEach, expect, test } from '@jest/globals';
import { type EntityRef, type ShardId, shardOfKey, term } from '@muster/ports';
import { defineActor, event } from '@muster/runtime';
import type { ClusterClient } from '../node/cluster-client.js';
import type { ComputeNode } from '../node/compute-node.js';
import { book, books, type Member, World } from '../world.test-kit.js';
import { TestLeader } from './leader.test-kit.js';

type Node = Member<ComputeNode>;

/** Counts what its timer did; what it has is in no log. */
interface TickingCommands {
  start: { data: { ms: number; name: string }; reply: null };
  tick: { data: unknown; reply: null };
  count: { data: unknown; reply: number };
}
interface TickingEvents {
  ticked: { n: number };
}
const ticking = (kind: string, durability: 'replicated' | 'ephemeral') =>
  defineActor<{ n: number }, TickingCommands, TickingEvents>(kind, {
    durability,
    version: 1,
    initial: () => ({ n: 0 }),
    decide: {
      start: (_, { ms, name }, { now }) => ({ timers: [{ name, at: now + ms, command: 'tick' }], reply: null }),
      tick: () => ({ events: [event('ticked', { n: 1 })] }),
      count: (s) => ({ reply: s.n }),
    },
    evolve: {
      ticked(s, { n }) {
        s.n += n;
      },
    },
  });
const clockwork = ticking('clockwork', 'replicated');
const mayfly = ticking('mayfly', 'ephemeral');
const kinds = [book, clockwork, mayfly];

let world: World;
let n1: Node;
let n2: Node;
let n3: Node;
let g: Member<ClusterClient>;
let leader: TestLeader;
let a: EntityRef;
let shard: ShardId;

beforeEach(async () => {
  world = new World();
  n1 = await world.node('n1', {}, kinds);
  n2 = await world.node('n2', {}, kinds);
  n3 = await world.node('n3', {}, kinds);
  g = await world.gateway('g');
  [a] = books('a') as [EntityRef];
  shard = world.where(a).shard;
  leader = new TestLeader(world, n1.cable.sibling());
  await world.clock.advance(10);
});

const lines = (): Promise<unknown> => world.answer(g, a, 'read');

/** An entity of the kind in the same shard. */
function neighbour(kind: string): EntityRef {
  for (let i = 0; ; i += 1) if (shardOfKey(`${kind}/${i}`) === shard) return { kind, id: String(i) };
}

async function stream(count: number): Promise<readonly Promise<unknown>[]> {
  const answers: Promise<unknown>[] = [];
  for (let i = 1; i <= count; i += 1) {
    answers.push(world.ask(g, a, 'write', { text: String(i) }));
    if (i % 3 === 0) await world.clock.advance(1);
  }
  return answers;
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

test('a shard in use goes to a learner under a stream of commands: each is answered once, in order, and nobody fails', async () => {
  await world.protect(n1, n2, a);
  const first = await stream(30);
  const id = leader.move(a, n3);
  const rest: Promise<unknown>[] = [];
  for (let i = 31; i <= 400 && leader.phaseOf(id); i += 1) {
    rest.push(world.ask(g, a, 'write', { text: String(i) }));
    if (i % 3 === 0) await world.clock.advance(1);
  }
  expect(leader.ended).toEqual(['moved']);
  expect(await world.answers([...first, ...rest])).toEqual(upTo(30 + rest.length));
  expect(world.row(shard)).toMatchObject({
    owner: n3.peer,
    backup: n2.peer,
    origin: 'moved',
    state: 'stable',
    move: '',
  });
  expect(n3.process.runtime.actorsIn(shard)).toBe(1);
  expect(n1.process.runtime.actorsIn(shard)).toBe(0);
});

test('the backup follows the same log without another snapshot, and can be promoted at once', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await world.answers(await stream(10));
  const snapshots = () =>
    world.nodes.reduce(
      (sum, { metrics }) => sum + metrics.value('muster_replication_shipped_total', { type: 'snapshot' }),
      0,
    );
  const before = snapshots();
  expect(await leader.moved(a, n3)).toBe('moved');
  // One: to the target.
  expect(snapshots() - before).toBe(1);
  expect(n2.metrics.value('muster_replication_continued_total')).toBe(1);
  expect(await world.answer(g, a, 'write', { text: 'x' })).toBe(11);
  expect(n2.process.backups.stateOf(shard)).toMatchObject({ phase: 'complete', owner: n3.peer, position: 11 });
  n3.cable.kill();
  await world.clock.advance(20);
  world.place([{ shard, owner: n2.peer, origin: 'promoted', term: term(inTerm + 2), sure: true }]);
  expect(await lines()).toEqual([...upTo(10).map(String), 'x']);
});

test('the target was the backup: the source becomes the backup with what it has, and can be promoted', async () => {
  const inTerm = await world.protect(n1, n2, a);
  await world.answers(await stream(10));
  expect(await leader.moved(a, n2)).toBe('moved');
  expect(leader.writes).toEqual([
    `mark ${n1.peer}/${n2.peer}/- ${inTerm}`,
    `commit ${n2.peer}/${n1.peer}/- ${inTerm + 1}`,
  ]);
  expect(await world.answer(g, a, 'write', { text: 'x' })).toBe(11);
  expect(n1.process.backups.stateOf(shard)).toMatchObject({ phase: 'complete', owner: n2.peer, position: 11 });
  expect(n2.metrics.value('muster_replication_shipped_total', { type: 'snapshot' })).toBe(0);
  n2.cable.kill();
  await world.clock.advance(20);
  world.place([{ shard, owner: n1.peer, origin: 'promoted', term: term(inTerm + 2), sure: true }]);
  expect(await lines()).toEqual([...upTo(10).map(String), 'x']);
});

test('there and back again, many times: nothing is lost, and the log goes on counting', async () => {
  await world.protect(n1, n2, a);
  for (const [i, to] of [n3, n2, n1, n3, n1, n2].entries()) {
    await world.answer(g, a, 'write', { text: String(i) });
    expect(await leader.moved(a, to)).toBe('moved');
  }
  expect(await lines()).toEqual(['0', '1', '2', '3', '4', '5']);
  expect(world.row(shard).owner).toBe(n2.peer);
  expect(n2.process.replicator.logOf(shard)?.end).toBe(6);
});

test('a shard without a backup goes too', async () => {
  world.own(n1, a, 1);
  await world.answers(await stream(5));
  expect(await leader.moved(a, n3)).toBe('moved');
  expect(await lines()).toEqual(['1', '2', '3', '4', '5']);
});

test('timers fire once, at their time or when the shard is open again; also those of actors that are in no log', async () => {
  await world.protect(n1, n2, a);
  for (const each of [neighbour('clockwork'), neighbour('mayfly')]) {
    await world.answer(g, each, 'start', { ms: 5, name: 'soon' });
    await world.answer(g, each, 'start', { ms: 60_000, name: 'late' });
    await world.clock.advance(20);
  }
  leader.storeMs = 60;
  for (const each of [neighbour('clockwork'), neighbour('mayfly')])
    await world.answer(g, each, 'start', { ms: 150, name: 'meanwhile' });
  expect(await leader.moved(a, n3)).toBe('moved');
  await world.clock.advance(400);
  for (const each of [neighbour('clockwork'), neighbour('mayfly')])
    expect(await world.answer(g, each, 'count')).toBe(2);
  await world.clock.advance(60_000);
  for (const each of [neighbour('clockwork'), neighbour('mayfly')])
    expect(await world.answer(g, each, 'count')).toBe(3);
});

test('sends to and from the shard arrive once in effect, and answers that were deferred are given by the new owner', async () => {
  const [b] = books('elsewhere') as [EntityRef];
  await world.protect(n1, n2, a);
  world.own(n2, b, 1);
  const waits = world.ask(g, a, 'wait');
  for (let i = 0; i < 5; i += 1) {
    void world.ask(g, a, 'tell', { to: b, text: `to ${i}` });
    void world.ask(g, b, 'tell', { to: a, text: `from ${i}` });
  }
  const id = leader.move(a, n3);
  for (let i = 5; leader.phaseOf(id) && i < 500; i += 1) {
    void world.ask(g, a, 'tell', { to: b, text: `to ${i}` });
    void world.ask(g, b, 'tell', { to: a, text: `from ${i}` });
    await world.clock.advance(1);
  }
  expect(leader.ended).toEqual(['moved']);
  await world.clock.advance(5_000);
  const [ofA, ofB] = [await lines(), await world.answer(g, b, 'read')] as [string[], string[]];
  const count = ofB.filter((line) => line.startsWith('to ')).length;
  expect(count).toBeGreaterThan(9);
  expect(ofB.filter((line) => line.startsWith('to '))).toEqual(upTo(count).map((n) => `to ${n - 1}`));
  expect(ofA.filter((line) => line.startsWith('from '))).toEqual(upTo(count).map((n) => `from ${n - 1}`));
  expect(ofA.filter((line) => line.startsWith('told to '))).toEqual(upTo(count).map((n) => `told to ${n - 1}`));
  await world.answer(g, a, 'go');
  expect(await world.answers([waits])).toEqual(['gone']);
});

test('K16: who listens hears every event once, without a snapshot in between', async () => {
  await world.protect(n1, n2, a);
  const heard: string[] = [];
  let snapshots = 0;
  await world.answer(g, a, 'write', { text: '0' });
  g.process.streams.subscribe(
    a,
    'lines',
    {},
    {
      event: ({ data }) => heard.push(JSON.parse(Buffer.from(data).toString()) as string),
      snapshot: () => {
        snapshots += 1;
      },
      lost: () => undefined,
    },
  );
  await world.clock.advance(20);
  let sent = 0;
  for (const to of [n3, n2, n1]) {
    const id = leader.move(a, to);
    while (leader.phaseOf(id)) {
      sent += 1;
      void world.ask(g, a, 'write', { text: String(sent) });
      await world.clock.advance(1);
    }
  }
  await world.clock.advance(1_000);
  expect(leader.ended).toEqual(['moved', 'moved', 'moved']);
  expect(heard).toEqual(upTo(sent).map(String));
  expect(snapshots).toBe(0);
});

test('K11: a command that is repeated after the move gets its first answer', async () => {
  await world.protect(n1, n2, a);
  expect(await world.answer(g, a, 'write', { text: 'x' }, { request: 50 })).toBe(1);
  expect(await leader.moved(a, n3)).toBe('moved');
  expect(await world.answer(g, a, 'write', { text: 'x' }, { request: 50 })).toBe(1);
  expect(await lines()).toEqual(['x']);
});

test('a thousand actors of 2 KB are moved with a pause of less than 50 ms', async () => {
  const ids = Array.from({ length: 200_000 }, (_, i) => `b${i}`).filter((id) => shardOfKey(`book/${id}`) === shard);
  const all = books(...ids);
  await world.protect(n1, n2, a);
  const text = 'x'.repeat(2_000);
  const crowd = Array.from({ length: 1_000 }, (_, i) => all[i % all.length]!);
  for (let i = 0; i < crowd.length; i += 50)
    await world.answers(crowd.slice(i, i + 50).map((of) => world.ask(g, of, 'write', { text })));
  const id = leader.move(a, n3);
  let sealedAt = 0;
  const begun = await world.clock.until(() => n1.process.runtime.stateOf(shard) === 'sealed', 20_000);
  sealedAt = world.clock.monotonic();
  expect(begun).toBe(true);
  expect(await world.clock.until(() => n3.process.runtime.stateOf(shard) === 'open', 20_000)).toBe(true);
  expect(world.clock.monotonic() - sealedAt).toBeLessThan(50);
  await world.clock.until(() => leader.phaseOf(id) === undefined, 1_000);
  expect(n3.process.runtime.actorsIn(shard)).toBe(new Set(crowd).size);
});

test('K16: who was cut off during the move, and missed events before it, is told them by the new owner', async () => {
  const g2 = await world.gateway('g2');
  await world.protect(n1, n2, a);
  const heard: string[] = [];
  let snapshots = 0;
  const listener = {
    event: ({ data }: { data: Uint8Array }) => heard.push(JSON.parse(Buffer.from(data).toString()) as string),
    snapshot: () => {
      snapshots += 1;
    },
    lost: () => undefined,
  };
  g.process.streams.subscribe(a, 'lines', {}, listener);
  await world.answer(g, a, 'write', { text: '1' });
  g.cable.block(n1.address);
  await world.answer(g2, a, 'write', { text: '2' });
  expect(await leader.moved(a, n3)).toBe('moved');
  await world.answer(g2, a, 'write', { text: '3' });
  await world.clock.advance(2_000);
  expect(heard).toEqual(['1', 'lost g#x', '2', '3']);
  expect(snapshots).toBe(0);
});
