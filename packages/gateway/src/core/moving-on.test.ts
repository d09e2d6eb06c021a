import { describe, expect, test } from '@jest/globals';
import { attachedClient, type CoreWorld, coreWorld, FakeClient } from '../testing/session.test-kit.js';
import type { GatewayOptions } from './options.js';

const OTHERS = ['http://a:1', 'http://b:1'];
const never = (): AbortSignal => new AbortController().signal;

function muster(world: CoreWorld, player = '1'): FakeClient {
  return attachedClient(world, player, [], true);
}

/** Drains, and says when that was over. */
function drain(world: CoreWorld, urls: readonly string[] = OTHERS, hurry = never()) {
  const done = { at: Number.NaN };
  void world.core.drain(urls, hurry).then(() => {
    done.at = world.clock.monotonic();
  });
  return done;
}

/** Until it is the client's turn. */
async function hinted({ clock }: CoreWorld, { socket }: FakeClient): Promise<void> {
  expect(await clock.until(() => socket.said.includes('system/moveOn'), 1_000)).toBe(true);
}

const quick: Partial<GatewayOptions> = { moveOnSpreadMs: 1_000, moveOnWithinMs: 500, answerMs: 4_000 };

describe('a client that speaks v0.muster', () => {
  test('is told where to go, and goes: the stop waits no longer than for the last one', async () => {
    const world = coreWorld(quick);
    const client = muster(world);
    const done = drain(world);
    await hinted(world, client);
    const [hint] = client.socket.frames.slice(-1);
    expect(hint).toMatchObject({ type: 'event', commandId: 'system/moveOn', data: { withinMs: 500 } });
    expect(OTHERS).toContain((hint as { data: { url: string } }).data.url);
    expect([client.socket.closedWith, done.at]).toEqual([undefined, Number.NaN]);
    client.session.closed();
    await world.clock.advance(0);
    expect(done.at).toBe(world.clock.monotonic());
    // Its session waits for it: it has not signed out.
    expect(world.cluster.next('detach').json).toMatchObject({ clean: false });
  });

  test('has its answers before it goes: what it asks after the hint is served too', async () => {
    const world = coreWorld(quick);
    const client = muster(world);
    drain(world);
    await hinted(world, client);
    client.request('user/info', { userId: '2' });
    world.cluster.next('info').ok({ userId: '2' });
    expect(client.socket.said.slice(-2)).toEqual(['system/moveOn', 'user/info']);
  });

  test('that does not go is sent away with 1012', async () => {
    const world = coreWorld(quick);
    const client = muster(world);
    const done = drain(world);
    await world.clock.advance(1_500);
    expect(client.socket.closedWith?.code).toBe(1012);
    expect(done.at).toBeLessThanOrEqual(1_500);
  });

  test('is told of no address where none is known', async () => {
    const world = coreWorld(quick);
    const client = muster(world);
    drain(world, []);
    await world.clock.advance(1_000);
    expect(client.socket.frames.at(-1)).toMatchObject({ commandId: 'system/moveOn', data: { withinMs: 500 } });
    expect(client.socket.frames.at(-1)?.data).not.toHaveProperty('url');
  });
});

describe('a client that speaks Tachyon only', () => {
  test('is closed with 1012 as soon as everything that it asked has its answer, and nothing more is taken', async () => {
    const world = coreWorld(quick);
    const client = attachedClient(world);
    client.request('user/info', { userId: '2' });
    drain(world);
    await world.clock.advance(1_000);
    client.request('user/info', { userId: '3' });
    expect(client.socket.closedWith).toBeUndefined();
    const first = world.cluster.next('info');
    expect(() => world.cluster.next('info')).toThrow('nobody asked info');
    first.ok({ userId: '2' });
    expect(client.socket.said.at(-1)).toBe('user/info');
    expect(client.socket.closedWith?.code).toBe(1012);
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'moving_on' })).toBe(1);
    expect(client.socket.said).not.toContain('system/moveOn');
  });

  test('whose answer does not come is closed nevertheless', async () => {
    const world = coreWorld(quick);
    const client = attachedClient(world);
    client.request('user/info', { userId: '2' });
    const done = drain(world);
    await world.clock.advance(1_000 + 4_000);
    expect(client.socket.closedWith?.code).toBe(1012);
    expect(done.at).toBeLessThanOrEqual(5_000);
  });
});

test('clients are asked one after the other, evenly over the time, so that nobody is stormed', async () => {
  const world = coreWorld(quick);
  const clients = Array.from({ length: 100 }, (_, n) => muster(world, String(n + 1)));
  drain(world);
  const told = (): number => clients.filter(({ socket }) => socket.said.includes('system/moveOn')).length;
  const after: number[] = [];
  for (let quarter = 0; quarter < 4; quarter += 1) {
    await world.clock.advance(250);
    after.push(told());
  }
  for (const [quarter, count] of after.entries()) {
    expect(count).toBeGreaterThan(25 * quarter);
    expect(count).toBeLessThan(25 * (quarter + 2));
  }
  expect(after.at(-1)).toBe(100);
});

test('whoever hurries has everybody gone at once who waits for no answer', async () => {
  const world = coreWorld(quick);
  const idle = [muster(world, '1'), attachedClient(world, '2')];
  const busy = attachedClient(world, '3');
  busy.request('user/info', { userId: '2' });
  const hurry = new AbortController();
  const done = drain(world, OTHERS, hurry.signal);
  hurry.abort();
  expect(idle.map(({ socket }) => socket.closedWith?.code)).toEqual([1012, 1012]);
  expect(busy.socket.closedWith).toBeUndefined();
  world.cluster.next('info').ok({});
  await world.clock.advance(0);
  expect(done.at).toBe(0);
});

test('while it drains, nobody new is let in, and it is not ready', async () => {
  const world = coreWorld(quick);
  attachedClient(world);
  drain(world);
  const late = new FakeClient(world, '2');
  expect(late.socket.closedWith?.code).toBe(1012);
  expect(world.core.ready()).toContainEqual({ name: 'sessions', ok: false, detail: 'draining, 1 still connected' });
});

test('a gateway without clients drains at once', async () => {
  const world = coreWorld(quick);
  const done = drain(world);
  await world.clock.advance(0);
  expect(done.at).toBe(0);
});
