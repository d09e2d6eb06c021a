import { afterEach, expect, test } from '@jest/globals';
import { BOT_SECRET, connected, get, postForm, refusal, startWorld, type World } from '../testing/server.test-kit.js';

const worlds: World[] = [];

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.stop()));
});

async function start(): Promise<World> {
  const world = await startWorld();
  worlds.push(world);
  return world;
}

async function tokenOf({ url }: World): Promise<string> {
  const form = { grant_type: 'client_credentials', scope: 'tachyon.lobby', client_id: 'autohost' };
  const { body } = await postForm(`${url}/oauth/token`, { ...form, client_secret: BOT_SECRET });
  return String(body.access_token);
}

test('an autohost comes in with its client credentials, and its first frames go to its actor', async () => {
  const world = await start();
  const told = new Promise<unknown>((resolve) => {
    world.cluster.auto = ({ name, entity, json }) => {
      if (name === 'status') resolve({ kind: entity.kind, json });
      return {};
    };
  });
  const host = await connected(world.url, await tokenOf(world));
  const status = { maxBattles: 1, currentBattles: 0, availableEngines: [] };
  host.ws.send(JSON.stringify({ type: 'event', messageId: '1', commandId: 'autohost/status', data: status }));
  expect(await told).toEqual({ kind: 'autohost', json: status });
  host.ws.close();
  await host.closed;
});

test('an autohost is no person', async () => {
  const world = await start();
  const { status } = await get(`${world.url}/oauth/userinfo`, { authorization: `Bearer ${await tokenOf(world)}` });
  expect(status).toBe(403);
});

test('a token of a bot that is no more is refused', async () => {
  const world = await start();
  const token = await tokenOf(world);
  world.storage.accounts.botById = async () => undefined;
  expect(await refusal(world.url, token)).toMatchObject({ status: 401, body: { error: 'unauthorized_client' } });
});
