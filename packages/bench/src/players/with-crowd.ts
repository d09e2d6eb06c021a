import type { BenchmarkRun } from '../benchmark.js';
import { Child, withChildren } from '../child.js';
import { ClusterProcess, type ClusterShape } from '../cluster/cluster-process.js';
import { PLAYERS_RAISED } from './limits.js';

/** A real cluster with limits that a crowd does not reach, and a process that plays the crowd; both are ended with `measure`. */
export async function withCrowd(
  run: BenchmarkRun,
  shape: Pick<ClusterShape, 'coordinators' | 'nodes' | 'gateways' | 'restart'>,
  measure: (cluster: ClusterProcess, crowd: Child) => Promise<void>,
): Promise<void> {
  const set = Object.entries(PLAYERS_RAISED).map(([option, value]) => `${option}=${value}`);
  const cluster = await ClusterProcess.start({ ...shape, set, nodeFlags: [] }, run.interrupted);
  try {
    const entry = new URL('./crowd.js', import.meta.url);
    await withChildren(run.interrupted, [new Child(entry)] as const, (crowd) => measure(cluster, crowd));
  } finally {
    await cluster.stop();
  }
}
