import { expect, test } from '@jest/globals';
import { clusterMeta, storeKeys } from '@muster/cluster';
import { type ClusterStore, SHARDS, type StoredEntry, silentLog, type Transaction, VirtualClock } from '@muster/ports';
import { agreeOnShape } from './cluster-shape.js';

const keys = storeKeys('test');

/** Keys with revisions, and nothing else of a store. */
function keptEntries(): Pick<ClusterStore, 'range' | 'transact'> {
  const entries = new Map<string, StoredEntry>();
  let revision = 1;
  return {
    range: async (prefix) => ({ revision, entries: [...entries.values()].filter(({ key }) => key.startsWith(prefix)) }),
    transact: async ({ compare, writes }: Transaction) => {
      const holds = compare.every(({ key, modRevision }) => (entries.get(key)?.modRevision ?? 0) === modRevision);
      if (!holds) return { succeeded: false, revision };
      revision += 1;
      for (const write of writes)
        if (write.type === 'put') entries.set(write.key, { ...write, modRevision: revision, createRevision: revision });
      return { succeeded: true, revision };
    },
  };
}

async function put(store: ClusterStore, key: string, value: object): Promise<number> {
  const writes = [{ type: 'put' as const, key, value: JSON.stringify(value) }];
  return (await store.transact({ compare: [], writes })).revision;
}

async function meta(store: ClusterStore): Promise<unknown> {
  const [entry] = (await store.range(keys.meta)).entries;
  return entry && JSON.parse(entry.value);
}

function world() {
  const clock = new VirtualClock();
  const store = keptEntries() as ClusterStore;
  const agree = (storageIdentity?: string, fence?: number) =>
    agreeOnShape({ clock, store, keys, log: silentLog, retryMs: 100, storageIdentity, isStopped: () => false }, fence);
  return { store, agree };
}

test('who comes first writes shape and storage; the second cluster is refused in words that name both', async () => {
  const { store, agree } = world();
  await agree('s-1');
  expect(await meta(store)).toEqual({ ...clusterMeta(SHARDS), storage: 's-1' });
  await agree('s-1');
  await agree();
  await expect(agree('s-2')).rejects.toMatchObject({
    code: 'STORE_MISMATCH',
    message:
      'the cluster store holds the cluster of storage s-1, this process has storage s-2 and needs another cluster.name, or that storage',
  });
  expect(await meta(store)).toEqual({ ...clusterMeta(SHARDS), storage: 's-1' });
});

test('a text without a storage is completed by the leader of the present epoch, and by nobody else', async () => {
  const { store, agree } = world();
  await put(store, keys.meta, clusterMeta(SHARDS));
  const deposed = await put(store, keys.epoch, { epoch: 1 });
  const present = await put(store, keys.epoch, { epoch: 2 });
  await agree('s-1');
  await agree('s-1', deposed);
  expect(await meta(store)).toEqual(clusterMeta(SHARDS));
  await agree(undefined, present);
  expect(await meta(store)).toEqual(clusterMeta(SHARDS));
  await agree('s-1', present);
  expect(await meta(store)).toEqual({ ...clusterMeta(SHARDS), storage: 's-1' });
});
