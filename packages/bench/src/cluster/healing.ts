import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusDocument } from '@muster/coordinator';
import type { ClusterProcess } from './cluster-process.js';

const HEAL_DEADLINE_MS = 90_000;
const POLL_MS = 100;
/** What was started again has compiled its code and collected its first garbage by then. */
const SETTLE_MS = 2_000;

/** Everybody is up, every shard has its second place (learners beside one are no want), somebody would take over from the leader. */

export function isWhole({ healthy, nodes, shards, vice }: StatusDocument): boolean {
  return healthy && vice !== '' && nodes.up === nodes.total && shards.backed === shards.total;
}

/** Waits until the cluster is as it was before whatever happened to it. @throws Error with what it says is wrong */
export async function healed(cluster: ClusterProcess, nodes: number, interrupted: AbortSignal): Promise<void> {
  const until = performance.now() + HEAL_DEADLINE_MS;
  let last = 'no answer';
  while (performance.now() < until) {
    interrupted.throwIfAborted();
    const status = await cluster.admin('status', {}).catch((error: unknown) => {
      last = String(error);
      return undefined;
    });
    if (status && isWhole(status) && status.nodes.up === nodes) {
      await sleep(SETTLE_MS);
      return;
    }
    if (status) last = JSON.stringify({ problems: status.problems, shards: status.shards, nodes: status.nodes });
    await sleep(POLL_MS);
  }
  throw new Error(`the cluster did not heal within ${HEAL_DEADLINE_MS} ms: ${last}`);
}
