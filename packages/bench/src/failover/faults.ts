import { setTimeout as sleep } from 'node:timers/promises';
import type { ShardDocument } from '@muster/coordinator';
import { shardOfKey } from '@muster/ports';
import type { ClusterProcess } from '../cluster/cluster-process.js';

/** What is done to the cluster in one round. */
export interface Fault {
  readonly name: string;
  readonly what: string;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  readonly hits: { readonly node: boolean; readonly leader: boolean };
  readonly aimMs: number;
  /** How long commands are sent after it: until long after the last of them should have been answered at once again. */
  readonly watchMs: number;
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'node-killed',
    what: 'kill -9 of a node',
    signal: 'SIGKILL',
    hits: { node: true, leader: false },
    aimMs: 300,
    watchMs: 4_000,
  },
  {
    name: 'node-paused',
    what: 'a node is paused (SIGSTOP)',
    signal: 'SIGSTOP',
    hits: { node: true, leader: false },
    aimMs: 1_300,
    watchMs: 5_000,
  },
  {
    name: 'leader-killed',
    what: 'kill -9 of the leading coordinator',
    signal: 'SIGKILL',
    hits: { node: false, leader: true },
    aimMs: 300,
    watchMs: 4_000,
  },
  {
    name: 'leader-and-node-killed',
    what: 'kill -9 of a node and the leading coordinator at once',
    signal: 'SIGKILL',
    hits: { node: true, leader: true },
    aimMs: 1_300,
    watchMs: 5_000,
  },
];

/** Whom a fault meets in one round. */
export interface Victims {
  /** Plain ids. */
  readonly ids: readonly string[];
  /** Indices of the clients whose player is owned or backed by the node; all of them where no node is hit. */
  readonly clients: ReadonlySet<number>;
  readonly epoch: number;
}

/** Chosen when the cluster is whole: the node that most players depend on, so that every round has about as many. */
export async function victimsOf(
  cluster: ClusterProcess,
  { hits }: Fault,
  userIds: readonly string[],
): Promise<Victims> {
  const { epoch, shards } = await cluster.admin('shard.list', {});
  const [node, dependants] = mostDependedOn(shards, userIds);
  const ids: string[] = hits.node ? [node] : [];
  if (hits.leader) ids.push(await leaderOf(cluster));
  return { ids, clients: hits.node ? dependants : new Set(userIds.keys()), epoch };
}

/** The node (plain id) that owns or backs the players of most clients, and the indices of those clients. */
export function mostDependedOn(
  shards: readonly Pick<ShardDocument, 'shard' | 'owner' | 'backup'>[],
  userIds: readonly string[],
): readonly [string, ReadonlySet<number>] {
  const rows = new Map(shards.map((row) => [row.shard, row]));
  const dependants = new Map<string, Set<number>>();
  for (const [index, userId] of userIds.entries()) {
    const row = rows.get(shardOfKey(`player/${userId}`));
    for (const peer of row ? [row.owner, row.backup] : []) {
      const node = plainId(peer);
      dependants.set(node, (dependants.get(node) ?? new Set()).add(index));
    }
  }
  dependants.delete('');
  const [most] = [...dependants].sort(([, a], [, b]) => b.size - a.size);
  if (!most) throw new Error('nobody owns any of the players');
  return most;
}

async function leaderOf(cluster: ClusterProcess): Promise<string> {
  const { coordinators } = await cluster.admin('coordinator.list', {});
  const leader = coordinators.find(({ role }) => role === 'leader');
  if (!leader) throw new Error('nobody leads');
  return leader.id;
}

const TAKE_OVER_DEADLINE_MS = 20_000;
const POLL_MS = 20;

/** When the next epoch began, in wall-clock milliseconds, as its own record in etcd says. @throws Error where none begins. */
export async function nextEpoch(cluster: ClusterProcess, before: number): Promise<number> {
  const until = performance.now() + TAKE_OVER_DEADLINE_MS;
  while (performance.now() < until) {
    const shown = await cluster.admin('epoch.show', {}).catch(() => undefined);
    if (shown && shown.epoch > before) return Date.parse(shown.since);
    await sleep(POLL_MS);
  }
  throw new Error(`nobody took over within ${TAKE_OVER_DEADLINE_MS} ms`);
}

/** The name in front of the incarnation. */
function plainId(peer: string): string {
  return peer.split('#')[0]!;
}
