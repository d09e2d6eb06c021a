import { beforeEach, expect, test } from '@jest/globals';
import { type EntityRef, entity } from '@muster/ports';
import type { ClusterClient } from '../node/cluster-client.js';
import type { ComputeNode } from '../node/compute-node.js';
import { book, books, type Member, World } from '../world.test-kit.js';
import type { StreamEvent, StreamHandle } from './subscription.js';

let world: World;
let [n1, n2]: Member<ComputeNode>[] = [];
let g: Member<ClusterClient>;
let a: EntityRef;

beforeEach(async () => {
  world = new World();
  n1 = await world.node('n1');
  n2 = await world.node('n2');
  g = await world.gateway('g');
  [a] = books('a') as [EntityRef];
  world.own(n1, a, 1);
});

interface Heard {
  readonly told: unknown[];
  readonly events: StreamEvent[];
  readonly handle: StreamHandle;
}

function follow(of: EntityRef = a, snapshot = true, topic = 'lines', by = g): Heard {
  const told: unknown[] = [];
  const events: StreamEvent[] = [];
  const parse = ({ data }: StreamEvent): unknown => JSON.parse(Buffer.from(data).toString());
  const handle = by.process.streams.subscribe(
    of,
    topic,
    { snapshot },
    {
      event: (event) => {
        told.push(parse(event));
        events.push(event);
      },
      snapshot: (event) => {
        told.push(parse(event));
        events.push(event);
      },
      lost: (code) => told.push(code),
    },
  );
  return { told, events, handle };
}

const write = (...texts: string[]): Promise<unknown[]> =>
  world.answers(texts.map((text) => world.ask(g, a, 'write', { text })));
function seenOf(of: EntityRef, at = n1!): { status: string; subscribers: unknown; lines: unknown } {
  const seen = at.process.runtime.inspect(world.where(of).shard, of);
  const { status, subscribers, state } = seen as { status: string; subscribers: unknown; state: { lines: unknown } };
  return { status, subscribers, lines: state.lines };
}
/** Another name in the same shard. */
function ofSameShard(of: EntityRef): string {
  const { shard } = world.where(of);
  for (let n = 0; ; n += 1) if (world.where(entity('book', `near ${n}`)).shard === shard) return `near ${n}`;
}
const pause = (ms = 50): Promise<void> => world.clock.advance(ms);

test('a listener gets the state, then every event with its number, its cause and who sent it', async () => {
  await write('x');
  const { told, events } = follow();
  await pause();
  await write('y', 'z');
  await pause();
  expect(told).toEqual([['x'], 'y', 'z']);
  expect(events[1]).toMatchObject({ entity: a, topic: 'lines', name: 'line', term: 1, owner: 'n1#x', cause: 's:2' });
  expect(events[2]!.number).toBeGreaterThan(events[1]!.number);
});

test('whom an event is for comes with it, also where it is told again over a new link', async () => {
  const { told, events } = follow();
  await pause();
  await write('all');
  await pause();
  n1!.cable.block(g.address);
  g.cable.block(n1!.address);
  const [b] = books('b') as [EntityRef];
  world.own(n2, b, 1);
  await world.answer(g, b, 'tell', { to: a, text: 'for 7 and 8: psst' });
  await pause(500);
  g.cable.blocked.clear();
  await pause(2_000);
  expect(told).toEqual([[], 'all', 'lost g#x', 'for 7 and 8: psst']);
  expect(events.map(({ to }) => to.only)).toEqual([[], [], [], ['7', '8']]);
});

test('K16: a late joiner gets its own snapshot; nobody else sees it; the owner is asked once for all', async () => {
  const first = follow();
  await pause();
  await write('x');
  const late = follow();
  const later = follow(a, false);
  await pause();
  await write('y');
  await pause();
  expect(first.told).toEqual([[], 'x', 'y']);
  expect(late.told).toEqual([['x'], 'y']);
  expect(later.told).toEqual(['y']);
  expect(g.process.streams.size).toBe(1);
  expect(g.metrics.value('muster_streams_asked_total')).toBe(2);
});

test('K16: a lost link leaves no gap: what was published meanwhile comes over the next one, once', async () => {
  const { told } = follow();
  await pause();
  await write('1');
  n1!.cable.block(g.address);
  g.cable.block(n1!.address);
  // Told by another actor, because the gateway cannot reach the owner.
  const [b] = books('b') as [EntityRef];
  world.own(n2, b, 1);
  await world.answer(g, b, 'tell', { to: a, text: '2' });
  await pause(500);
  expect(told).toEqual([[], '1']);
  g.cable.blocked.clear();
  await pause(2_000);
  await write('3');
  await pause();
  expect(told.filter((each) => typeof each === 'string' && !each.startsWith('lost'))).toEqual(['1', '2', '3']);
  expect(told.filter(Array.isArray)).toEqual([[]]);
});

test('K16: a new owner is asked with the last number; where the state was lost, everybody gets the new one', async () => {
  const { told, events } = follow();
  await pause();
  await write('1');
  await pause();
  n1!.cable.kill();
  await pause();
  world.own(n2, a, 2, [n2!, g]);
  await pause();
  await write('2');
  await pause();
  expect(told).toEqual([[], '1', [], '2']);
  expect(events.at(-1)).toMatchObject({ owner: 'n2#x', term: 2 });
});

test('K16: a gateway that no coordinator reaches follows an actor to its new owner, who says so itself', async () => {
  const other = await world.gateway('g2');
  world.own(n1, a, 1);
  const followed = follow();
  const [near] = books(ofSameShard(a)) as [EntityRef];
  await write('1');
  await pause();
  world.own(n2, a, 2, [n1!, n2!, other]);
  await pause();
  await world.answer(other, a, 'write', { text: '2' });
  const late = follow(near);
  await pause();
  expect(followed.told).toEqual([[], '1', [], '2']);
  expect(followed.events.at(-1)).toMatchObject({ owner: 'n2#x', term: 2 });
  expect(late.told).toEqual([[]]);
  expect(late.events[0]).toMatchObject({ owner: 'n2#x', term: 2 });
  // When a coordinator speaks again, what it says is known.
  const asked = g.metrics.value('muster_streams_asked_total');
  world.own(n2, a, 2, [g]);
  await pause();
  expect(g.metrics.value('muster_streams_asked_total')).toBe(asked);
});

test('fence 3: a deposed owner publishes on, and nobody listens', async () => {
  const { told } = follow();
  await pause();
  world.own(n2, a, 2, [n2!, g]);
  await pause();
  // n1 has heard nothing: it still owns the shard in its own eyes, and an actor there still talks to it.
  const c = entity('book', 'c');
  world.own(n1, c, 1);
  world.own(n1, a, 1, [n1!]);
  await world.answer(g, c, 'tell', { to: a, text: 'stale' });
  await pause(200);
  await write('new');
  await pause();
  expect(told.flat()).toEqual(['new']);
});

test('a listener before there is an owner or a link hears all once there is', async () => {
  const b = entity('book', 'b');
  const { told } = follow(b);
  await pause(100);
  expect(told).toEqual([]);
  world.own(n2, b, 1);
  await pause();
  expect(told).toEqual([[]]);
});

test('a topic that does not exist ends the subscription for good', async () => {
  const { told } = follow(a, true, 'nothing');
  await pause();
  expect(told).toEqual(['NOT_FOUND']);
  expect(g.process.streams.size).toBe(0);
});

test('nothing comes after close, and the owner is told when the last listener left', async () => {
  const [first, second] = [follow(), follow()];
  await pause();
  first.handle.close();
  await write('1');
  await pause();
  second.handle.close();
  second.handle.close();
  await write('2');
  await pause();
  expect([first.told, second.told]).toEqual([[[]], [[], '1']]);
  const again = follow();
  await pause();
  expect(again.told).toEqual([['1', '2']]);
  expect(g.metrics.value('muster_streams_dropped_total')).toBe(0);
});

test('closing before the actor is there leaves nothing behind', async () => {
  const { told, handle } = follow();
  handle.close();
  const other = follow();
  other.handle.close();
  await pause();
  await write('1');
  await pause();
  expect([told, other.told]).toEqual([[], []]);
  expect(seenOf(a)).toEqual({ status: 'active', subscribers: {}, lines: ['1'] });
});

test('leaving while the actor is still being loaded ends the subscription as soon as it stands', async () => {
  const load = (): Promise<unknown> => new Promise((resolve) => world.clock.after(100, () => resolve(undefined)));
  const n3 = await world.node('n3', {}, [{ ...book, kind: 'slow', load }]);
  const [left, lost] = [entity('slow', 'left'), entity('slow', 'lost')];
  world.own(n3, left, 1);
  world.own(n3, lost, 1);
  const { told, handle } = follow(left);
  const other = follow(lost);
  await pause(20);
  handle.close();
  await pause(20);
  g.cable.kill();
  await pause(200);
  for (const actor of [left, lost])
    expect(seenOf(actor, n3)).toEqual({ status: 'active', subscribers: {}, lines: expect.anything() });
  expect([told, other.told]).toEqual([[], []]);
});

test('an actor hears that a gateway which listened is cut off or gone', async () => {
  follow();
  await pause();
  g.cable.kill();
  await pause();
  expect(seenOf(a)).toEqual({ status: 'active', subscribers: {}, lines: [`lost ${g.peer}`] });
});

test('two gateways follow one actor, each with a subscription of its own', async () => {
  const g2 = await world.gateway('g2');
  world.own(n1, a, 2);
  const [one, two] = [follow(), follow(a, true, 'lines', g2)];
  await pause();
  await write('x');
  await pause();
  expect([one.told, two.told]).toEqual([
    [[], 'x'],
    [[], 'x'],
  ]);
});

test('a listener may close itself and others while it is called', async () => {
  const told: string[] = [];
  const nothing = { snapshot: () => undefined, lost: () => undefined };
  let second: StreamHandle | undefined;
  const first = g.process.streams.subscribe(
    a,
    'lines',
    {},
    {
      ...nothing,
      event: () => {
        told.push('first');
        first.close();
        second?.close();
      },
    },
  );
  second = g.process.streams.subscribe(a, 'lines', {}, { ...nothing, event: () => told.push('second') });
  await pause();
  await write('x', 'y');
  await pause();
  expect(told).toEqual(['first']);
  expect(g.process.streams.size).toBe(0);
});
