// A real etcd is put back from a real snapshot, as docs/reliability.md tells operators to: under a living cluster, and under one that was
// stopped. What must hold (K4): terms go on above all that storage has seen, nobody hears of what the snapshot knows less, and nothing
// that was acknowledged is lost.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { MusterClient } from '@muster/client';
import type { EntityListDocument, EntityShowDocument, ShardListDocument, StatusDocument } from '@muster/coordinator';
import { findProgram, LocalEtcd } from '@muster/storage';
import type { ReceivedMessage } from '@muster/tachyon';
import { TestCluster } from './local-cluster.js';
import { signIn } from './traffic.js';
import { pause, until } from './until.js';

const NODES = 3;
const HEAL_DEADLINE_MS = 60_000;
const TEST_TIMEOUT_MS = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'muster-restored-'));
// The database runs as another user where root runs this.
chmodSync(folder, 0o755);
const data = join(folder, 'data');
const snapshot = join(folder, 'before.db');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const userId = (client: MusterClient): string => client.self!.user.userId;

/** The operator's commands, and nothing else. */
function etcdctl(...args: readonly string[]): void {
  execFileSync(findProgram('etcdctl', process.env), args, {
    env: { ...process.env, ETCDCTL_API: '3' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

function restore(): void {
  const to = join(data, 'etcd');
  rmSync(to, { recursive: true, force: true });
  etcdctl('snapshot', 'restore', snapshot, '--data-dir', to);
}

/** Says numbered things to another player; keeps what was acknowledged. */
class Speaker {
  readonly acknowledged: string[] = [];
  private readonly client: MusterClient;
  private readonly target: { readonly type: 'player'; readonly userId: string };
  private count = 0;

  constructor(client: MusterClient, to: string) {
    this.client = client;
    this.target = { type: 'player', userId: to };
  }

  async say(times: number): Promise<number> {
    const before = this.acknowledged.length;
    for (let n = 0; n < times; n += 1) {
      const message = `number ${this.count}`;
      this.count += 1;
      const said = this.client.request('messaging/send', { target: this.target, message });
      await said.then(
        () => this.acknowledged.push(message),
        () => undefined,
      );
    }
    return this.acknowledged.length - before;
  }
}

async function history(listener: MusterClient, wanted: number): Promise<readonly string[]> {
  const heard: ReceivedMessage[] = [];
  const stop = listener.on('messaging/received', (message) => heard.push(message));
  await listener.request('messaging/subscribeReceived', { since: { type: 'from_start' } });
  await until(() => heard.length >= wanted, 15_000, `${wanted} messages`).catch((error) => {
    throw new Error(`${error.message}; heard: ${heard.map(({ message }) => message).join(', ')}`);
  });
  await pause(300);
  stop();
  return heard.map(({ message }) => message);
}

async function table(cluster: TestCluster): Promise<ReadonlyMap<number, { owner: string; term: number }>> {
  const { shards } = await cluster.admin<ShardListDocument>('shard.list');
  return new Map(shards.map(({ shard, owner, term }) => [shard, { owner, term }]));
}

async function whole(cluster: TestCluster, nodes: number): Promise<StatusDocument> {
  let now: StatusDocument | undefined;
  const isWhole = async (): Promise<boolean> => {
    now = await cluster.admin<StatusDocument>('status').catch(() => undefined);
    const { healthy = false, shards, nodes: members } = now ?? {};
    return healthy && members!.up === nodes && shards!.moving === 0 && shards!.backed === shards!.owned;
  };
  await until(isWhole, HEAL_DEADLINE_MS, 'the cluster is whole').catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(now)}\n${cluster.log.slice(-6_000)}`);
  });
  return now!;
}

const places = async (cluster: TestCluster) =>
  (await cluster.admin<EntityListDocument>('entity.list')).entities.map(({ entity, shard }) => `${entity} in ${shard}`);

test(
  'K4: etcd is put back from a snapshot, under a living cluster and under a stopped one: terms go on, and nothing acknowledged is lost',
  async () => {
    const flags = ['--nodes', String(NODES), '--gateways', '1', '--data', data];
    const first = await TestCluster.start(flags);
    let etcd: LocalEtcd | undefined;
    let speaker: Speaker;
    let listenerId: string;
    let before: ReadonlyMap<number, { owner: string; term: number }>;
    let carved: readonly string[];
    const clients: MusterClient[] = [];
    try {
      await whole(first, NODES);
      const [a, b] = [await signIn(first.gateway(0), 'speaker'), await signIn(first.gateway(0), 'listener')];
      listenerId = userId(b);
      speaker = new Speaker(a, listenerId);
      expect(await speaker.say(10)).toBe(10);
      etcdctl('--endpoints', first.document.etcd, 'snapshot', 'save', snapshot);

      // What the snapshot knows nothing of: a death, an entity in a shard of its own, a shard that moved.
      first.kill('node-1', 'SIGKILL');
      const carrying = speaker.say(10);
      await whole(first, NODES - 1);
      await carrying;
      const entity = `player/${listenerId}`;
      await first.admin('entity.pin', { entity });
      await until(async () => (await places(first)).length === 1, HEAL_DEADLINE_MS, 'the listener is carved out');
      const { shard } = await first.admin<EntityShowDocument>('entity.show', { entity: `player/${userId(a)}` });
      const owner = (await table(first)).get(shard)!.owner;
      await first.admin('shard.move', { shard, to: owner.startsWith('node-2') ? 'node-3' : 'node-2' });
      await until(async () => (await table(first)).get(shard)!.owner !== owner, HEAL_DEADLINE_MS, 'it has moved');
      const { epoch } = await whole(first, NODES - 1);
      [before, carved] = [await table(first), await places(first)];
      expect(await speaker.say(10)).toBe(10);

      const { port } = new URL(first.document.etcd);
      first.kill('etcd', 'SIGKILL');
      expect(await speaker.say(10)).toBe(10);
      restore();
      const program = findProgram('etcd', process.env);
      etcd = await LocalEtcd.start({ program, folder: join(data, 'etcd'), clientPort: Number(port) });
      await until(() => first.log.includes('regime.store-went-back'), HEAL_DEADLINE_MS, 'the leader has noticed');
      const now = await whole(first, NODES - 1);
      expect(now.epoch).toBeGreaterThan(epoch);
      // Balance may have gone on; no term is given twice, and none went back.
      const after = await table(first);
      const wrong = [...before].filter(([shard, { owner, term }]) => {
        const row = after.get(shard)!;
        return row.term < term || (row.term === term && row.owner !== owner);
      });
      expect([wrong, await places(first)]).toEqual([[], carved]);
      expect(first.stored<{ epoch: number }>('epoch').epoch).toBe(now.epoch);
      expect(await speaker.say(10)).toBe(10);
      expect(await history(b, speaker.acknowledged.length)).toEqual(speaker.acknowledged);
      // They stay: within their reconnect window their sessions, and what was said to them, are there again.
      clients.push(a, b);
    } finally {
      await first.stop();
      await etcd?.stop();
    }

    // Nobody is left who knows more than the snapshot, but storage.
    restore();
    const second = await TestCluster.start(flags);
    try {
      await until(() => second.log.includes('regime.store-is-older'), HEAL_DEADLINE_MS, 'the leader has noticed');
      await whole(second, NODES);
      expect(await places(second)).toEqual(carved);
      const after = await table(second);
      const notAbove = [...before].filter(([shard, { term }]) => after.get(shard)!.term <= term);
      expect(notAbove).toEqual([]);
      const [a, b] = [await signIn(second.gateway(0), 'speaker'), await signIn(second.gateway(0), 'listener')];
      expect(await history(b, speaker.acknowledged.length)).toEqual(speaker.acknowledged);
      expect(await new Speaker(a, listenerId).say(10)).toBe(10);
      clients.push(a, b);
    } finally {
      await Promise.all(clients.map((client) => client.disconnect()));
      await second.stop();
    }
  },
  TEST_TIMEOUT_MS,
);
