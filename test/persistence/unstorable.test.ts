// An actor that storage cannot take: it alone suffers, whoever else lives in its shard.
import { beforeEach, expect, test } from '@jest/globals';
import type { ClusterClient, ComputeNode } from '@muster/cluster';
import { type EntityRef, term } from '@muster/ports';
import { MemoryShardServer, MemoryShardStore } from '@muster/storage';
import { book, books, type Member, World } from '../../packages/cluster/src/world.test-kit.js';

type Node = Member<ComputeNode>;

let world: World;
let server: MemoryShardServer;
let g: Member<ClusterClient>;
let [n1, n2, n3]: Node[] = [];
let a: EntityRef;
/** Lives in the shard of `a`. */
let b: EntityRef;

beforeEach(async () => {
  world = new World();
  server = new MemoryShardServer({ clock: world.clock });
  [n1, n2, n3] = [await node('n1'), await node('n2'), await node('n3')];
  g = await world.gateway('g');
  [a] = books('a') as [EntityRef];
  const others = Array.from({ length: 3_000 }, (_, i) => books(`b${i}`)[0]!);
  b = others.find((other) => world.where(other).shard === world.where(a).shard)!;
});

function node(id: string): Promise<Node> {
  const store = new MemoryShardStore({ clock: world.clock, server, options: { textCharsMax: 2_000 } });
  return world.node(id, { persistence: { tailCharsMin: 1_000 } }, [book], store);
}

const place = (owner: Node, inTerm: number, more = {}): void =>
  world.place([{ shard: world.where(a).shard, owner: owner.peer, term: term(inTerm), sure: true, ...more }]);
const write = (to: EntityRef, text: string) => world.answer(g, to, 'write', { text });
const lines = (of: EntityRef) => world.answer(g, of, 'read');
const tooMuch = 'x'.repeat(3_000);

async function die(...nodes: readonly Node[]): Promise<void> {
  for (const { cable } of nodes) cable.kill();
  await world.clock.advance(20);
}

test('its record is too long and there is no backup: its command is refused, its neighbour loses nothing', async () => {
  place(n1!, 1);
  expect([await write(a, '1'), await write(b, '1')]).toEqual([1, 1]);
  const both = [world.ask(g, a, 'write', { text: tooMuch }), world.ask(g, b, 'write', { text: '2' })];
  expect(await world.answers(both)).toEqual(['STATE_DAMAGED', 2]);
  expect(await lines(a)).toBe('STATE_DAMAGED');
  expect(await write(b, '3')).toBe(3);
  expect(n1!.metrics.value('muster_persistence_unstorable_total')).toBe(1);
  expect(n1!.metrics.value('muster_state_may_lack_total')).toBe(0);
  await die(n1!);
  place(n2!, 2);
  expect([await lines(a), await lines(b)]).toEqual([['1'], ['1', '2', '3']]);
});

test('its record is too long beside a backup: its neighbour, whose last second is not stored, goes on', async () => {
  const inTerm = await world.protect(n1!, n2!, a);
  await write(a, '1');
  await world.clock.advance(1_000);
  expect(await write(b, '1')).toBe(1);
  await write(a, tooMuch);
  expect(await write(b, '2')).toBe(2);
  await world.clock.advance(1_000);
  expect([await lines(a), await lines(b)]).toEqual(['STATE_DAMAGED', ['1', '2']]);
  expect(n1!.metrics.value('muster_state_may_lack_total')).toBe(0);
  await die(n1!, n2!);
  place(n3!, inTerm + 1);
  expect([await lines(a), await lines(b)]).toEqual([['1'], ['1', '2']]);
});

test('it is too long as a whole: what was stored of it last stays, and its neighbour is stored', async () => {
  const inTerm = await world.protect(n1!, n2!, a);
  for (let i = 1; i <= 4; i += 1) {
    await write(a, `${i}`.repeat(900));
    await world.clock.advance(1_000);
  }
  expect(await write(b, '1')).toBe(1);
  await world.clock.advance(1_000);
  expect(n1!.metrics.value('muster_persistence_unstorable_total')).toBe(1);
  await die(n1!, n2!);
  place(n3!, inTerm + 1);
  expect(await lines(b)).toEqual(['1']);
  expect(((await lines(a)) as string[]).length).toBeGreaterThan(0);
});

test('its owner dies: the backup, which has what storage lacks, does not take it for stored', async () => {
  const inTerm = await world.protect(n1!, n2!, a);
  await write(a, '1');
  await world.clock.advance(1_000);
  await write(a, tooMuch);
  await write(b, '1');
  await world.clock.advance(1_000);
  expect(await write(b, '2')).toBe(2);
  await world.clock.advance(1_000);
  await die(n1!);
  place(n2!, inTerm + 1, { origin: 'promoted', learner: n3!.peer });
  await write(a, '3');
  await world.clock.advance(2_000);
  expect(n2!.metrics.value('muster_persistence_unstorable_total')).toBe(1);
  await die(n2!, n3!);
  const n4 = await node('n4');
  place(n4, inTerm + 2);
  // Neither gap nor damage in what is stored of it.
  expect([await lines(a), await lines(b)]).toEqual([['1'], ['1', '2']]);
});
