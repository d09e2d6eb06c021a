// The conformance suite is worth what it would notice.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { FrameBook, PUBLISHED_FILE } from './frames.js';
import { Stage, type SystemUnderTest } from './stage.js';

const servers: WebSocketServer[] = [];
const SELF = {
  userId: '1',
  username: 'ann',
  displayName: 'ann',
  clanId: null,
  clanBaseData: null,
  status: 'menu',
  party: null,
  invitedToParties: [],
  friendIds: [],
  outgoingFriendRequest: [],
  incomingFriendRequest: [],
  ignoreIds: [],
  currentLobby: null,
  clanInvites: [],
  matchmaking: { state: 'no_matchmaking' },
};
const UPDATED = { type: 'event', messageId: 'e', commandId: 'user/updated', data: { users: [{ userId: '2' }] } };

afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

/** A server that answers every request with these frames; the answer itself is named by `{}`. */
async function stageWith(frames: readonly object[], book = new FrameBook()): Promise<Stage> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  servers.push(server);
  server.on('connection', (socket: WebSocket) => {
    socket.send(JSON.stringify({ type: 'event', messageId: 's', commandId: 'user/self', data: { user: SELF } }));
    socket.on('message', (text) => {
      const { messageId, commandId } = JSON.parse(String(text)) as { messageId: string; commandId: string };
      const answer = { type: 'response', messageId, commandId, status: 'success' };
      for (const frame of commandId === 'system/serverStats' ? [{ data: { userCount: 1 } }] : frames)
        socket.send(JSON.stringify('type' in frame ? frame : { ...answer, ...frame }));
    });
  });
  await once(server, 'listening');
  const system: SystemUnderTest = {
    gateways: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    deadlineMs: 2_000,
    maybeRefreshes: false,
    between: async () => undefined,
    nextBot: () => ({ clientId: 'b', secret: 's' }),
    stop: async () => undefined,
  };
  return new Stage(system, book, 's', async () => 'token');
}

async function played(frames: readonly object[], hears: readonly string[] = []): Promise<string> {
  const stage = await stageWith(frames);
  try {
    const ann = await stage.player('ann');
    await ann.ok('user/unsubscribeUpdates', { userIds: ['2'] });
    for (const commandId of hears) await ann.hears(commandId);
    await stage.finish();
    return 'all is well';
  } catch (error) {
    return (error as Error).message;
  }
}

test('a right answer and events that are taken in order pass', async () => {
  expect(await played([{}, UPDATED], ['user/updated'])).toBe('all is well');
});

test('an event before the answer is noticed', async () => {
  expect(await played([UPDATED, {}], ['user/updated'])).toMatch(/^before the answer to user\/unsubscribeUpdates came/);
});

test('an event that nobody expected is noticed, and one that does not come', async () => {
  expect(await played([{}, UPDATED])).toMatch(/^nobody expected ann: /m);
  expect(await played([{}, UPDATED], ['messaging/received'])).toMatch(/should hear messaging\/received, not/);
});

test('what a client overhears may come before the answer and need not be taken; everything else is still noticed', async () => {
  const stage = await stageWith([UPDATED, {}, UPDATED]);
  const ann = await stage.player('ann');
  ann.overhears.add('user/updated');
  await ann.ok('user/unsubscribeUpdates', { userIds: ['2'] });
  await stage.finish();
  ann.overhears.clear();
  await expect(stage.finish()).rejects.toThrow('nobody expected ann');
});

test('data that does not fit the definition is noticed, and data where there is none', async () => {
  const wrong = { ...UPDATED, data: { users: [{ userId: '2', status: 'asleep' }] } };
  expect(await played([{}, wrong], ['user/updated'])).toMatch(/ got .*status must be one of/);
  expect(await played([{ data: {} }])).toMatch(/has no data in its response/);
});

test('a second user/self on one connection is noticed', async () => {
  const self = { type: 'event', messageId: 's', commandId: 'user/self', data: { user: SELF } };
  expect(await played([{}, self])).toMatch(/^nobody expected ann: .*user\/self/m);
});

test('a reason that the command does not have is noticed', async () => {
  const stage = await stageWith([{ status: 'failed', reason: 'ban' }]);
  const ann = await stage.player('ann');
  await ann.ask('user/unsubscribeUpdates', { userIds: ['2'] });
  await expect(stage.finish()).rejects.toThrow('has no reason ban');
});

test('what was shown is what came and was right', async () => {
  const book = new FrameBook();
  const stage = await stageWith(
    [
      { status: 'failed', reason: 'invalid_request' },
      { ...UPDATED, data: {} },
    ],
    book,
  );
  const ann = await stage.player('ann');
  await ann.fails('invalid_request', 'user/unsubscribeUpdates', { userIds: ['2'] });
  await ann.hears('user/updated');
  expect([...book.shown].sort()).toEqual(['user/self', 'user/unsubscribeUpdates invalid_request']);
});

(PUBLISHED_FILE === '' ? test.skip : test)(
  'a frame that fits our definition and not the published one is noticed',
  () => {
    const book = new FrameBook();
    // The published schema wants a messageId; our definitions speak of data alone.
    const frame = { type: 'event', commandId: 'user/updated', data: { users: [] } };
    expect(book.fault(frame as never, 'got')).toMatch(/messageId/);
  },
);
