// One link: envelopes over one connection, in three lanes (K15).
//
//   send ──► open frame ──(64 KiB, or end of the loop turn)──► connection ──► decoded whole ──► lanes ──► handler
//     └────► lane's queue, while it lacks credit, or the connection asked to wait ──┘                 └──► credit back
//            and the open frame is full
//
// States: live → closed. Only the connection ends a link: by itself, because close() asked it to, or because the other side
// sent bytes that cannot be decoded (BAD_FRAME) or more than its credit (LINK_OVERRUN).
// Within a lane order holds. Control has no credit: it never waits for what the other side does with data.
import {
  type Clock,
  type CloseReason,
  type Connection,
  causeOf,
  type Log,
  type Metrics,
  MusterError,
} from '@muster/ports';
import { badFrame, encodeEnvelope } from './envelope.js';
import {
  CREDIT_LANES,
  type CreditLane,
  type DecodedFrame,
  decodeFrame,
  FrameWriter,
  LANES,
  type Lane,
} from './frame.js';
import type { Envelope, EnvelopeInit } from './generated/link.js';
import { KnownStrings } from './known-strings.js';
import { LaneIn } from './lane-in.js';
import { LaneOut } from './lane-out.js';
import { LinkCounts } from './link-counts.js';
import { type LinkOptions, linkOptions } from './options.js';

/** `sent`: on its way. `queued`: waits for credit or the network. `full`: not taken, `writable` will say when. `closed`: not taken. */
export type SendResult = 'sent' | 'queued' | 'full' | 'closed';

export interface LinkHandler {
  /** The other side accepted the connection. */
  open?(): void;
  /** When it returns, the envelope counts as consumed. Byte fields are views into the received frame. */
  envelope(lane: Lane, envelope: Envelope): void;
  /** A send on this lane was refused as `full`, and half of its queue is free again. */
  writable?(lane: Lane): void;
  /** Last call, never from within `send` or `close`. */
  closed(report: LinkReport): void;
}

export interface LinkReport {
  readonly reason: CloseReason;
  /** BAD_FRAME or LINK_OVERRUN where this side ended it for that. */
  readonly error: MusterError | undefined;
  /** Messages that never left: nobody saw them. */
  readonly unsent: Readonly<Record<Lane, number>>;
  /** Messages that left and whose consumption was not reported: they may have been seen. Control is not reported on: 0. */
  readonly unknown: Readonly<Record<Lane, number>>;
}

export interface LinkSetup {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options?: Partial<LinkOptions>;
  readonly handler: LinkHandler;
}

export class Link {
  readonly remote: string;
  private readonly connection: Connection;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly handler: LinkHandler;
  private readonly options: LinkOptions;
  private readonly counts: LinkCounts;
  private readonly frame: FrameWriter;
  private readonly known = new KnownStrings();
  private readonly out: Readonly<Record<Lane, LaneOut>>;
  private readonly in: Readonly<Record<CreditLane, LaneIn>>;
  private live = true;
  /** False between a connection's `send() === false` and its `drain`. */
  private flowing = true;
  private flushArmed = false;
  private error: MusterError | undefined;

  /** Must be made in the turn in which the connection was obtained. @throws MusterError BAD_CONFIG */
  constructor({ connection, clock, log, metrics, options, handler }: LinkSetup) {
    this.options = linkOptions(options);
    this.remote = connection.remote;
    this.connection = connection;
    this.clock = clock;
    this.log = log;
    this.handler = handler;
    this.counts = new LinkCounts(metrics);
    this.frame = new FrameWriter(this.options.envelopeBytesMax);
    const lane = (name: Lane) => new LaneOut(name, this.options);
    this.out = { control: lane('control'), replication: lane('replication'), data: lane('data') };
    this.in = { replication: new LaneIn('replication', this.options), data: new LaneIn('data', this.options) };
    connection.handle({
      open: () => this.handler.open?.(),
      frame: (bytes) => this.receive(bytes),
      drain: () => this.drained(),
      close: (reason) => this.ended(reason),
    });
  }

  /** Never blocks, never calls the handler. @throws MusterError BAD_FRAME where the envelope itself is at fault (size, numbers) */
  send(lane: Lane, envelope: EnvelopeInit): SendResult {
    if (!this.live) return this.refuse(lane, 'closed');
    const out = this.out[lane];
    // While the network is busy the next frame fills.
    const isFull = !this.flowing && this.frame.bytes >= this.options.frameBytes;
    if (isFull || out.queued > 0 || !out.hasCredit) {
      return out.push(this.encode(envelope)) ? 'queued' : this.refuse(lane, 'full');
    }
    out.spend(this.frame.add(lane, envelope));
    this.counts.sent(lane);
    if (this.frame.bytes >= this.options.frameBytes) this.flush();
    else this.arm();
    return 'sent';
  }

  /** Messages of the lane that wait here for credit or the network. */
  queued(lane: Lane): number {
    return this.out[lane].queued;
  }

  /** Nothing of the lane is delivered until {@link resume}; what arrives waits here, at most the lane's credit. */
  hold(lane: CreditLane): void {
    this.in[lane].held = true;
  }

  /** Delivery goes on, in a later turn. */
  resume(lane: CreditLane): void {
    if (!this.in[lane].held) return;
    this.in[lane].held = false;
    this.clock.defer(() => this.deliver(this.in[lane]));
  }

  /** Sends the frame that is open and all of control, then ends the connection; nothing is delivered any more. `closed` follows. */
  close(): void {
    if (!this.live) return;
    // A farewell goes out even while the network asks to wait: the connection takes it all the same.
    while (this.move('control'));
    this.flowing = true;
    this.flush();
    this.live = false;
    this.connection.close();
  }

  private encode(envelope: EnvelopeInit): Uint8Array {
    const encoded = encodeEnvelope(envelope);
    if (encoded.length <= this.options.envelopeBytesMax) return encoded;
    const cause = `an envelope of ${encoded.length} bytes, ${this.options.envelopeBytesMax} are allowed`;
    throw new MusterError('BAD_FRAME', { peer: 'this process', cause });
  }

  private refuse(lane: Lane, reason: 'full' | 'closed'): SendResult {
    this.counts.dropped(lane, reason, 1);
    return reason;
  }

  private arm(): void {
    if (this.flushArmed) return;
    this.flushArmed = true;
    this.clock.defer(() => {
      this.flushArmed = false;
      this.flush();
    });
  }

  private flush(): void {
    if (!this.live || !this.flowing) return;
    for (const lane of CREDIT_LANES) {
      const grant = this.in[lane].takeGrant();
      if (grant) this.frame.addCredit(grant);
    }
    if (this.frame.bytes === 0) return;
    const bytes = this.frame.take();
    this.counts.frameOut(bytes.length);
    if (!this.connection.send(bytes)) this.flowing = false;
  }

  private drained(): void {
    if (!this.live) return;
    this.flowing = true;
    if (this.frame.bytes >= this.options.frameBytes) this.flush();
    if (this.flowing) this.pump();
  }

  /** Moves what waits into frames: all of control first, then one of each lane in turn, so that neither starves the other. */
  private pump(): void {
    for (;;) {
      let moved = this.move('control');
      if (!moved) for (const lane of CREDIT_LANES) moved = this.move(lane) || moved;
      if (this.frame.bytes >= this.options.frameBytes) this.flush();
      if (!moved || !this.flowing) break;
    }
    this.flush();
    for (const lane of LANES) if (this.live && this.out[lane].takeWritable()) this.handler.writable?.(lane);
  }

  private move(lane: Lane): boolean {
    const encoded = this.out[lane].next();
    if (!encoded) return false;
    this.frame.addEncoded(lane, encoded);
    this.counts.sent(lane);
    return true;
  }

  private receive(bytes: Uint8Array): void {
    const frame = this.live ? this.decode(bytes) : undefined;
    if (!frame) return;
    this.counts.frameIn(bytes.length, frame);
    this.refill(frame);
    for (const envelope of frame.control.envelopes) this.hand('control', envelope);
    for (const lane of CREDIT_LANES) {
      if (!this.live) return;
      if (frame[lane].envelopes.length === 0) continue;
      if (this.in[lane].accept(frame[lane])) this.deliver(this.in[lane]);
      else this.overrun(lane);
    }
  }

  private decode(bytes: Uint8Array): DecodedFrame | undefined {
    try {
      return decodeFrame(bytes, this.options.envelopeBytesMax, this.known);
    } catch (error) {
      const cause = String(badFrame(error).details.cause);
      this.fail(new MusterError('BAD_FRAME', { peer: this.remote, cause }));
      return undefined;
    }
  }

  private refill(frame: DecodedFrame): void {
    if (frame.credits.length === 0) return;
    for (const { lane, messages, bytes } of frame.credits)
      if (!this.out[lane].refill(messages, bytes)) this.overrun(lane);
    if (this.live && this.flowing && CREDIT_LANES.some((lane) => this.out[lane].queued > 0)) this.pump();
  }

  private deliver(lane: LaneIn): void {
    while (this.live) {
      const envelope = lane.next();
      if (!envelope) break;
      this.hand(lane.lane, envelope);
    }
    if (this.live && lane.owesMuch) this.arm();
  }

  private hand(lane: Lane, envelope: Envelope): void {
    if (!this.live) return;
    try {
      this.handler.envelope(lane, envelope);
    } catch (error) {
      // One message that its handler cannot take must not end the link for all the others.
      this.counts.dropped(lane, 'handler-failed', 1);
      this.log.write('error', 'link.handler-failed', {
        remote: this.remote,
        body: envelope.type,
        cause: causeOf(error),
        error,
      });
    }
  }

  private overrun(lane: CreditLane): void {
    this.fail(new MusterError('LINK_OVERRUN', { peer: this.remote, lane }));
  }

  private fail(error: MusterError): void {
    if (!this.live) return;
    this.error = error;
    this.log.write('warn', 'link.failed', { remote: this.remote, error });
    this.live = false;
    this.connection.close();
  }

  private ended(reason: CloseReason): void {
    this.live = false;
    const unsent = this.perLane((lane) => lane.queued);
    for (const lane of LANES) if (unsent[lane] > 0) this.counts.dropped(lane, 'unsent', unsent[lane]);
    this.counts.flush();
    const closedFor: CloseReason = this.error?.code === 'LINK_OVERRUN' ? 'overrun' : reason;
    this.handler.closed({
      reason: closedFor,
      error: this.error,
      unsent,
      unknown: this.perLane((lane) => lane.unconsumed),
    });
  }

  private perLane(count: (lane: LaneOut) => number): Record<Lane, number> {
    const { control, replication, data } = this.out;
    return { control: count(control), replication: count(replication), data: count(data) };
  }
}
