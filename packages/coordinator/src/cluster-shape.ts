import { CLUSTER_META, Outage, requireSameShape, type StoreKeys } from '@muster/cluster';
import { type Clock, type ClusterStore, isMusterError, type Log, type Millis } from '@muster/ports';

/**
 * Writes the cluster's shape where there is none, and compares it where there is. Waits for a store that is away.
 * Whether a text stood there afterwards is all that counts, so an unknown outcome is no trouble (K2).
 * @throws MusterError STORE_MISMATCH where the cluster has another shape
 */
export async function agreeOnShape(setup: {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly keys: StoreKeys;
  readonly log: Log;
  readonly retryMs: Millis;
  readonly isStopped: () => boolean;
}): Promise<void> {
  const { clock, store, keys, log, retryMs, isStopped } = setup;
  const value = JSON.stringify(CLUSTER_META);
  const outage = new Outage(clock, log, 'coordinator.store-away');
  while (!isStopped()) {
    try {
      const { entries } = await store.range(keys.meta);
      const entry = entries.find(({ key }) => key === keys.meta);
      if (entry) {
        requireSameShape(entry.value);
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
