// The contents of a store, as etcd defines them: one revision per transaction, keys that know the revision of their
// last change, leases that own keys, and a history of changes until it is compacted. No time in here.
import {
  MusterError,
  type RangeResult,
  type StoredEntry,
  type Transaction,
  type TransactionResult,
  type WatchEvent,
} from '@muster/ports';
import type { MemoryStoreOptions } from './options.js';

interface Held {
  readonly entry: StoredEntry;
  readonly lease: string | undefined;
}

interface Revision {
  readonly revision: number;
  readonly events: readonly WatchEvent[];
}

export type History =
  | { readonly type: 'changes'; readonly revisions: readonly Revision[] }
  | { readonly type: 'compacted'; readonly revision: number };

export class StoreState {
  /** etcd counts from 1 too: a store that never changed is at 1. */
  revision = 1;
  private readonly options: MemoryStoreOptions;
  private readonly held = new Map<string, Held>();
  private readonly leases = new Map<string, Set<string>>();
  private history: Revision[] = [];
  private compacted = 0;
  private sortedKeys: readonly string[] | undefined;

  constructor(options: MemoryStoreOptions) {
    this.options = options;
  }

  /** The same contents, and from here on another store. */
  copy(): StoreState {
    const copy = new StoreState(this.options);
    copy.revision = this.revision;
    for (const [key, held] of this.held) copy.held.set(key, held);
    for (const [lease, keys] of this.leases) copy.leases.set(lease, new Set(keys));
    copy.history = [...this.history];
    copy.compacted = this.compacted;
    return copy;
  }

  range(prefix: string): RangeResult {
    this.sortedKeys ??= [...this.held.keys()].sort(byBytes);
    const entries = this.sortedKeys.filter((key) => key.startsWith(prefix)).map((key) => this.held.get(key)!.entry);
    return { revision: this.revision, entries };
  }

  /** @throws MusterError LEASE_EXPIRED when a put names a lease that is gone: nothing happens then. */
  transact({ compare, writes }: Transaction): TransactionResult {
    const succeeded = compare.every(
      ({ key, modRevision }) => (this.held.get(key)?.entry.modRevision ?? 0) === modRevision,
    );
    if (!succeeded) return { succeeded, revision: this.revision };
    for (const write of writes) {
      if (write.type === 'put' && write.lease && !this.leases.has(write.lease.id))
        throw new MusterError('LEASE_EXPIRED', { lease: write.lease.id });
    }
    if (this.held.size + writes.length > this.options.maxEntries)
      throw new MusterError('STORE_UNAVAILABLE', { cause: `it holds ${this.options.maxEntries} keys already` });
    const revision = this.revision + 1;
    const events: WatchEvent[] = [];
    for (const write of writes) {
      if (write.type === 'put') events.push(this.put(write.key, write.value, write.lease?.id, revision));
      else if (this.held.has(write.key)) events.push(this.delete(write.key, revision));
    }
    this.record(events);
    return { succeeded, revision: this.revision };
  }

  grant(lease: string): void {
    if (this.leases.size >= this.options.maxLeases)
      throw new MusterError('STORE_UNAVAILABLE', { cause: `it holds ${this.options.maxLeases} leases already` });
    this.leases.set(lease, new Set());
  }

  hasLease(lease: string): boolean {
    return this.leases.has(lease);
  }

  /** Ends a lease and deletes its keys, all at one revision. */
  end(lease: string): void {
    const keys = [...(this.leases.get(lease) ?? [])].sort(byBytes);
    this.record(keys.map((key) => this.delete(key, this.revision + 1)));
    this.leases.delete(lease);
  }

  /** Changes from `revision` on. */
  since(revision: number): History {
    if (revision <= this.compacted) return { type: 'compacted', revision: this.compacted };
    let start = this.history.length;
    while (start > 0 && this.history[start - 1]!.revision >= revision) start -= 1;
    return { type: 'changes', revisions: this.history.slice(start) };
  }

  /** Forgets the changes up to and including `revision`. */
  compact(revision: number): void {
    this.compacted = Math.max(this.compacted, Math.min(revision, this.revision));
    this.history = this.history.filter((entry) => entry.revision > this.compacted);
  }

  private put(key: string, value: string, lease: string | undefined, revision: number): WatchEvent {
    const before = this.held.get(key);
    if (before?.lease !== undefined) this.leases.get(before.lease)?.delete(key);
    if (lease !== undefined) this.leases.get(lease)!.add(key);
    if (!before) this.sortedKeys = undefined;
    const createRevision = before?.entry.createRevision ?? revision;
    const entry: StoredEntry = { key, value, modRevision: revision, createRevision };
    this.held.set(key, { entry, lease });
    return { type: 'put', entry };
  }

  private delete(key: string, modRevision: number): WatchEvent {
    const { lease } = this.held.get(key)!;
    if (lease !== undefined) this.leases.get(lease)?.delete(key);
    this.held.delete(key);
    this.sortedKeys = undefined;
    return { type: 'delete', key, modRevision };
  }

  private record(events: readonly WatchEvent[]): void {
    if (events.length === 0) return;
    this.revision += 1;
    this.history.push({ revision: this.revision, events });
    // Cut in halves, so that a long run does not copy the history at every change.
    if (this.history.length > 2 * this.options.historyRevisions)
      this.compact(this.history[this.options.historyRevisions]!.revision);
  }
}

/** etcd orders keys by their bytes; JavaScript would order some pairs of them by UTF-16 units. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
