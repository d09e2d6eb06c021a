import { expect, test } from '@jest/globals';
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
