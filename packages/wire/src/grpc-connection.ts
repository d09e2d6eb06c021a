// Both ends of one gRPC stream as a Connection.
//
// States: opening → open → closing (close() was called here) → closed.
// Why it ended, as honestly as gRPC can tell:
//   dialer    no headers yet: ECONNREFUSED → refused, else unreachable. Later: status OK → closed, else reset.
//   acceptor  the dialer's farewell (an empty message, its last) came → closed, else reset: a process that dies ends its
//             sockets as politely as one that is done, so politeness alone proves nothing.
import { type ClientDuplexStream, type ServerDuplexStream, type StatusObject, status } from '@grpc/grpc-js';
import type { Clock, CloseReason, Connection, ConnectionEvents, Timer } from '@muster/ports';
import type { GrpcOptions } from './options.js';

export type ClientStream = ClientDuplexStream<Uint8Array, Uint8Array>;
export type ServerStream = ServerDuplexStream<Uint8Array, Uint8Array>;

const FAREWELL = new Uint8Array(0);

/** One is on its way, one waits behind it: gRPC hands frames to the socket one by one, each in a turn of the loop of its own, so that whatever stands
 *  in a longer line waits for as many turns. What is sent meanwhile shares the next frame instead. */
const UNDER_WAY_MAX = 2;

/** What both ends share: opening once, ending once, and saying so to the one who handles it. An empty frame is not carried. */
abstract class GrpcConnection<Stream extends ClientStream | ServerStream> implements Connection {
  readonly remote: string;
  /** Told once, when nothing of this connection is left. */
  onEnd: (() => void) | undefined;
  protected readonly clock: Clock;
  protected readonly options: GrpcOptions;
  protected state: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
  protected stream: Stream;
  private events: ConnectionEvents | undefined;
  /** Sent before it was open: a dial that is tried again has to send them again. */
  private early: Uint8Array[] = [];
  private owesDrain = false;
  /** Frames that gRPC has and the socket not yet. */
  private underWay = 0;
  private closeTimer: Timer | undefined;

  constructor(stream: Stream, remote: string, clock: Clock, options: GrpcOptions) {
    this.stream = stream;
    this.remote = remote;
    this.clock = clock;
    this.options = options;
  }

  handle(events: ConnectionEvents): void {
    this.events = events;
    this.attach(this.stream);
  }

  send(frame: Uint8Array): boolean {
    if (this.state === 'open' && frame.length > 0) {
      this.write(frame);
      if (this.underWay < UNDER_WAY_MAX) return true;
      this.owesDrain = true;
    } else if (this.state === 'opening') {
      this.early.push(frame);
      this.owesDrain = true;
    }
    return false;
  }

  close(): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    this.writeEarly();
    this.state = 'closing';
    this.finish();
    // The other side answers the end of our half with the end of its own; one that hangs is cut off.
    this.closeTimer = this.clock.after(this.options.closeTimeoutMs, () => {
      this.abort();
      this.end('closed');
    });
  }

  /** Ends the stream without waiting for what is under way. */
  protected abstract abort(): void;
  /** Ends our half of the stream, after what was written. */
  protected abstract finish(): void;
  protected abstract take(frame: Uint8Array): void;

  protected attach(stream: Stream): void {
    stream.on('data', (frame: Uint8Array) => this.take(frame));
  }

  protected opened(): void {
    if (this.state !== 'opening') return;
    this.state = 'open';
    this.events?.open();
    if (this.state !== 'open') return;
    this.writeEarly();
    if (this.underWay < UNDER_WAY_MAX) this.drained();
  }

  protected deliver(frame: Uint8Array): void {
    this.opened();
    if (this.state === 'open') this.events?.frame(frame);
  }

  protected end(reason: CloseReason): void {
    if (this.state === 'closed') return;
    const asked = this.state === 'closing';
    this.state = 'closed';
    this.closeTimer?.cancel();
    this.onEnd?.();
    this.events?.close(asked ? 'closed' : reason);
  }

  private writeEarly(): void {
    for (const frame of this.early) if (frame.length > 0) this.write(frame);
    this.early = [];
  }

  private write(frame: Uint8Array): void {
    const { stream } = this;
    this.underWay += 1;
    stream.write(frame, () => {
      // A dial that was tried again has another stream, and nothing under way on it yet.
      if (stream !== this.stream) return;
      this.underWay -= 1;
      if (this.underWay < UNDER_WAY_MAX) this.drained();
    });
  }

  private drained(): void {
    if (!this.owesDrain || this.state !== 'open') return;
    this.owesDrain = false;
    this.events?.drain();
  }
}

/** One try to reach the other side, with a channel of its own. */
export interface DialAttempt {
  readonly stream: ClientStream;
  /** Gives the channel back; `broken` does not wait for the other side to agree. */
  close(how: 'settled' | 'broken'): void;
}

/** The end that dialed. */
export class DialedConnection extends GrpcConnection<ClientStream> {
  private readonly dial: () => DialAttempt;
  private attempt: DialAttempt;
  private attemptsLeft: number;
  private settledWell = false;
  private dialTimer: Timer | undefined;

  constructor(dial: () => DialAttempt, remote: string, clock: Clock, options: GrpcOptions) {
    const attempt = dial();
    super(attempt.stream, remote, clock, options);
    this.dial = dial;
    this.attempt = attempt;
    this.attemptsLeft = options.dialAttempts - 1;
  }

  override handle(events: ConnectionEvents): void {
    super.handle(events);
    this.dialTimer = this.clock.after(this.options.dialTimeoutMs, () => {
      if (this.state !== 'opening') return;
      this.abort();
      this.end('unreachable');
    });
  }

  protected override attach(stream: ClientStream): void {
    super.attach(stream);
    // The acceptor sends its headers at once: they say that somebody took the stream.
    stream.on('metadata', () => this.opened());
    // 'error' repeats what 'status' says, and would be thrown if nobody listened.
    stream.on('error', () => undefined);
    stream.on('status', (result: StatusObject) => this.settled(result));
  }

  protected override opened(): void {
    this.dialTimer?.cancel();
    super.opened();
  }

  protected override end(reason: CloseReason): void {
    if (this.state === 'closed') return;
    this.dialTimer?.cancel();
    this.attempt.close(this.settledWell ? 'settled' : 'broken');
    super.end(reason);
  }

  protected abort(): void {
    this.stream.cancel();
  }

  protected finish(): void {
    this.stream.write(FAREWELL);
    this.stream.end();
  }

  protected take(frame: Uint8Array): void {
    this.deliver(frame);
  }

  private settled({ code, details }: StatusObject): void {
    this.settledWell = code === status.OK;
    if (this.state !== 'opening') this.end(code === status.OK ? 'closed' : afterOpen(code));
    else if (/\bECONNREFUSED\b/.test(details)) this.end('refused');
    else if (/\bECONNRESET\b/.test(details) && this.attemptsLeft > 0) this.again();
    else this.end('unreachable');
  }

  /** The kernel had taken the connection for a process that then died: only the next try shows whether anybody listens. */
  private again(): void {
    this.attemptsLeft -= 1;
    this.attempt.close('broken');
    this.attempt = this.dial();
    this.stream = this.attempt.stream;
    this.attach(this.stream);
  }
}

/** The end that accepted. */
export class AcceptedConnection extends GrpcConnection<ServerStream> {
  private farewell = false;

  protected override attach(stream: ServerStream): void {
    super.attach(stream);
    stream.on('error', () => this.end('overrun'));
    stream.on('cancelled', () => this.left());
    stream.on('end', () => {
      // End our half too, so that the dialer gets its status.
      stream.end();
      this.left();
    });
    stream.sendMetadata(stream.metadata.clone());
    queueMicrotask(() => this.opened());
  }

  protected abort(): void {
    this.stream.destroy();
  }

  protected finish(): void {
    this.stream.end();
  }

  protected take(frame: Uint8Array): void {
    if (frame.length === 0) this.farewell = true;
    else this.deliver(frame);
  }

  private left(): void {
    this.end(this.farewell ? 'closed' : 'reset');
  }
}

function afterOpen(code: status): CloseReason {
  return code === status.RESOURCE_EXHAUSTED ? 'overrun' : 'reset';
}
