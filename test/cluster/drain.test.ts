// Processes that are asked to end, under a steady stream of client commands: what they have is handed off before they go, and nobody notices
// but the clients of a gateway, who are asked to go to another one.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { NodeListDocument, ShardListDocument, StatusDocument } from '@muster/coordinator';
import { TestCluster } from './local-cluster.js';
import { Traffic, type TrafficReport } from './traffic.js';
import { pause, until } from './until.js';

const PLAYERS = 16;
const HEAL_DEADLINE_MS = 90_000;
const ROLLOUT_DEADLINE_MS = 400_000;
const TEST_TIMEOUT_MS = 480_000;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start(['--nodes', '3', '--gateways', '2', '--set', 'telemetry.logLevel="info"']);
}, TEST_TIMEOUT_MS);
afterAll(() => cluster?.stop(), TEST_TIMEOUT_MS);

const peerOf = async (id: string): Promise<string | undefined> =>
  (await cluster.admin<NodeListDocument>('node.list')).nodes.find((node) => node.id === id && node.state === 'up')
    ?.peer;

async function whole(): Promise<void> {
  const isWhole = async (): Promise<boolean> => {
    const now = await cluster.admin<StatusDocument>('status').catch(() => undefined);
    return now?.healthy === true && now.nodes.up === 3 && now.gateways.up === 2 && now.shards.moving === 0;
  };
  await until(isWhole, HEAL_DEADLINE_MS, 'the cluster is whole').catch((error: Error) => {
    throw new Error(`${error.message}\n${cluster.log.slice(-6_000)}`);
  });
}

/** What the clients saw of it. */
async function underTraffic(work: () => Promise<void>): Promise<TrafficReport> {
  await whole();
  const traffic = await Traffic.start(cluster.document.gateways, PLAYERS);
  await pause(500);
  const before = traffic.report.answered;
  try {
    await work();
    await whole();
  } catch (error) {
    // Clients that nobody disconnects dial for ever.
    await traffic.stop();
    throw error;
  }
  await pause(500);
  const report = await traffic.stop();
  expect(before).toBeGreaterThan(0);
  expect(report.answered).toBeGreaterThan(before);
  return report;
}

test(
  'SIGTERM to a node: it hands off, ends with 0 and is started again; no command fails, no socket is lost',
  async () => {
    const report = await underTraffic(async () => {
      const former = (await peerOf('node-2'))!;
      const { shards } = await cluster.admin<ShardListDocument>('shard.list', { node: 'node-2' });
      expect(shards.length).toBeGreaterThan(0);
      cluster.kill('node-2', 'SIGTERM');
      const isBack = async () => ![undefined, former].includes(await peerOf('node-2').catch(() => undefined));
      await until(isBack, HEAL_DEADLINE_MS, 'node-2 is somebody new');
    });
    expect(report).toMatchObject({ failures: [], disconnects: 0, moves: 0 });
    expect(cluster.log).toMatch(/^node-2 \(pid \d+\) ended with 0; it is started again$/m);
    // All that it had was handed off: it left owning nothing, and no backup had to be made an owner. That its line in the store is seen to be gone
    // before its links end is nobody's promise.
    expect(cluster.log).toMatch(/"node":"node-2",.*"end":"released",.*"owns":0,.*"event":"node.drained"/);
    expect(cluster.log).not.toContain('"event":"shards.promoted"');
  },
  TEST_TIMEOUT_MS,
);

test(
  'rollout restart: every process is another one afterwards; no command fails, and clients change their gateway only where it asks them to',
  async () => {
    const pids = () => cluster.document.processes.map(({ id }) => cluster.pidOf(id));
    const before = pids();
    const report = await underTraffic(async () => {
      const { code, out, err } = await cluster.cli(
        ['rollout', 'restart', '--json'],
        cluster.document.admin,
        ROLLOUT_DEADLINE_MS,
      );
      const said = out.split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { type: string }).type); // biome-ignore format: one line
      expect({ code, err, settled: said.filter((type) => type === 'settled').length }).toEqual({
        code: 0,
        err: '',
        settled: 7,
      });
    });
    expect(report).toMatchObject({ failures: [], disconnects: 0 });
    // Half of them were at the first gateway; then all of them at the second.
    expect(report.moves).toBeGreaterThanOrEqual(PLAYERS);
    // etcd and the database are not part of it.
    expect(pids().filter((pid, n) => pid !== before[n]).length).toBe(7);
  },
  TEST_TIMEOUT_MS,
);
