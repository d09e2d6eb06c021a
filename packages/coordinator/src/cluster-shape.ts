import { type ClusterMeta, clusterMeta, Outage, requireSameCluster, type StoreKeys } from '@muster/cluster';
import { type Clock, type ClusterStore, isMusterError, type Log, type Millis, type StoredEntry } from '@muster/ports';

export interface ShapeSetup {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly keys: StoreKeys;
  readonly log: Log;
  readonly retryMs: Millis;
  /** Which storage this process has. Undefined: none, and any cluster will do. */
  readonly storageIdentity?: string | undefined;
  readonly isStopped: () => boolean;
}

/**
 * Writes the cluster's shape and storage where nothing is written, and compares them where something is. Waits for a store that is away.
 * Whether a text stood there afterwards is all that counts, so an unknown outcome is no trouble (K2).
 * @param fence revision of the epoch's key as the leader wrote it: with it a text of an older build, which names no storage, is completed
 * @throws MusterError STORE_MISMATCH where the cluster has another shape, or another storage
 */
export async function agreeOnShape(setup: ShapeSetup, fence?: number): Promise<void> {
  const { clock, store, keys, log, retryMs, storageIdentity, isStopped } = setup;
  const value = metaText(clusterMeta(keys.layout), storageIdentity);
  const outage = new Outage(clock, log, 'coordinator.store-away');
  while (!isStopped()) {
    try {
      const { entries } = await store.range(keys.meta);
      const entry = entries.find(({ key }) => key === keys.meta);
      if (entry) {
        const found = requireSameCluster(entry.value, keys.layout, storageIdentity);
        if (found.storage === undefined && fence !== undefined) await complete(setup, entry, found, fence);
        outage.over();
        return;
      }
      await store.transact({
        compare: [{ key: keys.meta, modRevision: 0 }],
        writes: [{ type: 'put', key: keys.meta, value }],
      });
    } catch (error) {
      if (isMusterError(error) && !error.retryable) throw error;
      outage.failed({ error });
      await new Promise<void>((resolve) => clock.after(retryMs, resolve));
    }
  }
}

/** Where the compares fail, another leads by now: it does the same. */
async function complete(
  { store, keys, log, storageIdentity }: ShapeSetup,
  { modRevision }: StoredEntry,
  found: ClusterMeta,
  fence: number,
): Promise<void> {
  if (storageIdentity === undefined) return;
  const { succeeded } = await store.transact({
    compare: [
      { key: keys.epoch, modRevision: fence },
      { key: keys.meta, modRevision },
    ],
    writes: [{ type: 'put', key: keys.meta, value: metaText(found, storageIdentity) }],
  });
  if (succeeded) log.write('info', 'coordinator.storage-named', { storage: storageIdentity });
}

function metaText(meta: ClusterMeta, storage: string | undefined): string {
  return JSON.stringify(storage === undefined ? meta : { ...meta, storage });
}
