import type { BenchmarkRun } from '../benchmark.js';
import { ClusterProcess, type ClusterShape } from './cluster-process.js';

/** A real cluster with these options raised, ended with `measure`. */
export async function withCluster(
  run: BenchmarkRun,
  shape: Pick<ClusterShape, 'coordinators' | 'nodes' | 'gateways'>,
  raised: Readonly<Record<string, number>>,
  measure: (cluster: ClusterProcess) => Promise<void>,
): Promise<void> {
  const set = Object.entries(raised).map(([option, value]) => `${option}=${value}`);
  const cluster = await ClusterProcess.start({ ...shape, set, nodeFlags: [] }, run.interrupted);
  try {
    await measure(cluster);
  } finally {
    await cluster.stop();
  }
}
