import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SeededRandom } from '@muster/ports';
import { MemoryStorage } from '@muster/storage';
import { type CryptoKey, generateKeyPair, type JWTHeaderParameters } from 'jose';
import { KeyServer, opened, signed, unsigned } from '../testing/forged-tokens.test-kit.js';
import { MovableClock } from '../testing/server.test-kit.js';
import { AccessTokenSigner } from './access-token-signer.js';
import { oauthOptions } from './options.js';
import { SigningKeyring } from './signing-keys.js';
import { TokenVerifier } from './token-verifier.js';

const random = new SeededRandom(3);
let clock: MovableClock;
let keyring: SigningKeyring;
let verifier: TokenVerifier;
let good: string;
let header: JWTHeaderParameters;
let claims: Record<string, unknown>;
let ownKey: CryptoKey;

beforeEach(async () => {
  clock = new MovableClock();
  const options = oauthOptions();
  keyring = new SigningKeyring(new MemoryStorage({ clock, random }).keys, clock);
  verifier = new TokenVerifier(options, keyring, clock);
  const signer = new AccessTokenSigner(keyring, options.embedded, clock, random);
  good = await signer.sign({ id: '7', role: 'player' }, 'generic_lobby', ['tachyon.lobby']);
  ({ header, claims } = opened(good));
  ownKey = (await keyring.current()).privateKey;
});

describe('our own tokens', () => {
  test('name the account and what it is', async () => {
    expect(await verifier.verify(good)).toMatchObject({ ok: true, role: 'player', subject: '7' });
    expect(header).toEqual({ alg: 'EdDSA', kid: expect.any(String), typ: 'at+jwt' });
  });

  test('are good for half an hour and a little for slow clocks', async () => {
    clock.move(30 * 60_000);
    expect(await verifier.verify(good)).toMatchObject({ ok: true });
    clock.move(6_000);
    expect(await verifier.verify(good)).toMatchObject({ ok: false, fault: 'expired' });
  });

  test('cannot be made to live longer', async () => {
    const long = await signed(ownKey, header, { ...claims, iat: Number(claims.iat) - 7_200, exp: 4e9 });
    expect(await verifier.verify(long)).toMatchObject({ ok: false, fault: 'expired' });
  });

  test('are refused where anything in them was changed', async () => {
    const [head, , signature] = good.split('.');
    const body = Buffer.from(JSON.stringify({ ...claims, sub: '8' })).toString('base64url');
    expect(await verifier.verify(`${head}.${body}.${signature}`)).toMatchObject({ ok: false, fault: 'signature' });
  });

  test('signed by a stranger under our key id are refused', async () => {
    const { privateKey } = await generateKeyPair('EdDSA');
    expect(await verifier.verify(await signed(privateKey, header, claims))).toMatchObject({ fault: 'signature' });
  });

  test('alg none is refused, however it is written', async () => {
    for (const alg of ['none', 'None', 'NONE']) {
      const result = await verifier.verify(unsigned({ ...header, alg }, claims));
      expect(result).toMatchObject({ ok: false, fault: expect.stringMatching(/^(algorithm|malformed|signature)$/) });
    }
  });

  test('a shared secret made of our public key is refused', async () => {
    const { keys } = await keyring.published();
    const secret = new TextEncoder().encode(JSON.stringify(keys[0]));
    expect(await verifier.verify(await signed(secret, { ...header, alg: 'HS256' }, claims))).toMatchObject({
      ok: false,
      fault: 'algorithm',
    });
  });

  test.each([[undefined], ['none'], ['../../etc/passwd\u0000'], ["' or 1=1"], ['k'.repeat(129)]])(
    'the key id %j is refused',
    async (kid) => {
      const { kid: _, ...rest } = header;
      const token = await signed(ownKey, kid === undefined ? rest : { ...rest, kid }, claims);
      expect(await verifier.verify(token)).toMatchObject({ ok: false, fault: 'key' });
    },
  );

  test.each([
    ['iss', 'urn:else', 'issuer'],
    ['iss', undefined, 'issuer'],
    ['aud', 'else', 'claims'],
    ['sub', undefined, 'claims'],
    ['sub', '', 'claims'],
    ['exp', undefined, 'claims'],
    ['muster_role', undefined, 'claims'],
    ['scope', 'profile', 'scope'],
    ['scope', undefined, 'scope'],
    ['scope', 'xtachyon.lobby', 'scope'],
  ])('%s = %j is refused', async (name, value, fault) => {
    const token = await signed(ownKey, header, { ...claims, [name]: value });
    expect(await verifier.verify(token)).toMatchObject({ ok: false, fault });
  });

  test('a token of another type is refused', async () => {
    expect(await verifier.verify(await signed(ownKey, { ...header, typ: 'JWT' }, claims))).toMatchObject({
      fault: 'claims',
    });
  });

  test.each([[''], ['a.b.c'], ['a'.repeat(9_000)], ['....'], ['mrt.x.y']])('%j is no access token', async (text) => {
    expect(await verifier.verify(text)).toMatchObject({ ok: false });
  });

  test('two gateways that start at once agree on one key', async () => {
    const { keys } = new MemoryStorage({ clock, random });
    const rings = [new SigningKeyring(keys, clock), new SigningKeyring(keys, clock)];
    const [a, b] = await Promise.all(rings.map((ring) => ring.current()));
    expect(a!.kid).toBe(b!.kid);
  });
});

describe('tokens of another issuer', () => {
  let issuer: KeyServer;
  let key: CryptoKey;
  let outside: TokenVerifier;
  const about = (): Record<string, unknown> => {
    const now = Math.floor(clock.now() / 1_000);
    return {
      iss: 'https://id.example',
      aud: 'muster',
      sub: 'u-1',
      scope: 'openid tachyon.lobby',
      iat: now,
      exp: now + 600,
    };
  };

  beforeAll(async () => {
    issuer = await new KeyServer().start();
    key = await issuer.add('k1');
  });
  beforeEach(() => {
    issuer.broken = false;
    const external = [{ issuer: 'https://id.example', jwksUrl: issuer.url, audience: 'muster', algorithms: ['ES256'] }];
    outside = new TokenVerifier(oauthOptions({ external }), keyring, clock);
  });
  afterAll(() => issuer.stop());

  const es256 = { alg: 'ES256', kid: 'k1' };

  test('are verified by its published keys', async () => {
    const token = await signed(key, es256, about());
    expect(await outside.verify(token)).toMatchObject({ ok: true, subject: 'u-1', role: 'player' });
    expect(await verifier.verify(token)).toMatchObject({ ok: false, fault: 'issuer' });
  });

  test('may carry scopes as a list', async () => {
    const token = await signed(key, es256, { ...about(), scope: undefined, scp: ['tachyon.lobby'] });
    expect(await outside.verify(token)).toMatchObject({ ok: true });
  });

  test.each([
    ['aud', 'else', 'claims'],
    ['scope', 'openid', 'scope'],
    ['sub', undefined, 'claims'],
    ['iat', 1, 'expired'],
  ])('with %s = %j are refused', async (name, value, fault) => {
    expect(await outside.verify(await signed(key, es256, { ...about(), [name]: value }))).toMatchObject({ fault });
  });

  test('in an algorithm that was not agreed on are refused', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    expect(await outside.verify(await signed(privateKey, { ...es256, alg: 'RS256' }, about()))).toMatchObject({
      fault: 'algorithm',
    });
  });

  test('signed with our own key in their name are refused', async () => {
    expect(await outside.verify(await signed(ownKey, header, about()))).toMatchObject({ fault: 'algorithm' });
  });

  test('with an unknown key id are refused, and do not make us fetch for each', async () => {
    await outside.verify(await signed(key, es256, about()));
    const before = issuer.fetches;
    for (let i = 0; i < 5; i += 1)
      expect(await outside.verify(await signed(key, { ...es256, kid: `x${i}` }, about()))).toMatchObject({
        fault: 'key',
      });
    expect(issuer.fetches - before).toBeLessThanOrEqual(1);
  });

  test('are nobody’s fault when the issuer does not answer', async () => {
    issuer.broken = true;
    await expect(outside.verify(await signed(key, es256, about()))).rejects.toThrow();
  });
});

describe('options', () => {
  const external = { issuer: 'https://id.example', jwksUrl: 'https://id.example/jwks', audience: 'muster' };

  test.each([
    [{ publicUrl: 'https://play.example/' }],
    [{ publicUrl: 'play.example' }],
    [{ external: [{ ...external, algorithms: ['HS256'] }] }],
    [{ external: [{ ...external, algorithms: ['none'] }] }],
    [{ external: [{ ...external, algorithms: [] }] }],
    [{ external: [{ ...external, jwksUrl: 'nowhere' }] }],
    [{ external: [{ ...external, issuer: 'urn:muster' }] }],
    [{ external: [external], embedded: { signIn: 'dev' as const } }],
    [{ embedded: { accessLifetimeMs: 0 } }],
  ])('%j is refused', (changes) => {
    expect(() => oauthOptions(changes)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  });
});
