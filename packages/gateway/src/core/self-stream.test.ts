import { expect, test } from '@jest/globals';
import { subscribedReply } from '../testing/fake-cluster.test-kit.js';
import { attachedClient, coreWorld, FIRST_SESSION } from '../testing/session.test-kit.js';

test('a party does not speak to who has left it by a word that comes behind the answer, from a stream that was not where the answer came from', () => {
  const world = coreWorld();
  const client = attachedClient(world, '1', [], false, { party: 'p' });
  client.request('party/leave');
  world.cluster.next('leaveParty').ok({ moved: { kind: 'party', id: null }, data: null });
  const word = { id: 'p', maxMembers: 3, members: [], invited: [] };
  const told = () => client.socket.frames.filter(({ commandId }) => commandId === 'party/updated').length;
  world.cluster.publish('player/1', 'self', 'party/updated', word);
  expect(told()).toBe(0);
  const notice = { session: FIRST_SESSION, kind: 'party', id: null };
  world.cluster.publish('player/1', 'self', 'muster:place', notice, `${FIRST_SESSION}:2`);
  world.cluster.publish('player/1', 'self', 'party/updated', word);
  expect(told()).toBe(1);
});

test('the whole state waits for nothing, and nothing that it has in it comes behind it: a client that came into a party meanwhile would be told that it is in none', () => {
  const world = coreWorld();
  const client = attachedClient(world);
  client.request('messaging/subscribeReceived', { since: { type: 'latest' } });
  client.request('party/create');
  const message = (number: number) => {
    const source = { type: 'player', userId: '2' };
    world.cluster.publish('player/1', 'self', 'messaging/received', {
      message: `${number}`,
      source,
      timestamp: 1,
      marker: `p.${number}`,
    });
  };
  message(1);
  // Not in the state: the session does not hear it again.
  world.cluster.publish('player/1', 'self', 'muster:watch', { session: FIRST_SESSION, userIds: ['7'] });
  world.cluster.publish('player/1', 'self', 'muster:place', { session: FIRST_SESSION, kind: 'party', id: 'old' });
  expect(client.socket.said).toEqual(['user/self']);
  world.cluster.snapshot('player/1', 'self', { session: FIRST_SESSION, user: {} });
  message(2);
  const party = { id: 'p', maxMembers: 3, members: [], invited: [] };
  world.cluster.next('createParty').ok({ moved: { kind: 'party', id: 'p' }, data: { party } });
  world.cluster.next('subscribeReceived').ok(subscribedReply({ direct: 'p.1' }));
  const said = ['user/self', 'party/create', 'messaging/subscribeReceived', 'messaging/received'];
  expect(client.socket.said.slice(1)).toEqual(said);
  expect(client.socket.frames.at(-1)).toMatchObject({ data: { message: '2' } });
  expect(world.cluster.subscribed).toContain('player/7 public');
  expect(world.cluster.subscribed.filter((key) => key.startsWith('chat/'))).toEqual(['chat/party:p messages']);
});
