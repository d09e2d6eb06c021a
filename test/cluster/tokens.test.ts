// What players and machines sign in with, at two gateways that share nothing but the database.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { botSignIn, Http, playerSignIn, type Tokens } from '@muster/client';
import { TestCluster } from './local-cluster.js';
import { RawPlayer, tokensOf } from './raw-player.js';

const START_TIMEOUT_MS = 90_000;
const HTTP_TIMEOUT_MS = 10_000;
const BOT = { clientId: 'host-7', secret: 's3cret %+: x' };

const http = new Http(HTTP_TIMEOUT_MS);
let cluster: TestCluster;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-tokens-'));
  const config = join(folder, 'muster.toml');
  writeFileSync(config, `[[bots]]\nclientId = "${BOT.clientId}"\nsecret = "${BOT.secret}"\n`);
  cluster = await TestCluster.start(['--coordinators', '1', '--nodes', '1', '--gateways', '2', '--config', config]);
}, START_TIMEOUT_MS);
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
}, START_TIMEOUT_MS);

async function refreshed(gateway: number, { refreshToken }: Tokens): Promise<Tokens> {
  return playerSignIn().refresh(http, await http.metadata(cluster.gateway(gateway)), refreshToken!);
}

test('a token of one gateway opens a session at the other, and both publish the same keys', async () => {
  const { accessToken } = await tokensOf(cluster.gateway(0), 'ann');
  for (const gateway of [1, 0]) {
    const ann = new RawPlayer(cluster.gateway(gateway), accessToken);
    await ann.has(({ commandId }) => commandId === 'user/self');
    await ann.request('system/disconnect');
    expect((await ann.ended()).code).toBe(1000);
  }
  const [keys, others] = await Promise.all(
    [0, 1].map((gateway) => http.json(`${cluster.gateway(gateway)}/oauth/jwks`)),
  );
  expect(keys).toEqual(others);
  expect(keys!.keys).toHaveLength(1);
});

test('two gateways that meet the same new name at once make one account', async () => {
  const both = await Promise.all([0, 1].map((gateway) => RawPlayer.enter(cluster.gateway(gateway), 'twin')));
  expect(both[0]!.userId).toBe(both[1]!.userId);
  await Promise.all(both.map((one) => one.ws.close()));
});

test('a refresh token is used up at whichever gateway; using it again ends the whole family, everywhere', async () => {
  const first = await tokensOf(cluster.gateway(0), 'ben');
  const second = await refreshed(1, first);
  expect(second.refreshToken).not.toBe(first.refreshToken);
  const third = await refreshed(0, second);
  const player = new RawPlayer(cluster.gateway(1), third.accessToken);
  await player.has(({ commandId }) => commandId === 'user/self');
  player.ws.close();
  await expect(refreshed(0, first)).rejects.toThrow('invalid_grant');
  for (const gateway of [0, 1]) await expect(refreshed(gateway, third)).rejects.toThrow('invalid_grant');
});

test('of two gateways that are given one refresh token at once, at most one redeems it', async () => {
  const tokens = await tokensOf(cluster.gateway(0), 'cleo');
  const outcomes = await Promise.allSettled([refreshed(0, tokens), refreshed(1, tokens)]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1);
});

test('a machine signs in with its own name and secret, at every gateway; nothing else opens that door', async () => {
  for (const gateway of [0, 1]) {
    const metadata = await http.metadata(cluster.gateway(gateway));
    const { accessToken, refreshToken } = await botSignIn(BOT).obtain(http, metadata);
    expect(refreshToken).toBeUndefined();
    const claims = JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()) as object;
    expect(claims).toMatchObject({ muster_role: 'bot', aud: 'tachyon' });
    const wrong = botSignIn({ ...BOT, secret: 'guess' }).obtain(http, metadata);
    await expect(wrong).rejects.toThrow('401 invalid_client');
  }
});
