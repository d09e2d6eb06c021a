// A real cluster, and players who say things to each other while nodes are killed one after the other, each time the one that owns a listener. What was acknowledged
// must be there afterwards: every message once, in its order, in the history of a player whose node is dead.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MusterClient } from '@muster/client';
import type { EntityShowDocument, StatusDocument } from '@muster/coordinator';
import type { ReceivedMessage } from '@muster/tachyon';
import { TestCluster } from './local-cluster.js';
import { signIn } from './traffic.js';
import { pause, until } from './until.js';

const PAIRS = 6;
const ROUNDS = 3;
const HEAL_DEADLINE_MS = 20_000;
const TEST_TIMEOUT_MS = 120_000;
/** Below the history's 200. */
const MESSAGES_MAX = 180;
const PACE_MS = 15;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start(['--nodes', '3', '--gateways', '2', '--restart']);
}, TEST_TIMEOUT_MS);
afterAll(() => cluster?.stop(), TEST_TIMEOUT_MS);

interface Pair {
  readonly speaker: MusterClient;
  readonly listener: MusterClient;
  /** Texts whose sending was acknowledged. */
  readonly acknowledged: string[];
  readonly failures: string[];
}

const userId = (client: MusterClient): string => client.self!.user.userId;

async function pair(n: number): Promise<Pair> {
  const [here, there] = [cluster.gateway(n % 2), cluster.gateway((n + 1) % 2)];
  const [speaker, listener] = await Promise.all([signIn(here, `speaker${n}`), signIn(there, `listener${n}`)]);
  return { speaker, listener, acknowledged: [], failures: [] };
}

/** Says one thing after the other until told to stop; what was acknowledged is written down, and nothing is said twice. */
async function talk(one: Pair, goesOn: () => boolean): Promise<void> {
  for (let n = 0; goesOn() && n < MESSAGES_MAX; n += 1) {
    const message = `${userId(one.speaker)} says ${n}`;
    try {
      await one.speaker.request('messaging/send', {
        target: { type: 'player', userId: userId(one.listener) },
        message,
      });
      one.acknowledged.push(message);
    } catch (error) {
      one.failures.push((error as Error).message);
    }
    await pause(PACE_MS);
  }
}

/** Two nodes know everything again. */
async function safe(): Promise<void> {
  const isSafe = async (): Promise<boolean> => {
    const now = await cluster.admin<StatusDocument>('status').catch(() => undefined);
    return now?.healthy === true && now.nodes.up === 3;
  };
  await until(isSafe, HEAL_DEADLINE_MS, 'every shard has a second place');
}

async function history({ listener }: Pair): Promise<string[]> {
  const heard: ReceivedMessage[] = [];
  const stop = listener.on('messaging/received', (message) => heard.push(message));
  const { hasMissedMessages } = await listener.request('messaging/subscribeReceived', {
    since: { type: 'from_start' },
  });
  expect(hasMissedMessages).toBe(false);
  await pause(500);
  stop();
  return heard.map(({ message }) => message);
}

test(
  'every acknowledged message is in the history of a player whose nodes were killed, once and in order (K7, K8, K9, K10, K11)',
  async () => {
    const pairs = await Promise.all(Array.from({ length: PAIRS }, (_, n) => pair(n)));
    let talking = true;
    const talks = pairs.map((one) => talk(one, () => talking));
    for (let round = 0; round < ROUNDS; round += 1) {
      await safe();
      const { owner } = await cluster.admin<EntityShowDocument>('entity.show', {
        entity: `player/${userId(pairs[round]!.listener)}`,
      });
      cluster.kill(owner.slice(0, owner.indexOf('#')), 'SIGKILL');
      await pause(400);
    }
    await safe();
    talking = false;
    await Promise.all(talks);
    for (const one of pairs) {
      expect(one.failures).toEqual([]);
      expect(one.acknowledged.length).toBeGreaterThan(20);
      expect(await history(one)).toEqual(one.acknowledged);
    }
    await Promise.all(pairs.flatMap(({ speaker, listener }) => [speaker.disconnect(), listener.disconnect()]));
  },
  TEST_TIMEOUT_MS,
);
