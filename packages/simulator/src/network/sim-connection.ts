// Both ends of one simulated stream, with the manners of the gRPC form (see wire/grpc-connection):
//
//   opening ── the acceptor took it ──► open ── close() here ──► closing ──► closed
//
// Frames that are sent while opening are kept and go first. The other process may die at any time: its kernel says so (`reset`), after
// what it had sent or in place of it. It may be paused: then its kernel takes what comes, up to the window. The way may be cut in either
// direction: nothing arrives, and after a while keep-alive ends what is left (`reset`).
import type { CloseReason, Connection, ConnectionEvents, Millis, Timer } from '@muster/ports';
import type { SimProcess } from '../engine/sim-process.js';
import type { Lane } from './lane.js';

export interface SimEndSetup {
  readonly process: SimProcess;
  readonly remote: string;
  readonly windowBytes: number;
  /** Told once, when this end is no more. */
  readonly ended: (end: SimEnd) => void;
  readonly delivered: (bytes: number) => void;
}

const CLOSING_MS: Millis = 500;

export class SimEnd implements Connection {
  readonly remote: string;
  readonly process: SimProcess;
  /** Towards the other end; undefined until the dial has arrived there. */
  lane: Lane | undefined;
  peer: SimEnd | undefined;
  private readonly setup: SimEndSetup;
  private events: ConnectionEvents | undefined;
  private phase: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
  private early: Uint8Array[] = [];
  private underWay = 0;
  private owesDrain = false;
  private closing: Timer | undefined;

  constructor(setup: SimEndSetup) {
    this.setup = setup;
    this.process = setup.process;
    this.remote = setup.remote;
  }

  get state(): 'opening' | 'open' | 'closing' | 'closed' {
    return this.phase;
  }

  handle(events: ConnectionEvents): void {
    this.events = events;
  }

  send(frame: Uint8Array): boolean {
    if (this.phase === 'opening') {
      this.early.push(frame);
      this.owesDrain = true;
      return false;
    }
    if (this.phase !== 'open') return false;
    this.transmit(frame);
    if (this.underWay < this.setup.windowBytes) return true;
    this.owesDrain = true;
    return false;
  }

  close(): void {
    if (this.phase === 'closing' || this.phase === 'closed') return;
    // Where nobody took the dial yet, nobody will.
    if (this.lane) for (const frame of this.early) this.transmit(frame);
    this.early = [];
    this.phase = 'closing';
    const { peer } = this;
    this.lane?.send({ bytes: 0, arrive: () => peer?.left('closed') });
    // The other side answers; one that hangs is cut off.
    this.closing = this.process.clock.after(CLOSING_MS, () => this.end('closed'));
    if (!this.lane) this.process.clock.defer(() => this.end('closed'));
  }

  /** Both kernels agree. */
  opened(): void {
    if (this.phase !== 'opening') return;
    this.phase = 'open';
    this.events?.open();
    if (this.phase !== 'open') return;
    for (const frame of this.early) this.transmit(frame);
    this.early = [];
    this.drainIfRoom();
  }

  /** It is over, for this side, here and now. */
  end(reason: CloseReason): void {
    if (this.phase === 'closed') return;
    const asked = this.phase === 'closing';
    this.phase = 'closed';
    this.closing?.cancel();
    this.setup.ended(this);
    this.events?.close(asked ? 'closed' : reason);
  }

  /** This side gives it up; the other side hears of it if the way is open. */
  break(reason: 'reset' | 'unreachable' = 'reset'): void {
    if (this.phase === 'closed') return;
    const { peer } = this;
    this.lane?.send({ bytes: 0, arrive: () => peer?.left('reset') });
    this.end(reason);
  }

  /** Its process is gone: its kernel says so, after what was under way or in place of it. */
  died(losesUnderWay: boolean): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    const { peer } = this;
    if (losesUnderWay) this.lane?.drop();
    this.lane?.send({ bytes: 0, arrive: () => peer?.left('reset') });
    this.setup.ended(this);
  }

  /** The other side's last word has arrived here. */
  private left(reason: CloseReason): void {
    if (this.phase === 'closed') return;
    this.process.run(() => {
      if (this.phase === 'closed') return;
      const { peer } = this;
      this.lane?.send({ bytes: 0, arrive: () => peer?.left('closed') });
      this.end(reason);
    });
  }

  private transmit(frame: Uint8Array): void {
    this.underWay += frame.length;
    const { peer } = this;
    this.lane!.send({
      bytes: frame.length,
      // The kernel takes it; the window opens when the process reads it.
      arrive: () => {
        if (peer && peer.phase !== 'closed') peer.process.run(() => this.read(frame));
      },
    });
  }

  private read(frame: Uint8Array): void {
    this.underWay -= frame.length;
    this.peer?.deliver(frame);
    if (this.owesDrain && this.phase === 'open') this.process.run(() => this.drainIfRoom());
  }

  private deliver(frame: Uint8Array): void {
    if (this.phase !== 'open') return;
    this.setup.delivered(frame.length);
    this.events?.frame(frame);
  }

  private drainIfRoom(): void {
    if (!this.owesDrain || this.phase !== 'open' || this.underWay >= this.setup.windowBytes) return;
    this.owesDrain = false;
    this.events?.drain();
  }
}
