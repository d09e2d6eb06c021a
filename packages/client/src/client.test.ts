import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reconnectDelay } from './back-off.js';
import { MusterClient, type MusterClientOptions } from './client.js';
import { ClientError, RequestFailed } from './errors.js';
import { Http } from './http.js';
import { CLIENT_DEFAULTS } from './options.js';
import { botSignIn, challengeOf, playerSignIn } from './sign-in.js';
import { clientOf, serve } from './testdata/ends.test-kit.js';
import { FakeServer, send } from './testdata/fake-server.js';
import { TokenKeeper } from './tokens.js';

async function errorOf(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ClientError) return error;
  throw new Error(`no ClientError: ${error}`);
}

/** Resolves at the next change into `state`. */
function changed(client: MusterClient, state: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.onState((change) => {
      if (change.state !== state) return;
      stop();
      resolve();
    });
  });
}

describe('signing in', () => {
  test('a player gets in by authorization code and PKCE, through the pages of the issuer, and is told who it is', async () => {
    const server = await serve();
    const self = await clientOf(server).connect();
    expect(self).toMatchObject({ user: { username: 'ann' } });
    expect(server.asked).toEqual(['metadata', 'authorize', 'token authorization_code', 'upgrade']);
  });

  test('a bot gets in with its client credentials, encoded as the standard asks', async () => {
    const server = await serve();
    const client = clientOf(server, { signIn: botSignIn({ clientId: 'auto:host', secret: 's e' }) });
    expect(await client.connect()).toBeUndefined();
    expect(server.asked).toEqual(['metadata', 'token client_credentials', 'upgrade']);
  });

  test('the challenge is that of RFC 7636, appendix B', async () => {
    expect(await challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    );
  });

  test('a refusal of the issuer is final and says its reason', async () => {
    const server = await serve();
    server.refuseSignIn = 'access_denied';
    const client = clientOf(server);
    expect(await errorOf(client.connect())).toMatchObject({ code: 'sign_in_failed', message: 'access_denied' });
    expect(client.state).toBe('closed');
  });

  test('a wrong secret is refused with what the server says', async () => {
    const server = await serve();
    const client = clientOf(server, { signIn: botSignIn({ clientId: 'auto:host', secret: 'wrong' }) });
    expect(await errorOf(client.connect())).toMatchObject({
      code: 'sign_in_failed',
      message: '/oauth/token answered 400 invalid_grant: used up',
    });
  });

  test('nobody listens: the client gives up in time and says so', async () => {
    const server = new FakeServer();
    await server.listen();
    const { url } = server;
    await server.close();
    const client = new MusterClient({ url, signIn: playerSignIn(), reconnectFirstMs: 1, reconnectMaxMs: 5 });
    expect(await errorOf(client.connect(100))).toMatchObject({ code: 'unreachable' });
    expect(client.state).toBe('closed');
  });
});

describe('tokens', () => {
  const keeperOf = (server: FakeServer) =>
    new TokenKeeper(playerSignIn({ loginHint: 'ann' }), new Http(5_000), server.url);

  test('are used until half of their life is over, then renewed with the rotated refresh token', async () => {
    const server = await serve();
    const keeper = keeperOf(server);
    const first = await keeper.current();
    expect(await keeper.current()).toBe(first);
    keeper.reject();
    const second = await keeper.current();
    keeper.reject();
    expect(new Set([first, second, await keeper.current()]).size).toBe(3);
    expect(server.asked.filter((what) => what.startsWith('token'))).toEqual([
      'token authorization_code',
      'token refresh_token',
      'token refresh_token',
    ]);
  });

  test('are renewed once for all who ask at the same time', async () => {
    const server = await serve();
    const keeper = keeperOf(server);
    const tokens = await Promise.all([keeper.current(), keeper.current(), keeper.current()]);
    expect(new Set(tokens).size).toBe(1);
  });

  test('a connection keeps its token fresh on its own', async () => {
    const server = await serve();
    server.lifetimeSeconds = 0.2;
    await clientOf(server).connect();
    const renewed = new Promise<void>((resolve) => {
      const look = () => (server.asked.includes('token refresh_token') ? resolve() : setImmediate(look));
      look();
    });
    await renewed;
    expect(server.sockets.size).toBe(1);
  });

  test('an access token that the server no longer takes is replaced and the client gets in', async () => {
    const server = await serve();
    const client = clientOf(server);
    await client.connect();
    server.revokeAccess();
    const back = changed(client, 'open');
    client.dropConnection();
    await back;
    expect(server.asked.slice(-3)).toEqual(['metadata', 'token refresh_token', 'upgrade']);
  });
});

describe('requests', () => {
  test('are answered with their data, each its own, in whatever order', async () => {
    const server = await serve();
    const held: (() => void)[] = [];
    server.answer = (request, socket) => {
      held.unshift(() => send(socket, { ...request, type: 'response', status: 'success', data: request.data }));
      if (held.length === 3) for (const answer of held) answer();
    };
    const client = clientOf(server);
    await client.connect();
    const replies = await Promise.all(['1', '2', '3'].map((userId) => client.request('user/info', { userId })));
    expect(replies).toEqual([{ userId: '1' }, { userId: '2' }, { userId: '3' }]);
    server.answer = (request, socket) => send(socket, { ...request, type: 'response', status: 'success' });
  });

  test('that fail carry the reason and the details of the server', async () => {
    const server = await serve();
    server.answer = (request, socket) =>
      send(socket, { ...request, type: 'response', status: 'failed', reason: 'unknown_user', details: 'nobody' });
    const client = clientOf(server);
    await client.connect();
    const error = await errorOf(client.request('user/info', { userId: '9' }));
    expect(error).toBeInstanceOf(RequestFailed);
    expect(error).toMatchObject({ code: 'request_failed', reason: 'unknown_user', details: 'nobody' });
  });

  test('without an answer end at their deadline', async () => {
    const server = await serve();
    server.answer = () => undefined;
    const client = clientOf(server);
    await client.connect();
    expect(await errorOf(client.request('system/serverStats', undefined, 20))).toMatchObject({ code: 'timeout' });
  });

  test('are bounded', async () => {
    const server = await serve();
    server.answer = () => undefined;
    const client = clientOf(server, { pendingMax: 2 });
    await client.connect();
    const waiting = [1, 2].map(() => errorOf(client.request('system/serverStats')));
    expect(await errorOf(client.request('system/serverStats'))).toMatchObject({ code: 'too_many_requests' });
    client.dropConnection();
    for (const error of await Promise.all(waiting)) expect(error.code).toBe('connection_lost');
  });

  test('made without a connection are sent by the next one; those that were sent are never sent again', async () => {
    const server = await serve();
    const seen: string[] = [];
    server.answer = (request, socket) => {
      seen.push(request.commandId);
      if (request.commandId !== 'user/info')
        send(socket, { ...request, type: 'response', status: 'success', data: { userCount: 1 } });
    };
    const client = clientOf(server);
    await client.connect();
    const lost = errorOf(client.request('user/info', { userId: '1' }));
    const waiting = changed(client, 'waiting');
    await new Promise<void>((resolve) => {
      const look = () => (seen.length > 0 ? resolve() : setImmediate(look));
      look();
    });
    client.dropConnection();
    await waiting;
    expect(await client.request('system/serverStats')).toEqual({ userCount: 1 });
    expect((await lost).code).toBe('connection_lost');
    expect(seen).toEqual(['user/info', 'system/serverStats']);
  });

  test('of the server are answered by their handler, or as unimplemented', async () => {
    const server = await serve();
    const client = clientOf(server);
    client.onRequest('battle/start', (data) => ({ got: data }));
    client.onRequest('battle/refuse', () => {
      throw new RequestFailed('battle/refuse', 'busy', undefined);
    });
    await client.connect();
    for (const command of ['battle/start', 'battle/refuse', 'chess/start']) server.request(command, { ip: '::1' });
    await client.request('system/serverStats');
    // A handler may take its time: each answer goes out when it is ready.
    expect(server.responses).toHaveLength(3);
    for (const response of [
      { commandId: 'battle/start', messageId: 'r', status: 'success', data: { got: { ip: '::1' } } },
      { commandId: 'battle/refuse', status: 'failed', reason: 'busy' },
      { commandId: 'chess/start', status: 'failed', reason: 'command_unimplemented' },
    ])
      expect(server.responses).toContainEqual(expect.objectContaining(response));
  });
});

describe('events', () => {
  test('reach their handlers in order until these stop listening', async () => {
    const server = await serve();
    const client = clientOf(server);
    await client.connect();
    const texts: string[] = [];
    const stop = client.on('messaging/received', ({ message }) => texts.push(message));
    const message = (text: string) =>
      server.event('messaging/received', {
        message: text,
        source: { type: 'player', userId: '2' },
        timestamp: 1,
        marker: text,
      });
    message('one');
    const two = client.next('messaging/received', ({ marker }) => marker === 'two');
    message('two');
    expect(await two).toMatchObject({ message: 'two' });
    stop();
    message('three');
    await client.request('system/serverStats');
    expect(texts).toEqual(['one', 'two']);
  });

  test('a wait for an event ends at its deadline', async () => {
    const server = await serve();
    const client = clientOf(server);
    await client.connect();
    expect(await errorOf(client.next('user/updated', undefined, 10))).toMatchObject({ code: 'timeout' });
  });
});

describe('a lost connection', () => {
  test('comes back by itself, and requests wait until the server says who you are', async () => {
    const server = await serve();
    const client = clientOf(server);
    await client.connect();
    server.greets = false;
    const open = changed(client, 'open');
    client.dropConnection();
    await open;
    let answered = false;
    const stats = client.request('system/serverStats').then(() => {
      answered = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    server.event('user/self', { user: { username: 'ann again' } });
    await stats;
    expect(client.self).toMatchObject({ user: { username: 'ann again' } });
  });

  test('a newer sign-in elsewhere ends the client: coming back would only take the session away again', async () => {
    const server = await serve();
    const client = clientOf(server);
    await client.connect();
    const closed = changed(client, 'closed');
    for (const socket of server.sockets) socket.close(1000, 'signed in elsewhere');
    await closed;
    expect(await errorOf(client.request('system/serverStats'))).toMatchObject({
      code: 'closed',
      message: 'signed in elsewhere',
    });
    expect(server.asked.filter((what) => what === 'upgrade')).toHaveLength(1);
  });

  test.each([
    [403, 'sign_in_failed', 1],
    [400, 'unreachable', 1],
    [401, 'sign_in_failed', 2],
  ])('an upgrade refused with %i ends the client after %s', async (status, code, upgrades) => {
    const server = await serve();
    server.refuseUpgrades = status;
    const client = clientOf(server);
    expect(await errorOf(client.connect())).toMatchObject({ code, message: `${status}: no: not you` });
    expect(server.asked.filter((what) => what === 'upgrade')).toHaveLength(upgrades);
  });

  test.each([429, 503])('an upgrade refused with %i is tried again', async (status) => {
    const server = await serve();
    server.refuseUpgrades = status;
    const client = clientOf(server);
    const waiting = changed(client, 'waiting');
    const connected = client.connect();
    await waiting;
    server.refuseUpgrades = 0;
    expect(await connected).toMatchObject({ user: { username: 'ann' } });
  });

  test('silence is a lost connection', async () => {
    const server = await serve();
    const client = clientOf(server, { silenceMs: 30 });
    const waiting = changed(client, 'waiting');
    await client.connect();
    await waiting;
    expect(client.state).toBe('waiting');
  });

  test('text that is no Tachyon ends the client', async () => {
    const server = await serve();
    const client = clientOf(server);
    await client.connect();
    const closed = changed(client, 'closed');
    for (const socket of server.sockets) socket.send('Rate limited');
    await closed;
    expect(await errorOf(client.connect())).toMatchObject({ code: 'protocol_error' });
  });
});

test('signing out says goodbye, is final, and may be done twice', async () => {
  const server = await serve();
  const seen: string[] = [];
  server.answer = (request, socket) => {
    seen.push(request.commandId);
    socket.close(1000);
  };
  const client = clientOf(server);
  await client.connect();
  await client.disconnect();
  await client.disconnect();
  expect(seen).toEqual(['system/disconnect']);
  expect(client.state).toBe('closed');
  expect(await errorOf(client.request('system/serverStats'))).toMatchObject({ code: 'closed' });
});

test('the waits between attempts double up to their limit and never stay in their first half', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, chance) => {
      const full = Math.min(CLIENT_DEFAULTS.reconnectMaxMs, CLIENT_DEFAULTS.reconnectFirstMs * 2 ** attempt);
      const delay = reconnectDelay(attempt, chance, CLIENT_DEFAULTS);
      expect(delay).toBeGreaterThanOrEqual(full / 2);
      expect(delay).toBeLessThanOrEqual(full);
    }),
  );
});

test('options that make no sense are refused', async () => {
  const url = 'http://127.0.0.1:1';
  const make = (changes: Partial<MusterClientOptions>) => async () =>
    new MusterClient({ url, signIn: playerSignIn(), ...changes });
  for (const changes of [{ pendingMax: 0 }, { reconnectMaxMs: 1 }, { silenceMs: Number.NaN }])
    expect((await errorOf(make(changes)())).code).toBe('bad_options');
});
