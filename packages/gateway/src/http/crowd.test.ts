import { afterEach, expect, test } from '@jest/globals';
import { obligingCluster } from '../testing/fake-cluster.test-kit.js';
import { connected, refusal, startWorld, tokensFor, type World } from '../testing/server.test-kit.js';

let world: World | undefined;
afterEach(() => world?.stop());

test('503 where more wait for a session than may; who comes back to one gets in', async () => {
  const cluster = obligingCluster();
  const { auto } = cluster;
  let isAwaited = false;
  cluster.auto = (asked) => (asked.name === 'isAwaited' ? { isAwaited } : auto(asked));
  cluster.room = { shed: '', admission: 'queue', admitPerSecond: 0 };
  world = await startWorld({ cluster, gateway: { loginQueueMax: 1 } });
  const token = (await tokensFor(world.url)).access_token;
  await connected(world.url, token);
  const { status, headers } = await refusal(world.url, token);
  expect([status, headers['retry-after']]).toEqual([503, '60']);
  isAwaited = true;
  await connected(world.url, token);
});
