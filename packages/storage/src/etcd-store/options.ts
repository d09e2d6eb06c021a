import { type Millis, MusterError } from '@muster/ports';

/** etcd ends a connection that pings more often than every 5 s (`--grpc-keepalive-min-time`). */
const SHORTEST_KEEP_ALIVE_MS = 5_100;

export interface EtcdStoreOptions {
  /** How long a call may take, all members tried. Lower: a hanging etcd is noticed sooner; higher: fewer unknown outcomes while etcd elects a leader (0.7–1.3 s). */
  readonly requestTimeoutMs: Millis;
  /** The same for renewing a lease. Lower than the interval of its holder, so that renewals never pile up. */
  readonly renewTimeoutMs: Millis;
  /** First pause before a broken watch is made again. Lower: hints come back sooner; higher: gentler on an etcd that is just starting. */
  readonly watchRetryMinMs: Millis;
  /** Longest pause. Lower: a returned etcd is used sooner; higher: fewer attempts at one that stays away. */
  readonly watchRetryMaxMs: Millis;
  /** First pause of a connection that could not be made. As for watches. */
  readonly reconnectMinMs: Millis;
  /** Longest pause of a connection. Calls themselves never wait for it: they dial anew. */
  readonly reconnectMaxMs: Millis;
  /** Silence on a connection with a watch before it is probed. Lower: a dead one is found sooner, but etcd refuses less than 5 s; higher: hints are missing for longer. */
  readonly keepAliveMs: Millis;
  /** How long the probe waits. Lower: sooner; higher: survives a busy etcd. */
  readonly keepAliveTimeoutMs: Millis;
  /** Largest answer. Higher: more entries under one prefix, for more memory at once; lower: a runaway prefix is refused sooner. */
  readonly maxAnswerBytes: number;
}

export const etcdStoreDefaults: EtcdStoreOptions = {
  requestTimeoutMs: 1_000,
  renewTimeoutMs: 800,
  watchRetryMinMs: 50,
  watchRetryMaxMs: 1_000,
  reconnectMinMs: 50,
  reconnectMaxMs: 500,
  keepAliveMs: 6_000,
  keepAliveTimeoutMs: 2_000,
  maxAnswerBytes: 32 * 1024 * 1024,
};

/** @throws MusterError BAD_CONFIG */
export function checkEtcdStoreOptions(options: EtcdStoreOptions): EtcdStoreOptions {
  for (const [name, value] of Object.entries(options))
    if (!Number.isSafeInteger(value) || value < 1) refuse(`${name} must be a whole number above 0`);
  if (options.watchRetryMaxMs < options.watchRetryMinMs) refuse('watchRetryMaxMs is below watchRetryMinMs');
  if (options.reconnectMaxMs < options.reconnectMinMs) refuse('reconnectMaxMs is below reconnectMinMs');
  if (options.keepAliveMs < SHORTEST_KEEP_ALIVE_MS)
    refuse(`keepAliveMs must be at least ${SHORTEST_KEEP_ALIVE_MS}: etcd ends connections that ping more often`);
  return options;
}

function refuse(details: string): never {
  throw new MusterError('BAD_CONFIG', { details: `etcd store: ${details}` });
}
