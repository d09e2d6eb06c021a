import { expect, test } from '@jest/globals';
import type { ComputeNode } from '@muster/cluster';
import type { ClusterEvent } from '@muster/coordinator';
import { entity, entityKey, shardOfKey } from '@muster/ports';
import { ClusterWorld } from './cluster-world.js';

/** An actor's id whose shard this node owns. */
function actorOn(world: ClusterWorld, node: string, kind = 'tally'): string {
  const owners = new Map(world.rows().map(({ shard, owner }) => [shard, owner]));
  for (let i = 0; ; i += 1) {
    if (owners.get(shardOfKey(`${kind}/${i}`))?.startsWith(`${node}#`)) return String(i);
  }
}

test('kill -9 of a node: it is dead by refusal, its backups own its shards and know what it acknowledged, and a command waits no longer than that', async () => {
  const world = await ClusterWorld.running();
  const id = actorOn(world, 'n1');
  expect(await world.answer(world.add('g1', id))).toBe(1);
  const events: ClusterEvent[] = [];
  await world.answer((await world.operator('c1', events)).ask('events.follow', {}));
  world.nodes.get('n1')!.process.kill();
  const held = world.add('g1', id);
  expect(await world.timeUntil(() => world.settled())).toBeLessThan(100);
  expect(await world.answer(held)).toBe(2);
  expect(Object.values(world.owners())).toEqual([512, 512]);
  expect(events.map(({ type }) => type)).toEqual([
    'member.dead',
    'shards.promoted',
    'backups.lost',
    'backups.learning',
  ]);
  expect(events[0]).toMatchObject({ why: 'refused', peer: world.nodes.get('n1')!.peer, epoch: 1 });
  // Its line is gone from the store as well: the text alone tells who is there.
  expect(world.server.range(world.keys.members('node')).entries.map(({ key }) => key.split('/').at(-1))).toEqual([
    'n2',
    'n3',
  ]);
});

test('the leader is killed 30 ms after a node: the next one finds the node dead with whoever is left, well within the hold', async () => {
  const world = await ClusterWorld.running();
  const id = actorOn(world, 'n1');
  world.nodes.get('n1')!.process.kill();
  world.coordinators.get('c1')!.process.kill();
  const held = world.add('g1', id);
  expect(await world.timeUntil(() => world.settled())).toBeLessThan(1_000);
  expect(await world.answer(held)).toBe(1);
  expect(world.leader?.it.epoch).toBe(2);
});

test('a stopped node: silent for 2,000 ms it is dead, and what it alone had is placed again; when it wakes up it is told that it was replaced', async () => {
  const world = await ClusterWorld.running({ slowLearners: true });
  const n1 = world.nodes.get('n1')!;
  n1.process.pause();
  await world.clock.advance(1_000);
  expect(world.membersAt('g1').find(({ peer }) => peer === n1.peer)?.state).toBe('suspect');
  const moved = () => world.rows().every(({ owner }) => owner !== n1.peer);
  const took = await world.timeUntil(moved, 3_000);
  expect(took).toBeGreaterThan(900);
  expect(took).toBeLessThan(1_200);
  n1.process.resume();
  await world.until(() => n1.replacedBy.length > 0, 500);
  expect(n1.replacedBy.length).toBe(1);
  expect(n1.it.shards).toEqual([]);
});

test('a node stopped for 1,600 ms fences itself, keeps what it alone has, and thaws with the next good acknowledgement', async () => {
  const world = await ClusterWorld.running({ slowLearners: true });
  const n1 = world.nodes.get('n1')!;
  const owners = () => world.rows().map(({ owner, term }) => `${owner} ${term}`);
  const before = owners();
  n1.process.pause();
  await world.clock.advance(1_600);
  expect(n1.it.agent.isFrozen()).toBe(true);
  n1.process.resume();
  await world.until(() => !n1.it.agent.isFrozen(), 500);
  expect(n1.it.agent.isFrozen()).toBe(false);
  await world.clock.advance(3_000);
  expect(owners()).toEqual(before);
});

/** Puts an `add` into the mailbox of an actor, in the name of a gateway; the answer goes there. */
function deliver(world: ClusterWorld, node: ComputeNode, kind: 'tally' | 'fleeting', id: string): void {
  const to = entity(kind, id);
  node.runtime.deliver(shardOfKey(entityKey(to)), {
    entity: to,
    command: 'add',
    data: Buffer.from('null'),
    origin: { type: 'admin', who: 'test', request: 1, replyTo: world.gateways.get('g1')!.it.peers.self.peer },
    deadline: Number.POSITIVE_INFINITY,
    cause: '',
    trace: '',
  });
}

test('a node stopped with work in its mailbox looks at its fence before that work: nothing of what only it has is done', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  const records = () => world.metrics.value('muster_runtime_records_total');
  const id = actorOn(world, 'n1', 'fleeting');
  deliver(world, n1.it, 'fleeting', id);
  await world.clock.advance(100);
  expect(records()).toBe(1);
  deliver(world, n1.it, 'fleeting', id);
  n1.process.pause();
  await world.clock.advance(3_000);
  n1.process.resume();
  await world.clock.advance(100);
  expect(records()).toBe(1);
});

test('K7: a node stopped with work in its mailbox goes on with what is replicated, and nothing of it leaves: its backups have taken over', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  const id = actorOn(world, 'n1', 'tally');
  const answers: string[] = [];
  const send = n1.it.peers.send.bind(n1.it.peers);
  n1.it.peers.send = (to, lane, envelope) => {
    if (envelope.type === 'reply') answers.push(to);
    return send(to, lane, envelope);
  };
  deliver(world, n1.it, 'tally', id);
  await world.clock.advance(100);
  expect(answers).toHaveLength(1);
  deliver(world, n1.it, 'tally', id);
  n1.process.pause();
  await world.until(() => world.rows().every(({ owner }) => owner !== n1.peer), 3_000);
  expect(await world.answer(world.add('g1', id))).toBe(2);
  n1.process.resume();
  await world.clock.advance(3_000);
  expect(answers).toHaveLength(1);
  expect(await world.answer(world.add('g1', id))).toBe(3);
});

test('K6: after a take-over by silence a silent node keeps what it alone has until the deposed leader cannot have kept it going', async () => {
  const world = await ClusterWorld.running({ slowLearners: true });
  const [n1, c1] = [world.nodes.get('n1')!, world.coordinators.get('c1')!];
  n1.process.pause();
  c1.process.pause();
  await world.until(() => world.leader?.peer !== c1.peer && world.coordinators.get('c2')!.it.leads, 2_000);
  const took = await world.timeUntil(() => world.rows().every(({ owner }) => owner !== n1.peer), 5_000);
  expect(took).toBeGreaterThan(2_299);
  expect(took).toBeLessThan(2_600);
});

test('K3: a node that restarts within 300 ms under its old name is not taken for its former self', async () => {
  const world = await ClusterWorld.running();
  const former = world.nodes.get('n1')!;
  const id = actorOn(world, 'n1');
  await world.answer(Promise.all([world.add('g1', id), world.add('g1', id)]));
  former.process.kill();
  await world.clock.advance(1);
  const next = world.node('n1');
  expect(await world.timeUntil(() => world.rows().every(({ owner }) => owner !== former.peer))).toBeLessThan(300);
  expect(await world.answer(world.add('g1', id))).toBe(3);
  expect(await world.until(() => world.settled() && world.owners()[next.peer]! >= 340, 5_000)).toBe(true);
  expect(next.replacedBy).toEqual([]);
});

test('K3: a former self that wakes up beside its successor is told so, and does not take its name back', async () => {
  const world = await ClusterWorld.running();
  const former = world.nodes.get('n1')!;
  former.process.pause();
  await world.clock.advance(100);
  const next = world.node('n1');
  expect(await world.timeUntil(() => world.rows().every(({ owner }) => owner !== former.peer))).toBeLessThan(300);
  former.process.resume();
  await world.until(() => former.replacedBy.length > 0, 3_000);
  expect(former.replacedBy.length).toBe(1);
  await world.clock.advance(5_000);
  expect(world.settled()).toBe(true);
  expect(next.replacedBy).toEqual([]);
});

test('a joiner gets its share of the empty shards; those with actors stay where they are', async () => {
  const world = await ClusterWorld.running({ nodes: 2 });
  const ids = Array.from({ length: 40 }, (_, i) => String(i));
  await world.answer(Promise.all(ids.map((id) => world.add('g1', id))));
  const busy = new Set(ids.map((id) => shardOfKey(`tally/${id}`)));
  const before = new Map(world.rows().map((row) => [row.shard, row.owner]));
  const joiner = world.node('n3');
  expect(await world.until(() => (world.owners()[joiner.peer] ?? 0) >= 341 && world.settled(), 10_000)).toBe(true);
  expect(world.rows().filter(({ shard, owner }) => busy.has(shard as never) && owner !== before.get(shard))).toEqual(
    [],
  );
  expect(await world.answer(Promise.all(ids.map((id) => world.add('g1', id))))).toEqual(ids.map(() => 2));
  await world.until(() => world.allBacked(), 1_000);
  const { result } = await world.answer((await world.operator('c1')).ask('status', {}));
  expect(result).toMatchObject({ healthy: true, shards: { owned: 1_024, moving: 0, backed: 1_024, learning: 0 } });
});

test('a node that stops says so first: its shards are owned by others at once', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  const stopped = n1.it.stop();
  expect(await world.timeUntil(() => world.rows().every(({ owner }) => owner !== n1.peer))).toBeLessThan(200);
  n1.process.kill();
  await world.answer(stopped);
});

test('a node that stops closes its shards before its line leaves the store, however long the store takes', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  n1.store.path.stall();
  void n1.it.stop();
  await world.clock.advance(5);
  expect(n1.it.runtime.stats().shards).toBe(0);
  expect(n1.it.peers.linked().length).toBeGreaterThan(0);
});

test('all nodes die: the table stays as it is until one comes, and then everything is its own', async () => {
  const world = await ClusterWorld.running({ nodes: 2 });
  const before = world.rows();
  for (const id of ['n1', 'n2']) world.nodes.get(id)!.process.kill();
  await world.clock.advance(5_000);
  expect(world.rows()).toEqual(before);
  const next = world.node('n3');
  await world.until(() => world.settled(), 5_000);
  expect(world.owners()).toEqual({ [next.peer]: 1_024 });
});

test('a leader whose own loop stood still accuses nobody: everybody else was silent only to it', async () => {
  const world = await ClusterWorld.running({ coordinators: 1 });
  const before = world.rows();
  const c1 = world.coordinators.get('c1')!;
  c1.process.pause();
  await world.clock.advance(3_000);
  expect([...world.nodes.values()].every(({ it }) => it.agent.isFrozen())).toBe(true);
  c1.process.resume();
  await world.clock.advance(3_000);
  expect(world.rows()).toEqual(before);
  expect([...world.nodes.values()].flatMap(({ replacedBy }) => replacedBy)).toEqual([]);
  expect([...world.nodes.values()].some(({ it }) => it.agent.isFrozen())).toBe(false);
});

test('a gateway that was given up for its silence may go on when it is heard again', async () => {
  const world = await ClusterWorld.running();
  const g1 = world.gateways.get('g1')!;
  g1.process.pause();
  await world.clock.advance(3_000);
  const operator = await world.operator('c1');
  expect((await world.answer(operator.ask('node.list', {}))).result.gateways).toEqual([]);
  g1.process.resume();
  await world.clock.advance(1_000);
  expect((await world.answer(operator.ask('node.list', {}))).result.gateways).toMatchObject([{ state: 'up' }]);
  expect(g1.replacedBy).toEqual([]);
  expect(await world.answer(world.add('g1', 'a'))).toBe(1);
});

test('nodes die one after another, the leader among them: every shard is owned by somebody alive each time', async () => {
  const world = await ClusterWorld.running({ nodes: 4, coordinators: 3 });
  for (const [node, coordinator] of [
    ['n1', 'c1'],
    ['n2', 'c2'],
    ['n3', ''],
  ] as const) {
    world.nodes.get(node)!.process.kill();
    if (coordinator) world.coordinators.get(coordinator)!.process.kill();
    expect(await world.timeUntil(() => world.settled())).toBeLessThan(1_500);
  }
  expect(Object.keys(world.owners())).toEqual([world.nodes.get('n4')!.peer]);
});
