import { expect, test } from '@jest/globals';
import type { MusterClient, MusterClientOptions } from './client.js';
import { clientOf, serve } from './testdata/ends.test-kit.js';
import { type Request, send } from './testdata/fake-server.js';

/** Two servers of one cluster, and a client that is connected to the first. */
async function world(options: Partial<MusterClientOptions> = {}) {
  const first = await serve();
  const second = await serve(first);
  const client = clientOf(first, options);
  const states: string[] = [];
  client.onState(({ state }) => states.push(state));
  await client.connect();
  const closes: { code: number; at: number }[] = [];
  for (const socket of first.sockets) socket.on('close', (code) => closes.push({ code, at: performance.now() }));
  return { first, second, client, states, closes };
}

function changed(client: MusterClient, state: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.onState((change) => {
      if (change.state !== state) return;
      stop();
      resolve();
    });
  });
}

test('told to move on, a client waits for its answers, goes there with its token, and sends there what was asked in the meantime', async () => {
  const { first, second, client, states, closes } = await world();
  const atFirst: Request[] = [];
  const atSecond: Request[] = [];
  let answerFirst = (): void => undefined;
  first.answer = (request, socket) => {
    atFirst.push(request);
    answerFirst = () => send(socket, { ...request, type: 'response', status: 'success', data: { userCount: 1 } });
  };
  second.answer = (request, socket) => {
    atSecond.push(request);
    send(socket, { ...request, type: 'response', status: 'success', data: { userCount: 2 } });
  };
  const before = client.request('system/serverStats');
  while (atFirst.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const told = new Promise((resolve) => client.on('system/moveOn', resolve));
  first.event('system/moveOn', { url: second.url, withinMs: 5_000 });
  await told;
  const after = client.request('system/serverStats');
  // Said again of the connection that it leaves, for whatever reason: no reason to send anything there.
  first.event('user/self', { user: { username: 'ann' } });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([atFirst.length, atSecond.length, closes.length]).toEqual([1, 0, 0]);
  const open = changed(client, 'open');
  answerFirst();
  expect(await before).toEqual({ userCount: 1 });
  await open;
  expect(await after).toEqual({ userCount: 2 });
  expect([atFirst.length, atSecond.length]).toEqual([1, 1]);
  expect(states).toEqual(['connecting', 'open', 'connecting', 'open']);
  expect(second.asked).toEqual(['upgrade']);
});

test('a request without an answer in time is lost with the connection, and is not sent again', async () => {
  const { first, second, client } = await world();
  const seen: string[] = [];
  first.answer = ({ commandId }) => void seen.push(`first ${commandId}`);
  second.answer = ({ commandId }) => void seen.push(`second ${commandId}`);
  const lost = client.request('system/serverStats').catch((error: { code: string }) => error.code);
  const open = changed(client, 'connecting').then(() => changed(client, 'open'));
  first.event('system/moveOn', { url: second.url, withinMs: 20 });
  expect(await lost).toBe('connection_lost');
  await open;
  expect(seen).toEqual(['first system/serverStats']);
});

test('without an address it comes back to where it was', async () => {
  const { first, second, client, states } = await world();
  const open = changed(client, 'waiting').then(() => changed(client, 'open'));
  first.event('system/moveOn', { withinMs: 100 });
  await open;
  expect(states.slice(2)).toEqual(['waiting', 'connecting', 'open']);
  expect(second.asked).toEqual([]);
});

test.each([404, 401, 503])('where the other gateway answers with %i, it comes back to where it was', async (status) => {
  const { first, second, client } = await world();
  second.refuseUpgrades = status;
  const open = changed(client, 'waiting').then(() => changed(client, 'open'));
  first.event('system/moveOn', { url: second.url, withinMs: 100 });
  await open;
  expect([second.asked, client.state]).toEqual([['upgrade'], 'open']);
});

test('an address of another scheme is not followed: a token that was sent over TLS would be sent without it', async () => {
  const { first, second, client, states } = await world();
  const open = changed(client, 'waiting').then(() => changed(client, 'open'));
  first.event('system/moveOn', { url: second.url.replace('http:', 'ftp:'), withinMs: 100 });
  await open;
  expect(states.slice(2)).toEqual(['waiting', 'connecting', 'open']);
});

test('tokens are renewed where it is now: the gateway that it came from may be gone for good', async () => {
  const { first, second, client } = await world();
  const open = changed(client, 'connecting').then(() => changed(client, 'open'));
  first.event('system/moveOn', { url: second.url, withinMs: 100 });
  await open;
  await first.close();
  second.revokeAccess();
  const again = changed(client, 'waiting').then(() => changed(client, 'open'));
  client.dropConnection();
  await again;
  expect(second.asked).toContain('metadata');
});
