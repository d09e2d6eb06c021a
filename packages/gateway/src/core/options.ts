import { AUTOHOST_POOL_KIND, DEFAULT_REGION } from '@muster/play';
import { isEntity, type Millis, MusterError } from '@muster/ports';

/** Tunables of the client sessions of one gateway. */
export interface GatewayOptions {
  /** Messages a player may send per second, on average. Lower: less load from hostile clients. Higher: lively clients are not cut off.
   *  Existing Tachyon servers allow 10, and clients are written for it. */
  readonly messagesPerSecond: number;
  /** Messages that may come at once. Lower: clients that restore their view after a reconnect are cut off. Higher: a flood lasts longer. */
  readonly messagesBurst: number;
  /** Requests of one session under way at once; beyond it they are refused. Lower: memory. Higher: clients may pipeline during a failover. */
  readonly requestsInFlightMax: number;
  /** Longest that one request may take. Lower: clients hear of trouble sooner. Higher: slow commands end well.
   *  Above the router's hold (3 s), so that a change of owner is not what ends it. */
  readonly requestTimeoutMs: Millis;
  /** Events of one session that wait for a reply that must come before them (K16). Above a whole inbox (200) replayed at once. */
  readonly heldEventsMax: number;
  /** Bytes that may wait in one client's socket. Lower: slow phones are cut off. Higher: a stuck client claims more memory. */
  readonly sendBufferBytesMax: number;
  /** A client's first ping comes at a random time in this range, the next ones at its end, up to a tenth sooner. Lower: the dead are noticed sooner.
   *  Higher: less work, nearly all of what an idle client costs. Clients count a server as dead after 30 s of silence and expect a ping every 10 s. */
  readonly pingMinMs: Millis;
  readonly pingMaxMs: Millis;
  /** Silence of a client after which its connection is closed. Lower: phones in tunnels are cut off. Higher: dead sockets hold sessions longer. */
  readonly idleMs: Millis;
  /** How often pings, silences and counters are looked at. Lower: more exact. Higher: less work. */
  readonly sweepMs: Millis;
  /** Wait before the first new attempt to attach after one failed; doubles up to the maximum, with jitter.
   *  Lower: sessions are back sooner. Higher: a new owner is not stormed. */
  readonly attachRetryMinMs: Millis;
  readonly attachRetryMaxMs: Millis;
  /** Attempts to tell a player's actor that its client is gone, one per second. Lower: after a long outage some sessions end only with their
   *  gateway. Higher: more is remembered of clients that left. */
  readonly detachAttemptsMax: number;
  /** Players of whom a failed detach is remembered. */
  readonly departuresMax: number;
  /** Where this gateway, and with it the autohosts that connect here, are. Battles ask for hosts by region. */
  readonly region: string;
  /** Wait before an autohost's actor is told the same again. Lower: less delay after trouble. Higher: a busy actor is left alone. */
  readonly feedRetryMs: Millis;
  /** What one autohost has said and its actor has not taken; above it the connection ends, and the autohost replays.
   *  Lower: a change of owner ends connections. Higher: more memory per autohost. */
  readonly feedItemsMax: number;
  /** Their bytes together. */
  readonly feedBytesMax: number;
  /** Updates told in one command. Lower: more commands. Higher: longer turns. */
  readonly feedBundleMax: number;
  /** Sessions of this process. Lower: refuses clients it could serve. Higher: about 30 KiB each must fit. */
  readonly sessionsMax: number;
  /** Part of the commands that are traced, 0…1. Lower: cheaper. Higher: more is seen. */
  readonly traceRatio: number;
  /** A gateway that stops asks its clients to move on one after the other, spread evenly over this time. Lower: over sooner.
   *  Higher: the gateways that they come to are not stormed. */
  readonly moveOnSpreadMs: Millis;
  /** A client that was asked may take so long to go by itself. Lower: slow clients lose requests under way to the close. Higher: one that does
   *  not listen holds up the stop. */
  readonly moveOnWithinMs: Millis;
  /** A connection that is to be closed waits so long for the answers to what it took. Above the router's hold (3 s): a change of owner is
   *  no reason to leave a request without an answer. */
  readonly answerMs: Millis;
  /** Clients that may wait for a session while the cluster has no room. Lower: more are sent away. Higher: an open socket each, about 30 KiB. */
  readonly loginQueueMax: number;
  /** Those that wait are looked at this often. Lower: they begin more evenly. Higher: less work. */
  readonly loginQueueTickMs: Millis;
  /** Of those that wait, so many begin per second once there is room again. Lower: they wait longer. Higher: what made room is undone in one rush. */
  readonly loginCatchUpPerSecond: number;
  /** Clients that show the list of lobbies hear what changed this often. Lower: livelier. Higher: fewer frames, which all of them get. */
  readonly lobbyListEveryMs: Millis;
  /** Who asks for the list waits so long for all 16 parts of it. Lower: a list with holes after a failure. Higher: no list for longer. */
  readonly lobbyListGatherMs: Millis;
  /** Lobbies that their part of the list has lost are shown so long. Above the 10 s in which every lobby says its line again, else they flicker. */
  readonly lobbyListKeepMs: Millis;
  /** The list is followed so long after its last reader went. Lower: gathered anew more often. Higher: followed for nobody. */
  readonly lobbyListLingerMs: Millis;
  /** Longest that an orderly stop waits for the actors to hear that the clients are gone. */
  readonly stopMs: Millis;
}

export const GATEWAY_DEFAULTS: GatewayOptions = {
  messagesPerSecond: 10,
  messagesBurst: 20,
  requestsInFlightMax: 64,
  requestTimeoutMs: 10_000,
  heldEventsMax: 512,
  sendBufferBytesMax: 256 * 1024,
  pingMinMs: 1_000,
  pingMaxMs: 9_500,
  idleMs: 20_000,
  sweepMs: 250,
  attachRetryMinMs: 100,
  attachRetryMaxMs: 2_000,
  detachAttemptsMax: 30,
  departuresMax: 10_000,
  region: DEFAULT_REGION,
  feedRetryMs: 250,
  feedItemsMax: 8_192,
  feedBytesMax: 8 * 1024 * 1024,
  feedBundleMax: 128,
  sessionsMax: 100_000,
  traceRatio: 0.001,
  moveOnSpreadMs: 3_000,
  moveOnWithinMs: 2_000,
  answerMs: 4_000,
  loginQueueMax: 10_000,
  loginQueueTickMs: 100,
  loginCatchUpPerSecond: 500,
  lobbyListEveryMs: 1_000,
  lobbyListGatherMs: 3_000,
  lobbyListKeepMs: 15_000,
  lobbyListLingerMs: 30_000,
  stopMs: 2_000,
};

/** May be 0; everything else is above it. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set(['traceRatio', 'detachAttemptsMax', 'departuresMax']);

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming the first value that makes no sense. */
export function gatewayOptions(changes: Partial<GatewayOptions> = {}): GatewayOptions {
  const options = { ...GATEWAY_DEFAULTS, ...changes };
  const { region, ...numbers } = options;
  if (!isEntity(AUTOHOST_POOL_KIND, region)) throw bad(`gateway.region is ${region}: a short name is needed`);
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isNaN(value) || value < 0 || (value === 0 && !MAY_BE_ZERO.has(name)))
      throw bad(`gateway.${name} is ${value}: a positive number is needed`);
  }
  if (options.pingMinMs > options.pingMaxMs) throw bad('gateway.pingMinMs is at most gateway.pingMaxMs');
  if (options.pingMaxMs >= options.idleMs)
    throw bad('gateway.idleMs is above gateway.pingMaxMs: a client that answers pings must not be idle');
  if (options.attachRetryMinMs > options.attachRetryMaxMs)
    throw bad('gateway.attachRetryMinMs is at most gateway.attachRetryMaxMs');
  if (options.traceRatio > 1) throw bad('gateway.traceRatio is 1 at most');
  return options;
}

function bad(details: string): MusterError {
  return new MusterError('BAD_CONFIG', { details });
}
