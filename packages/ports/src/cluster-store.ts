import type { Millis } from './clock.js';

export interface StoredEntry {
  readonly key: string;
  readonly value: string;
  /** Revision of the store at this key's last change. Compared by fences. */
  readonly modRevision: number;
  readonly createRevision: number;
}

export interface RangeResult {
  /** The store's revision when it was read. */
  readonly revision: number;
  readonly entries: readonly StoredEntry[];
}

/** `modRevision` 0 means: the key does not exist. */
export interface Compare {
  readonly key: string;
  readonly modRevision: number;
}

export type StoreWrite =
  | { readonly type: 'put'; readonly key: string; readonly value: string; readonly lease?: StoreLease }
  | { readonly type: 'delete'; readonly key: string };

/** All compares hold and all writes happen at one revision, or none does. At most 128 compares and 128 writes. */
export interface Transaction {
  readonly compare: readonly Compare[];
  readonly writes: readonly StoreWrite[];
}

export interface TransactionResult {
  readonly succeeded: boolean;
  readonly revision: number;
}

export type WatchEvent =
  | { readonly type: 'put'; readonly entry: StoredEntry }
  | { readonly type: 'delete'; readonly key: string; readonly modRevision: number };

export interface WatchHandler {
  /** In order, each change once; those of one revision in one call. `revision`: that of the last of them. */
  events(events: readonly WatchEvent[], revision: number): void;
  /** Events may have been missed (cut stream, compaction): list again. Told when the watch works again; it goes on by itself. */
  gap(reason: 'disconnected' | 'compacted'): void;
}

export interface StoreWatch {
  close(): void;
}

/** A lease with keys attached to it by `put`. Nobody renews it but its holder. */
export interface StoreLease {
  readonly id: string;
  /** As granted: etcd may give more than was asked for (whole seconds, and a shortest lease). */
  readonly ttlMs: Millis;
  /** @throws MusterError LEASE_EXPIRED when the store no longer knows it; STORE_UNAVAILABLE when it did not answer. */
  renew(): Promise<void>;
  revoke(): Promise<void>;
}

/**
 * Where the entity→owner table and the epoch live: etcd, or memory for one process.
 * Every call ends within its deadline. Reads are linearizable.
 * Leases and watches are hints; only compares are fences.
 */
export interface ClusterStore {
  /** Every entry whose key starts with `prefix`, by key. @throws MusterError STORE_UNAVAILABLE */
  range(prefix: string): Promise<RangeResult>;
  /**
   * @throws MusterError STORE_UNAVAILABLE when it surely did not happen, STORE_OUTCOME_UNKNOWN when it may have (K2),
   * LEASE_EXPIRED when a put names a lease that is gone and INVALID_REQUEST when it is too large or writes a key twice: nothing happened then.
   */
  transact(transaction: Transaction): Promise<TransactionResult>;
  /** Changes under `prefix` after `revision`. */
  watch(prefix: string, revision: number, handler: WatchHandler): StoreWatch;
  /** @throws MusterError STORE_UNAVAILABLE */
  lease(ttlMs: Millis): Promise<StoreLease>;
  close(): Promise<void>;
}
