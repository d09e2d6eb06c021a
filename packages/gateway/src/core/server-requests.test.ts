import { describe, expect, test } from '@jest/globals';
import { coreWorld, FakeAutohost, FIRST_SESSION } from '../testing/session.test-kit.js';

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
