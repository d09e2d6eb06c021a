// What an operator sees of a real cluster: the store as text, and musterctl.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type {
  ClusterEvent,
  EntityShowDocument,
  NodeShowDocument,
  ShardListDocument,
  StatusDocument,
} from '@muster/coordinator';
import { murmur3 } from '@muster/ports';
import { CLI, TestCluster } from './local-cluster.js';
import { signIn } from './traffic.js';
import { until } from './until.js';

const START_TIMEOUT_MS = 90_000;
const TEST_TIMEOUT_MS = 60_000;
const HEAL_DEADLINE_MS = 20_000;
/** A port of 127.0.0.1 on which nothing listens. */
const NOBODY = 'http://127.0.0.1:1';

let cluster: TestCluster;
let playerId: string;

beforeAll(async () => {
  cluster = await TestCluster.start(['--nodes', '3', '--gateways', '1', '--restart']);
  // Terms grow while shards get their second places: what is compared below is compared at rest.
  const isAtRest = async () => (await cluster.admin<StatusDocument>('status').catch(() => undefined))?.healthy === true;
  await until(isAtRest, START_TIMEOUT_MS, 'every shard has a second place');
  const client = await signIn(cluster.gateway(0), 'ann');
  playerId = client.self!.user.userId;
  await client.disconnect();
}, START_TIMEOUT_MS);
afterAll(() => cluster?.stop(), START_TIMEOUT_MS);

/** Keys and values as etcdctl prints them: a key on a line of its own, its value below. */
function entries(report: string): ReadonlyMap<string, string> {
  const parts = report.split(/^(\/muster\/.*)$/m).slice(1);
  return new Map(parts.flatMap((key, i) => (i % 2 === 0 ? [[key, parts[i + 1]!.trim()] as const] : [])));
}

async function json<T>(...args: string[]): Promise<T> {
  const { code, out, err } = await cluster.cli([...args, '--json']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.endsWith('\n')).toBe(true);
  return JSON.parse(out) as T;
}

describe('the store read as text', () => {
  test(
    'leads from an entity to its owner, with nothing but the rule that it states itself',
    async () => {
      const stored = entries(cluster.etcdctl('/muster/'));
      const meta = JSON.parse(stored.get('/muster/dev/meta')!) as { hash: string; hashed: number; shards: number };
      const storage = expect.stringMatching(/^[0-9a-f-]{36}$/);
      expect(meta).toEqual({ hash: 'murmur3-32', hashed: 1024, shards: 1280, schema: 1, storage });
      for (const id of ['x', playerId, '17', 'ångström']) {
        const shard = murmur3(`player/${id}`) % meta.hashed;
        const rows = [...stored].filter(([key]) => key.includes('/shards/')).map(([, page]) => page.split('\n'));
        const line = rows.flat().find((row) => row.includes(`"shard":${shard},`))!;
        const row = JSON.parse(line.replace(/,$/, '')) as { owner: string; term: number };
        const shown = await json<EntityShowDocument>('entity', 'show', `player/${id}`);
        expect([shown.shard, shown.owner, shown.term]).toEqual([shard, row.owner, row.term]);
        // And from the owner to where it listens.
        const [name, incarnation] = row.owner.split('#');
        const node = JSON.parse(stored.get(`/muster/dev/nodes/${name}`)!) as { address: string; incarnation: string };
        expect([node.incarnation, node.address]).toEqual([incarnation, shown.ownerAddress]);
      }
    },
    TEST_TIMEOUT_MS,
  );

  test('names the leader, its epoch and everybody who is there', () => {
    const stored = entries(cluster.etcdctl('/muster/'));
    const epoch = JSON.parse(stored.get('/muster/dev/epoch')!) as { epoch: number; leader: string; since: string };
    expect(epoch.epoch).toBeGreaterThan(0);
    expect(epoch.leader).toMatch(/^coordinator-[ab]#/);
    expect(Number.isNaN(Date.parse(epoch.since))).toBe(false);
    const members = [...stored.keys()].filter((key) => /\/(coordinators|nodes|gateways)\//.test(key));
    expect(members.map((key) => key.split('/').at(-1))).toEqual(
      expect.arrayContaining(['coordinator-a', 'coordinator-b', 'node-1', 'node-2', 'node-3', 'gateway-1']),
    );
    expect(members.length).toBe(6);
    // One line per shard that entities hash to: a person can search it.
    const report = cluster.etcdctl('/muster/dev/shards/');
    expect(report.split('\n').filter((line) => line.startsWith('{"shard":')).length).toBe(1024);
  });
});

describe('musterctl', () => {
  const looks: readonly (readonly [readonly string[], RegExp])[] = [
    [['status'], /^Cluster dev is healthy$/m],
    [['node', 'list'], /^NODE +STATE .*\nnode-1 +up/m],
    [['node', 'show', 'node-2'], /^State +up$/m],
    [['shard', 'list'], /^SHARD +OWNER/m],
    [['shard', 'show', '17'], /^Owner +node-\d#/m],
    [['entity', 'show', 'player/x'], /^Shard +\d+, term \d+$/m],
    [['epoch', 'show'], /^Leader +coordinator-[ab]#/m],
    [['coordinator', 'list'], /^coordinator-[ab] +leader/m],
  ];

  test.each(looks)(
    '%j answers with 0, in JSON and for people',
    async (args, page) => {
      const { code, out } = await cluster.cli(args);
      expect(code).toBe(0);
      expect(out).toMatch(page);
      expect(await json(...args)).toEqual(expect.any(Object));
    },
    TEST_TIMEOUT_MS,
  );

  test.each([
    ['wrong usage', ['shard', 'show', 'seventeen'], 2],
    ['an unknown command', ['levitate'], 2],
    ['not found', ['node', 'show', 'node-9'], 3],
  ] as const)('%s: %j ends with %d', async (_, args, expected) => {
    const { code, out, err } = await cluster.cli(args);
    expect(code).toBe(expected);
    expect(out).toBe('');
    expect(err).toMatch(/^musterctl: /);
  });

  test('ends with 6 where nobody listens, and says what to do', async () => {
    const { code, err } = await cluster.cli(['status'], NOBODY);
    expect(code).toBe(6);
    expect(err).toMatch(/nothing listens at http:\/\/127\.0\.0\.1:1\ntry: /);
  });

  test(
    'tells the same wherever one looks: the lists agree with each other',
    async () => {
      const { shards } = await json<ShardListDocument>('shard', 'list');
      const { node, owns } = await json<NodeShowDocument>('node', 'show', 'node-3');
      const owned = shards.filter(({ owner }) => owner === node.peer).map(({ shard }) => shard);
      expect(owns).toEqual(owned);
      expect(node.shards).toBe(owned.length);
      const only = await json<ShardListDocument>('shard', 'list', '--node', 'node-3');
      expect(only.shards.map(({ shard }) => shard)).toEqual(owned);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'events --follow shows a killed node, its shards with their backups, and its return',
    async () => {
      const child = spawn(process.execPath, [CLI, 'events', '--follow', '--json', '--admin', cluster.document.admin], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = once(child, 'close');
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk) => {
        out += String(chunk);
      });
      child.stderr.on('data', (chunk) => {
        err += String(chunk);
      });
      const events = (): ClusterEvent[] =>
        out
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as ClusterEvent);
      const seen = (type: ClusterEvent['type'], why: object) =>
        until(
          () => events().some((event) => event.type === type && matches(event, why)),
          HEAL_DEADLINE_MS,
          `${type} ${JSON.stringify(why)} among ${out}`,
        );
      try {
        await until(() => err.includes('following'), HEAL_DEADLINE_MS, 'it follows');
        const backed = async () => {
          const { shards } = await json<StatusDocument>('status');
          return shards.owned > 0 && shards.backed === shards.owned;
        };
        await until(backed, HEAL_DEADLINE_MS, 'every shard has a second place');
        const { node } = await json<NodeShowDocument>('node', 'show', 'node-2');
        cluster.kill('node-2', 'SIGKILL');
        await seen('member.dead', { peer: node.peer, why: 'refused' });
        await seen('shards.promoted', {});
        await seen('member.joined', { role: 'node' });
        const joined = events().flatMap((event) => (event.type === 'member.joined' ? [event.peer] : []));
        expect(joined).toEqual([expect.stringMatching(/^node-2#/)]);
        expect(joined[0]).not.toBe(node.peer);
      } finally {
        child.kill('SIGINT');
      }
      expect(await ended).toEqual([0, null]);
    },
    TEST_TIMEOUT_MS,
  );
});

function matches(event: object, part: object): boolean {
  return Object.entries(part).every(([key, value]) => (event as Record<string, unknown>)[key] === value);
}
