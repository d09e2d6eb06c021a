import { describe, expect, test } from '@jest/globals';
import { entity, type Span, shardOfKey } from '@muster/ports';
import { subscribedReply } from '../testing/fake-cluster.test-kit.js';
import { attachedClient, coreWorld, FakeClient, FIRST_SESSION } from '../testing/session.test-kit.js';

const SEND = { target: { type: 'player', userId: '2' }, message: 'hello' };

describe('a connection begins', () => {
  test('user/self is the first thing a client gets; what it asked before waits for it', () => {
    const world = coreWorld();
    const client = new FakeClient(world);
    client.request('messaging/send', SEND);
    const attach = world.cluster.next('attach');
    expect(attach).toMatchObject({
      entity: entity('player', '1'),
      origin: { type: 'client', session: FIRST_SESSION, request: 1, answered: 0, caller: '1' },
      json: { session: FIRST_SESSION, gateway: 'gateway-1#a1', resume: false },
    });
    attach.ok({ login: 3, resumed: false, watch: [], places: {} });
    expect(world.cluster.asked).toEqual([]);
    world.cluster.snapshot('player/1', 'self', { places: {}, session: FIRST_SESSION, user: { userId: '1' } });
    expect(client.socket.frames).toEqual([
      { type: 'event', messageId: expect.any(String), commandId: 'user/self', data: { user: { userId: '1' } } },
    ]);
    world.cluster.next('send').ok();
    expect(client.socket.said).toEqual(['user/self', 'messaging/send']);
  });

  test('users that the player followed before are followed again, after user/self', () => {
    const world = coreWorld();
    const client = attachedClient(world, '1', ['5', '6']);
    expect(world.cluster.subscribed).toEqual(['player/1 self', 'player/5 public', 'player/6 public']);
    world.cluster.snapshot('player/5', 'public', { users: [{ userId: '5' }] });
    expect(client.socket.said).toEqual(['user/self', 'user/updated']);
  });

  test('while nobody owns the player the socket stays, requests get a retryable error, and the session is attached in the end', async () => {
    const world = coreWorld();
    const client = new FakeClient(world);
    for (let waited = 0; waited < 15_000; waited += 3_000) {
      client.request('messaging/send', SEND);
      await world.clock.advance(3_000);
      world.cluster.next('attach').fail('NO_OWNER', { shard: 1 });
    }
    expect(client.socket.said).toEqual(Array(5).fill('messaging/send!'));
    expect(client.socket.frames[0]).toMatchObject({ status: 'failed', reason: 'internal_error', details: 'try again' });
    await world.clock.advance(3_000);
    world.cluster.next('attach').ok({ login: 1, resumed: false, watch: [], places: {} });
    world.cluster.snapshot('player/1', 'self', { places: {}, session: FIRST_SESSION, user: {} });
    expect(client.socket.said.at(-1)).toBe('user/self');
    expect(client.socket.closedWith).toBeUndefined();
  });

  test.each([
    ['unknown_user', 1008],
    ['superseded', 1000],
  ])('a sign-in that is refused with %s ends with %d', (reason, code) => {
    const world = coreWorld();
    const client = new FakeClient(world);
    world.cluster.next('attach').fail('REFUSED', { reason });
    expect(client.socket.closedWith?.code).toBe(code);
  });
});

test('what is for others is not shown: each client sees what is for all, and what is for its user', () => {
  const world = coreWorld();
  const clients = ['1', '2'].map((player) => attachedClient(world, player, ['5']));
  const say = (data: number, to = {}) => world.cluster.publish('player/5', 'public', 'user/updated', data, '', to);
  say(1);
  say(2, { only: ['1', '9'] });
  say(3, { except: ['1'] });
  const heard = clients.map(({ socket }) => socket.frames.slice(1).map(({ data }) => data));
  expect(heard).toEqual([
    [1, 2],
    [1, 3],
  ]);
});

describe('requests', () => {
  test('are answered in any order, each under its own message id', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('user/info', { userId: '5' }, 'first');
    client.request('messaging/send', SEND, 'second');
    world.cluster.next('send').ok();
    world.cluster.next('info').ok({ userId: '5' });
    expect(client.socket.frames.slice(1)).toEqual([
      { type: 'response', messageId: 'second', commandId: 'messaging/send', status: 'success' },
      { type: 'response', messageId: 'first', commandId: 'user/info', status: 'success', data: { userId: '5' } },
    ]);
  });

  test('go to the actor that the command names, with what was answered so far (K11)', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('user/info', { userId: '5' });
    client.request('user/info', { userId: '6' });
    const [five, six] = [world.cluster.next('info'), world.cluster.next('info')];
    expect([five.entity.id, six.entity.id]).toEqual(['5', '6']);
    expect(five.origin).toMatchObject({ request: 2, answered: 1 });
    expect(six.origin).toMatchObject({ request: 3, answered: 1 });
    six.ok({});
    client.request('user/info', { userId: '7' });
    expect(world.cluster.next('info').origin).toMatchObject({ request: 4, answered: 1 });
    five.ok({});
    client.request('user/info', { userId: '7' });
    expect(world.cluster.next('info').origin).toMatchObject({ request: 5, answered: 3 });
  });

  test.each([
    ['matchmaking/list', {}, 'command_unimplemented'],
    ['user/self', {}, 'command_unimplemented'],
    ['autohost/status', {}, 'unauthorized'],
    ['constructor', {}, 'command_unimplemented'],
    ['messaging/send', { target: 7 }, 'invalid_request'],
    ['messaging/send', { ...SEND, message: 'x'.repeat(513) }, 'message_too_long'],
    ['user/info', { userId: '../1' }, 'unknown_user'],
  ])('%s with %j fails here and the connection stays', (commandId, data, reason) => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request(commandId, data);
    expect(client.socket.frames.at(-1)).toMatchObject({ status: 'failed', reason, commandId });
    expect(client.socket.closedWith).toBeUndefined();
    expect(world.cluster.asked).toEqual([]);
  });

  test("an actor's refusal keeps its reason; what happened inside stays inside", () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('user/info', { userId: '5' });
    world.cluster.next('info').fail('REFUSED', { reason: 'unknown_user' });
    client.request('user/info', { userId: '5' });
    world.cluster.next('info').fail('NO_OWNER', { shard: 17, peer: 'node-1#secret' });
    expect(client.socket.frames.slice(1)).toMatchObject([
      { reason: 'unknown_user' },
      { reason: 'internal_error', details: 'try again' },
    ]);
  });

  test('only so many are under way at once', () => {
    const world = coreWorld({ requestsInFlightMax: 2 });
    const client = attachedClient(world);
    for (let i = 0; i < 3; i += 1) client.request('messaging/send', SEND);
    expect(world.cluster.asked.length).toBe(2);
    expect(client.socket.frames.at(-1)).toMatchObject({ messageId: 'm3', status: 'failed', reason: 'internal_error' });
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'in_flight' })).toBe(1);
  });

  test('system/serverStats counts the cluster, and at least who is here', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('system/serverStats');
    world.cluster.clusterSessions = 41;
    client.request('system/serverStats');
    expect(client.socket.frames.slice(1).map(({ data }) => data)).toEqual([{ userCount: 1 }, { userCount: 41 }]);
    expect(world.cluster.sessions).toBe(1);
  });

  test('one in so many is traced, from here to the actor', () => {
    const ended: (string | undefined)[] = [];
    const span: Span = { parent: '00-trace-01', set: () => undefined, end: (code) => ended.push(code) };
    const world = coreWorld({ traceRatio: 1 }, { start: () => span });
    const client = attachedClient(world);
    client.request('messaging/send', SEND);
    const asked = world.cluster.next('send');
    expect(asked.trace).toBe('00-trace-01');
    asked.fail('NO_OWNER');
    expect(ended).toEqual(['NO_OWNER']);
  });
});

describe('events', () => {
  test('K16: what a client caused comes after its reply, and nothing overtakes it', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('messaging/subscribeReceived');
    const asked = world.cluster.next('subscribeReceived');
    expect(asked.cause).toBe(`${FIRST_SESSION}:2`);
    world.cluster.publish('player/1', 'self', 'messaging/received', { marker: 'p.1' }, asked.cause);
    world.cluster.publish('player/1', 'self', 'messaging/received', { marker: 'p.2' });
    expect(client.socket.said).toEqual(['user/self']);
    asked.ok(subscribedReply());
    world.cluster.publish('player/1', 'self', 'messaging/received', { marker: 'p.3' }, asked.cause);
    expect(client.socket.frames.slice(1).map(({ data }) => data)).toEqual([
      { hasMissedMessages: false },
      { marker: 'p.1' },
      { marker: 'p.2' },
      { marker: 'p.3' },
    ]);
  });

  test('K16: a failure is a reply too, and what others caused does not wait', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('messaging/send', SEND);
    world.cluster.publish('player/1', 'self', 'friend/requestReceived', { marker: 'a' }, 'gateway-2#b/1:2');
    const asked = world.cluster.next('send');
    world.cluster.publish('player/1', 'self', 'friend/requestReceived', { marker: 'b' }, asked.cause);
    asked.fail('DEADLINE_EXCEEDED');
    expect(client.socket.said).toEqual([
      'user/self',
      'friend/requestReceived',
      'messaging/send!',
      'friend/requestReceived',
    ]);
  });

  test('each has a message id of its own', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    for (let i = 0; i < 3; i += 1) world.cluster.publish('player/1', 'self', 'friend/requestReceived', {});
    expect(new Set(client.socket.frames.map(({ messageId }) => messageId)).size).toBe(4);
  });

  test('watch and unwatch are for the gateway: it follows, sends each user whole, and the client sees no notice', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    const notice = { session: FIRST_SESSION, userIds: ['5'] };
    world.cluster.publish('player/1', 'self', 'muster:watch', { ...notice, session: 'gateway-2#b/9' });
    expect(world.cluster.subscribed).toEqual(['player/1 self']);
    world.cluster.publish('player/1', 'self', 'muster:watch', notice);
    world.cluster.publish('player/1', 'self', 'muster:watch', notice);
    world.cluster.snapshot('player/5', 'public', { users: [{ userId: '5', status: 'menu' }] });
    world.cluster.publish('player/5', 'public', 'user/updated', { users: [{ userId: '5', status: 'offline' }] });
    world.cluster.publish('player/1', 'self', 'muster:unwatch', notice);
    expect(world.cluster.subscribed).toEqual(['player/1 self']);
    expect(client.socket.said).toEqual(['user/self', 'user/updated', 'user/updated']);
  });

  test('K16: where the state comes instead of events, the messages the client was not given come before newer ones, once', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('messaging/subscribeReceived');
    world.cluster.next('subscribeReceived').ok(subscribedReply());
    const of = (number: number, prefix = 'p') => ({ message: `m${number}`, marker: `${prefix}.${number}` });
    const state = (...messages: object[]) =>
      world.cluster.snapshot('player/1', 'self', { places: {}, session: FIRST_SESSION, user: {}, messages });
    world.cluster.publish('player/1', 'self', 'messaging/received', of(9));
    state(of(8), of(9), of(10), of(11));
    world.cluster.publish('player/1', 'self', 'messaging/received', of(12));
    // The owner lacks what was not stored yet: nothing is told twice.
    state(of(8), of(9), of(10));
    state(of(1, 'q'));
    const heard = client.socket.frames.filter(({ commandId }) => commandId === 'messaging/received');
    expect(heard.map(({ data }) => (data as { marker: string }).marker)).toEqual([
      'p.9',
      'p.10',
      'p.11',
      'p.12',
      'q.1',
    ]);
    expect(client.socket.said.slice(-2)).toEqual(['user/self', 'messaging/received']);
    world.cluster.snapshot('player/1', 'self', {
      places: {},
      session: 'gateway-2#b/9',
      user: {},
      messages: [of(2, 'q')],
    });
    expect(client.socket.said.at(-1)).toBe('user/self');
  });

  test('a client that causes more than can wait is cut off', () => {
    const world = coreWorld({ heldEventsMax: 2 });
    const client = attachedClient(world);
    client.request('messaging/send', SEND);
    const { cause } = world.cluster.next('send');
    for (let i = 0; i < 3; i += 1) world.cluster.publish('player/1', 'self', 'messaging/received', {}, cause);
    expect(client.socket.closedWith?.code).toBe(1013);
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'held_events' })).toBe(1);
  });
});

describe('a connection ends', () => {
  test('a newer sign-in ends this one with 1000, told or found out', () => {
    const world = coreWorld();
    const told = attachedClient(world, '1');
    world.cluster.publish('player/1', 'self', 'muster:superseded', { session: FIRST_SESSION });
    expect(told.socket.closedWith).toEqual({ code: 1000, reason: 'this player has signed in elsewhere' });
    const foundOut = attachedClient(world, '2');
    foundOut.request('messaging/send', SEND);
    world.cluster.next('send').fail('REFUSED', { reason: 'superseded' });
    expect(foundOut.socket.closedWith?.code).toBe(1000);
    expect(world.core.size).toBe(0);
  });

  test('a lost socket suspends the session; nothing of it stays here', () => {
    const world = coreWorld();
    const client = attachedClient(world, '1', ['5']);
    client.session.closed();
    expect(world.cluster.next('detach')).toMatchObject({
      json: { session: FIRST_SESSION, clean: false },
      origin: { session: FIRST_SESSION, caller: '1' },
    });
    expect(world.cluster.subscribed).toEqual([]);
    expect([world.core.size, world.cluster.sessions]).toEqual([0, 0]);
  });

  test('the actor is told again where it could not be reached', async () => {
    const world = coreWorld();
    attachedClient(world).session.closed();
    world.cluster.next('detach').fail('NO_OWNER');
    await world.clock.advance(1_000);
    world.cluster.next('detach').fail('NO_OWNER');
    await world.clock.advance(1_000);
    world.cluster.next('detach').ok();
    await world.clock.advance(10_000);
    expect(world.cluster.asked).toEqual([]);
  });

  test('system/disconnect: the session ends, success is answered, then 1000', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('system/disconnect', { reason: 'bye' });
    client.request('messaging/send', SEND);
    expect(client.socket.said).toEqual(['user/self']);
    const detach = world.cluster.next('detach');
    expect(detach.json).toEqual({ session: FIRST_SESSION, clean: true });
    detach.ok();
    expect(client.socket.said).toEqual(['user/self', 'system/disconnect']);
    expect(client.socket.closedWith?.code).toBe(1000);
    client.session.closed();
    expect(world.cluster.asked).toEqual([]);
  });

  test('system/disconnect does not say that requests under way were answered (K11)', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('messaging/send', SEND);
    client.request('system/disconnect', { reason: 'bye' });
    expect(world.cluster.next('send').origin).toMatchObject({ request: 2, answered: 1 });
    expect(world.cluster.next('detach').origin).toMatchObject({ request: 3, answered: 1 });
  });

  test('a session that is being ended is not brought back by a change of owner', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('system/disconnect', { reason: 'bye' });
    const detach = world.cluster.next('detach');
    expect(world.cluster.newOwner(shardOfKey('player/1'))).toEqual([]);
    detach.ok();
    expect(client.socket.closedWith?.code).toBe(1000);
  });

  test('a stop closes everybody with 1012 and waits until the actors know', async () => {
    const world = coreWorld();
    const client = attachedClient(world);
    let stopped = false;
    const stopping = world.core.stop().then(() => {
      stopped = true;
    });
    expect(client.socket.closedWith?.code).toBe(1012);
    await world.clock.advance(100);
    expect(stopped).toBe(false);
    world.cluster.next('detach').ok();
    await world.clock.advance(0);
    await stopping;
    const late = new FakeClient(world, '2');
    expect(late.socket.closedWith?.code).toBe(1012);
    expect(world.core.ready()).toContainEqual({ name: 'sessions', ok: false, detail: 'stopping' });
  });

  test('a stop does not wait for ever', async () => {
    const world = coreWorld();
    attachedClient(world);
    const stopping = world.core.stop();
    await world.clock.advance(world.core.options.stopMs);
    await stopping;
    expect(world.core.size).toBe(0);
  });
});

test('what a request leads to by way of others comes after its response', () => {
  const world = coreWorld();
  const client = attachedClient(world, '1', [], false, { lobby: 'a' });
  const battle = { session: FIRST_SESSION, n: 1, commandId: 'battle/start', data: {} };
  client.request('lobby/startBattle');
  world.cluster.publish('player/1', 'self', 'muster:request', battle, 'an-autohost:7');
  world.cluster.publish('player/1', 'self', 'lobby/left', { id: 'a', reason: 'kicked' });
  expect(client.socket.said).toEqual(['user/self']);
  world.cluster.next('startBattle').ok();
  expect(client.socket.said).toEqual(['user/self', 'lobby/startBattle', 'battle/start', 'lobby/left']);
  world.cluster.publish('player/1', 'self', 'muster:request', { ...battle, n: 2 }, 'an-autohost:8');
  expect(client.socket.said.at(-1)).toBe('battle/start');
  expect(client.socket.said).toHaveLength(5);
});
