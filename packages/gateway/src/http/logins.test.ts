// Sign-ins of one account at several gateways: two servers, each with its own counters, before the one actor of the account.
import { afterEach, expect, test } from '@jest/globals';
import { playerKind } from '@muster/play';
import { entityKey, MemoryMetrics, SeededRandom } from '@muster/ports';
import { type FakeCluster, obligingCluster } from '../testing/fake-cluster.test-kit.js';
import { connected, refusal, startWorld, tokensFor, type World } from '../testing/server.test-kit.js';

/** Long enough for the slowest machine. */
const WINDOW_MS = 600_000;
const WINDOW = { loginsWindowMs: WINDOW_MS };

const started: World[] = [];
afterEach(async () => {
  for (const world of started.splice(0)) await world.stop();
});

/** A cluster in which the rules of the real actor answer to `knock`. */
function clusterWithActors(time: { now: number }): FakeCluster {
  const nothing = async (): Promise<never> => {
    throw new Error('nothing is read here');
  };
  const storage = { players: { read: nothing } };
  const kind = playerKind({ storage, metrics: new MemoryMetrics() });
  const states = new Map<string, ReturnType<typeof kind.initial>>();
  const random = new SeededRandom(1);
  const cluster = obligingCluster();
  const { auto } = cluster;
  cluster.auto = (call) => {
    if (call.name !== 'knock' || call.origin.type !== 'client') return auto(call);
    const state = states.get(entityKey(call.entity)) ?? kind.initial(call.entity.id, undefined);
    states.set(entityKey(call.entity), state);
    const ctx = { self: call.entity, now: time.now, origin: call.origin, random, ticket: '' };
    const { events = [], reply } = kind.decide.knock(state, call.json as { max: number; windowMs: number }, ctx);
    for (const event of events) if (event.name === 'knocked') kind.evolve.knocked(state, event.data, time.now);
    return reply;
  };
  return cluster;
}

test('three sign-ins in a window are let in however many gateways they are spread over', async () => {
  // Stands still, however slow the machine is; what each gateway counts for itself goes by its own clock.
  const time = { now: 1_700_000_000_000 };
  const cluster = clusterWithActors(time);
  const first = await startWorld({ cluster, options: WINDOW });
  const second = await startWorld({ cluster, options: WINDOW, storage: first.storage });
  started.push(first, second);
  const { access_token: token } = await tokensFor(first.url);
  await connected(first.url, token);
  await connected(second.url, token);
  await connected(first.url, token);
  for (const { url } of [second, first]) expect((await refusal(url, token)).status).toBe(429);
  const { access_token: other } = await tokensFor(second.url, 'bob');
  await connected(second.url, other);
  time.now += WINDOW_MS;
  second.clock.move(WINDOW_MS);
  await connected(second.url, token);
});

async function one(): Promise<World> {
  const world = await startWorld({ options: WINDOW });
  started.push(world);
  return world;
}

test('who has signed in too often by other gateways is refused with 429 before a socket is opened', async () => {
  const world = await one();
  const token = (await tokensFor(world.url)).access_token;
  const { auto } = world.cluster;
  const knocks: unknown[] = [];
  world.cluster.auto = (call) => {
    if (call.name !== 'knock') return auto(call);
    knocks.push([entityKey(call.entity), call.json]);
    return { retryAfterMs: 2_500 };
  };
  const { status, headers, body } = await refusal(world.url, token);
  expect([status, body.error, headers['retry-after']]).toEqual([429, 'rate_limited', '3']);
  expect(knocks).toEqual([[expect.stringMatching(/^player\//), { max: 3, windowMs: WINDOW_MS }]]);
  expect(world.core.size).toBe(0);
});

test("where the account's actor cannot be asked in time the gateway's own count stands", async () => {
  const world = await one();
  const token = (await tokensFor(world.url)).access_token;
  const { auto } = world.cluster;
  world.cluster.auto = (call) => {
    if (call.name !== 'knock') return auto(call);
    queueMicrotask(() => world.cluster.next('knock').fail('DEADLINE_EXCEEDED'));
    return undefined;
  };
  for (let i = 0; i < 3; i += 1) await connected(world.url, token);
  expect((await refusal(world.url, token)).status).toBe(429);
  expect(world.metrics.value('muster_gateway_logins_uncounted_total')).toBe(3);
});
