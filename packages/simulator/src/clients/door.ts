import type { ClientSocket, SignedIn, SocketListener } from '@muster/gateway';
import type { Millis, SeededRandom, VirtualClock } from '@muster/ports';
import type { SimProcess } from '../engine/sim-process.js';
import { Lane } from '../network/lane.js';
import { Ways } from '../network/ways.js';
import type { GatewayRole } from '../roles/gateway.js';

/** A client's end of its connection. */
export interface ClientEnd {
  send(text: string): void;
  /** Ends it without a word to the server's application. */
  drop(): void;
}

export interface ClientEvents {
  frame(text: string): void;
  /** 1006: it broke. */
  closed(code: number, reason: string): void;
}

export interface DoorSetup {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly latencyMs: Millis;
  readonly retransmitMs: Millis;
}

const BROKEN = 1006;

/** Sockets between clients and gateways: ordered, slow as the internet is, broken when the gateway dies. */
export class Door {
  readonly ways: Ways;
  private readonly setup: DoorSetup;

  constructor(setup: DoorSetup) {
    const { random, latencyMs } = setup;
    this.setup = setup;
    this.ways = new Ways({
      random: random.fork(),
      latencyMs,
      jitterMs: latencyMs / 2,
      now: () => setup.clock.monotonic(),
    });
  }

  connect(device: string, gateway: GatewayAt | undefined, who: SignedIn, events: ClientEvents): ClientEnd {
    return new Socket(this.setup, this.ways, device, gateway, who, events);
  }
}

export interface GatewayAt {
  readonly process: SimProcess;
  readonly role: GatewayRole;
}

class Socket implements ClientEnd {
  private readonly events: ClientEvents;
  private readonly up: Lane;
  private readonly down: Lane;
  private readonly gateway: GatewayAt | undefined;
  private listener: SocketListener | undefined;
  private state: 'open' | 'server-closed' | 'over' = 'open';
  private readonly forgetDeath: () => void;

  constructor(
    setup: DoorSetup,
    ways: Ways,
    device: string,
    gateway: GatewayAt | undefined,
    who: SignedIn,
    events: ClientEvents,
  ) {
    const { clock, random, retransmitMs } = setup;
    const host = gateway?.process.id ?? 'nobody';
    const lane = (from: string, to: string) =>
      new Lane({ clock, random, ways, retransmitMs, from, to, stuck: () => undefined });
    this.events = events;
    this.gateway = gateway;
    this.up = lane(device, host);
    this.down = lane(host, device);
    this.forgetDeath = gateway?.process.onDeath(() => this.broken()) ?? (() => undefined);
    this.up.send({
      bytes: 0,
      arrive: () => (gateway ? gateway.process.run(() => this.open(gateway, who)) : this.broken()),
    });
  }

  send(text: string): void {
    this.up.send({ bytes: text.length, arrive: () => this.gateway?.process.run(() => this.listener?.frame(text)) });
  }

  drop(): void {
    if (this.state === 'over') return;
    this.end();
    this.up.send({ bytes: 0, arrive: () => this.gateway?.process.run(() => this.gone()) });
  }

  private open({ role }: GatewayAt, who: SignedIn): void {
    this.listener = role.open(this.serverSide(), who);
    if (!this.listener) this.broken();
  }

  private serverSide(): ClientSocket {
    return {
      send: (text) => {
        this.toClient(() => this.events.frame(text), text.length);
        return 0;
      },
      ping: () => this.toClient(() => this.pong(), 0),
      close: (code, reason) => {
        if (this.state !== 'open') return;
        this.state = 'server-closed';
        this.down.send({ bytes: 0, arrive: () => this.closed(code, reason) });
      },
    };
  }

  private toClient(arrive: () => void, bytes: number): void {
    if (this.state !== 'open') return;
    this.down.send({
      bytes,
      arrive: () => {
        if (this.state !== 'over') arrive();
      },
    });
  }

  private pong(): void {
    this.up.send({ bytes: 0, arrive: () => this.gateway?.process.run(() => this.listener?.alive()) });
  }

  private closed(code: number, reason: string): void {
    if (this.state === 'over') return;
    this.end();
    this.up.send({ bytes: 0, arrive: () => this.gateway?.process.run(() => this.gone()) });
    this.events.closed(code, reason);
  }

  /** The server's process is gone, or nobody listens there: its kernel says so. */
  private broken(): void {
    this.down.send({
      bytes: 0,
      arrive: () => {
        if (this.state === 'over') return;
        this.end();
        this.events.closed(BROKEN, '');
      },
    });
  }

  private end(): void {
    this.state = 'over';
    this.forgetDeath();
  }

  private gone(): void {
    this.listener?.closed();
    this.listener = undefined;
  }
}
