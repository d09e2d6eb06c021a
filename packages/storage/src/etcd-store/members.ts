import { type Clock, codeOf, type Millis, MusterError, type Timer } from '@muster/ports';
import { Etcd3, type IOptions } from 'etcd3';
import { type Failure, failureOf } from './failure.js';
import type { EtcdStoreOptions } from './options.js';

export interface EtcdTls {
  /** PEM. */
  readonly ca: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** A call that failed for good. Whoever asked for it knows which error that is to its own caller. */
export class CallFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.cause);
    this.failure = failure;
  }
}

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

/**
 * No retries and no circuit breaker: etcd3's own would send a transaction twice, and refuse a member for 5 s after it is back.
 */
const straightThrough: Policy = {
  _altReturn: undefined as never,
  onSuccess: () => ({ dispose: () => undefined }),
  onFailure: () => ({ dispose: () => undefined }),
  execute: async (run) => run({ signal: new AbortController().signal }),
};

/**
 * One client per member of etcd, used one at a time: the next takes over when a call to the present one fails.
 * (One client for all would pick at random, so that every third call would meet the member that is away.)
 */
export class EtcdMembers {
  private readonly clock: Clock;
  private readonly clients: readonly Etcd3[];
  private readonly underway = new Set<(failure: Failure) => void>();
  private present = 0;
  private closed = false;

  constructor(given: {
    readonly hosts: readonly string[];
    readonly clock: Clock;
    readonly options: EtcdStoreOptions;
    readonly tls?: EtcdTls | undefined;
  }) {
    this.clock = given.clock;
    if (given.hosts.length === 0) throw new MusterError('BAD_CONFIG', { details: 'etcd store: no host is given' });
    this.clients = given.hosts.map((host) => new Etcd3(clientOptions(host, given.options, given.tls)));
  }

  get client(): Etcd3 {
    return this.clients[this.present]!;
  }

  /** `failed` did not answer: calls go to the next member from now on, unless they do already. */
  turnFrom(failed: Etcd3): void {
    if (failed === this.client) this.present = (this.present + 1) % this.clients.length;
  }

  /**
   * Runs `send` against one member after another until one answers, within `timeoutMs` for all of them.
   * What may have been done is sent again only where `repeatable`. @throws CallFailed
   */
  async call<T>(
    timeoutMs: Millis,
    send: (client: Etcd3, deadline: Date) => Promise<T>,
    repeatable: 'repeatable' | 'once',
  ): Promise<T> {
    const until = this.clock.monotonic() + timeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      const left = until - this.clock.monotonic();
      const client = this.client;
      try {
        return await this.bounded(left, () => send(client, new Date(this.clock.now() + left)));
      } catch (error) {
        const failure = error instanceof CallFailed ? error.failure : failureOf(error);
        if (failure.kind === 'refused' || codeOf(error) !== undefined || this.closed) throw new CallFailed(failure);
        this.turnFrom(client);
        const mayTryAgain = failure.kind === 'not-sent' || repeatable === 'repeatable';
        const isLate = until - this.clock.monotonic() <= 0;
        if (!mayTryAgain || isLate || attempt >= this.clients.length) throw new CallFailed(failure);
      }
    }
  }

  close(): void {
    this.closed = true;
    for (const abandon of [...this.underway]) abandon({ kind: 'lost', cause: 'closed' });
    for (const client of this.clients) client.close();
  }

  /** Ends with the call, at its deadline even if gRPC should not tell of it, or when the store is closed. */
  private bounded<T>(leftMs: Millis, send: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new CallFailed({ kind: 'not-sent', cause: 'closed' }));
    return new Promise<T>((resolve, reject) => {
      let timer: Timer | undefined;
      const end = () => {
        timer?.cancel();
        this.underway.delete(abandon);
      };
      const abandon = (failure: Failure) => {
        end();
        reject(new CallFailed(failure));
      };
      this.underway.add(abandon);
      // A little later than gRPC's own deadline, whose text says whether the call was ever sent.
      timer = this.clock.after(leftMs + GRACE_MS, () => abandon({ kind: 'lost', cause: 'no answer in time' }));
      send().then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }
}

const GRACE_MS = 50;

function clientOptions(host: string, options: EtcdStoreOptions, tls: EtcdTls | undefined): IOptions {
  const credentials = tls && {
    rootCertificate: tls.ca,
    ...(tls.key ? { privateKey: tls.key } : {}),
    ...(tls.cert ? { certChain: tls.cert } : {}),
  };
  return {
    hosts: host,
    ...(credentials ? { credentials } : {}),
    faultHandling: { host: () => straightThrough, global: straightThrough },
    grpcOptions: {
      // Each channel its own connection: a shared one would keep its back-off when the channel is made anew.
      'grpc.use_local_subchannel_pool': 1,
      // Retries of gRPC's own would blur what was sent.
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': options.reconnectMinMs,
      'grpc.max_reconnect_backoff_ms': options.reconnectMaxMs,
      'grpc.keepalive_time_ms': options.keepAliveMs,
      'grpc.keepalive_timeout_ms': options.keepAliveTimeoutMs,
      // etcd ends a connection that is probed while it has no call.
      'grpc.keepalive_permit_without_calls': 0,
      'grpc.max_receive_message_length': options.maxAnswerBytes,
    },
  };
}
