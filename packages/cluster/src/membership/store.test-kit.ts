import {
  type ClusterStore,
  MusterError,
  type RangeResult,
  type StoredEntry,
  type StoreLease,
  type Transaction,
  type WatchHandler,
} from '@muster/ports';

/** A store in a few lines, whose ways to fail a test sets: the forms that are shipped are above this package. */
export class ScriptedStore implements ClusterStore {
  readonly entries = new Map<string, StoredEntry>();
  readonly watches = new Set<WatchHandler>();
  /** Watches are not told. */
  deaf = false;
  away = false;
  /** Happens between a transaction's sending and its arrival. */
  meanwhile: (() => void) | undefined;
  ranges = 0;
  renewals = 0;
  revision = 1;
  private leases = 0;
  private readonly expired = new Set<string>();

  async range(prefix: string): Promise<RangeResult> {
    this.ranges += 1;
    this.check();
    const entries = [...this.entries.values()].filter(({ key }) => key.startsWith(prefix));
    return { revision: this.revision, entries };
  }

  async transact({ compare, writes }: Transaction) {
    this.check();
    this.meanwhile?.();
    const holds = compare.every(({ key, modRevision }) => (this.entries.get(key)?.modRevision ?? 0) === modRevision);
    if (!holds) return { succeeded: false, revision: this.revision };
    for (const write of writes) {
      if (write.type === 'put') this.put(write.key, write.value);
      else this.remove(write.key);
    }
    return { succeeded: true, revision: this.revision };
  }

  watch(_prefix: string, _revision: number, handler: WatchHandler) {
    this.watches.add(handler);
    return { close: () => this.watches.delete(handler) };
  }

  async lease(ttlMs: number): Promise<StoreLease> {
    this.check();
    this.leases += 1;
    const id = String(this.leases);
    const renew = async () => {
      this.check();
      this.renewals += 1;
      if (this.expired.has(id)) throw new MusterError('LEASE_EXPIRED', { lease: id });
    };
    return { id, ttlMs, renew, revoke: async () => this.expire(id) };
  }

  async close(): Promise<void> {}

  put(key: string, value: string): void {
    this.revision += 1;
    const entry = { key, value, modRevision: this.revision, createRevision: this.revision };
    this.entries.set(key, entry);
    if (!this.deaf) for (const handler of this.watches) handler.events([{ type: 'put', entry }], this.revision);
  }

  remove(key: string): void {
    this.revision += 1;
    this.entries.delete(key);
  }

  /** The newest lease runs out, with every entry: there is one process in these tests. */
  expire(id = String(this.leases)): void {
    this.expired.add(id);
    this.entries.clear();
  }

  private check(): void {
    if (this.away) throw new MusterError('STORE_UNAVAILABLE', { cause: 'test' });
  }
}
