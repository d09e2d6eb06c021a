import { type Clock, type Millis, MusterError, type RangeResult, type Timer } from '@muster/ports';
import { checkMemoryStoreOptions, type MemoryStoreOptions, memoryStoreDefaults } from './options.js';
import { MemoryStorePath } from './path.js';
import { type History, StoreState } from './state.js';

interface Lease {
  readonly ttlMs: Millis;
  expiresAt: Millis;
  timer: Timer | undefined;
}

/**
 * The store that clients of one process share: contents, leases on the clock, and the faults of the whole store.
 * A lease ends exactly its time-to-live after its last renewal, unless the store is stalled or stopped then.
 * The faults of one client's connection are on its {@link MemoryStorePath}.
 */
export class MemoryStoreServer {
  /** @internal */
  readonly options: MemoryStoreOptions;
  private readonly clock: Clock;
  private state: StoreState;
  private readonly leases = new Map<string, Lease>();
  private readonly paths = new Set<MemoryStorePath>();
  private readonly watchers = new Set<() => void>();
  private lastLease = 0;
  private stopped = false;
  private stalled = false;
  private isFull = false;

  constructor(given: { readonly clock: Clock; readonly options?: Partial<MemoryStoreOptions> }) {
    this.clock = given.clock;
    this.options = checkMemoryStoreOptions({ ...memoryStoreDefaults, ...given.options });
    this.state = new StoreState(this.options);
  }

  // --- faults of the whole store

  /** Forgets changes up to and including `revision` (default: all so far). Watches that still need them are told. */
  compact(revision: number = this.state.revision): void {
    this.state.compact(revision);
  }

  /** As if every lease ran out now, which real etcd does when it is resumed after a long stop. */
  expireAllLeases(): void {
    for (const id of [...this.leases.keys()]) this.expire(id);
  }

  /** Leases start anew, as they do in etcd under a new leader. */
  renewAll(): void {
    for (const id of this.leases.keys()) this.renew(id);
  }

  /** The process hangs: no call ends, no lease ends. */
  stall(): void {
    if (this.stalled) return;
    this.stalled = true;
    for (const path of this.paths) path.stall();
  }

  /** Leases whose time is over end first, then what waited is done. */
  resume(late: 'arrives' | 'is-lost' = 'arrives'): void {
    if (!this.stalled) return;
    this.stalled = false;
    const now = this.clock.monotonic();
    for (const [id, lease] of [...this.leases]) if (lease.expiresAt <= now) this.expire(id);
    for (const path of [...this.paths]) path.resume(late);
  }

  /** The process dies: connections break, new ones are refused. Contents are kept. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    for (const lease of this.leases.values()) lease.timer?.cancel();
    for (const path of this.paths) path.cut();
  }

  /** Leases start anew, as they do in etcd. */
  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.renewAll();
    for (const path of [...this.paths]) path.mend();
  }

  /** Its quota is used up: what is read is answered, what puts anything is refused until {@link MemoryStoreServer.free}. Leases live on. */
  fill(): void {
    this.isFull = true;
  }

  free(): void {
    this.isFull = false;
  }

  /** Everything is lost, the revision too (K4): an empty store takes its place. */
  wipe(): void {
    for (const lease of this.leases.values()) lease.timer?.cancel();
    this.leases.clear();
    this.state = new StoreState(this.options);
    for (const path of [...this.paths]) {
      path.cut();
      path.mend();
    }
  }

  /**
   * A snapshot as of now. What is returned puts the store back to it, revision and leases too, as `etcdctl snapshot restore` does (K4): watches
   * break, and leases of that time run their whole time again, though nobody may renew them.
   */
  backup(): () => void {
    const copy = this.state.copy();
    const leases = [...this.leases].map(([id, { ttlMs }]) => [id, ttlMs] as const);
    return () => {
      for (const lease of this.leases.values()) lease.timer?.cancel();
      this.leases.clear();
      this.state = copy.copy();
      for (const [id, ttlMs] of leases) {
        this.leases.set(id, { ttlMs, expiresAt: 0, timer: undefined });
        this.renew(id);
      }
      for (const path of [...this.paths]) {
        path.cut();
        path.mend();
      }
      this.changed();
    };
  }

  /** The contents at this moment, past every fault: for invariant checkers and tests. */
  inspect(prefix = ''): RangeResult {
    return this.state.range(prefix);
  }

  /** Ends its timers. */
  close(): void {
    for (const lease of this.leases.values()) lease.timer?.cancel();
    this.leases.clear();
  }

  // --- what its clients ask

  /** @internal A new client's way here. It shares what befell the store. */
  openPath(clientClock: Clock): MemoryStorePath {
    const path = new MemoryStorePath({ serverClock: this.clock, clientClock, options: this.options });
    if (this.stopped) path.cut();
    if (this.stalled) path.stall();
    this.paths.add(path);
    return path;
  }

  /** @internal */
  closePath(path: MemoryStorePath): void {
    this.paths.delete(path);
  }

  /** @internal */
  range(prefix: string): RangeResult {
    return this.state.range(prefix);
  }

  /** @internal */
  transact(transaction: Parameters<StoreState['transact']>[0]): ReturnType<StoreState['transact']> {
    if (this.isFull && transaction.writes.some(({ type }) => type === 'put'))
      throw new MusterError('STORE_FULL', { cause: 'its quota is used up' });
    const before = this.state.revision;
    const result = this.state.transact(transaction);
    if (result.revision !== before) this.changed();
    return result;
  }

  /** @internal */
  grant(ttlMs: Millis): string {
    this.lastLease += 1;
    const id = String(this.lastLease);
    this.state.grant(id);
    this.leases.set(id, { ttlMs, expiresAt: 0, timer: undefined });
    this.renew(id);
    return id;
  }

  /** @internal @throws MusterError LEASE_EXPIRED */
  renew(id: string): void {
    const lease = this.leases.get(id);
    if (!lease) throw new MusterError('LEASE_EXPIRED', { lease: id });
    lease.timer?.cancel();
    lease.expiresAt = this.clock.monotonic() + lease.ttlMs;
    lease.timer = this.clock.after(lease.ttlMs, () => {
      if (!this.stalled && !this.stopped) this.expire(id);
    });
  }

  /** @internal */
  revoke(id: string): void {
    if (this.leases.has(id)) this.expire(id);
  }

  /** @internal `changed` is called whenever there may be something new. */
  subscribe(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  /** @internal */
  get revision(): number {
    return this.state.revision;
  }

  /** @internal */
  since(revision: number): History {
    return this.state.since(revision);
  }

  private expire(id: string): void {
    this.leases.get(id)?.timer?.cancel();
    this.leases.delete(id);
    const before = this.state.revision;
    this.state.end(id);
    if (this.state.revision !== before) this.changed();
  }

  private changed(): void {
    for (const tell of [...this.watchers]) tell();
  }
}
