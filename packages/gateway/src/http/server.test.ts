import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { SystemClock } from '@muster/ports';
import { KeyServer, opened, signed, unsigned } from '../testing/forged-tokens.test-kit.js';
import {
  connected,
  get,
  open,
  postForm,
  refusal,
  startWorld,
  TestClient,
  tokensFor,
  type World,
  type WorldChanges,
} from '../testing/server.test-kit.js';

const started: World[] = [];

async function start(changes?: WorldChanges): Promise<World> {
  const world = await startWorld(changes);
  started.push(world);
  return world;
}

afterEach(async () => {
  for (const world of started.splice(0)) await world.stop();
});

async function tokenOf({ url }: World, username?: string): Promise<string> {
  return (await tokensFor(url, username)).access_token;
}

describe('a WebSocket is opened', () => {
  test('with a token and the subprotocol, alone or in a list; the server names the one it took', async () => {
    const world = await start();
    const token = await tokenOf(world);
    for (const protocols of [['v0.tachyon'], ['v1.tachyon', 'v0.tachyon']]) {
      const client = await connected(world.url, token, { protocols });
      expect(client.ws.protocol).toBe('v0.tachyon');
      expect(client.ws.extensions).toBe('');
      const [self] = await client.first(1);
      expect(self).toMatchObject({ type: 'event', commandId: 'user/self' });
    }
    expect(world.metrics.value('muster_gateway_connections_accepted_total')).toBe(2);
  });

  test('and requests are answered', async () => {
    const world = await start();
    const client = await connected(world.url, await tokenOf(world));
    client.request('system/serverStats', undefined, 'x');
    expect((await client.first(2))[1]).toEqual({
      type: 'response',
      messageId: 'x',
      commandId: 'system/serverStats',
      status: 'success',
      data: { userCount: 1 },
    });
  });

  test('for the account that the token of another issuer names', async () => {
    const issuer = await new KeyServer().start();
    try {
      const key = await issuer.add('k1');
      const external = [
        { issuer: 'https://id.example', jwksUrl: issuer.url, audience: 'muster', accountPrefix: 'id:' },
      ];
      const world = await start({ oauth: { external } });
      const now = Math.floor(world.clock.now() / 1_000);
      const claims = {
        iss: 'https://id.example',
        aud: 'muster',
        sub: 'u1',
        scope: 'tachyon.lobby',
        iat: now,
        exp: now + 60,
      };
      const token = await signed(key, { alg: 'ES256', kid: 'k1' }, { ...claims, preferred_username: 'Ann' });
      await connected(world.url, token);
      expect(await world.storage.accounts.byUsername('id:u1')).toMatchObject({ displayName: 'Ann' });
      issuer.broken = true;
      const other = await start({ oauth: { external } });
      expect((await refusal(other.url, token)).status).toBe(500);
    } finally {
      await issuer.stop();
    }
  });
});

describe('a WebSocket is refused as plain HTTP with JSON', () => {
  test('401 without a good token', async () => {
    const world = await start();
    const good = await tokenOf(world);
    const { header, claims } = opened(good);
    const bad = [
      undefined,
      'nonsense',
      `${good}x`,
      unsigned({ ...header, alg: 'none' }, claims),
      unsigned({ alg: 'EdDSA', typ: 'at+jwt' }, claims),
    ];
    for (const token of bad) {
      const { status, headers, body } = await refusal(world.url, token);
      expect([status, body.error]).toEqual([401, 'unauthorized_client']);
      const wrong = token === undefined ? '' : ', error="invalid_token", error_description="';
      expect(headers['www-authenticate']).toContain(`Bearer realm="muster", scope="tachyon.lobby"${wrong}`);
      expect(typeof body.error_description).toBe('string');
      expect(String(headers['www-authenticate'])).not.toMatch(token === undefined ? /error/ : /^$/);
    }
    world.clock.move(31 * 60_000);
    expect((await refusal(world.url, good)).status).toBe(401);
    expect(world.metrics.value('muster_gateway_auth_failures_total')).toBe(6);
    expect(world.metrics.value('muster_gateway_auth_failures_total', { reason: 'expired' })).toBe(1);
  });

  test('400 with a refresh token', async () => {
    const world = await start();
    const { refresh_token: token } = await tokensFor(world.url);
    expect(await refusal(world.url, token)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  test.each([[['v1.tachyon']], [['v1.muster']], [[]]])('400 with the subprotocols %j', async (protocols) => {
    const world = await start();
    const { status, body } = await refusal(world.url, await tokenOf(world), { protocols });
    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('403 while banned', async () => {
    const world = await start();
    const token = await tokenOf(world);
    const account = (await world.storage.accounts.byUsername('ann'))!;
    const bannedUntil = world.clock.now() + 60_000;
    world.storage.accounts.byId = async () => ({ ...account, bannedUntil });
    expect(await refusal(world.url, token)).toMatchObject({ status: 403, body: { error: 'unauthorized_client' } });
    world.clock.move(60_001);
    await connected(world.url, token);
  });

  test('429 after three logins of one account in a window; another account is not concerned', async () => {
    const world = await start({ options: { loginsWindowMs: 600_000 } });
    const token = await tokenOf(world);
    for (let i = 0; i < 3; i += 1) await connected(world.url, token);
    const { status, headers, body } = await refusal(world.url, token);
    expect([status, body.error]).toEqual([429, 'rate_limited']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    await connected(world.url, await tokenOf(world, 'bob'));
    world.clock.move(600_000);
    await connected(world.url, token);
  });

  test('429 where one address has too many', async () => {
    const world = await start({ options: { connectionsPerAddressMax: 2, loginsMax: 100 } });
    // Three people: a second sign-in of one would end the first, and make room.
    const [ann, bob, cid] = [await tokenOf(world, 'ann'), await tokenOf(world, 'bob'), await tokenOf(world, 'cid')];
    const first = await connected(world.url, ann);
    await connected(world.url, bob);
    expect((await refusal(world.url, cid)).status).toBe(429);
    first.ws.close();
    await first.closed;
    // Its own end of the connection may be a moment behind.
    for (let tries = 1; !((await open(world.url, cid)) instanceof TestClient); tries += 1)
      expect(tries).toBeLessThan(100);
  });

  test('503 where the server is full', async () => {
    const world = await start({ options: { connectionsMax: 1 } });
    const token = await tokenOf(world);
    await connected(world.url, token);
    expect((await refusal(world.url, await tokenOf(world, 'bob'))).status).toBe(503);
    expect(world.metrics.value('muster_gateway_connections_refused_total', { reason: 'connections' })).toBe(1);
  });

  test('500 while storage is away', async () => {
    const world = await start();
    const token = await tokenOf(world);
    await world.storage.close();
    expect(await refusal(world.url, token)).toMatchObject({ status: 500, body: { error: 'server_error' } });
  });

  test('without a handshake: 400, or 426 as a plain request', async () => {
    const world = await start();
    expect((await get(`${world.url}/tachyon`)).status).toBe(426);
    const token = await tokenOf(world);
    const text = await rawExchange(
      world.url,
      `GET /tachyon HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-protocol: v0.tachyon\r\nauthorization: Bearer ${token}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 .*invalid_request/s);
    const elsewhere = await rawExchange(
      world.url,
      'GET /else HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
    expect(elsewhere).toMatch(/^HTTP\/1\.1 404 /);
  });
});

/** Sends bytes and returns everything that comes back until the other side is done. */
function rawExchange(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
    socket.write(text);
  });
}

describe('sockets that do nothing', () => {
  const clock = new SystemClock();

  test('a request that never ends is cut', async () => {
    const world = await start({ options: { headersTimeoutMs: 50, requestTimeoutMs: 50, timeoutCheckMs: 20 } });
    expect(await rawExchange(world.url, 'GET / HTTP/1.1\r\nhost:')).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });

  test('a half-open socket, which answers no ping and no closing, is gone soon', async () => {
    const world = await start({
      gateway: { pingMinMs: 10, pingMaxMs: 20, idleMs: 60, sweepMs: 10 },
      options: { closeTimeoutMs: 50 },
    });
    const client = await connected(world.url, await tokenOf(world), { autoPong: false });
    await client.first(1);
    // From here on it neither reads nor answers.
    client.ws.pause();
    while (world.metrics.value('muster_gateway_websockets') > 0)
      await new Promise<void>((resolve) => clock.after(10, resolve));
    expect(world.core.size).toBe(0);
    expect(world.metrics.value('muster_gateway_drops_total', { reason: 'idle' })).toBe(1);
    client.ws.terminate();
  });
});

describe('requests over HTTP', () => {
  test('a hundred a minute per account, then five minutes of 429; others are not concerned', async () => {
    const world = await start({ options: { accountRequestsMax: 10 } });
    const headers = { authorization: `Bearer ${await tokenOf(world)}` };
    const others = { authorization: `Bearer ${await tokenOf(world, 'bob')}` };
    const ask = (as: Record<string, string>) => get(`${world.url}/oauth/userinfo`, as);
    // Signing in was two of them.
    for (let i = 0; i < 8; i += 1) expect((await ask(headers)).status).toBe(200);
    const refused = await ask(headers);
    expect([refused.status, refused.body.error]).toEqual([429, 'rate_limited']);
    expect(refused.body.retryAfter).toBe(300);
    expect(refused.headers.get('retry-after')).toBe('300');
    expect((await ask(others)).status).toBe(200);
    world.clock.move(299_000);
    expect((await ask(headers)).status).toBe(429);
  });

  test('a limited account keeps its refresh token', async () => {
    const world = await start({ options: { accountRequestsMax: 2, accountBlockMs: 1_000 } });
    const { refresh_token: token } = await tokensFor(world.url);
    const form = { grant_type: 'refresh_token', client_id: 'generic_lobby', refresh_token: token };
    expect((await postForm(`${world.url}/oauth/token`, form)).status).toBe(429);
    world.clock.move(60_001);
    expect((await postForm(`${world.url}/oauth/token`, form)).status).toBe(200);
  });

  test('an address that goes on after it was told not to is not even answered, until its block is over', async () => {
    const world = await start({ options: { addressRequestsMax: 5, addressRefusalsMax: 3, addressBlockMs: 60_000 } });
    const ask = async () => {
      try {
        return (await get(`${world.url}/oauth/jwks`, { connection: 'close' })).status;
      } catch {
        return 'cut';
      }
    };
    const statuses = [];
    for (let i = 0; i < 10; i += 1) statuses.push(await ask());
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429, 'cut', 'cut']);
    expect(world.metrics.value('muster_gateway_connections_cut_total', { reason: 'block_list' })).toBe(2);
    world.clock.move(60_001);
    expect(await ask()).toBe(200);
  });

  test('behind a proxy, the address is the one it vouches for', async () => {
    const world = await start({ options: { addressRequestsMax: 1, proxies: 1 } });
    const ask = async (forwarded: string) =>
      (await get(`${world.url}/oauth/jwks`, { 'x-forwarded-for': forwarded })).status;
    expect(await ask('10.0.0.1')).toBe(200);
    expect(await ask('10.0.0.2')).toBe(200);
    expect(await ask('10.0.0.99, 10.0.0.1')).toBe(429);
  });

  test('the metadata follow what a client calls this machine, and nobody else', async () => {
    const world = await start();
    const port = new URL(world.url).port;
    const issuer = async (host: string) => {
      const text = await rawExchange(
        world.url,
        `GET /.well-known/oauth-authorization-server HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
      );
      return /"issuer":"([^"]*)"/.exec(text)?.[1];
    };
    expect(await issuer(`localhost:${port}`)).toBe(`http://localhost:${port}`);
    expect(await issuer('evil.example')).toBe(world.url);
    expect(await issuer('localhost:1@evil.example')).toBe(world.url);
    const named = await start({ oauth: { publicUrl: 'https://play.example' } });
    const { body } = await get(`${named.url}/.well-known/oauth-authorization-server`);
    expect([body.issuer, body.token_endpoint]).toEqual(['https://play.example', 'https://play.example/oauth/token']);
  });
});

describe('a stop', () => {
  test('tells clients to come back, and takes nobody new', async () => {
    const world = await startWorld();
    const token = await tokenOf(world);
    const client = await connected(world.url, token);
    await client.first(1);
    expect(world.server.ready().every(({ ok }) => ok)).toBe(true);
    await world.stop();
    expect((await client.closed).code).toBe(1012);
    expect(world.server.ready().find(({ name }) => name === 'listener')?.ok).toBe(false);
    await expect(refusal(world.url, token)).rejects.toThrow('ECONNREFUSED');
  });

  test('does not wait for clients that do not listen', async () => {
    const world = await startWorld({ options: { closeTimeoutMs: 50 } });
    const client = await connected(world.url, await tokenOf(world));
    client.ws.pause();
    await world.stop();
    expect(world.metrics.value('muster_gateway_sessions')).toBe(0);
    client.ws.terminate();
  });
});
