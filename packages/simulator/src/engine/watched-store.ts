import type {
  ClusterStore,
  Millis,
  RangeResult,
  StoreLease,
  StoreWatch,
  Transaction,
  TransactionResult,
  WatchHandler,
} from '@muster/ports';
import { codeOf } from '@muster/ports';
import type { Trace } from './trace.js';

/** A process's store, with a line in the event log for whatever did not go well. */
export class WatchedStore implements ClusterStore {
  private readonly store: ClusterStore;
  private readonly trace: Trace;
  private readonly who: string;

  constructor(store: ClusterStore, trace: Trace, who: string) {
    this.store = store;
    this.trace = trace;
    this.who = who;
  }

  range(prefix: string): Promise<RangeResult> {
    return this.told('range', this.store.range(prefix));
  }

  transact(transaction: Transaction): Promise<TransactionResult> {
    return this.told('transact', this.store.transact(transaction));
  }

  watch(prefix: string, revision: number, handler: WatchHandler): StoreWatch {
    return this.store.watch(prefix, revision, {
      events: (events, at) => handler.events(events, at),
      gap: (reason) => {
        this.trace.write(this.who, 'debug', 'store.watch-gap', { reason });
        handler.gap(reason);
      },
    });
  }

  async lease(ttlMs: Millis): Promise<StoreLease> {
    const lease = await this.told('lease', this.store.lease(ttlMs));
    return {
      id: lease.id,
      ttlMs: lease.ttlMs,
      renew: () => this.told('renew', lease.renew()),
      revoke: () => this.told('revoke', lease.revoke()),
    };
  }

  close(): Promise<void> {
    return this.store.close();
  }

  private async told<T>(call: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const code = codeOf(error);
      const event =
        code === 'STORE_OUTCOME_UNKNOWN'
          ? 'outcome-unknown'
          : code === 'LEASE_EXPIRED'
            ? 'lease-expired'
            : 'unavailable';
      this.trace.write(this.who, 'debug', `store.${event}`, { call, error });
      throw error;
    }
  }
}
