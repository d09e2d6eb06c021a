import { MusterError } from '@muster/ports';

/** Tunables of a link. Both sides must agree on the credit: it is a limit that the receiver enforces. */
export interface LinkOptions {
  /** A frame leaves at the latest when it holds this much; what is sent in one turn of the loop shares frames below it.
   *  Lower: more frames, each with its price. Higher: a beat behind a full frame waits longer. */
  readonly frameBytes: number;
  /** Largest envelope that is taken. Lower: big tables and snapshots must be cut up. Higher: one of them holds up a beat for longer.
   *  With a frame's worth before it, it must fit into what the network takes (4 MiB). */
  readonly envelopeBytesMax: number;
  /** Messages of the replication or data lane that may be under way and unconsumed (K15).
   *  Lower: the sender pauses more often. Higher: more memory per link behind a slow handler. */
  readonly creditMessages: number;
  /** The same in bytes; the envelope that crosses the line still goes, so a receiver holds at most this plus one envelope. */
  readonly creditBytes: number;
  /** Credit is given back once this share of it was consumed, or with any frame that leaves anyway.
   *  Lower: more frames that carry only credit. Higher: a sender at full speed stops for a round trip. */
  readonly grantShare: number;
  /** Messages per lane that wait for credit or for the network; past it a send is refused as 'full'.
   *  Lower: callers must hold back sooner. Higher: more memory, and older messages when a peer wakes up. */
  readonly queueMessages: number;
  /** The same in bytes. */
  readonly queueBytes: number;
}

export const LINK_DEFAULTS: LinkOptions = {
  frameBytes: 64 * 1024,
  envelopeBytesMax: 4 * 1024 * 1024 - 128 * 1024,
  creditMessages: 1_000,
  creditBytes: 4 * 1024 * 1024,
  grantShare: 0.25,
  queueMessages: 8_192,
  queueBytes: 16 * 1024 * 1024,
};

/** Tunables of connections over gRPC. */
export interface GrpcOptions {
  /** A silent connection is asked for a sign of life this often. Lower: more idle traffic. Higher: a dead host is noticed later. */
  readonly keepAliveMs: number;
  /** How long it has to answer. Lower: a long garbage collection ends the link. Higher: a dead host is noticed later. */
  readonly keepAliveTimeoutMs: number;
  /** A dial that got no answer in this time is `unreachable`. On the same host a refusal takes milliseconds. */
  readonly dialTimeoutMs: number;
  /** Dials that are made for one when the other side takes the connection and resets it before it is open.
   *  1: a process that is just dying looks unreachable instead of refused. Higher: a broken listener is asked more often. */
  readonly dialAttempts: number;
  /** How long a closing connection waits for what is under way and for the other side to say goodbye. */
  readonly closeTimeoutMs: number;
  /** Largest frame taken or sent. */
  readonly frameBytesMax: number;
  /** Bytes under way without acknowledgement, per connection: HTTP/2's window.
   *  Lower: a long line is not filled. Higher: more memory behind a process that does not read. */
  readonly windowBytes: number;
}

export const GRPC_DEFAULTS: GrpcOptions = {
  keepAliveMs: 5_000,
  keepAliveTimeoutMs: 2_000,
  dialTimeoutMs: 2_000,
  dialAttempts: 3,
  closeTimeoutMs: 500,
  frameBytesMax: 4 * 1024 * 1024,
  windowBytes: 1024 * 1024,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming the first value that makes no sense. */
export function linkOptions(changes: Partial<LinkOptions> = {}): LinkOptions {
  const options = { ...LINK_DEFAULTS, ...changes };
  const { grantShare, ...whole } = options;
  positive(whole);
  if (!(grantShare > 0 && grantShare <= 0.5)) throw bad('grantShare is a share of (0, 0.5]');
  if (options.frameBytes > options.envelopeBytesMax) throw bad('frameBytes is at most envelopeBytesMax');
  if (options.envelopeBytesMax > options.queueBytes) throw bad('envelopeBytesMax is at most queueBytes');
  return options;
}

/** The defaults with `changes`. @throws MusterError BAD_CONFIG naming the first value that makes no sense. */
export function grpcOptions(changes: Partial<GrpcOptions> = {}): GrpcOptions {
  const options = { ...GRPC_DEFAULTS, ...changes };
  positive({ ...options });
  return options;
}

function positive(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options))
    if (!Number.isSafeInteger(value) || value <= 0) throw bad(`${name} is a whole number above 0, not ${value}`);
}

function bad(details: string): MusterError {
  return new MusterError('BAD_CONFIG', { details });
}
