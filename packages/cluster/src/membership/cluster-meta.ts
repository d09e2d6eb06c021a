import { type Clock, type ClusterStore, type Log, type Millis, MusterError, type ShardLayout } from '@muster/ports';
import { type ClusterMeta, clusterMeta, parseJson, type StoreKeys } from '../table/layout.js';
import { Outage } from './outage.js';

/**
 * What the text under `meta` says, if this process may be part of the cluster that wrote it. A cluster is what shares one storage: the
 * owners of two would answer for each other's players out of their own accounts. A text without `storage` is an older build's.
 * @param layout, storage this process's; storage undefined: it has none, and is not asked
 * @throws MusterError STORE_MISMATCH: another shape, or another storage
 */
export function requireSameCluster(text: string, layout: ShardLayout, storage: string | undefined): ClusterMeta {
  const found = parseJson('meta', text) as ClusterMeta;
  const mine = clusterMeta(layout);
  const same = (Object.keys(mine) as (keyof ClusterMeta)[]).every((key) => found[key] === mine[key]);
  if (!same) throw new MusterError('STORE_MISMATCH', { found: text.slice(0, 160), mine: JSON.stringify(mine) });
  if (storage === undefined || found.storage === undefined || found.storage === storage) return found;
  throw new MusterError('STORE_MISMATCH', {
    found: `the cluster of storage ${String(found.storage).slice(0, 80)}`,
    mine: `storage ${storage} and needs another cluster.name, or that storage`,
  });
}

/**
 * For a member, before it registers. Waits for a store that is away; with a storage also for the coordinator that writes what cluster
 * this is: who joined before could not know.
 * @throws MusterError STORE_MISMATCH
 */
export async function awaitSameCluster(setup: {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly keys: StoreKeys;
  readonly log: Log;
  readonly retryMs: Millis;
  readonly storage: string | undefined;
  readonly isStopped: () => boolean;
}): Promise<void> {
  const { clock, store, keys, log, retryMs, storage, isStopped } = setup;
  const outage = new Outage(clock, log, 'membership.store-away');
  const unnamed = new Outage(clock, log, 'membership.no-cluster-yet');
  while (!isStopped()) {
    try {
      const { entries } = await store.range(keys.meta);
      outage.over();
      const entry = entries.find(({ key }) => key === keys.meta);
      if (entry) requireSameCluster(entry.value, keys.layout, storage);
      if (entry || storage === undefined) {
        unnamed.over();
        return;
      }
      unnamed.failed({ key: keys.meta });
    } catch (error) {
      if (error instanceof MusterError && !error.retryable) throw error;
      outage.failed({ error });
    }
    await new Promise<void>((resolve) => clock.after(retryMs, resolve));
  }
}
