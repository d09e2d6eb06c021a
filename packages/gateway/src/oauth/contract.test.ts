import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Answer,
  authorizeQuery,
  BOT_SECRET,
  CHALLENGE,
  codeFor,
  codeForm,
  get,
  postForm,
  REDIRECT,
  startWorld,
  tokensFor,
  type World,
} from '../testing/server.test-kit.js';

let world: World;
let tokenUrl: string;

beforeAll(async () => {
  world = await startWorld({ options: { accountRequestsMax: 1_000 } });
  tokenUrl = `${world.url}/oauth/token`;
});
afterAll(() => world.stop());

function basic(id: string, secret: string): Record<string, string> {
  const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function expectError({ status, headers, body }: Answer, expectedStatus: number, error: string): void {
  expect({ status, error: body.error }).toEqual({ status: expectedStatus, error });
  expect(typeof body.error_description).toBe('string');
  expect(headers.get('content-type')).toContain('application/json');
  expect(headers.get('cache-control')).toBe('no-store');
}

describe('metadata', () => {
  test('says what existing clients insist on', async () => {
    const { status, body, headers } = await get(`${world.url}/.well-known/oauth-authorization-server`);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toContain('max-age');
    expect(body).toMatchObject({
      issuer: world.url,
      authorization_endpoint: `${world.url}/oauth/authorize`,
      token_endpoint: `${world.url}/oauth/token`,
      response_types_supported: ['code', 'token'],
      grant_types_supported: expect.arrayContaining(['authorization_code', 'refresh_token', 'client_credentials']),
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_post', 'client_secret_basic'],
    });
  });

  test('the keys it publishes have no private half', async () => {
    const { body } = await get(`${world.url}/oauth/jwks`);
    const [key] = body.keys as Record<string, unknown>[];
    expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA' });
    expect(key).not.toHaveProperty('d');
  });
});

describe('authorization code with PKCE', () => {
  test('signs in without a page and gives a pair of tokens', async () => {
    const { status, headers } = await get(`${world.url}/oauth/authorize?${authorizeQuery({ state: 'a b&c' })}`);
    const location = new URL(headers.get('location')!);
    expect(status).toBe(302);
    expect(location.origin + location.pathname).toBe(REDIRECT);
    expect(location.searchParams.get('state')).toBe('a b&c');
    const answer = await postForm(tokenUrl, codeForm(location.searchParams.get('code')!));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.stringMatching(/^mrt\./),
      token_type: 'Bearer',
      expires_in: 1_800,
      scope: 'tachyon.lobby',
    });
  });

  test('the same name is the same account; without a name it is a new guest each time', async () => {
    const subjects = [];
    for (const hint of ['bob', 'BOB', undefined, undefined]) {
      const { body } = await postForm(tokenUrl, codeForm(await codeFor(world.url, { login_hint: hint })));
      const { body: user } = await get(`${world.url}/oauth/userinfo`, { authorization: `Bearer ${body.access_token}` });
      subjects.push(user.sub);
    }
    expect(subjects[0]).toBe(subjects[1]);
    expect(new Set(subjects).size).toBe(3);
  });

  test.each([
    ['http://localhost:1/oauth2callback'],
    ['http://127.0.0.1:65535/oauth2callback'],
    ['http://[::1]:8080/oauth2callback'],
    ['http://localhost/oauth2callback'],
  ])('loopback is one place on any port: %s', async (uri) => {
    const { status } = await get(`${world.url}/oauth/authorize?${authorizeQuery({ redirect_uri: uri })}`);
    expect(status).toBe(302);
  });

  test.each([
    ['http://evil.example/oauth2callback'],
    ['https://localhost/oauth2callback'],
    ['http://localhost/other'],
    ['http://localhost/oauth2callback?x=1'],
    ['http://localhost.evil.example/oauth2callback'],
    ['http://user@localhost/oauth2callback'],
  ])('nobody is sent to %s', async (uri) => {
    const answer = await get(`${world.url}/oauth/authorize?${authorizeQuery({ redirect_uri: uri })}`);
    expectError(answer, 400, 'invalid_request');
    expect(answer.body.error_description).toContain('http://localhost/oauth2callback');
  });

  test.each([
    [{ code_challenge: '' }, 400, 'invalid_request'],
    [{ code_challenge: 'short' }, 400, 'invalid_request'],
    [{ code_challenge_method: 'plain' }, 400, 'invalid_request'],
    [{ code_challenge_method: undefined }, 400, 'invalid_request'],
    [{ client_id: 'somebody' }, 401, 'invalid_client'],
    [{ client_id: undefined }, 400, 'invalid_request'],
    [{ login_hint: 'x'.repeat(65) }, 400, 'invalid_request'],
  ])('authorize with %j is refused without a redirect', async (changes, status, error) => {
    expectError(await get(`${world.url}/oauth/authorize?${authorizeQuery(changes)}`), status, error);
  });

  test.each([
    [{ scope: 'admin.map' }, 'invalid_scope'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_type: undefined }, 'invalid_request'],
  ])('authorize with %j tells the client by redirect', async (changes, error) => {
    const { status, headers } = await get(`${world.url}/oauth/authorize?${authorizeQuery(changes)}`);
    expect(status).toBe(302);
    expect(new URL(headers.get('location')!).searchParams.get('error')).toBe(error);
  });

  test('a parameter that comes twice makes the request invalid', async () => {
    const answer = await get(`${world.url}/oauth/authorize?${authorizeQuery()}&code_challenge=${CHALLENGE}`);
    expectError(answer, 400, 'invalid_request');
  });

  test.each([
    [{ code_verifier: 'w'.repeat(43) }, 'invalid_grant'],
    [{ code_verifier: '' }, 'invalid_grant'],
    [{ redirect_uri: 'http://127.0.0.1:1/oauth2callback' }, 'invalid_request'],
    [{ code: 'unknown' }, 'invalid_grant'],
  ])('an exchange with %j fails', async (changes, error) => {
    const answer = await postForm(tokenUrl, { ...codeForm(await codeFor(world.url)), ...changes });
    expectError(answer, 400, error);
  });

  test('a wrong guess of the verifier spends the code', async () => {
    const code = await codeFor(world.url);
    await postForm(tokenUrl, { ...codeForm(code), code_verifier: 'w'.repeat(43) });
    expectError(await postForm(tokenUrl, codeForm(code)), 400, 'invalid_grant');
  });

  test('a code used twice ends what came of it', async () => {
    const code = await codeFor(world.url);
    const { body } = await postForm(tokenUrl, codeForm(code));
    expectError(await postForm(tokenUrl, codeForm(code)), 400, 'invalid_grant');
    expectError(await postForm(tokenUrl, refreshForm(String(body.refresh_token))), 400, 'invalid_grant');
  });

  test('a code is good for five minutes', async () => {
    const code = await codeFor(world.url);
    world.clock.move(5 * 60_000 + 1);
    expectError(await postForm(tokenUrl, codeForm(code)), 400, 'invalid_grant');
  });

  test('without being configured, nobody is signed in', async () => {
    const closed = await startWorld({ oauth: { embedded: { signIn: 'off' } } });
    try {
      expectError(await get(`${closed.url}/oauth/authorize?${authorizeQuery()}`), 403, 'access_denied');
    } finally {
      await closed.stop();
    }
  });
});

function refreshForm(token: string): Readonly<Record<string, string>> {
  return { grant_type: 'refresh_token', client_id: 'generic_lobby', scope: 'tachyon.lobby', refresh_token: token };
}

describe('refresh', () => {
  test('each use gives a new pair and ends the old token; the old one used again ends all', async () => {
    const first = await tokensFor(world.url);
    const { status, body: second } = await postForm(tokenUrl, refreshForm(first.refresh_token));
    expect(status).toBe(200);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second).toMatchObject({ token_type: 'Bearer', expires_in: 1_800 });
    expectError(await postForm(tokenUrl, refreshForm(first.refresh_token)), 400, 'invalid_grant');
    expectError(await postForm(tokenUrl, refreshForm(String(second.refresh_token))), 400, 'invalid_grant');
    expect(world.metrics.value('muster_gateway_token_families_revoked_total', { reason: 'refresh_reused' })).toBe(1);
  });

  test('another sign-in of the same account is not touched', async () => {
    const [phone, desktop] = [await tokensFor(world.url), await tokensFor(world.url)];
    await postForm(tokenUrl, refreshForm(phone.refresh_token));
    await postForm(tokenUrl, refreshForm(phone.refresh_token));
    expect((await postForm(tokenUrl, refreshForm(desktop.refresh_token))).status).toBe(200);
  });

  test('of two uses at the same time one succeeds at most', async () => {
    const { refresh_token: token } = await tokensFor(world.url);
    const answers = await Promise.all([1, 2, 3].map(() => postForm(tokenUrl, refreshForm(token))));
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  });

  test.each([['nonsense'], ['mrt.a.b'], [`mrt.${'a'.repeat(43)}.${'b'.repeat(43)}`], ['\u0000']])(
    '%j is no refresh token',
    async (token) => {
      const { status, body } = await postForm(tokenUrl, refreshForm(token));
      expect(status).toBe(400);
      expect(body.error).toMatch(/^invalid_(grant|request)$/);
    },
  );

  test('more scope than was given is refused', async () => {
    const { refresh_token: token } = await tokensFor(world.url);
    expectError(await postForm(tokenUrl, { ...refreshForm(token), scope: 'admin.map' }), 400, 'invalid_scope');
  });

  test('it expires when it was not used for long', async () => {
    const { refresh_token: token } = await tokensFor(world.url);
    world.clock.move(91 * 24 * 3_600_000);
    expectError(await postForm(tokenUrl, refreshForm(token)), 400, 'invalid_grant');
  });

  test('two gateways agree: what one gave, the other takes, once', async () => {
    const other = await startWorld({ storage: world.storage, clock: world.clock });
    try {
      const { body } = await postForm(`${other.url}/oauth/token`, codeForm(await codeFor(world.url)));
      const { status } = await get(`${world.url}/oauth/userinfo`, { authorization: `Bearer ${body.access_token}` });
      expect(status).toBe(200);
      const { body: next } = await postForm(tokenUrl, refreshForm(String(body.refresh_token)));
      expect(next.token_type).toBe('Bearer');
      expectError(
        await postForm(`${other.url}/oauth/token`, refreshForm(String(body.refresh_token))),
        400,
        'invalid_grant',
      );
    } finally {
      await other.stop();
    }
  });
});

describe('client credentials', () => {
  const form = { grant_type: 'client_credentials', scope: 'tachyon.lobby' };

  test.each([
    ['in the header, URI-encoded', form, basic('autohost', BOT_SECRET)],
    ['in the body', { ...form, client_id: 'autohost', client_secret: BOT_SECRET }, {}],
  ])('%s give an access token and no refresh token', async (_, body, headers) => {
    const answer = await postForm(tokenUrl, body, headers);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 1_800,
      scope: 'tachyon.lobby',
    });
  });

  test.each([
    ['both ways', { ...form, client_id: 'autohost' }, basic('autohost', BOT_SECRET), 400, 'invalid_request'],
    [
      'both ways, the secret alone',
      { ...form, client_secret: 'x' },
      basic('autohost', BOT_SECRET),
      400,
      'invalid_request',
    ],
    ['a wrong secret', form, basic('autohost', 'wrong'), 401, 'invalid_client'],
    ['an unknown client', form, basic('nobody', 'wrong'), 401, 'invalid_client'],
    ['no secret', { ...form, client_id: 'autohost' }, {}, 401, 'invalid_client'],
    ['the public client', { ...form, client_id: 'generic_lobby', client_secret: 'x' }, {}, 401, 'invalid_client'],
    ['another scheme', form, { authorization: 'Bearer x' }, 400, 'invalid_request'],
    [
      'a broken encoding',
      form,
      { authorization: `Basic ${Buffer.from('a%:b').toString('base64')}` },
      400,
      'invalid_request',
    ],
    ['a scope that is not known', { ...form, scope: 'admin.map' }, basic('autohost', BOT_SECRET), 400, 'invalid_scope'],
  ])('%s fails', async (_, body, headers, status, error) => {
    expectError(await postForm(tokenUrl, body, headers as Record<string, string>), status, error);
  });

  test('a wrong secret in the header is told which scheme to use', async () => {
    const { headers } = await postForm(tokenUrl, form, basic('autohost', 'wrong'));
    expect(headers.get('www-authenticate')).toBe('Basic');
  });
});

describe('the token endpoint', () => {
  test.each([
    [{ grant_type: 'password', client_id: 'generic_lobby' }, 'unsupported_grant_type'],
    [{ grant_type: '__proto__', client_id: 'generic_lobby' }, 'unsupported_grant_type'],
    [{ client_id: 'generic_lobby' }, 'invalid_request'],
    ['grant_type=refresh_token&grant_type=refresh_token', 'invalid_request'],
    ['', 'invalid_request'],
  ])('%j is refused', async (form, error) => {
    expectError(await postForm(tokenUrl, form), 400, error);
  });

  test('only forms are read', async () => {
    expectError(await postForm(tokenUrl, '{}', { 'content-type': 'application/json' }), 400, 'invalid_request');
  });

  test('a large body is not read', async () => {
    expectError(await postForm(tokenUrl, 'a'.repeat(9_000)), 413, 'invalid_request');
  });

  test('any other page is not there', async () => {
    expectError(await get(`${world.url}/admin`), 404, 'not_found');
    expectError(await get(`${world.url}/oauth/token`), 404, 'not_found');
  });

  test('when storage is away, it says so and nothing of what is behind it', async () => {
    const broken = await startWorld();
    const code = await codeFor(broken.url);
    await broken.storage.close();
    const answer = await postForm(`${broken.url}/oauth/token`, codeForm(code));
    expectError(answer, 500, 'server_error');
    expect(answer.body.error_description).toBe('try again');
    await broken.stop();
  });
});
