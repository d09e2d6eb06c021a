import { expect, test } from '@jest/globals';
import type { ClusterEvent } from '@muster/coordinator';
import { shardOfKey } from '@muster/ports';
import { ClusterWorld, type WorldRow } from './cluster-world.js';

const names = (row: WorldRow, peer: string) => [row.owner, row.backup, row.learner].includes(peer);

/** How many shards of each owner (or of all) each node is the backup of; ids without incarnations. */
function backups(rows: readonly WorldRow[], owner = ''): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) {
    if (!row.owner.startsWith(owner)) continue;
    const id = row.backup.split('#')[0]!;
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

/** Of an actor in one of these shards. */
function idIn(shards: ReadonlySet<number>): string {
  for (let i = 0; ; i += 1) if (shards.has(shardOfKey(`tally/${i}`))) return String(i);
}

async function follow(world: ClusterWorld): Promise<ClusterEvent[]> {
  const events: ClusterEvent[] = [];
  await world.answer((await world.operator(world.leader!.process.id, events)).ask('events.follow', {}));
  return events;
}

test('a cold start: every shard has a backup elsewhere, and each node’s backups are spread over all others', async () => {
  const world = await ClusterWorld.running({ nodes: 4 });
  expect(world.allBacked()).toBe(true);
  for (const id of ['n1', 'n2', 'n3', 'n4']) {
    const counts = Object.values(backups(world.rows(), `${id}#`));
    expect([counts.length, Math.max(...counts) - Math.min(...counts)]).toEqual([3, expect.any(Number)]);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
  expect(Math.max(...world.rows().map(({ term }) => term))).toBe(2);
});

test('one node alone has no second places and that is no problem; with the second every shard gets one', async () => {
  const world = await ClusterWorld.running({ nodes: 1 });
  const operator = await world.operator('c1');
  const alone = await world.answer(operator.ask('status', {}));
  expect(alone.result).toMatchObject({ healthy: true, shards: { backed: 0, learning: 0 } });
  world.node('n2');
  expect(await world.until(() => world.allBacked(), 5_000)).toBe(true);
  expect((await world.answer(operator.ask('status', {}))).result.healthy).toBe(true);
});

test('shards without a second place are a problem where there are two nodes, and are counted', async () => {
  const world = await ClusterWorld.running({ slowLearners: true });
  const operator = await world.operator('c1');
  const { result } = await world.answer(operator.ask('status', {}));
  expect(result).toMatchObject({
    healthy: false,
    problems: ['1024 shards have no second place.'],
    shards: { backed: 0, learning: 1_024 },
  });
  const { learners, backups: held } = (await world.answer(operator.ask('node.show', { node: 'n1' }))).result.node;
  expect([held, learners]).toEqual([0, world.rows().filter(({ learner }) => learner.startsWith('n1#')).length]);
});

test('K9: an owner that is cut off together with its backup keeps its shard, and is the only one that answers', async () => {
  const world = await ClusterWorld.running();
  const [n1, n2] = [world.nodes.get('n1')!, world.nodes.get('n2')!];
  const of = (row: WorldRow) => row.owner === n1.peer && row.backup === n2.peer;
  const standing = () => world.rows().flatMap((row) => (of(row) ? { shard: row.shard, term: row.term } : []));
  const before = standing();
  const pairs = before.map(({ shard }) => shard);
  const id = idIn(new Set<number>(pairs));
  expect(await world.answer(world.add('g1', id))).toBe(1);
  // The backup is unreachable for the coordinators first, while its owner is well; then the owner is too. Nobody else can learn from it.
  for (const other of ['c1', 'c2', 'n3']) world.wires.cut('n2', other);
  world.wires.cut('n1', 'n3');
  await world.clock.advance(1_500);
  expect(standing()).toEqual(before);
  for (const other of ['c1', 'c2']) world.wires.cut('n1', other);
  // A gateway on their side of the cut hears of no verdict either.
  for (const other of ['c1', 'c2']) world.wires.cut('g1', other);
  // Two of three that fall silent are waited for, and given up one after the other.
  await world.clock.advance(14_000);
  expect(standing()).toEqual(before);
  const { result } = await world.answer((await world.operator(world.leader!.process.id)).ask('status', {}));
  expect(result.problems.join('\n')).toMatch(/^\d+ shards wait for n1, n2: nobody else may answer/m);
  expect(await world.answer(world.add('g1', id))).toBe(2);
  for (const one of ['n1', 'n2', 'g1']) for (const other of ['c1', 'c2', 'n3']) world.wires.mend(one, other);
  expect(await world.until(() => world.settled() && world.allBacked(), 20_000)).toBe(true);
  expect(await world.answer(world.add('g1', id))).toBe(3);
  const owners = new Set(pairs.map((shard) => world.rows()[shard]!.owner));
  expect([...owners]).toEqual([n1.peer]);
  expect([...n1.replacedBy, ...n2.replacedBy]).toEqual([]);
});

test('K9: a backup that only the coordinators cannot reach is replaced once another has everything, and its owner answers all the while', async () => {
  const world = await ClusterWorld.running();
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map((id) => world.nodes.get(id)!.peer);
  const shards = world.rows().flatMap(({ owner, backup, shard }) => (owner === n1 && backup === n2 ? shard : []));
  const id = idIn(new Set<number>(shards));
  for (const other of ['c1', 'c2', 'n3']) world.wires.cut('n2', other);
  const isReplaced = () => shards.every((shard) => world.rows()[shard]!.backup === n3);
  expect(await world.timeUntil(isReplaced, 3_000)).toBeLessThan(1_800);
  expect(shards.every((shard) => world.rows()[shard]!.owner === n1)).toBe(true);
  expect(await world.answer(world.add('g1', id))).toBe(1);
});

test('K9: a backup that only its owner cannot reach is dropped on its owner’s word', async () => {
  const world = await ClusterWorld.running();
  const [n1, n2] = [world.nodes.get('n1')!, world.nodes.get('n2')!];
  world.wires.cut('n1', 'n2');
  const apart = () => world.rows().every(({ owner, backup }) => !(owner === n1.peer && backup === n2.peer));
  const took = await world.timeUntil(apart, 5_000);
  expect(took).toBeGreaterThan(900);
  expect(took).toBeLessThan(1_300);
});

test('kill -9 of a node: in one transaction its backups own its shards, the others of its shards get learners, and its line is gone', async () => {
  const world = await ClusterWorld.running({ nodes: 4 });
  const n1 = world.nodes.get('n1')!;
  const before = world.rows();
  n1.process.kill();
  const took = await world.timeUntil(() => world.rows().some(({ owner }, i) => owner !== before[i]!.owner));
  expect(took).toBeLessThan(60);
  const after = world.rows();
  expect(after.some((row) => names(row, n1.peer))).toBe(false);
  expect(world.server.range(`${world.keys.members('node')}n1`).entries).toEqual([]);
  for (const [i, row] of after.entries()) {
    const was = before[i]!;
    if (was.owner === n1.peer) expect([row.owner, row.sure]).toEqual([was.backup, true]);
    else expect(row.owner).toBe(was.owner);
    expect(row.term).toBe(names(was, n1.peer) ? was.term + 1 : was.term);
    expect((row.backup || row.learner) !== row.owner && (row.backup || row.learner) !== '').toBe(true);
  }
  // The work of the dead went to all others alike.
  const owners = Object.values(world.owners());
  expect(Math.max(...owners) - Math.min(...owners)).toBeLessThanOrEqual(2);
  expect(await world.until(() => world.allBacked() && world.settled(), 1_000)).toBe(true);
});

test('two nodes are killed at once: what one of them backed for a third lives on there, only what was on both is placed afresh', async () => {
  const world = await ClusterWorld.running({ nodes: 4 });
  const events = await follow(world);
  const [n1, n2] = [world.nodes.get('n1')!, world.nodes.get('n2')!];
  const before = world.rows();
  for (const { process } of [n1, n2]) process.kill();
  expect(await world.timeUntil(() => world.settled())).toBeLessThan(1_000);
  const dead = new Set([n1.peer, n2.peer]);
  const onBoth = before.filter(({ owner, backup }) => dead.has(owner) && dead.has(backup)).length;
  for (const [i, { owner }] of world.rows().entries()) {
    const was = before[i]!;
    if (dead.has(was.owner) && !dead.has(was.backup)) expect(owner).toBe(was.backup);
  }
  const placed = events.flatMap((event) => (event.type === 'shards.placed' ? [event.shards] : []));
  expect(placed.reduce((sum, shards) => sum + shards, 0)).toBe(onBoth);
  expect(await world.until(() => world.allBacked(), 1_000)).toBe(true);
});

test('a stopped node: after 1,000 ms of silence its backups own its shards; it wakes up as a member without shards and gets work again', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  const events = await follow(world);
  const before = world.rows();
  n1.process.pause();
  const took = await world.timeUntil(() => world.rows().every(({ owner }) => owner !== n1.peer), 3_000);
  expect(took).toBeGreaterThan(880);
  expect(took).toBeLessThan(1_150);
  // Where it is the backup it stays one until another has everything (K9).
  expect(await world.timeUntil(() => world.rows().every((row) => !names(row, n1.peer)), 3_000)).toBeLessThan(500);
  for (const [i, { owner, sure }] of world.rows().entries())
    if (before[i]!.owner === n1.peer) expect([owner, sure]).toEqual([before[i]!.backup, undefined]);
  expect(events.filter(({ type }) => type.startsWith('member.'))).toMatchObject([
    { type: 'member.suspect' },
    { type: 'member.given-up', why: 'silent', peer: n1.peer },
  ]);
  await world.clock.advance(400);
  n1.process.resume();
  expect(await world.until(() => n1.it.shards.length === 0, 300)).toBe(true);
  expect(n1.replacedBy).toEqual([]);
  expect(await world.until(() => world.settled() && world.allBacked() && world.owners()[n1.peer]! >= 340, 10_000)).toBe(
    true,
  );
  expect(n1.it.agent.isFrozen()).toBe(false);
});

test('one that was given up and is back gets no good acknowledgement before it has closed what others own now', async () => {
  const world = await ClusterWorld.running();
  const n1 = world.nodes.get('n1')!;
  n1.process.pause();
  await world.until(() => world.rows().every((row) => !names(row, n1.peer)), 3_000);
  await world.clock.advance(600);
  expect(n1.it.agent.isFrozen()).toBe(true);
  const { table } = n1.it;
  const apply = table.apply.bind(table);
  // Its table does not come through: it still has its shards open.
  table.apply = () => undefined;
  n1.process.resume();
  await world.clock.advance(900);
  expect(n1.it.agent.isFrozen()).toBe(true);
  expect(world.membersAt('g1').find(({ peer }) => peer === n1.peer)?.state).toBe('suspect');
  table.apply = apply;
  expect(await world.until(() => !n1.it.agent.isFrozen(), 1_500)).toBe(true);
  expect(n1.replacedBy).toEqual([]);
  expect(await world.until(() => world.membersAt('g1').find(({ peer }) => peer === n1.peer)?.state === 'up', 500)).toBe(
    true,
  );
});

test('a backup dies: its owners keep their shards under the next term, with somebody else as learner and then as backup', async () => {
  const world = await ClusterWorld.running();
  const n3 = world.nodes.get('n3')!;
  const before = world.rows();
  n3.process.kill();
  expect(await world.until(() => world.rows().every((row) => !names(row, n3.peer)), 1_000)).toBe(true);
  for (const [i, { owner, term, learner }] of world.rows().entries()) {
    const was = before[i]!;
    if (was.backup === n3.peer) expect([owner, term, learner !== '']).toEqual([was.owner, was.term + 1, true]);
  }
  expect(await world.until(() => world.allBacked(), 1_000)).toBe(true);
});

test('K3: a backup that restarts within 300 ms under its old name is nobody’s backup until it has learned again', async () => {
  const world = await ClusterWorld.running({ nodes: 2 });
  const former = world.nodes.get('n2')!;
  former.process.kill();
  await world.clock.advance(1);
  world.slowLearners = true;
  world.nodes.get('n1')!.reports.slow = true;
  const next = world.node('n2');
  await world.clock.advance(3_000);
  expect(world.rows().some((row) => names(row, former.peer) || row.backup === next.peer)).toBe(false);
  expect(world.rows().every(({ learner }) => learner !== '')).toBe(true);
  for (const { reports } of [world.nodes.get('n1')!, next]) reports.slow = false;
  expect(await world.until(() => world.allBacked(), 5_000)).toBe(true);
});

test('K10: the owner dies while its shards are being copied: no learner is promoted, they begin anew', async () => {
  const world = await ClusterWorld.running({ slowLearners: true });
  const events = await follow(world);
  const n1 = world.nodes.get('n1')!;
  n1.process.kill();
  expect(await world.timeUntil(() => world.settled())).toBeLessThan(600);
  expect(events.map(({ type }) => type)).not.toContain('shards.promoted');
  expect(world.rows().every(({ learner, owner }) => learner !== '' && learner !== n1.peer && learner !== owner)).toBe(
    true,
  );
});

test('a learner dies while it is being seeded: another one takes its place under the same term, and what was said of the first is void', async () => {
  const world = await ClusterWorld.running({ slowLearners: true });
  const n3 = world.nodes.get('n3')!;
  const before = world.rows();
  n3.process.kill();
  await world.until(() => world.rows().every((row) => !names(row, n3.peer)), 1_000);
  for (const [i, { term }] of world.rows().entries())
    expect(term).toBe(before[i]!.owner === n3.peer ? before[i]!.term + 1 : before[i]!.term);
  for (const { reports } of world.nodes.values()) reports.slow = false;
  expect(await world.until(() => world.allBacked(), 1_000)).toBe(true);
});

test('take-over while learners are being seeded: the next leader leaves them alone and makes them backups', async () => {
  const world = await ClusterWorld.running({ slowLearners: true });
  const before = world.rows();
  world.coordinators.get('c1')!.process.kill();
  await world.until(() => world.leader?.it.ready ?? false, 1_000);
  await world.clock.advance(3_000);
  expect(world.rows()).toEqual(before);
  for (const { reports } of world.nodes.values()) reports.slow = false;
  expect(await world.until(() => world.allBacked(), 1_000)).toBe(true);
  expect(world.rows().map(({ owner, backup }) => [owner, backup])).toEqual(
    before.map(({ owner, learner }) => [owner, learner]),
  );
});

test('leader and node are killed together: the next leader promotes the backups', async () => {
  const world = await ClusterWorld.running({ coordinators: 3 });
  const n1 = world.nodes.get('n1')!;
  const before = world.rows();
  for (const { process } of [n1, world.coordinators.get('c1')!]) process.kill();
  expect(await world.timeUntil(() => world.settled())).toBeLessThan(1_000);
  for (const [i, { owner }] of world.rows().entries())
    if (before[i]!.owner === n1.peer) expect(owner).toBe(before[i]!.backup);
});

test('a process that is only a backup, and whose registration ran out before a take-over, is still the backup', async () => {
  const world = await ClusterWorld.running({ nodes: 2 });
  const [n1, n2] = [world.nodes.get('n1')!, world.nodes.get('n2')!];
  n2.store.path.cut();
  const pages = world.server.range(world.keys.shards).entries.map(({ key, value }) => {
    const rows = (JSON.parse(value) as WorldRow[]).map((row) =>
      row.owner === '' ? row : { ...row, owner: n1.peer, backup: n2.peer, term: row.term + 5 },
    );
    return { type: 'put', key, value: JSON.stringify(rows) } as const;
  });
  const line = { type: 'delete', key: `${world.keys.members('node')}n2` } as const;
  world.coordinators.get('c1')!.process.kill();
  world.server.transact({ compare: [], writes: [...pages, line] });
  const before = world.rows();
  expect(await world.until(() => world.leader?.it.ready ?? false, 1_000)).toBe(true);
  await world.clock.advance(300);
  expect(world.rows()).toEqual(before);
});

test('etcd away: nobody is promoted and no learner becomes a backup until it answers; then both at once', async () => {
  const world = await ClusterWorld.running({ slowLearners: true });
  for (const id of ['n1', 'n2']) world.nodes.get(id)!.reports.slow = false;
  await world.until(() => world.rows().every(({ owner, backup }) => owner.startsWith('n3#') || backup !== ''), 1_000);
  const before = world.rows();
  world.server.stall();
  await world.clock.advance(1_000);
  world.nodes.get('n1')!.process.kill();
  world.nodes.get('n3')!.reports.slow = false;
  await world.clock.advance(4_000);
  expect(world.rows()).toEqual(before);
  world.server.resume();
  expect(await world.timeUntil(() => world.settled() && world.allBacked(), 3_000)).toBeLessThan(1_500);
  for (const [i, { owner }] of world.rows().entries())
    if (before[i]!.owner.startsWith('n1#')) expect(owner).toBe(before[i]!.backup);
});

test('K9: a backup that its owner reports lost gives its place to another node once that has learned the shard', async () => {
  const world = await ClusterWorld.running();
  const [n1, n2] = [world.nodes.get('n1')!, world.nodes.get('n2')!];
  const before = world.rows();
  n1.reports.lost.add(n2.peer);
  const isMended = (row: WorldRow, i: number) =>
    before[i]!.owner !== n1.peer || before[i]!.backup !== n2.peer || row.backup.startsWith('n3#');
  expect(await world.until(() => world.rows().every(isMended), 1_000)).toBe(true);
  expect(world.rows().map(({ owner }) => owner)).toEqual(before.map(({ owner }) => owner));
});

test('K9: an owner that has lost sight of its backup dies before another has learned its shards: the backup, which has everything, owns them', async () => {
  const world = await ClusterWorld.running();
  const [n1, n2] = [world.nodes.get('n1')!, world.nodes.get('n2')!];
  const before = world.rows();
  n1.reports.slow = true;
  n1.reports.lost.add(n2.peer);
  const of = ({ owner, backup }: WorldRow) => owner === n1.peer && backup === n2.peer;
  const isLearning = (row: WorldRow, i: number) => !of(before[i]!) || row.learner.startsWith('n3#');
  expect(await world.until(() => world.rows().every(isLearning), 1_000)).toBe(true);
  await world.clock.advance(500);
  for (const [i, row] of world.rows().entries())
    if (of(before[i]!)) expect([row.owner, row.backup, row.term]).toEqual([n1.peer, n2.peer, before[i]!.term]);
  n1.process.kill();
  expect(await world.until(() => world.settled(), 1_000)).toBe(true);
  for (const [i, row] of world.rows().entries())
    if (of(before[i]!)) expect([row.owner, row.origin]).toEqual([n2.peer, 'promoted']);
});

test('second places are in the other zone', async () => {
  const world = await ClusterWorld.running({ nodes: 4, zones: ['x', 'x', 'y', 'y'] });
  const zone = (peer: string) => (peer < 'n3' ? 'x' : 'y');
  expect(world.rows().filter(({ owner, backup }) => zone(owner) === zone(backup))).toEqual([]);
});

test('a joiner becomes the backup of its share too, while what it backs never lacks a second place', async () => {
  const world = await ClusterWorld.running({ nodes: 2 });
  const busy = await world.answer(Promise.all(Array.from({ length: 60 }, (_, i) => world.add('g1', String(i)))));
  expect(busy.every((count) => count === 1)).toBe(true);
  world.node('n3');
  await world.until(() => (world.owners()[world.nodes.get('n3')!.peer] ?? 0) >= 341, 10_000);
  const isSpread = () =>
    ['n1#', 'n2#', 'n3#'].every((owner) => {
      const counts = Object.values(backups(world.rows(), owner));
      return counts.length === 2 && Math.max(...counts) - Math.min(...counts) <= 1;
    });
  expect(await world.until(() => world.allBacked(), 2_000)).toBe(true);
  let bare = 0;
  for (let i = 0; i < 300 && !(isSpread() && world.allBacked()); i += 1) {
    await world.clock.advance(50);
    bare += world.rows().filter(({ backup }) => backup === '').length;
  }
  expect([isSpread(), bare]).toEqual([true, 0]);
  const rest = world.rows();
  await world.clock.advance(5_000);
  expect(world.rows()).toEqual(rest);
});
