import { type Millis, MusterError } from '@muster/ports';
import { TACHYON_DEFAULTS } from '@muster/tachyon';

/** Tunables of the port that clients connect to. */
export interface GatewayServerOptions {
  /** Largest WebSocket message in bytes. Lower: less memory a hostile client can claim, but commands that are within the protocol's bounds no longer
   *  fit: the largest are a lobby's game options. Higher: nothing more fits, unless `tachyon.frameLengthMax` is higher too. */
  readonly frameBytesMax: number;
  /** Pieces of one message, and pieces that may wait to be put together: a byte per piece costs far more than its byte. */
  readonly fragmentsMax: number;
  readonly bufferedChunksMax: number;
  /** From a connection's first byte to the end of its headers. Lower: a slow-loris is gone sooner. Higher: bad networks get through. */
  readonly headersTimeoutMs: Millis;
  /** The same to the end of the request. */
  readonly requestTimeoutMs: Millis;
  /** How often both are looked at. */
  readonly timeoutCheckMs: Millis;
  /** An idle HTTP connection is kept this long. */
  readonly keepAliveMs: Millis;
  /** From a request for a WebSocket to its answer: storage and issuers are asked in between. */
  readonly upgradeTimeoutMs: Millis;
  /** After a close frame was sent, the socket is cut. Lower: a client that does not listen is gone sooner. Higher: slow clients read the reason. */
  readonly closeTimeoutMs: Millis;
  /** Largest body of an HTTP request. */
  readonly bodyBytesMax: number;
  /** WebSockets, and sockets of any kind, of this process. */
  readonly connectionsMax: number;
  /** Of one address. Generous: whole schools and tournaments share one, and a load test comes from 127.0.0.1. */
  readonly connectionsPerAddressMax: number;
  /** Sign-ins of one account by WebSocket within the window, counted by the account's actor for all gateways together. Existing Tachyon servers
   *  allow 3 in 10 s. */
  readonly loginsMax: number;
  /** Longer than `player.passivateAfterMs` makes no difference: an account that is idle for so long is counted anew. */
  readonly loginsWindowMs: Millis;
  /** How long the account's actor may take to count a sign-in; after that this gateway's own count stands. Lower: while shards change owners,
   *  sign-ins are counted per gateway. Higher: they wait longer then, up to `upgradeTimeoutMs`. A change of owner takes up to 3 s. */
  readonly loginCountMs: Millis;
  /** How often storage is asked who was banned meanwhile and whose roles were changed. Lower: that takes effect sooner. Higher: fewer queries (two per
   *  gateway and look). */
  readonly banCheckMs: Millis;
  /** HTTP requests of one account within the window; beyond it, the account is blocked. */
  readonly accountRequestsMax: number;
  readonly accountWindowMs: Millis;
  readonly accountBlockMs: Millis;
  /** The same for an address: a thousand people behind one sign in (three requests each) within a minute. */
  readonly addressRequestsMax: number;
  readonly addressWindowMs: Millis;
  /** How long a blocked address is answered with 429. */
  readonly addressBlockMs: Millis;
  /** So many answers with 429 later, its connections are cut without an answer until the block is over. */
  readonly addressRefusalsMax: number;
  /** Accounts and addresses that are counted at a time. Beyond it, the one seen longest ago is forgotten. */
  readonly countedMax: number;
  /** Proxies in front of us that add to X-Forwarded-For. 0: the header is not believed. */
  readonly proxies: number;
}

export const GATEWAY_SERVER_DEFAULTS: GatewayServerOptions = {
  frameBytesMax: TACHYON_DEFAULTS.frameLengthMax,
  fragmentsMax: 64,
  bufferedChunksMax: 1_024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  timeoutCheckMs: 1_000,
  keepAliveMs: 5_000,
  upgradeTimeoutMs: 10_000,
  closeTimeoutMs: 3_000,
  bodyBytesMax: 8 * 1024,
  connectionsMax: 60_000,
  connectionsPerAddressMax: 10_000,
  loginsMax: 3,
  loginsWindowMs: 10_000,
  loginCountMs: 4_000,
  banCheckMs: 5_000,
  accountRequestsMax: 100,
  accountWindowMs: 60_000,
  accountBlockMs: 5 * 60_000,
  addressRequestsMax: 6_000,
  addressWindowMs: 60_000,
  addressBlockMs: 60_000,
  addressRefusalsMax: 1_000,
  countedMax: 100_000,
  proxies: 0,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming the first value that makes no sense. */
export function gatewayServerOptions(changes: Partial<GatewayServerOptions> = {}): GatewayServerOptions {
  const options = { ...GATEWAY_SERVER_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    if (Number.isNaN(value) || value < 0 || (value === 0 && name !== 'proxies'))
      throw new MusterError('BAD_CONFIG', {
        details: `gateway.server.${name} is ${value}: a positive number is needed`,
      });
  }
  if (options.loginCountMs >= options.upgradeTimeoutMs)
    throw new MusterError('BAD_CONFIG', { details: 'gateway.server.loginCountMs is below upgradeTimeoutMs' });
  if (options.headersTimeoutMs > options.requestTimeoutMs)
    throw new MusterError('BAD_CONFIG', { details: 'gateway.server.headersTimeoutMs is at most requestTimeoutMs' });
  return options;
}
