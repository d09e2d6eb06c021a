import {
  type Clock,
  type ClusterStore,
  codeOf,
  type Log,
  type Metrics,
  type Millis,
  MusterError,
  type Random,
  type RangeResult,
  type StoreLease,
  type StoreWatch,
  silentLog,
  type Transaction,
  type TransactionResult,
  type WatchHandler,
} from '@muster/ports';
import type { Etcd3 } from 'etcd3';
import { checkTransaction } from '../cluster-store/transaction-limits.js';
import { entryOf, integer, rangeOf, requestOf } from './encoding.js';
import { EtcdLease, grant } from './lease.js';
import { CallFailed, EtcdMembers, type EtcdTls } from './members.js';
import { checkEtcdStoreOptions, type EtcdStoreOptions, etcdStoreDefaults } from './options.js';
import { EtcdWatch } from './watch.js';

export interface EtcdStoreConfig {
  /** `http://host:port` or, with `tls`, `https://host:port`: every member of one etcd. */
  readonly hosts: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly options?: Partial<EtcdStoreOptions>;
  readonly tls?: EtcdTls;
  readonly log?: Log;
  readonly metrics?: Metrics;
}

/**
 * `ClusterStore` on etcd 3.4 or newer, through etcd3's raw clients: none of its retries, builders, leases, watchers or elections.
 * Connects when first used; whether etcd is there shows in the first call.
 */
export class EtcdStore implements ClusterStore {
  private readonly config: EtcdStoreConfig;
  private readonly options: EtcdStoreOptions;
  private readonly log: Log;
  private readonly members: EtcdMembers;
  private readonly watches = new Set<EtcdWatch>();
  private closed = false;
  private answers = true;

  constructor(config: EtcdStoreConfig) {
    this.config = config;
    this.options = checkEtcdStoreOptions({ ...etcdStoreDefaults, ...config.options });
    this.log = config.log ?? silentLog;
    this.members = new EtcdMembers({ ...config, options: this.options, tls: config.tls });
  }

  async range(prefix: string): Promise<RangeResult> {
    return this.call('range', this.options.requestTimeoutMs, async (client, deadline) => {
      const { header, kvs } = await client.kv.range(rangeOf(prefix), { deadline });
      return { revision: integer(header.revision), entries: kvs.map(entryOf) };
    });
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    checkTransaction(transaction);
    const request = requestOf(transaction);
    return this.call('transact', this.options.requestTimeoutMs, async (client, deadline) => {
      const { header, succeeded } = await client.kv.txn(request, { deadline });
      return { succeeded, revision: integer(header.revision) };
    });
  }

  watch(prefix: string, revision: number, handler: WatchHandler): StoreWatch {
    const watch = new EtcdWatch({
      members: this.members,
      clock: this.config.clock,
      random: this.config.random,
      options: this.options,
      log: this.log,
      metrics: this.config.metrics,
      prefix,
      revision,
      handler,
      closed: () => this.watches.delete(watch),
    });
    if (this.closed) return { close: () => undefined };
    this.watches.add(watch);
    watch.open();
    return watch;
  }

  async lease(ttlMs: Millis): Promise<StoreLease> {
    if (!(ttlMs > 0)) throw new MusterError('INVALID_REQUEST', { details: `a lease cannot last ${ttlMs} ms` });
    // A grant whose answer is lost leaves a lease that nobody renews: it ends by itself.
    const granted = await this.call('lease', this.options.requestTimeoutMs, (client, deadline) =>
      grant(client, ttlMs, deadline),
    );
    const call = <T>(timeoutMs: Millis, send: (client: Etcd3, deadline: Date) => Promise<T>) =>
      this.call('renew', timeoutMs, send, granted.id);
    return new EtcdLease({ ...granted, call, options: this.options });
  }

  /** Watches end, calls under way fail at once. Leases are left to their holders and to their time. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const watch of [...this.watches]) watch.close();
    this.members.close();
  }

  private async call<T>(
    what: 'range' | 'transact' | 'lease' | 'renew',
    timeoutMs: Millis,
    send: (client: Etcd3, deadline: Date) => Promise<T>,
    lease = '',
  ): Promise<T> {
    try {
      const answer = await this.members.call(timeoutMs, send, what === 'transact' ? 'once' : 'repeatable');
      this.noteAnswers(true);
      return answer;
    } catch (error) {
      const mine = this.errorOf(error, what, lease);
      this.config.metrics
        ?.counter('muster_store_failures_total', 'Calls to the cluster store that failed')
        .add(1, { call: what, code: mine.code });
      if (mine.code === 'STORE_UNAVAILABLE' || mine.code === 'STORE_OUTCOME_UNKNOWN') this.noteAnswers(false, mine);
      throw mine;
    }
  }

  /** K2: what may have been sent has an unknown outcome; only writes have one that matters. */
  private errorOf(error: unknown, what: string, lease: string): MusterError {
    if (!(error instanceof CallFailed)) throw error;
    const { kind, cause, code } = error.failure;
    const options = { cause: error };
    if (code === 'LEASE_EXPIRED') return new MusterError(code, { lease }, options);
    if (code === 'STORE_FULL') return new MusterError(code, { cause }, options);
    if (code === 'INVALID_REQUEST') return new MusterError(code, { details: cause }, options);
    const isUnknown = what === 'transact' && kind === 'lost';
    return new MusterError(isUnknown ? 'STORE_OUTCOME_UNKNOWN' : 'STORE_UNAVAILABLE', { cause }, options);
  }

  /** One line when etcd goes and one when it is back, however many calls fail in between. */
  private noteAnswers(answers: boolean, error?: MusterError): void {
    if (this.answers === answers || this.closed) return;
    this.answers = answers;
    if (answers) this.log.write('info', 'store.answers');
    else this.log.write('warn', 'store.silent', { code: codeOf(error), cause: error?.details.cause });
  }
}
