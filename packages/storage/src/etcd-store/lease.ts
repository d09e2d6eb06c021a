import { type Millis, MusterError, type StoreLease } from '@muster/ports';
import { type Etcd3, EtcdLeaseInvalidError } from 'etcd3';
import { integer } from './encoding.js';
import type { EtcdStoreOptions } from './options.js';

/** What a lease asks of its store: a call whose failure is already one of our errors. */
export type LeaseCall = <T>(timeoutMs: Millis, send: (client: Etcd3, deadline: Date) => Promise<T>) => Promise<T>;

/**
 * A lease over etcd3's raw client. Its own lease object is not used: it calls a lease lost only after twice its time, by the wall clock.
 */
export class EtcdLease implements StoreLease {
  readonly id: string;
  readonly ttlMs: Millis;
  private readonly call: LeaseCall;
  private readonly options: EtcdStoreOptions;

  constructor(given: { id: string; ttlMs: Millis; call: LeaseCall; options: EtcdStoreOptions }) {
    this.id = given.id;
    this.ttlMs = given.ttlMs;
    this.call = given.call;
    this.options = given.options;
  }

  renew(): Promise<void> {
    return this.call(this.options.renewTimeoutMs, (client, deadline) => keepAliveOnce(client, this.id, deadline));
  }

  async revoke(): Promise<void> {
    await this.call(this.options.requestTimeoutMs, async (client, deadline) => {
      try {
        await client.leaseClient.leaseRevoke({ ID: this.id }, { deadline });
      } catch (error) {
        // Gone already: what was asked for.
        if (!(error instanceof EtcdLeaseInvalidError)) throw error;
      }
    });
  }
}

/** etcd counts in whole seconds and has a shortest lease: what was granted may be longer than what was asked for. */
export async function grant(client: Etcd3, ttlMs: Millis, deadline: Date): Promise<{ id: string; ttlMs: Millis }> {
  const granted = await client.leaseClient.leaseGrant({ TTL: Math.ceil(ttlMs / 1_000) }, { deadline });
  return { id: granted.ID, ttlMs: integer(granted.TTL) * 1_000 };
}

/** One renewal, on a stream of its own, which ends with it. */
async function keepAliveOnce(client: Etcd3, lease: string, deadline: Date): Promise<void> {
  const stream = await client.leaseClient.leaseKeepAlive({ deadline });
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', () => reject(new Error('the stream ended without an answer')));
    stream.on('data', ({ TTL }) => {
      stream.end();
      // etcd answers for a lease it does not know too: it has no time left.
      if (integer(TTL) > 0) resolve();
      else reject(new MusterError('LEASE_EXPIRED', { lease }));
    });
    stream.write({ ID: lease });
  });
}
