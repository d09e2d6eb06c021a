import { describe, expect, test } from '@jest/globals';
import { shardOfKey } from '@muster/ports';
import { BATTLE_ID, coreWorld, FakeAutohost, FIRST_SESSION } from '../testing/session.test-kit.js';

const STATUS = { maxBattles: 2, currentBattles: 0, availableEngines: ['1'] };

function ready() {
  const world = coreWorld();
  return { world, host: new FakeAutohost(world).ready() };
}

/** Times of the updates in commands that were asked and not answered. */
function timesIn(asked: readonly { readonly name: string; readonly json: unknown }[]): readonly (readonly number[])[] {
  return asked
    .filter(({ name }) => name === 'update')
    .map(({ json }) => (json as { updates: { time: number }[] }).updates.map(({ time }) => time));
}

describe('an autohost connects', () => {
  test('it is attached to its own actor, in the region of this gateway', () => {
    const world = coreWorld({ region: 'eu' });
    new FakeAutohost(world);
    expect(world.cluster.next('attach')).toMatchObject({
      entity: { kind: 'autohost', id: '7' },
      origin: { type: 'client', session: FIRST_SESSION, caller: '7' },
      json: { session: FIRST_SESSION, gateway: 'gateway-1#a1', region: 'eu', resume: false },
    });
  });

  test('what it says before it is attached waits, in order', () => {
    const world = coreWorld();
    const host = new FakeAutohost(world);
    host.event('autohost/status', STATUS);
    host.update(1);
    const attach = world.cluster.next('attach');
    expect(world.cluster.asked).toEqual([]);
    attach.ok(null);
    world.cluster.next('status').ok();
    expect(timesIn(world.cluster.asked)).toEqual([[1]]);
  });

  test('anything but its status first ends the connection with 1008', () => {
    const world = coreWorld();
    const host = new FakeAutohost(world);
    host.update(1);
    expect(host.socket.closedWith).toEqual({ code: 1008, reason: 'autohost/status must come first' });
    const other = new FakeAutohost(world);
    other.say({ type: 'request', commandId: 'user/info', data: { userId: '1' } });
    expect(other.socket.frames).toMatchObject([{ status: 'failed', reason: 'invalid_request' }]);
    expect(other.socket.closedWith?.code).toBe(1008);
  });

  test('an answer may come before its status', () => {
    const world = coreWorld();
    const host = new FakeAutohost(world);
    world.cluster.next('attach').ok(null);
    const request = { session: FIRST_SESSION, n: 5, commandId: 'autohost/subscribeUpdates', data: { since: 1 } };
    world.cluster.snapshot('autohost/7', 'self', { session: FIRST_SESSION, requests: [request] });
    const { messageId, commandId } = host.socket.frames[0]!;
    host.say({ type: 'response', messageId, commandId, status: 'success' });
    expect(world.cluster.next('answered').json).toEqual({ n: 5, ok: true, data: null });
    expect(host.socket.closedWith).toBeUndefined();
  });

  test.each([
    ['connected', 1000],
    ['unknown_connection', 1012],
    ['unauthorized', 1008],
  ])('one that is refused with %s is closed with %d', (reason, code) => {
    const world = coreWorld();
    const host = new FakeAutohost(world);
    world.cluster.next('attach').fail('REFUSED', { reason });
    expect(host.socket.closedWith?.code).toBe(code);
  });
});

describe('updates', () => {
  test('go one command at a time, and what came meanwhile goes together', () => {
    const { world, host } = ready();
    for (const time of [1, 2, 3]) host.update(time);
    expect(timesIn(world.cluster.asked)).toEqual([[1]]);
    world.cluster.next('update').ok();
    expect(timesIn(world.cluster.asked)).toEqual([[2, 3]]);
  });

  test('keep their place between status and answers', () => {
    const { world, host } = ready();
    host.update(1);
    host.update(2);
    host.event('autohost/status', STATUS);
    host.update(3);
    world.cluster.next('update').ok();
    expect(timesIn(world.cluster.asked)).toEqual([[2]]);
    world.cluster.next('update').ok();
    world.cluster.next('status').ok();
    expect(timesIn(world.cluster.asked)).toEqual([[3]]);
  });

  test('that were not taken are said again before later ones', async () => {
    const { world, host } = ready();
    host.update(1);
    world.cluster.next('update').fail('DEADLINE_EXCEEDED', { ms: 1 });
    host.update(2);
    expect(world.cluster.asked).toEqual([]);
    await world.clock.advance(world.core.options.feedRetryMs);
    expect(timesIn(world.cluster.asked)).toEqual([[1, 2]]);
    world.cluster.next('update').fail('REFUSED', { reason: 'busy' });
    await world.clock.advance(world.core.options.feedRetryMs);
    expect(timesIn(world.cluster.asked)).toEqual([[1, 2]]);
  });

  test('an event that breaks its schema is counted by reason, and nobody hears of it', () => {
    const { world, host } = ready();
    host.event('autohost/update', { battleId: BATTLE_ID, time: -1, update: { type: 'start' } });
    host.event('autohost/update', { battleId: 'no uuid', time: 1, update: { type: 'start' } });
    host.event('autohost/levitate', {});
    expect(world.cluster.asked).toEqual([]);
    const counted = (reason: string) => world.metrics.value('muster_gateway_autohost_events_refused_total', { reason });
    expect([counted('invalid_request'), counted('command_unimplemented')]).toEqual([2, 1]);
    expect(host.socket.closedWith).toBeUndefined();
  });

  test('more than may wait ends the connection: the autohost comes back and replays', () => {
    const world = coreWorld({ feedItemsMax: 2 });
    const host = new FakeAutohost(world).ready();
    for (const time of [1, 2, 3]) host.update(time);
    expect(host.socket.closedWith?.code).toBe(1013);
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'autohost_feed' })).toBe(1);
  });

  test('an actor that counts on another connection ends this one', () => {
    const { world, host } = ready();
    host.update(1);
    world.cluster.next('update').fail('REFUSED', { reason: 'unknown_connection' });
    expect(host.socket.closedWith?.code).toBe(1012);
    expect(world.cluster.next('detach').json).toEqual({ session: FIRST_SESSION });
  });

  test('are not limited in number', () => {
    const { host } = ready();
    for (let time = 1; time <= 500; time += 1) host.update(time);
    expect(host.socket.closedWith).toBeUndefined();
  });
});

test('K16: the answer to what a client’s request led to goes on under that client’s name', () => {
  const { world, host } = ready();
  const request = { session: FIRST_SESSION, n: 5, commandId: 'autohost/kill', data: { battleId: BATTLE_ID } };
  world.cluster.publish('autohost/7', 'self', 'muster:request', request, 'gateway-2#b/1:9');
  const { messageId, commandId } = host.socket.frames.at(-1)!;
  host.say({ type: 'response', messageId, commandId, status: 'success' });
  const answered = world.cluster.next('answered');
  expect(answered.cause).toBe('gateway-2#b/1:9');
  answered.ok();
  host.update(1);
  expect(world.cluster.next('update').cause).toBe('');
});

test('K14: the actor has a new owner: the connection is attached again in front of what it has said', () => {
  const { world, host } = ready();
  host.update(1);
  const front = world.cluster.newOwner(shardOfKey('autohost/7'));
  expect(front).toMatchObject([{ name: 'attach', json: { session: FIRST_SESSION, resume: true } }]);
  expect(world.cluster.newOwner(shardOfKey('autohost/8'))).toEqual([]);
});

describe('a connection ends', () => {
  test.each(['muster:ended', 'muster:superseded'])('because the actor says so: %s', (name) => {
    const { host } = ready();
    host.notice(name, { session: 'gateway-2#b/1' });
    expect(host.socket.closedWith).toBeUndefined();
    host.notice(name, {});
    expect(host.socket.closedWith?.code).toBe(name === 'muster:ended' ? 1012 : 1000);
  });

  test('because its socket is gone: its actor hears of it', () => {
    const { world, host } = ready();
    host.session.closed();
    expect(world.cluster.next('detach').json).toEqual({ session: FIRST_SESSION });
    expect(world.metrics.value('muster_gateway_autohosts')).toBe(0);
  });

  test('because it was silent, spoke binary, or what is no Tachyon', async () => {
    const { world, host } = ready();
    await world.clock.advance(world.core.options.idleMs + world.core.options.pingMaxMs);
    expect(host.socket.pings).toBeGreaterThan(0);
    expect(host.socket.closedWith?.code).toBe(1008);
    const binary = new FakeAutohost(world);
    binary.session.binary();
    expect(binary.socket.closedWith?.code).toBe(1003);
    const broken = new FakeAutohost(world);
    broken.session.frame('{');
    expect(broken.socket.closedWith?.code).toBe(1008);
  });

  test('because the gateway stops: it comes back elsewhere', async () => {
    const { world, host } = ready();
    const drained = world.core.drain([], new AbortController().signal);
    expect(host.socket.closedWith?.code).toBe(1012);
    expect(new FakeAutohost(world).socket.closedWith?.code).toBe(1012);
    await drained;
  });
});
