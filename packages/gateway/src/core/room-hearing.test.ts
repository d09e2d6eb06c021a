import { beforeEach, describe, expect, test } from '@jest/globals';
import { attachedClient, type CoreWorld, coreWorld, type FakeClient } from '../testing/session.test-kit.js';

const ROOM = 'chat-room/talk';
const TOPIC = 'messages';

describe('who is in a room', () => {
  let world: CoreWorld;
  let client: FakeClient;

  beforeEach(() => {
    world = coreWorld();
    client = attachedClient(world, '1', [], true);
    client.request('chat/join', { room: 'talk' });
    const entered = { room: 'talk', memberCount: 2, hasMissedMessages: false, heard: { life: 'a', after: 0 } };
    world.cluster.next('joinRoom').ok(entered);
  });

  const state = (...members: readonly string[]): void =>
    world.cluster.snapshot(ROOM, TOPIC, {
      life: 'a',
      count: 0,
      members: Object.fromEntries(members.map((member) => [member, 0])),
      messages: [],
    });
  const news = (member: string, came: boolean, memberCount: number): void =>
    world.cluster.publish(ROOM, TOPIC, 'members', { member, came, memberCount });
  const told = (): readonly unknown[] =>
    client.socket.frames.filter(({ commandId }) => commandId === 'chat/membersChanged').map(({ data }) => data);
  const nobody = { userIds: [], autohosts: [] };

  test('is told whole behind the answer, and then by whoever comes or goes', () => {
    state('player/1', 'player/2', 'autohost/b');
    news('player/3', true, 4);
    news('autohost/b', false, 3);
    expect(client.socket.said.slice(-4)).toEqual(['chat/join', ...Array(3).fill('chat/membersChanged')]);
    expect(told()).toEqual([
      { room: 'talk', memberCount: 3, isWhole: true, joined: { userIds: ['1', '2'], autohosts: ['b'] }, left: nobody },
      { room: 'talk', memberCount: 4, isWhole: false, joined: { userIds: ['3'], autohosts: [] }, left: nobody },
      { room: 'talk', memberCount: 3, isWhole: false, joined: nobody, left: { userIds: [], autohosts: ['b'] } },
    ]);
  });

  test('is not told before the state says who was there to begin with', () => {
    news('player/3', true, 3);
    expect(told()).toEqual([]);
    state('player/1', 'player/2', 'player/3');
    expect(told()).toHaveLength(1);
  });

  test('is told anew where a state comes instead of events, if somebody came or went meanwhile', () => {
    state('player/1', 'player/2');
    news('player/3', true, 3);
    state('player/3', 'player/2', 'player/1');
    expect(told()).toHaveLength(2);
    state('player/1', 'player/4', 'player/3');
    expect(told().at(-1)).toMatchObject({ memberCount: 3, isWhole: true, joined: { userIds: ['1', '4', '3'] } });
  });

  test('is not told to a client of itself: it is answered', () => {
    state('player/1', 'player/2');
    client.request('chat/leave', { room: 'talk' });
    news('player/1', false, 1);
    world.cluster.next('leaveRoom').ok();
    expect(told()).toHaveLength(1);
  });

  test('is told no more once the client has left', () => {
    state('player/1', 'player/2');
    client.request('chat/leave', { room: 'talk' });
    world.cluster.next('leaveRoom').ok();
    news('player/3', true, 3);
    expect(told()).toHaveLength(1);
  });
});
