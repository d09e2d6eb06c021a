import { ClientError } from './errors.js';

export interface ClientOptions {
  /** How long a request may wait for its response, time without a connection included.
   *  Lower: a cluster that replaces a node (up to 3 s) fails requests it would have answered. Higher: a person waits for nothing. */
  readonly requestTimeoutMs: number;
  /** Requests without a response at a time. Lower: bursts are refused. Higher: a caller in a loop fills memory before it is told. */
  readonly pendingMax: number;
  /** Before the first attempt to reconnect; doubles with each failure.
   *  Lower: back sooner after a flicker. Higher: kinder to a server that thousands lost at once. Each wait is spread over its second half. */
  readonly reconnectFirstMs: number;
  /** Longest wait between two attempts. Lower: back sooner after a long outage. Higher: less load on a server that starts. */
  readonly reconnectMaxMs: number;
  /** How long a connection must last before the waiting starts over at `reconnectFirstMs`.
   *  Lower: a server that takes connections and drops them is hammered. Higher: an unlucky client waits longer than needed. */
  readonly reconnectResetMs: number;
  /** Silence (no ping, no message) after which the connection is taken for dead. The server pings at least every 10 s.
   *  Lower: slow networks are dropped. Higher: a pulled cable goes unnoticed. */
  readonly silenceMs: number;
  /** How long the WebSocket upgrade may take. Lower: slow links never connect. Higher: a hung server is noticed late. */
  readonly upgradeTimeoutMs: number;
  /** How long one HTTP request of the sign-in may take. As above. */
  readonly httpTimeoutMs: number;
  /** How long a clean sign-out waits for its answer. Lower: more sessions wait out their grace. Higher: closing a window takes longer. */
  readonly disconnectTimeoutMs: number;
  /** Longest frame that is read. Lower: big lobbies do not fit. Higher: a wrong server can fill more memory. */
  readonly frameBytesMax: number;
}

export const CLIENT_DEFAULTS: ClientOptions = {
  requestTimeoutMs: 10_000,
  pendingMax: 256,
  reconnectFirstMs: 250,
  reconnectMaxMs: 15_000,
  reconnectResetMs: 5_000,
  silenceMs: 30_000,
  upgradeTimeoutMs: 10_000,
  httpTimeoutMs: 10_000,
  disconnectTimeoutMs: 2_000,
  frameBytesMax: 4_194_304,
};

/** The defaults with `changes`. @throws ClientError `bad_options` */
export function clientOptions(changes: Partial<ClientOptions> = {}): ClientOptions {
  const options = { ...CLIENT_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new ClientError('bad_options', `${name} is ${value}: a positive integer is needed`);
  }
  if (options.reconnectMaxMs < options.reconnectFirstMs)
    throw new ClientError('bad_options', 'reconnectMaxMs is less than reconnectFirstMs');
  return options;
}
