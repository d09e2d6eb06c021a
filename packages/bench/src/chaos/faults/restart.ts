import type { ChaosCluster } from '../chaos-cluster.js';
import { CHAOS } from '../options.js';
import { processState } from '../processes.js';
import type { Done, Fault, Scene } from './fault.js';
import { unreachable } from './pause.js';
import { between, pause } from './victims.js';

const GONE_MS = 10_000;
/** How long a process that was told to end may take: a drain has 30 s. */
const LEAVES_MS = 45_000;
/** A whole rollout: seven processes, each with its drain, its start and the time until all is well. */
const ROLLOUT_MS = 240_000;
/** Nobody more is restarted after this: the round has an end. */
const ROLL_MS = 35_000;

const etcd: Fault = {
  kind: 'kill-etcd',
  about: 'kill -9 of etcd, which comes back some seconds later with what it had stored',
  run: async (scene): Promise<Done> => {
    const { cluster, random } = scene;
    const pid = cluster.etcdPid;
    const awayMs = between(random, 2_000, 6_000);
    process.kill(pid, 'SIGKILL');
    await cluster.until(() => ['gone', 'Z'].includes(processState(pid)), GONE_MS, 'etcd is gone');
    await pause(awayMs);
    const seen = await unreachable(scene);
    const newPid = await cluster.restartEtcd();
    await cluster.until(async () => (await cluster.status()).store.reachable, CHAOS.healMs, 'etcd answers again');
    const proofs = seen.length > 0 && newPid !== pid ? [`etcd pid ${pid} is gone, pid ${newPid} serves`, ...seen] : [];
    return { victims: ['etcd'], what: `killed etcd; it was away for ${awayMs} ms`, proofs };
  },
};

/** One node after the other is told to end, under load, and has to end by itself with 0; the next waits until the cluster is whole. */
const rollNodes: Fault = {
  kind: 'roll-nodes',
  about: 'SIGTERM of one node after the other, each when the last one serves again',
  run: async ({ cluster }: Scene): Promise<Done> => {
    const until = performance.now() + ROLL_MS;
    const rolled: string[] = [];
    const proofs: string[] = [];
    for (const id of cluster.ids('node')) {
      if (performance.now() > until) break;
      if (rolled.length > 0) await cluster.whole(CHAOS.healMs);
      const pid = cluster.pidOf(id);
      process.kill(pid, 'SIGTERM');
      rolled.push(id);
      await cluster.until(() => cluster.processes.endingOf(pid) !== undefined, LEAVES_MS, `${id} has left`);
      await cluster.until(() => cluster.processes.pidOf(id) !== undefined, CHAOS.restartMs, `${id} serves again`);
      proofs.push(succeeded(cluster, id, pid));
    }
    return { victims: rolled, what: `restarted ${rolled.join(', ')} in turn`, proofs };
  },
};

/** What shows that one run of a process made room for the next. @throws Error where it did not end by itself with 0 */
function succeeded(cluster: ChaosCluster, id: string, pid: number): string {
  const { code, signal } = cluster.processes.endingOf(pid) ?? { code: null, signal: 'nothing: it runs' };
  if (code !== 0) throw new Error(`${id}, told to end, ended with ${code ?? signal} instead of 0`);
  return `${id} pid ${pid} ended with 0, pid ${cluster.pidOf(id)} serves`;
}

const rollout: Fault = {
  kind: 'rollout',
  about: '`musterctl rollout restart`: every process hands off, ends and is started again, one after the other',
  run: async ({ cluster }: Scene): Promise<Done> => {
    const ids = [...cluster.ids('coordinator'), ...cluster.ids('node'), ...cluster.ids('gateway')];
    const before = ids.map((id) => [id, cluster.pidOf(id)] as const);
    await cluster.musterctl(['rollout', 'restart'], ROLLOUT_MS);
    const proofs = before.map(([id, pid]) => succeeded(cluster, id, pid));
    return { victims: ids, what: `rolled out a restart of all ${ids.length} processes`, proofs };
  },
};

export const RESTARTS: readonly Fault[] = [etcd, rollNodes, rollout];
