import { type Millis, MusterError } from '@muster/ports';

/** What the simulated world is like when nothing is broken on purpose. */
export interface WorldOptions {
  /** Shortest way of a frame between two processes; drawn once per pair from [1, 3] times this. */
  readonly latencyMs: Millis;
  /** Mean of what comes on top, exponentially distributed. Higher: more interleavings between connections. */
  readonly jitterMs: Millis;
  /** Way to the store, and to the database. */
  readonly storeLatencyMs: Millis;
  /** Way between a client and its gateway. Much longer than inside: clients are far away. */
  readonly clientLatencyMs: Millis;
  /** Most that a process's clock runs fast or slow, as a share. Real crystals: 0.0001. Higher: finds time-outs without margin. */
  readonly driftShare: number;
  /** Bytes of one connection under way before `send` asks to wait, as HTTP/2's window. */
  readonly windowBytes: number;
  /** A dial without an answer is `unreachable` after this, as with gRPC. */
  readonly dialTimeoutMs: Millis;
  /** A connection whose other side is silent breaks between these two, as gRPC's keep-alive does (5 s and 2 s). */
  readonly keepAliveMinMs: Millis;
  readonly keepAliveMaxMs: Millis;
  /** A way that was cut carries again this long after it is healed at the most: retransmission. */
  readonly retransmitMs: Millis;
  /** A process that stopped because it was replaced is started again after this, as a supervisor does. */
  readonly superviseMs: Millis;
  /** Longest that the cluster may take, after the last fault, until everything is as desired. Above calmMs of the take-over and the
   *  re-registration after a lost lease. */
  readonly healMs: Millis;
  /** Lines of the event log that are kept. */
  readonly traceLinesMax: number;
}

export const WORLD_DEFAULTS: WorldOptions = {
  latencyMs: 0.1,
  jitterMs: 0.2,
  storeLatencyMs: 0.4,
  clientLatencyMs: 10,
  driftShare: 0.005,
  windowBytes: 1024 * 1024,
  dialTimeoutMs: 2_000,
  keepAliveMinMs: 2_000,
  keepAliveMaxMs: 7_000,
  retransmitMs: 200,
  superviseMs: 300,
  healMs: 12_000,
  traceLinesMax: 400,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function worldOptions(changes: Partial<WorldOptions> = {}): WorldOptions {
  const options = { ...WORLD_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!(value >= 0))
      throw new MusterError('BAD_CONFIG', { details: `world.${name} is ${value}: 0 or more is needed` });
  if (options.driftShare > 0.2) throw new MusterError('BAD_CONFIG', { details: 'world.driftShare is 0.2 at most' });
  if (options.keepAliveMinMs > options.keepAliveMaxMs)
    throw new MusterError('BAD_CONFIG', { details: 'world.keepAliveMinMs is at most world.keepAliveMaxMs' });
  return options;
}
