import { expect, test } from '@jest/globals';
import type { ChatSaid, ChatSnapshot, SubscribedReply } from '@muster/play';
import { subscribedReply } from '../testing/fake-cluster.test-kit.js';
import {
  attachedClient,
  type CoreWorld,
  coreWorld,
  type FakeClient,
  FIRST_SESSION,
} from '../testing/session.test-kit.js';

const LOBBY = 'chat/lobby:7';

interface Received {
  readonly message: string;
  readonly source: unknown;
  readonly marker: string;
}

/** A client in lobby 7 that asked for messages. */
function listener(
  world: CoreWorld,
  heard: Partial<SubscribedReply['heard']> = {},
  places: object = { lobby: '7' },
): FakeClient {
  const client = attachedClient(world);
  world.cluster.snapshot('player/1', 'self', { session: FIRST_SESSION, user: { userId: '1' }, places });
  client.request('messaging/subscribeReceived');
  world.cluster.next('subscribeReceived').ok(subscribedReply(heard));
  return client;
}

const inLobby = (after: number, life = 'L') => ({ chats: { lobby: { id: '7', life, after, missed: false } } });

function chat(life: string, ...texts: readonly string[]): ChatSnapshot {
  const messages = texts.map((text, i) => {
    const [author, message] = text.split(': ') as [string, string];
    return { number: i + 1, author, message, timestamp: 1 };
  });
  return { life, count: texts.length, members: { 1: 1, 2: 0 }, messages };
}

function said(number: number, author: string, message: string, life = 'L'): ChatSaid {
  return { life, number, author, message, timestamp: 1 };
}

/** `text marker` of the messages that came since the last call. */
function heard({ socket }: FakeClient): readonly string[] {
  const frames = socket.frames.splice(0).filter(({ commandId }) => commandId === 'messaging/received');
  return frames.map(({ data }) => `${(data as Received).message} ${(data as Received).marker}`);
}

test('a client that did not ask for messages is given none, though another connection of its player is', () => {
  const world = coreWorld();
  const client = attachedClient(world);
  world.cluster.snapshot('player/1', 'self', { session: FIRST_SESSION, user: { userId: '1' }, places: {} });
  const direct = { message: 'psst', source: { type: 'player', userId: '3' }, timestamp: 2, marker: 'p.1' };
  world.cluster.publish('player/1', 'self', 'messaging/received', direct);
  expect(heard(client)).toEqual([]);
  client.request('messaging/subscribeReceived');
  world.cluster.next('subscribeReceived').ok(subscribedReply());
  world.cluster.publish('player/1', 'self', 'messaging/received', { ...direct, marker: 'p.2' });
  expect(heard(client)).toEqual(['psst p.2']);
});

test('a message that was there before the client asked comes with all the client asked for, once and in order', () => {
  const world = coreWorld();
  const client = attachedClient(world);
  const of = (number: number) => ({ message: `m${number}`, marker: `p.${number}` });
  client.request('messaging/subscribeReceived');
  const asked = world.cluster.next('subscribeReceived');
  world.cluster.publish('player/1', 'self', 'messaging/received', of(3));
  for (const number of [1, 2, 3])
    world.cluster.publish('player/1', 'self', 'messaging/received', of(number), asked.cause);
  asked.ok(subscribedReply());
  expect(heard(client)).toEqual(['m1 p.1', 'm2 p.2', 'm3 p.3']);
});

test('K16: a message that comes before the answer to who asked for messages waits for it, and is given once', () => {
  const world = coreWorld();
  const client = attachedClient(world);
  const of = (number: number) => ({ message: `m${number}`, marker: `p.${number}` });
  client.request('messaging/subscribeReceived');
  const asked = world.cluster.next('subscribeReceived');
  world.cluster.publish('player/1', 'self', 'messaging/received', of(1));
  world.cluster.snapshot('player/1', 'self', {
    places: {},
    session: FIRST_SESSION,
    user: {},
    messages: [of(1), of(2)],
  });
  world.cluster.publish('player/1', 'self', 'messaging/received', of(3));
  expect(client.socket.said).not.toContain('messaging/received');
  asked.ok(subscribedReply());
  const heard = client.socket.frames.filter(({ commandId }) => commandId === 'messaging/received');
  expect(heard.map(({ data }) => (data as { marker: string }).marker)).toEqual(['p.1', 'p.2', 'p.3']);
});

test('what is said in the lobby comes under a marker of both sources, with who said it where', () => {
  const world = coreWorld();
  const client = listener(world, inLobby(2));
  world.cluster.snapshot(LOBBY, 'messages', chat('L', '2: a', '2: b', '2: c'));
  const frame = client.socket.frames.at(-1) as { data: Received };
  expect(frame.data).toEqual({
    message: 'c',
    source: { type: 'lobby', lobbyId: '7', userId: '2' },
    timestamp: 1,
    marker: 'p.0~lL.3',
  });
  world.cluster.publish(LOBBY, 'messages', 'said', said(4, '2', 'd'));
  const direct = { message: 'psst', source: { type: 'player', userId: '3' }, timestamp: 2, marker: 'p.1' };
  world.cluster.publish('player/1', 'self', 'messaging/received', direct);
  world.cluster.publish(LOBBY, 'messages', 'said', said(5, '2', 'e'));
  expect(heard(client)).toEqual(['c p.0~lL.3', 'd p.0~lL.4', 'psst p.1~lL.4', 'e p.1~lL.5']);
});

test('nobody is told what they said themselves, nor anything twice', () => {
  const world = coreWorld();
  const client = listener(world, inLobby(0));
  world.cluster.snapshot(LOBBY, 'messages', chat('L', '1: mine', '2: yours'));
  world.cluster.publish(LOBBY, 'messages', 'said', said(3, '1', 'mine too'));
  world.cluster.publish(LOBBY, 'messages', 'said', said(3, '2', 'repeated'));
  world.cluster.publish(LOBBY, 'messages', 'said', said(4, '2', 'new'));
  expect(heard(client)).toEqual(['yours p.0~lL.2', 'new p.0~lL.4']);
});

test('the answer comes first, and only what the client needs to know of it', () => {
  const world = coreWorld();
  const client = listener(world, inLobby(0));
  world.cluster.snapshot(LOBBY, 'messages', chat('L', '2: a', '2: b'));
  const answer = client.socket.frames.findIndex(({ type }) => type === 'response');
  expect(client.socket.frames[answer]).toMatchObject({ data: { hasMissedMessages: false } });
  expect(Object.keys(client.socket.frames[answer]!.data as object)).toEqual(['hasMissedMessages']);
  expect(client.socket.said.slice(answer + 1)).toEqual(['messaging/received', 'messaging/received']);
});

test('a chat that was not asked in time is read from where the member began', () => {
  const world = coreWorld();
  const client = listener(world, inLobby(0, ''));
  world.cluster.snapshot(LOBBY, 'messages', chat('L', '2: before', '2: since'));
  expect(heard(client)).toEqual(['since p.0~lL.2']);
});

test('who comes into a lobby later hears it from there on; who leaves hears nothing more, and its marker speaks no more of it', () => {
  const world = coreWorld();
  const client = listener(world, {}, {});
  expect(world.cluster.subscribed).not.toContain(`${LOBBY} messages`);
  world.cluster.publish('player/1', 'self', 'muster:place', { session: FIRST_SESSION, kind: 'lobby', id: '7' });
  world.cluster.snapshot(LOBBY, 'messages', { ...chat('L', '2: before'), members: { 2: 0 } });
  world.cluster.publish(LOBBY, 'messages', 'said', said(2, '2', 'welcome'));
  expect(heard(client)).toEqual(['welcome p.0~lL.2']);
  world.cluster.publish('player/1', 'self', 'muster:place', { session: FIRST_SESSION, kind: 'lobby', id: null });
  expect(world.cluster.subscribed).not.toContain(`${LOBBY} messages`);
  const direct = { message: 'bye', source: { type: 'player', userId: '2' }, timestamp: 2, marker: 'p.1' };
  world.cluster.publish('player/1', 'self', 'messaging/received', direct);
  expect(heard(client)).toEqual(['bye p.1']);
});

test('a client that did not ask for messages hears no chat', () => {
  const world = coreWorld();
  attachedClient(world);
  world.cluster.snapshot('player/1', 'self', { session: FIRST_SESSION, user: {}, places: { lobby: '7', party: '9' } });
  expect(world.cluster.subscribed).toEqual(['lobby/7 members', 'player/1 self']);
});

test('where the chat shows its state instead of events, what was not given yet is given; of another life everything that is kept', () => {
  const world = coreWorld();
  const client = listener(world, inLobby(1));
  world.cluster.snapshot(LOBBY, 'messages', chat('L', '2: a'));
  world.cluster.snapshot(LOBBY, 'messages', chat('L', '2: a', '2: b'));
  expect(heard(client)).toEqual(['b p.0~lL.2']);
  world.cluster.snapshot(LOBBY, 'messages', chat('M', '2: a', '2: b', '2: c'));
  expect(heard(client)).toEqual(['b p.0~lM.2', 'c p.0~lM.3']);
});

test('whoever asks again is given what it asks for again', () => {
  const world = coreWorld();
  const client = listener(world, inLobby(1));
  world.cluster.snapshot(LOBBY, 'messages', chat('L', '2: a', '2: b'));
  expect(heard(client)).toEqual(['b p.0~lL.2']);
  client.request('messaging/subscribeReceived');
  world.cluster.next('subscribeReceived').ok(subscribedReply(inLobby(0)));
  world.cluster.snapshot(LOBBY, 'messages', chat('L', '2: a', '2: b'));
  expect(heard(client)).toEqual(['a p.0~lL.1', 'b p.0~lL.2']);
});

test('party and lobby are told apart, and a marker speaks of both', () => {
  const world = coreWorld();
  const party = { id: '9', life: 'P', after: 0, missed: false };
  const client = listener(world, { chats: { ...inLobby(0).chats, party } }, { lobby: '7', party: '9' });
  world.cluster.snapshot('chat/party:9', 'messages', chat('P', '2: hey'));
  world.cluster.snapshot(LOBBY, 'messages', chat('L', '2: ho'));
  const frames = client.socket.frames.filter(({ commandId }) => commandId === 'messaging/received');
  expect(frames.map(({ data }) => (data as Received).source)).toEqual([
    { type: 'party', partyId: '9', userId: '2' },
    { type: 'lobby', lobbyId: '7', userId: '2' },
  ]);
  expect(heard(client)).toEqual(['hey p.0~lL.0~pP.1', 'ho p.0~lL.1~pP.1']);
});

test('a chat whose place has not named its members yet has no part in markers: what is said there comes all the same', () => {
  const world = coreWorld();
  const client = listener(world);
  world.cluster.snapshot(LOBBY, 'messages', { life: '', count: 0, members: {}, messages: [] });
  const direct = { message: 'psst', source: { type: 'player', userId: '3' }, timestamp: 2, marker: 'p.1' };
  world.cluster.publish('player/1', 'self', 'messaging/received', direct);
  expect(heard(client)).toEqual(['psst p.1']);
  world.cluster.publish(LOBBY, 'messages', 'said', said(1, '2', 'hello'));
  expect(heard(client)).toEqual(['hello p.1~lL.1']);
});
