import { shardOfKey } from '@muster/ports';
import type { ChaosCluster } from '../chaos-cluster.js';
import { CHAOS } from '../options.js';
import { processState } from '../processes.js';
import type { Done, Fault, Scene } from './fault.js';
import { one, type Part, plain, victim } from './victims.js';

const GONE_MS = 10_000;

/** `kill -9` of all of them at once. Returns the launcher's word and the kernel's that they are gone; nothing where one is missing. */
export async function kill({ cluster }: Scene, ids: readonly string[]): Promise<readonly string[]> {
  const victims = ids.map((id) => ({ id, pid: cluster.pidOf(id) }));
  for (const { pid } of victims) process.kill(pid, 'SIGKILL');
  const proofs: string[] = [];
  for (const { id, pid } of victims) {
    await cluster.until(() => cluster.processes.endingOf(pid) !== undefined, GONE_MS, `${id} is gone`);
    const signal = cluster.processes.endingOf(pid)?.signal;
    const state = processState(pid);
    if (signal === 'SIGKILL' && state === 'gone') proofs.push(`${id} pid ${pid} ended by ${signal}, /proc has none`);
  }
  return proofs.length === victims.length ? proofs : [];
}

export async function servesAgain(cluster: ChaosCluster, ids: readonly string[]): Promise<void> {
  for (const id of ids)
    await cluster.until(() => cluster.processes.pidOf(id) !== undefined, CHAOS.restartMs, `${id} serves again`);
}

async function killed(scene: Scene, ids: readonly string[]): Promise<readonly string[]> {
  const proofs = await kill(scene, ids);
  await servesAgain(scene.cluster, ids);
  return proofs;
}

function killOf(part: Part): Fault {
  return {
    kind: `kill-${part}`,
    about: `kill -9 of a ${part}`,
    run: async (scene): Promise<Done> => {
      const id = await victim(scene, part);
      return { victims: [id], what: `killed ${id} (${part})`, proofs: await killed(scene, [id]) };
    },
  };
}

const leaderAndNode: Fault = {
  kind: 'kill-leader-and-node',
  about: 'kill -9 of the leader and a node at once',
  run: async (scene) => {
    const ids = [await victim(scene, 'leader'), await victim(scene, 'node')];
    return { victims: ids, what: `killed ${ids.join(' and ')}`, proofs: await killed(scene, ids) };
  },
};

const ownerAndBackup: Fault = {
  kind: 'kill-owner-and-backup',
  about: 'kill -9 of two nodes at once: what only they had may fall back to its last stored record',
  run: async (scene) => {
    const { nodes, lost } = await pairWithMost(scene);
    const at = Date.now();
    return {
      victims: nodes,
      what: `killed ${nodes.join(' and ')}: ${lost.length} players lived on both`,
      lostBoth: { at, nodes, players: Object.fromEntries(lost) },
      proofs: await killed(scene, nodes),
    };
  },
};

/** The two nodes on which most players live, with owner and backup, and those players with their shards. */
async function pairWithMost({ cluster, random, players }: Scene) {
  const { shards } = await cluster.admin('shard.list', {});
  const ids = cluster.ids('node');
  const pairs = ids.flatMap((first, n) => ids.slice(n + 1).map((second) => [first, second]));
  const living = pairs.map((nodes) => {
    const isOn = (shard: number): boolean => {
      const { owner, backup } = shards[shard]!;
      return nodes.includes(plain(owner)) && nodes.includes(plain(backup));
    };
    const shardOf = (player: string): number => shardOfKey(`player/${player}`);
    return {
      nodes,
      lost: players.map((player) => [player, shardOf(player)] as const).filter(([, shard]) => isOn(shard)),
    };
  });
  const most = Math.max(...living.map(({ lost }) => lost.length));
  return one(
    random,
    living.filter(({ lost }) => lost.length === most),
  );
}

export const KILLS: readonly Fault[] = [
  killOf('node'),
  killOf('gateway'),
  killOf('leader'),
  killOf('vice'),
  leaderAndNode,
  ownerAndBackup,
];
