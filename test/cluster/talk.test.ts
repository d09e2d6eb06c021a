// Players on two gateways of a real cluster: they talk, follow each other, sign in twice, go and come back.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type MusterClient, RequestFailed } from '@muster/client';
import type { ReceivedMessage } from '@muster/tachyon';
import { TestCluster } from './local-cluster.js';
import { RawPlayer } from './raw-player.js';
import { signIn } from './traffic.js';
import { until } from './until.js';

const START_TIMEOUT_MS = 90_000;
const DEADLINE_MS = 10_000;
const MESSAGES = 20;

let cluster: TestCluster;
const clients: MusterClient[] = [];

beforeAll(async () => {
  cluster = await TestCluster.start();
}, START_TIMEOUT_MS);
afterAll(async () => {
  await Promise.all(clients.map((client) => client.disconnect()));
  await cluster?.stop();
}, START_TIMEOUT_MS);

/** Signed in at the first or the second gateway; signed out after the test. */
async function player(name: string, gateway: 0 | 1): Promise<MusterClient> {
  const client = await signIn(cluster.gateway(gateway), name);
  clients.push(client);
  return client;
}

const idOf = (client: MusterClient): string => client.self!.user.userId;

function say(from: MusterClient, to: MusterClient, message: string): Promise<unknown> {
  return from.request('messaging/send', { target: { type: 'player', userId: idOf(to) }, message });
}

/** Everything that `client` hears from now on. */
function heardBy(client: MusterClient): ReceivedMessage[] {
  const heard: ReceivedMessage[] = [];
  client.on('messaging/received', (message) => heard.push(message));
  return heard;
}

describe('messages between two gateways', () => {
  test('go both ways, in the order in which they were sent', async () => {
    const [ann, ben] = [await player('ann', 0), await player('ben', 1)];
    const [annHeard, benHeard] = [heardBy(ann), heardBy(ben)];
    await Promise.all([ann, ben].map((one) => one.request('messaging/subscribeReceived', {})));
    const numbers = Array.from({ length: MESSAGES }, (_, n) => `message ${n}`);
    await Promise.all(numbers.flatMap((text) => [say(ann, ben, text), say(ben, ann, text)]));
    await until(() => annHeard.length + benHeard.length >= 2 * MESSAGES, DEADLINE_MS, 'all is heard');
    expect(annHeard.map(({ message }) => message)).toEqual(numbers);
    expect(benHeard.map(({ message }) => message)).toEqual(numbers);
    for (const { source } of benHeard) expect(source).toEqual({ type: 'player', userId: idOf(ann) });
  });

  test('are kept for a session: from the start, and after a marker', async () => {
    const [cleo, dan] = [await player('cleo', 0), await player('dan', 1)];
    const heard = heardBy(dan);
    for (const text of ['one', 'two', 'three']) await say(cleo, dan, text);
    const fromStart = { since: { type: 'from_start' } } as const;
    expect(await dan.request('messaging/subscribeReceived', fromStart)).toEqual({ hasMissedMessages: false });
    await until(() => heard.length >= 3, DEADLINE_MS, 'history is heard');
    expect(heard.map(({ message }) => message)).toEqual(['one', 'two', 'three']);
    const markers = heard.map(({ marker }) => marker);
    expect(new Set(markers).size).toBe(3);
    const afterFirst = { since: { type: 'marker', value: markers[0]! } } as const;
    expect(await dan.request('messaging/subscribeReceived', afterFirst)).toEqual({ hasMissedMessages: false });
    await until(() => heard.length >= 5, DEADLINE_MS, 'the rest is heard again');
    expect(heard.slice(3).map(({ marker }) => marker)).toEqual(markers.slice(1));
    const unknown = { since: { type: 'marker', value: 'of another life' } } as const;
    expect(await dan.request('messaging/subscribeReceived', unknown)).toEqual({ hasMissedMessages: true });
  });
});

describe('one session per player', () => {
  test('a second sign-in at another gateway takes over: the first socket is closed with 1000, the second is served', async () => {
    const other = await player('observer', 0);
    const before = await settledUserCount(other);
    const first = await RawPlayer.enter(cluster.gateway(0), 'eve');
    await first.request('messaging/subscribeReceived', {});
    await until(async () => (await userCount(other)) === before + 1, DEADLINE_MS, 'eve counts');
    const second = await RawPlayer.enter(cluster.gateway(1), 'eve');
    expect(second.userId).toBe(first.userId);
    expect(await first.ended()).toEqual({ code: 1000, reason: expect.stringMatching(/./) });
    const info = await second.request('user/info', { userId: second.userId });
    expect(info).toMatchObject({ status: 'success', data: { username: 'eve', status: 'menu' } });
    const sent = await second.request('messaging/send', {
      target: { type: 'player', userId: second.userId },
      message: 'to myself',
    });
    expect(sent.status).toBe('success');
    await until(async () => (await userCount(other)) === before + 1, DEADLINE_MS, 'eve counts once');
    expect((await second.request('system/disconnect', { reason: 'done' })).status).toBe('success');
    await until(async () => (await userCount(other)) === before, DEADLINE_MS, 'eve counts no more');
  });

  test('a burst of sign-ins at both gateways ends as one, though nobody asks anything (K12)', async () => {
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, n) => RawPlayer.enter(cluster.gateway(n % 2), 'fay').catch(() => undefined)),
    );
    const entered = all.filter((one) => one !== undefined);
    await until(() => entered.filter(({ ending }) => !ending).length === 1, DEADLINE_MS, 'one is left');
    const left = entered.find(({ ending }) => !ending)!;
    for (const { ending } of entered) if (ending) expect(ending.code).toBe(1000);
    expect((await left.request('user/info', { userId: left.userId })).status).toBe('success');
    const { actor } = await cluster.admin<{ actor: { state: { session: { id: string } } } }>('entity.show', {
      entity: `player/${left.userId}`,
    });
    expect(actor.state.session.id).toMatch(/^gateway-\d#/);
    await left.request('system/disconnect');
  });
});

test('who follows a player at another gateway sees menu and offline', async () => {
  const [gil, hal] = [await player('gil', 0), await player('hal', 1)];
  const seen: unknown[] = [];
  gil.on('user/updated', ({ users }) => seen.push(...users.map(({ userId, status }) => [userId, status])));
  await gil.request('user/subscribeUpdates', { userIds: [idOf(hal)] });
  await until(() => seen.length >= 1, DEADLINE_MS, 'hal is seen');
  await hal.disconnect();
  await until(() => seen.length >= 2, DEADLINE_MS, 'hal is seen to go');
  await player('hal', 1);
  await until(() => seen.length >= 3, DEADLINE_MS, 'hal is seen to come');
  expect(seen).toEqual(['menu', 'offline', 'menu'].map((status) => [idOf(hal), status]));
});

test('system/disconnect succeeds, then the connection is closed with 1000', async () => {
  const ida = await RawPlayer.enter(cluster.gateway(0), 'ida');
  expect((await ida.request('system/disconnect', { reason: 'enough' })).status).toBe('success');
  expect((await ida.ended()).code).toBe(1000);
  expect(ida.frames.at(-1)).toMatchObject({ commandId: 'system/disconnect' });
});

test('an unknown command is unimplemented, and the connection stays', async () => {
  const jan = await player('jan', 1);
  const error = await jan.requestUntyped('lobby/levitate', {}).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(RequestFailed);
  expect((error as RequestFailed).reason).toBe('command_unimplemented');
  expect((await jan.request('user/info', { userId: idOf(jan) })).username).toBe('jan');
});

test('a player that lost its connection comes back within the grace to the same session', async () => {
  const [kim, lea, max] = [await player('kim', 0), await player('lea', 1), await player('max', 1)];
  const heard = heardBy(kim);
  await kim.request('messaging/subscribeReceived', {});
  await kim.request('user/subscribeUpdates', { userIds: [idOf(lea)] });
  await say(max, kim, 'before');
  await until(() => heard.length === 1, DEADLINE_MS, 'kim hears');
  const back = kim.next('user/self', () => true, DEADLINE_MS);
  kim.dropConnection();
  // Nobody is told that a player is gone who may be back at once.
  await say(max, kim, 'meanwhile');
  expect((await max.request('user/info', { userId: idOf(kim) })).status).toBe('menu');
  await back;
  const since = { type: 'marker', value: heard[0]!.marker } as const;
  expect(await kim.request('messaging/subscribeReceived', { since })).toEqual({ hasMissedMessages: false });
  await until(() => heard.length === 2, DEADLINE_MS, 'kim hears what came meanwhile');
  expect(heard[1]!.message).toBe('meanwhile');
  const gone = kim.next('user/updated', ({ users }) => users[0]?.status === 'offline', DEADLINE_MS);
  await lea.disconnect();
  expect((await gone).users[0]!.userId).toBe(idOf(lea));
});

async function userCount(client: MusterClient): Promise<number> {
  return (await client.request('system/serverStats')).userCount;
}

/** Heartbeats bring the count together: it is known when it no longer changes. */
async function settledUserCount(client: MusterClient): Promise<number> {
  const expected = clients.filter(({ state }) => state === 'open').length;
  await until(async () => (await userCount(client)) === expected, DEADLINE_MS, `${expected} players are counted`);
  return expected;
}
