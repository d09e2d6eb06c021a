import {
  type Clock,
  type ClusterStore,
  type Millis,
  MusterError,
  type RangeResult,
  type StoreLease,
  type StoreWatch,
  type Transaction,
  type TransactionResult,
  type WatchHandler,
} from '@muster/ports';
import { checkTransaction } from '../cluster-store/transaction-limits.js';
import type { MemoryStorePath, PathFailure } from './path.js';
import { MemoryStoreServer } from './server.js';
import { MemoryWatch } from './watch.js';

/**
 * `ClusterStore` for one process: a client of a {@link MemoryStoreServer}, of its own where none is given.
 * Lost with the process. Answers always come after the current turn.
 */
export class MemoryStore implements ClusterStore {
  /** This client's connection, for those who break it. */
  readonly path: MemoryStorePath;
  readonly server: MemoryStoreServer;
  private readonly ownsServer: boolean;
  private readonly watches = new Set<StoreWatch>();
  private closed = false;

  constructor(given: { readonly clock: Clock; readonly server?: MemoryStoreServer }) {
    this.ownsServer = given.server === undefined;
    this.server = given.server ?? new MemoryStoreServer({ clock: given.clock });
    this.path = this.server.openPath(given.clock);
  }

  range(prefix: string): Promise<RangeResult> {
    return this.call(() => this.server.range(prefix));
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    checkTransaction(transaction);
    return this.call(() => this.server.transact(transaction), { isTransaction: true });
  }

  watch(prefix: string, revision: number, handler: WatchHandler): StoreWatch {
    const watch = new MemoryWatch({ server: this.server, path: this.path, prefix, revision, handler });
    this.watches.add(watch);
    const close = () => {
      watch.close();
      this.watches.delete(watch);
    };
    if (this.closed) close();
    return { close };
  }

  async lease(ttlMs: Millis): Promise<StoreLease> {
    if (!(ttlMs > 0)) throw new MusterError('INVALID_REQUEST', { details: `a lease cannot last ${ttlMs} ms` });
    const id = await this.call(() => this.server.grant(ttlMs));
    return {
      id,
      ttlMs,
      renew: () => this.call(() => this.server.renew(id), { timeoutMs: this.server.options.renewTimeoutMs }),
      revoke: () => this.call(() => this.server.revoke(id)),
    };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const watch of this.watches) watch.close();
    this.watches.clear();
    this.path.cut();
    this.server.closePath(this.path);
    if (this.ownsServer) this.server.close();
  }

  private call<T>(run: () => T, how: { timeoutMs?: Millis; isTransaction?: true } = {}): Promise<T> {
    const { timeoutMs = this.server.options.requestTimeoutMs, isTransaction = false } = how;
    return new Promise<T>((done, refused) => {
      const failed = (failure: PathFailure) => refused(this.errorOf(failure, isTransaction));
      this.path.call({ timeoutMs, isTransaction, run, done, refused, failed });
    });
  }

  private errorOf(failure: PathFailure, isTransaction: boolean): MusterError {
    const cause = this.closed ? 'closed' : failure;
    // K2: only a refused connection proves that nothing happened.
    const isUnknown = isTransaction && failure !== 'refused';
    return new MusterError(isUnknown ? 'STORE_OUTCOME_UNKNOWN' : 'STORE_UNAVAILABLE', { cause });
  }
}
