import { describe, expect, test } from '@jest/globals';
import { attachedClient, coreWorld, FIRST_SESSION } from '../testing/session.test-kit.js';

test("what the gateway asks for itself counts among what is not answered, else an actor's new owner would call its repeat too old (K11)", () => {
  const world = coreWorld();
  const client = attachedClient(world, '1', [], false, { party: 'p1' });
  client.request('party/kickMember', { userId: '1' });
  world.cluster.next('kickMember').fail('REFUSED', { reason: 'not_a_member' });
  const places = world.cluster.next('places');
  expect(places.origin).toMatchObject({ request: 3, answered: 2 });
  client.request('user/info', { userId: '5' });
  const info = world.cluster.next('info');
  expect(info.origin).toMatchObject({ request: 4, answered: 2 });
  info.ok({});
  client.request('user/info', { userId: '5' });
  expect(world.cluster.next('info').origin).toMatchObject({ request: 5, answered: 2 });
  places.ok({});
  client.request('user/info', { userId: '5' });
  expect(world.cluster.next('info').origin).toMatchObject({ request: 6, answered: 4 });
});

describe('an answer that the actor gave and keeps no more (K11)', () => {
  test('is asked for as it would be now, once, under a number of its own', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('lobby/join', { id: '7' }, 'first');
    client.request('user/info', { userId: '5' });
    const join = world.cluster.next('joinLobby');
    join.fail('TOO_OLD', { request: 2, session: FIRST_SESSION });
    // What the client wants in its lobby waits on.
    client.request('lobby/spectate');
    expect(world.cluster.asked.map(({ name }) => name)).toEqual(['info', 'lobbyAgain']);
    const again = world.cluster.next('lobbyAgain');
    expect(again.origin).toMatchObject({ session: FIRST_SESSION, request: 4 });
    again.ok({ moved: { kind: 'lobby', id: '7', stream: 3 }, data: { id: '7' } });
    expect(client.socket.frames.at(-1)).toMatchObject({ messageId: 'first', status: 'success', data: { id: '7' } });
    expect(world.cluster.next('spectate').entity.id).toBe('7');
    expect(world.cluster.subscribed).toContain('lobby/7 members');
  });

  test('is not asked for a second time', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('friend/list');
    world.cluster.next('friends').fail('TOO_OLD');
    world.cluster.next('friends').fail('TOO_OLD');
    expect(client.socket.frames.at(-1)).toMatchObject({ status: 'failed', reason: 'internal_error' });
    expect(world.cluster.asked).toEqual([]);
  });

  test('is not asked for where asking would do it twice', () => {
    const world = coreWorld();
    const client = attachedClient(world);
    client.request('friend/sendRequest', { to: '5' });
    world.cluster.next('sendFriendRequest').fail('TOO_OLD');
    expect(client.socket.frames.at(-1)).toMatchObject({ status: 'failed', reason: 'internal_error' });
    expect(world.cluster.asked).toEqual([]);
  });
});
