import {
  type Clock,
  type CloseReason,
  type Connection,
  type ConnectionEvents,
  type Listener,
  MusterError,
  type Network,
} from '@muster/ports';

/** Bytes of one connection under way in one turn, past which `send` asks to wait. */
const IN_FLIGHT_BYTES = 1024 * 1024;
const FIRST_FREE_PORT = 49_152;

interface Host {
  readonly accept: (connection: Connection) => void;
  readonly ends: Set<LoopbackEnd>;
}

/**
 * Streams within one process, for the one-process cluster and for tests: no sockets, no bytes copied, every step in a turn
 * of its own through `clock.defer`, in the order of the calls. Nothing is ever lost here; faults are the simulator's.
 */
export class LoopbackNetwork implements Network {
  private readonly clock: Clock;
  private readonly hosts = new Map<string, Host>();
  private nextPort = FIRST_FREE_PORT;

  constructor({ clock }: { readonly clock: Clock }) {
    this.clock = clock;
  }

  async listen(address: string, accept: (connection: Connection) => void): Promise<Listener> {
    const taken = this.addressFor(address);
    if (this.hosts.has(taken)) throw new MusterError('ADDRESS_IN_USE', { address });
    const host: Host = { accept, ends: new Set() };
    this.hosts.set(taken, host);
    return {
      address: taken,
      close: async () => {
        if (this.hosts.get(taken) === host) this.hosts.delete(taken);
        for (const end of host.ends) end.close();
      },
    };
  }

  dial(address: string): Connection {
    const dialer = new LoopbackEnd(this.clock, address);
    this.clock.defer(() => {
      if (dialer.isClosing) return;
      const host = this.hosts.get(address);
      if (!host) {
        dialer.end('refused');
        return;
      }
      const acceptor = new LoopbackEnd(this.clock, 'loopback');
      host.ends.add(acceptor);
      acceptor.onEnd = () => host.ends.delete(acceptor);
      acceptor.peer = dialer;
      dialer.peer = acceptor;
      host.accept(acceptor);
      this.clock.defer(() => {
        acceptor.opened();
        dialer.opened();
      });
    });
    return dialer;
  }

  private addressFor(address: string): string {
    const colon = address.lastIndexOf(':');
    if (address.slice(colon + 1) !== '0') return address;
    for (;;) {
      const candidate = `${address.slice(0, colon)}:${this.nextPort}`;
      this.nextPort += 1;
      if (!this.hosts.has(candidate)) return candidate;
    }
  }
}

class LoopbackEnd implements Connection {
  readonly remote: string;
  peer: LoopbackEnd | undefined;
  onEnd: (() => void) | undefined;
  private readonly clock: Clock;
  private events: ConnectionEvents | undefined;
  private state: 'opening' | 'open' | 'closing' | 'closed' = 'opening';
  /** Frames sent before the connection was open. */
  private early: Uint8Array[] = [];
  private inFlight = 0;
  private owesDrain = false;

  constructor(clock: Clock, remote: string) {
    this.clock = clock;
    this.remote = remote;
  }

  get isClosing(): boolean {
    return this.state === 'closing' || this.state === 'closed';
  }

  handle(events: ConnectionEvents): void {
    this.events = events;
  }

  send(frame: Uint8Array): boolean {
    if (this.isClosing) return false;
    if (this.state === 'opening') {
      this.early.push(frame);
      this.owesDrain = true;
      return false;
    }
    this.transmit(frame);
    if (this.inFlight < IN_FLIGHT_BYTES) return true;
    this.owesDrain = true;
    return false;
  }

  close(): void {
    if (this.isClosing) return;
    const wasOpen = this.state === 'open';
    const early = this.early;
    this.state = 'closing';
    if (this.peer && !wasOpen) for (const frame of early) this.transmit(frame);
    const { peer } = this;
    // After what was sent: deferred calls keep their order.
    this.clock.defer(() => {
      this.end('closed');
      peer?.end('closed');
    });
  }

  opened(): void {
    if (this.state !== 'opening') return;
    this.state = 'open';
    this.events?.open();
    const early = this.early;
    this.early = [];
    for (const frame of early) this.transmit(frame);
    this.drainIfRoom();
  }

  end(reason: CloseReason): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.onEnd?.();
    this.events?.close(reason);
  }

  private transmit(frame: Uint8Array): void {
    this.inFlight += frame.length;
    const { peer } = this;
    this.clock.defer(() => {
      this.inFlight -= frame.length;
      peer?.deliver(frame);
      this.drainIfRoom();
    });
  }

  private deliver(frame: Uint8Array): void {
    if (this.state === 'open') this.events?.frame(frame);
  }

  private drainIfRoom(): void {
    if (!this.owesDrain || this.state !== 'open' || this.inFlight >= IN_FLIGHT_BYTES) return;
    this.owesDrain = false;
    this.events?.drain();
  }
}
