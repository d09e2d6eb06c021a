// Bans take effect on those who are connected. Real timers, so that looks happen; nothing is measured.
import { afterEach, expect, test } from '@jest/globals';
import { type Moderation, MusterError, type PlayerId, SeededRandom, silentLog, VirtualClock } from '@muster/ports';
import { MemoryStorage } from '@muster/storage';
import { obligingCluster } from '../testing/fake-cluster.test-kit.js';
import { connected, refusal, startWorld, type TestClient, tokensFor, type World } from '../testing/server.test-kit.js';
import { BanWatch } from './ban-watch.js';

let world: World | undefined;

afterEach(async () => {
  await world?.stop();
  world = undefined;
});

/** A gateway that looks for bans all the time; what its actors are told of ends is kept. */
async function start(): Promise<{ readonly world: World; readonly ends: unknown[] }> {
  const cluster = obligingCluster();
  const ends: unknown[] = [];
  const answers = cluster.auto;
  cluster.auto = (asked) => {
    if (asked.name === 'detach') ends.push([asked.entity.id, (asked.json as { clean: boolean }).clean]);
    return answers(asked);
  };
  world = await startWorld({ cluster, options: { banCheckMs: 5 } });
  return { world, ends };
}

async function signIn(
  { url, storage }: World,
  name: string,
): Promise<{ client: TestClient; id: PlayerId; token: string }> {
  const token = (await tokensFor(url, name)).access_token;
  const client = await connected(url, token);
  await client.first(1);
  return { client, token, id: (await storage.accounts.byUsername(name))!.id };
}

test('who is banned while connected is closed with 1008 and a reason, its session ends for good, and it is refused until the ban ends', async () => {
  const { world, ends } = await start();
  const ann = await signIn(world, 'ann');
  const bob = await signIn(world, 'bob');
  const until = world.clock.now() + 60_000;
  await world.storage.moderation.ban({ userId: ann.id, reason: 'cheating', by: 'mod', until });
  expect(await ann.client.closed).toEqual({ code: 1008, reason: `banned until ${new Date(until).toISOString()}` });
  expect(ends).toEqual([[ann.id, true]]);
  expect((await refusal(world.url, ann.token)).status).toBe(403);
  bob.client.request('system/serverStats', undefined, 'x');
  expect((await bob.client.first(2))[1]).toMatchObject({ status: 'success' });
  world.clock.move(60_001);
  await connected(world.url, ann.token);
});

test('roles that are changed while their player is connected reach its actor', async () => {
  const { world } = await start();
  const told: unknown[] = [];
  const { auto } = world.cluster;
  world.cluster.auto = (call) => {
    if (call.name === 'accountChanged') told.push([call.entity.id, call.json]);
    return auto(call);
  };
  const ann = await signIn(world, 'ann');
  await signIn(world, 'bob');
  await world.storage.accounts.setRoles(ann.id, ['moderator']);
  while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const { username, displayName, countryCode } = (await world.storage.accounts.byUsername('ann'))!;
  expect(told[0]).toEqual([ann.id, { account: { username, displayName, countryCode, roles: ['moderator'] } }]);
});

test('a ban that is lifted lets in again at once, and one for good says so', async () => {
  const { world } = await start();
  const ann = await signIn(world, 'ann');
  await world.storage.moderation.ban({ userId: ann.id, reason: 'cheating', by: 'mod', until: null });
  expect(await ann.client.closed).toEqual({ code: 1008, reason: 'banned' });
  expect((await refusal(world.url, ann.token)).status).toBe(403);
  await world.storage.moderation.lift(ann.id, 'mod');
  const again = await connected(world.url, ann.token);
  await again.first(1);
});

test('storage that is away for an hour hides no ban', async () => {
  const clock = new VirtualClock();
  const storage = new MemoryStorage({ clock, random: new SeededRandom(1) });
  const { id } = await storage.accounts.create({ username: 'ann', displayName: 'Ann' });
  let isAway = true;
  const moderation: Pick<Moderation, 'standing'> = {
    standing: async (since, max) => {
      if (isAway) throw new MusterError('STORAGE_UNAVAILABLE', { cause: 'a test' });
      return storage.moderation.standing(since, max);
    },
  };
  const banished: unknown[] = [];
  const core = {
    banish: (player: PlayerId, reason: string) => banished.push([player, reason]),
    accountChanged: () => undefined,
  };
  const watch = new BanWatch({
    core,
    accounts: storage.accounts,
    moderation,
    clock,
    log: silentLog,
    options: { banCheckMs: 5_000 },
  });
  watch.start();
  await storage.moderation.ban({ userId: id, reason: 'x', by: 'mod', until: null });
  await clock.advance(3_600_000);
  expect(banished).toEqual([]);
  isAway = false;
  await clock.advance(5_000);
  expect(banished).toEqual([[id, 'banned']]);
  watch.stop();
  await clock.advance(60_000);
  expect(banished).toHaveLength(1);
});
