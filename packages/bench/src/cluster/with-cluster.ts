import type { BenchmarkRun } from '../benchmark.js';
import { ClusterProcess, type ClusterShape } from './cluster-process.js';

/** A real cluster with these options raised, ended with `measure`. `nodeFlags` of its shape: none unless given. */
export async function withCluster(
  run: BenchmarkRun,
  shape: Pick<ClusterShape, 'coordinators' | 'nodes' | 'gateways'> &
    Partial<Pick<ClusterShape, 'nodeFlags' | 'environment'>>,
  raised: Readonly<Record<string, number>>,
  measure: (cluster: ClusterProcess) => Promise<void>,
): Promise<void> {
  const set = Object.entries(raised).map(([option, value]) => `${option}=${value}`);
  const cluster = await ClusterProcess.start({ nodeFlags: [], ...shape, set }, run.interrupted);
  try {
    await measure(cluster);
  } finally {
    await cluster.stop();
  }
}
