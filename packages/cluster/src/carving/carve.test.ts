import { beforeEach, expect, test } from '@jest/globals';
import { type EntityRef, type ShardId, shardId, shardOfKey, term } from '@muster/ports';
import type { ClusterClient } from '../node/cluster-client.js';
import type { ComputeNode } from '../node/compute-node.js';
import type { ShardRow } from '../table/routing-table.js';
import { book, books, type Member, World } from '../world.test-kit.js';
import { TestCarver } from './carver.test-kit.js';

type Node = Member<ComputeNode>;

const SOLO = shardId(1_030);
let world: World;
let n1: Node;
let n2: Node;
let n3: Node;
let g: Member<ClusterClient>;
let carver: TestCarver;
let a: EntityRef;
let home: ShardId;

beforeEach(async () => {
  world = new World();
  n1 = await world.node('n1', {}, [book]);
  n2 = await world.node('n2', {}, [book]);
  n3 = await world.node('n3', {}, [book]);
  g = await world.gateway('g');
  [a] = books('a') as [EntityRef];
  home = world.where(a).shard;
  carver = new TestCarver(world, n1.cable.sibling());
  await world.protect(n1, n2, a);
  await protectSolo(n1, n3);
});

const lines = (): Promise<unknown> => world.answer(g, a, 'read');
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** The solo shard, empty, at its owner, with a backup. */
async function protectSolo(owner: Node, backup: Node): Promise<void> {
  world.place([{ shard: SOLO, owner: owner.peer, learner: backup.peer, term: term(5), since: term(5) }]);
  const inSync = () => owner.process.replicator.reports().some(({ shard, what }) => shard === SOLO && what === 'learner-in-sync'); // biome-ignore format: one line
  if (!(await world.clock.until(inSync, 5_000))) throw new Error('the learner did not catch up');
  world.place([{ shard: SOLO, owner: owner.peer, backup: backup.peer, term: term(6), since: term(5) }]);
  await world.clock.advance(5);
}

async function stream(count: number, from = 1): Promise<readonly Promise<unknown>[]> {
  const answers: Promise<unknown>[] = [];
  for (let i = from; i < from + count; i += 1) {
    answers.push(world.ask(g, a, 'write', { text: String(i) }));
    if (i % 3 === 0) await world.clock.advance(1);
  }
  return answers;
}

/** Another entity of the same home shard. */
function neighbour(): EntityRef {
  for (let i = 0; ; i += 1) if (shardOfKey(`book/n${i}`) === home) return { kind: 'book', id: `n${i}` };
}

/** The rows of these shards as a leader writes them when their owner is dead. */
function promote(...shards: readonly ShardId[]): void {
  const promoted = (row: ShardRow): ShardRow => {
    const next = term(row.term + 1);
    return { ...row, owner: row.backup, backup: '', origin: 'promoted', term: next, since: next, sure: true };
  };
  carver.write(...shards.map((shard) => promoted(world.row(shard))));
}

function has(node: Node, shard: ShardId): boolean {
  return node.process.runtime.inspect(shard, a) !== undefined;
}

test('an entity is carved under a stream of commands: each is answered once and in order, and its neighbours stay (K1, K14)', async () => {
  const other = neighbour();
  await world.answer(g, other, 'write', { text: 'stays' });
  const first = await stream(30);
  carver.begin(a, SOLO);
  const rest: Promise<unknown>[] = [];
  for (let i = 31; i <= 400 && carver.carving; i += 1) {
    rest.push(world.ask(g, a, 'write', { text: String(i) }));
    if (i % 3 === 0) await world.clock.advance(1);
  }
  expect(carver.ended).toEqual(['carved']);
  expect(rest.length).toBeGreaterThan(3);
  expect(await world.answers([...first, ...rest])).toEqual(upTo(30 + rest.length));
  expect([has(n1, home), has(n1, SOLO)]).toEqual([false, true]);
  expect(await world.answer(g, other, 'read')).toEqual(['stays']);
  expect(world.row(home).term).toBe(world.row(SOLO).term);
});

test('it comes home the same way, and its solo shard is empty', async () => {
  await world.answers(await stream(3));
  expect(await carver.carve(a, SOLO)).toBe('carved');
  const inSolo = await stream(3, 4);
  expect(await carver.carve(a, home)).toBe('carved');
  expect(await world.answers([...inSolo, ...(await stream(3, 7))])).toEqual(upTo(9).slice(3));
  expect(n1.process.runtime.actorsIn(SOLO)).toBe(0);
  expect([has(n1, home), has(n1, SOLO)]).toEqual([true, false]);
  n1.cable.kill();
  await world.clock.advance(20);
  promote(home, SOLO);
  expect(await lines()).toEqual(upTo(9).map(String));
});

test('the owner dies before the commit: the entity is at home with all of it, and what its solo shard has is void', async () => {
  await world.answers(await stream(6));
  carver.storeMs = 1_000;
  carver.begin(a, SOLO);
  expect(await world.clock.until(() => carver.carving?.phase === 'committing', 5_000)).toBe(true);
  n1.cable.kill();
  await world.clock.advance(20);
  promote(home, SOLO);
  await world.clock.until(() => carver.carving === undefined, 5_000);
  expect(carver.ended).toEqual(['not-committed']);
  expect(await lines()).toEqual(upTo(6).map(String));
  expect(n2.process.runtime.actorsIn(home)).toBe(1);
  expect(n3.process.runtime.actorsIn(SOLO)).toBe(0);
});

test('the owner dies right after the commit: the entity is in its solo shard with all of it, and what its home has is void', async () => {
  await world.answers(await stream(6));
  carver.before = () => n1.cable.kill();
  carver.begin(a, SOLO);
  await world.clock.until(() => carver.carving === undefined, 5_000);
  expect(carver.ended).toEqual(['carved']);
  promote(home, SOLO);
  expect(await world.answer(g, a, 'write', { text: '7' })).toBe(7);
  expect([has(n2, home), has(n3, SOLO)]).toEqual([false, true]);
  expect(n2.process.runtime.actorsIn(home)).toBe(0);
});

test('the transaction does not happen: the entity goes on at home with what waited, and can be carved later', async () => {
  await world.answers(await stream(3));
  carver.accepts = false;
  carver.storeMs = 20;
  carver.begin(a, SOLO);
  const waiting = await stream(6, 4);
  await world.clock.until(() => carver.carving === undefined, 5_000);
  expect(carver.ended).toEqual(['not-committed']);
  expect(await world.answers(waiting)).toEqual([4, 5, 6, 7, 8, 9]);
  expect(n1.process.runtime.actorsIn(SOLO)).toBe(0);
  carver.accepts = true;
  expect(await carver.carve(a, SOLO)).toBe('carved');
  expect(await lines()).toEqual(upTo(9).map(String));
});

test('the leader dies while the owner holds the entity: the next one cancels what it does not find in the store (K13)', async () => {
  await world.answers(await stream(3));
  carver.storeMs = 10_000;
  carver.begin(a, SOLO);
  await world.clock.until(() => carver.carving?.phase === 'committing', 5_000);
  carver.kill();
  const waiting = world.ask(g, a, 'write', { text: '4' });
  await world.clock.advance(2_000);
  expect(n1.process.runtime.inspect(home, a)).toMatchObject({ state: { lines: ['1', '2', '3'] } });
  carver = new TestCarver(world, n1.cable.sibling(), 2);
  expect(await world.answers([waiting])).toEqual([4]);
  expect(n1.process.runtime.actorsIn(SOLO)).toBe(0);
});

test('the leader dies right after the commit: the table tells the owner, and the next leader has nothing to cancel', async () => {
  await world.answers(await stream(3));
  carver.begin(a, SOLO);
  carver.before = () => world.clock.defer(() => carver.kill());
  await world.clock.advance(300);
  carver = new TestCarver(world, n1.cable.sibling(), 2);
  await world.clock.advance(300);
  expect(await world.answer(g, a, 'write', { text: '4' })).toBe(4);
  expect(has(n1, SOLO)).toBe(true);
});

test('a backup dies while the entity is held: nothing is committed under a row that is not what it was', async () => {
  await world.answers(await stream(3));
  carver.storeMs = 100;
  carver.begin(a, SOLO);
  await world.clock.until(() => carver.carving?.phase === 'committing', 5_000);
  const row = world.row(SOLO);
  n3.cable.kill();
  carver.write({ ...row, backup: '', term: term(row.term + 1) });
  await world.clock.until(() => carver.carving === undefined, 5_000);
  expect(carver.ended).toEqual(['not-committed']);
  expect(await world.answer(g, a, 'write', { text: '4' })).toBe(4);
  expect([has(n1, home), has(n1, SOLO)]).toEqual([true, false]);
});

test('nothing is said to be there before it is in a second place', async () => {
  await world.answers(await stream(3));
  n3.cable.kill();
  carver.begin(a, SOLO);
  await world.clock.advance(500);
  expect(carver.carving?.phase).toBe('asking');
  await world.clock.until(() => carver.carving === undefined, 5_000);
  expect(carver.ended).toEqual(['asked']);
});

test('a listener hears every line once and in order, whatever shard they come from (K16)', async () => {
  const heard: unknown[] = [];
  const take = ({ data }: { data: Uint8Array }) => void heard.push(JSON.parse(Buffer.from(data).toString()));
  const listener = { event: take, snapshot: () => undefined, lost: () => heard.push('lost') };
  g.process.streams.subscribe(a, 'lines', { snapshot: false }, listener);
  await world.clock.advance(20);
  const answers = [...(await stream(9))];
  carver.begin(a, SOLO);
  answers.push(...(await stream(30, 10)));
  await world.answers(answers);
  await world.clock.advance(100);
  expect(heard).toEqual(upTo(39).map(String));
  answers.push(...(await stream(9, 40)));
  carver.begin(a, home);
  answers.push(...(await stream(9, 49)));
  await world.answers(answers);
  await world.clock.advance(200);
  expect(heard).toEqual(upTo(57).map(String));
  expect(carver.ended).toEqual(['carved', 'carved']);
});

test('a gateway that hears of it late finds nobody at home, and its listeners and commands go where the entity is', async () => {
  const answers = [...(await stream(6))];
  carver.late = [g];
  carver.begin(a, SOLO);
  answers.push(...(await stream(15, 7)));
  await world.clock.until(() => carver.carving === undefined, 5_000);
  const heard: unknown[] = [];
  const listener = { event: () => undefined, snapshot: () => heard.push('state'), lost: () => heard.push('lost') };
  g.process.streams.subscribe(a, 'lines', { snapshot: true }, listener);
  await world.clock.advance(20);
  expect([has(n1, home), heard]).toEqual([false, []]);
  answers.push(...(await stream(3, 22)));
  expect(await world.answers(answers)).toEqual(upTo(24));
  await world.clock.advance(100);
  expect(heard).toEqual(['state']);
});

test('what an entity has sent and what it has promised goes with it: an answer finds it, and who waits is answered', async () => {
  const [b] = books('b') as [EntityRef];
  const n4 = await world.node('n4', {}, [book]);
  world.own(n4, b, 1);
  await world.answer(g, a, 'write', { text: 'begin' });
  const waiting = world.ask(g, a, 'wait');
  await world.clock.advance(5);
  n1.cable.block(n4.address);
  n4.cable.block(n1.address);
  await world.answer(g, a, 'tell', { to: b, text: 'hello' });
  carver.begin(a, SOLO);
  await world.clock.until(() => carver.carving === undefined, 8_000);
  expect(carver.ended).toEqual(['carved']);
  n1.cable.blocked.clear();
  n4.cable.blocked.clear();
  await world.clock.advance(5_000);
  expect(await lines()).toEqual(['begin', 'told hello']);
  expect(await world.answer(g, b, 'read')).toEqual(['hello']);
  await world.answer(g, a, 'go');
  expect(await world.answers([waiting])).toEqual(['gone']);
});
