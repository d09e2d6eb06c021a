import { describe, expect, test } from '@jest/globals';
import { attachedClient, coreWorld, FakeAutohost, FakeClient, FIRST_SESSION } from '../testing/session.test-kit.js';

const KILL = { commandId: 'autohost/subscribeUpdates', data: { since: 1 } };

function asked(n = 9) {
  const world = coreWorld();
  const host = new FakeAutohost(world).ready();
  host.notice('muster:request', { n, ...KILL });
  return { world, host };
}

function answer(host: FakeAutohost, more: object): void {
  const { messageId, commandId } = host.socket.frames.at(-1)!;
  host.say({ type: 'response', messageId, commandId, ...more });
}

describe('a request of the server', () => {
  test('is asked under its number, which no other connection has', () => {
    const { host } = asked();
    expect(host.socket.frames).toEqual([{ type: 'request', messageId: `9-${FIRST_SESSION}`, ...KILL }]);
  });

  test('is asked once on a connection, however often the actor says so', () => {
    const { world, host } = asked();
    host.notice('muster:request', { n: 9, ...KILL });
    const requests = [{ session: FIRST_SESSION, n: 9, ...KILL }];
    world.cluster.snapshot('autohost/7', 'self', { session: FIRST_SESSION, requests });
    expect(host.socket.frames).toHaveLength(1);
  });

  test('is not asked where it is for another connection', () => {
    const { host } = asked();
    host.notice('muster:request', { n: 10, ...KILL, session: 'gateway-2#b/1' });
    expect(host.socket.frames).toHaveLength(1);
  });

  test.each([
    [{ status: 'success' }, { n: 9, ok: true, data: null }],
    [
      { status: 'failed', reason: 'invalid_request', details: 'too old' },
      { n: 9, ok: false, reason: 'invalid_request', details: 'too old' },
    ],
    [
      { status: 'failed', reason: 'bad_mood' },
      { n: 9, ok: false, reason: 'internal_error', details: 'bad_mood' },
    ],
  ])('answered with %j goes to the actor', (said, told) => {
    const { world, host } = asked();
    answer(host, said);
    expect(world.cluster.next('answered').json).toEqual(told);
  });

  test('answered as another command, or never asked, ends the connection with 1008', () => {
    const wrong = asked();
    answer(wrong.host, { commandId: 'autohost/kill', status: 'success' });
    expect(wrong.host.socket.closedWith?.code).toBe(1008);
    for (const messageId of ['never', `10-${FIRST_SESSION}`, '9-gateway-2#b/1']) {
      const { host } = asked();
      answer(host, { messageId, status: 'success' });
      expect(host.socket.closedWith).toEqual({
        code: 1008,
        reason: `Received response to message id ${messageId} but no request pending.`,
      });
    }
  });

  test('answered late, or twice, changes nothing and is counted', () => {
    const { world, host } = asked();
    host.notice('muster:requestOver', { n: 9 });
    answer(host, { status: 'success' });
    answer(host, { status: 'success' });
    expect(world.cluster.asked).toEqual([]);
    expect(host.socket.closedWith).toBeUndefined();
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'late_response' })).toBe(2);
  });
});

describe('a player is asked', () => {
  const START = { commandId: 'battle/start', data: { ip: '192.0.2.7' } };

  test('after user/self what waits for it, and then whatever comes', () => {
    const world = coreWorld();
    const client = new FakeClient(world);
    world.cluster.next('attach').ok({ login: 1, resumed: false, watch: [], places: {} });
    const requests = [{ session: FIRST_SESSION, n: 3, ...START }];
    world.cluster.snapshot('player/1', 'self', { session: FIRST_SESSION, user: {}, places: {}, requests });
    world.cluster.publish('player/1', 'self', 'muster:request', { session: FIRST_SESSION, n: 4, ...START });
    expect(client.socket.frames.map(({ messageId, commandId }) => [messageId, commandId])).toEqual([
      [expect.any(String), 'user/self'],
      [`3-${FIRST_SESSION}`, 'battle/start'],
      [`4-${FIRST_SESSION}`, 'battle/start'],
    ]);
  });

  test('K16: behind the answer to the request that led to it', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('messaging/send', { target: { type: 'player', userId: '2' }, message: 'hello' });
    const asked = world.cluster.next('send');
    const cause = `${FIRST_SESSION}:${asked.origin.type === 'client' ? asked.origin.request : 0}`;
    world.cluster.publish('player/1', 'self', 'muster:request', { session: FIRST_SESSION, n: 4, ...START }, cause);
    expect(client.socket.said).toEqual(['user/self']);
    asked.ok();
    expect(client.socket.said).toEqual(['user/self', 'messaging/send', 'battle/start']);
  });

  test('and its answer is told until the actor has heard it', async () => {
    const world = coreWorld();
    const client = attachedClient(world);
    world.cluster.publish('player/1', 'self', 'muster:request', { session: FIRST_SESSION, n: 4, ...START });
    const answer = { messageId: `4-${FIRST_SESSION}`, commandId: 'battle/start', status: 'success' };
    client.session.frame(JSON.stringify({ type: 'response', ...answer }));
    world.cluster.next('answered').fail('NO_OWNER');
    await world.clock.advance(world.core.options.attachRetryMaxMs);
    expect(world.cluster.next('answered').json).toEqual({ n: 4, ok: true, data: null });
    expect(client.socket.closedWith).toBeUndefined();
  });
});
