// A real cluster — two coordinators, three nodes, two gateways, etcd, a database — under a steady stream of client commands, while its
// processes are killed and paused. What must hold: no command that a client sends fails, and no client loses its socket.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MemberDocument, NodeListDocument, ShardListDocument, StatusDocument } from '@muster/coordinator';
import { TestCluster } from './local-cluster.js';
import { Traffic } from './traffic.js';
import { pause, until } from './until.js';

const PLAYERS = 24;
const CLUSTER_NODES = 3;
/** From a fault to a whole cluster. Above every time-out on the way, below what anybody would call wedged. */
const HEAL_DEADLINE_MS = 20_000;
const TEST_TIMEOUT_MS = 90_000;
const ETCD_AWAY_MS = 10_000;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start(['--nodes', String(CLUSTER_NODES), '--gateways', '2', '--restart']);
}, TEST_TIMEOUT_MS);
afterAll(() => cluster?.stop(), TEST_TIMEOUT_MS);

const status = (): Promise<StatusDocument> => cluster.admin('status');
const shardList = async () => (await cluster.admin<ShardListDocument>('shard.list')).shards;
const idOf = (peer: string): string => peer.slice(0, peer.indexOf('#'));

async function members(): Promise<readonly MemberDocument[]> {
  return (await cluster.admin<NodeListDocument>('node.list')).nodes;
}

/** The node under this id that is up, with its present incarnation. */
async function up(id: string): Promise<MemberDocument | undefined> {
  return (await members()).find((node) => node.id === id && node.state === 'up');
}

/** Every process is up again, every shard owned, and the leader finds nothing wrong. */
async function whole(): Promise<void> {
  const isWhole = async (): Promise<boolean> => {
    // The coordinator that is asked may be the one that was killed.
    const now = await status().catch(() => undefined);
    if (!now?.healthy || now.vice === '') return false;
    return (
      now.nodes.up === CLUSTER_NODES && now.gateways.up === 2 && now.shards.unowned === 0 && now.shards.moving === 0
    );
  };
  await until(isWhole, HEAL_DEADLINE_MS, 'the cluster is whole again').catch(async (error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await status().catch(String))}\n${cluster.log.slice(-6_000)}`);
  });
}

/** Runs `fault` under traffic, waits until all is well again, and holds what the clients saw. */
async function underTraffic(fault: (traffic: Traffic) => Promise<void>): Promise<void> {
  await whole();
  const traffic = await Traffic.start(cluster.document.gateways, PLAYERS);
  let before = 0;
  try {
    await pause(500);
    before = traffic.report.answered;
    await fault(traffic);
    await whole();
    await pause(500);
  } finally {
    // Also where it failed: clients that stay would keep this process from ending.
    await traffic.stop();
  }
  const { report } = traffic;
  expect(report.failures).toEqual([]);
  expect(report.disconnects).toBe(0);
  expect(before).toBeGreaterThan(0);
  expect(report.answered).toBeGreaterThan(before);
}

/** What the first coordinator says that knows of a newer epoch. */
async function nextEpoch(before: StatusDocument): Promise<StatusDocument> {
  let now = before;
  const isNewer = async (): Promise<boolean> => {
    now = await status().catch(() => before);
    return now.epoch > before.epoch;
  };
  await until(isNewer, HEAL_DEADLINE_MS, 'another epoch');
  return now;
}

/** Nobody who is alive is told that `peer` owns anything. */
async function ownsNothing(peer: string): Promise<void> {
  const isBare = async () => !(await shardList().catch(() => [{ owner: peer }])).some(({ owner }) => owner === peer);
  await until(isBare, HEAL_DEADLINE_MS, `the shards of ${peer} are owned by others`);
}

test(
  'a killed node is served elsewhere: its sockets stay open and no command fails',
  () =>
    underTraffic(async () => {
      const victim = (await up('node-2'))!;
      expect(victim.shards).toBeGreaterThan(0);
      cluster.kill('node-2', 'SIGKILL');
      await ownsNothing(victim.peer);
    }),
  TEST_TIMEOUT_MS,
);

test(
  'a node that is back at once under its old name is not taken for its former self (K3)',
  () =>
    underTraffic(async () => {
      const former = (await up('node-3'))!;
      const had = (await shardList()).filter(({ owner }) => owner === former.peer);
      expect(had.length).toBeGreaterThan(0);
      cluster.kill('node-3', 'SIGKILL');
      await until(
        async () => ((await up('node-3').catch(() => undefined))?.peer ?? former.peer) !== former.peer,
        HEAL_DEADLINE_MS,
        'node-3 is somebody new',
      );
      await ownsNothing(former.peer);
      const now = await shardList();
      for (const { shard, term } of had) expect(now[shard]!.term).toBeGreaterThan(term);
    }),
  TEST_TIMEOUT_MS,
);

describe('a killed leader', () => {
  test(
    'is followed by its vice with the next epoch, and no command fails',
    () =>
      underTraffic(async () => {
        const before = await status();
        cluster.kill(idOf(before.leader), 'SIGKILL');
        const after = await nextEpoch(before);
        expect(after.epoch).toBe(before.epoch + 1);
        expect(after.leader).toBe(before.vice);
      }),
    TEST_TIMEOUT_MS,
  );

  test(
    '30 ms after a node: the vice finds the node dead by itself and no command fails',
    () =>
      underTraffic(async () => {
        const before = await status();
        const victim = (await up('node-1'))!;
        cluster.kill('node-1', 'SIGKILL');
        await pause(30);
        cluster.kill(idOf(before.leader), 'SIGKILL');
        expect((await nextEpoch(before)).leader).toBe(before.vice);
        await ownsNothing(victim.peer);
      }),
    TEST_TIMEOUT_MS,
  );
});

test(
  'a paused node that comes back is refused by everybody, and comes back as somebody new',
  () =>
    underTraffic(async () => {
      const paused = (await up('node-1'))!;
      cluster.kill('node-1', 'SIGSTOP');
      await ownsNothing(paused.peer);
      // Its backups have taken over; it is given up for good only a second later.
      const isDead = async () => !(await members().catch(() => [paused])).some(({ peer }) => peer === paused.peer);
      await until(isDead, HEAL_DEADLINE_MS, `${paused.peer} is dead`);
      const taken = await shardList();
      cluster.kill('node-1', 'SIGCONT');
      await until(
        async () => ((await up('node-1').catch(() => undefined))?.peer ?? paused.peer) !== paused.peer,
        HEAL_DEADLINE_MS,
        'node-1 is somebody new',
      );
      // It ended by itself, with code 0: nobody killed it.
      expect(cluster.log).toContain('node-1 (pid');
      expect(cluster.log).toMatch(/node-1 \(pid \d+\) ended with 0; it is started again/);
      const now = await shardList();
      for (const { shard, term } of taken) expect(now[shard]!.term).toBeGreaterThanOrEqual(term);
      expect(now.some(({ owner }) => owner === paused.peer)).toBe(false);
    }),
  TEST_TIMEOUT_MS,
);

test(
  'etcd away for 10 s: talk goes on, nothing is moved, and all heals',
  () =>
    underTraffic(async (traffic) => {
      const before = await status();
      // Not their terms: backups may still be spread more evenly just before and after.
      const owners = (await shardList()).map(({ owner }) => owner);
      cluster.kill('etcd', 'SIGSTOP');
      try {
        await pause(ETCD_AWAY_MS / 2);
        const half = traffic.report.answered;
        await pause(ETCD_AWAY_MS / 2);
        expect(traffic.report.answered).toBeGreaterThan(half);
        const away = await status();
        expect(away.store.reachable).toBe(false);
        expect(away.healthy).toBe(false);
      } finally {
        cluster.kill('etcd', 'SIGCONT');
      }
      await until(async () => (await status()).store.reachable, HEAL_DEADLINE_MS, 'the store is back');
      expect((await status()).epoch).toBe(before.epoch);
      expect((await shardList()).map(({ owner }) => owner)).toEqual(owners);
    }),
  TEST_TIMEOUT_MS,
);
