import {
  type CloseReason,
  codeOf,
  isMusterError,
  type Log,
  type Millis,
  type MusterError,
  type PeerId,
  type Timer,
} from '@muster/ports';
import { type Envelope, type EnvelopeInit, type Lane, Link, type LinkSetup, type SendResult } from '@muster/wire';
import { helloOf, type PeerInfo, readHello, type SelfInfo } from './handshake.js';

/** Why a link is down. `replaced`: by a newer link, or the peer by a newer incarnation. `refused-by-peer`, `unknown-peer`: Goodbye was said there, or here. */
export type DownReason =
  | CloseReason
  | 'replaced'
  | 'disconnected'
  | 'refused-by-peer'
  | 'unknown-peer'
  | 'other-incarnation'
  | 'no-hello';

export interface PeerLinkEvents {
  /** Whether this process may come in: an error is said to it as Goodbye. */
  admit(info: PeerInfo): MusterError | undefined;
  /** Both Hellos were taken. */
  greeted(link: PeerLink, info: PeerInfo): void;
  envelope(info: PeerInfo, lane: Lane, envelope: Envelope): void;
  writable(info: PeerInfo, lane: Lane): void;
  /** Last call, once. */
  ended(link: PeerLink, reason: DownReason, detail: string): void;
}

export interface PeerLinkSetup extends Omit<LinkSetup, 'handler'> {
  readonly log: Log;
  readonly self: () => SelfInfo;
  /** Dialled by this side, which expects this peer there; undefined: accepted. */
  readonly expected: PeerId | undefined;
  readonly helloTimeoutMs: Millis;
  readonly events: PeerLinkEvents;
}

/** One link from its first byte to its end: Hello both ways, then envelopes. */
export class PeerLink {
  readonly expected: PeerId | undefined;
  private readonly link: Link;
  private readonly self: () => SelfInfo;
  private readonly events: PeerLinkEvents;
  private readonly timer: Timer;
  private remote: PeerInfo | undefined;
  private over = false;

  constructor({ self, expected, helloTimeoutMs, events, ...setup }: PeerLinkSetup) {
    this.self = self;
    this.expected = expected;
    this.events = events;
    this.link = new Link({
      ...setup,
      handler: {
        envelope: (lane, envelope) => this.receive(lane, envelope),
        writable: (lane) => {
          if (this.remote) this.events.writable(this.remote, lane);
        },
        closed: ({ reason, error }) => this.finish(reason, error?.message ?? ''),
      },
    });
    this.timer = setup.clock.after(helloTimeoutMs, () => this.end('no-hello'));
    if (this.dialled) this.sayHello();
  }

  get dialled(): boolean {
    return this.expected !== undefined;
  }

  /** Who is there; undefined before its Hello. */
  get info(): PeerInfo | undefined {
    return this.remote;
  }

  get remoteAddress(): string {
    return this.link.remote;
  }

  send(lane: Lane, envelope: EnvelopeInit): SendResult {
    return this.link.send(lane, envelope);
  }

  /** Ends it; `ended` is called before this returns. */
  end(reason: DownReason, detail = ''): void {
    this.finish(reason, detail);
    this.link.close();
  }

  /** Says why, then ends it. */
  refuse(error: unknown): void {
    const code = codeOf(error) ?? 'UNKNOWN_PEER';
    const message = isMusterError(error) ? error.message : '';
    this.link.send('control', { type: 'goodbye', body: { code, message } });
    this.end('unknown-peer', message);
  }

  private sayHello(): void {
    this.link.send('control', { type: 'hello', body: helloOf(this.self()) });
  }

  private receive(lane: Lane, envelope: Envelope): void {
    if (this.over) return;
    if (envelope.type === 'goodbye') this.end('refused-by-peer', `${envelope.body.code} ${envelope.body.message}`);
    else if (this.remote && envelope.type !== 'hello') this.events.envelope(this.remote, lane, envelope);
    else if (envelope.type === 'hello' && !this.remote) this.greet(envelope.body);
    else this.end('unknown-peer', `${envelope.type} in place of the first and only Hello`);
  }

  private greet(hello: Parameters<typeof readHello>[0]): void {
    let info: PeerInfo;
    try {
      info = readHello(hello, this.self());
      const error = this.events.admit(info);
      if (error) throw error;
    } catch (error) {
      this.refuse(error);
      return;
    }
    if (this.expected !== undefined && info.peer !== this.expected) {
      this.end('other-incarnation', info.peer);
      return;
    }
    this.remote = info;
    this.timer.cancel();
    // The acceptor's Hello leaves before anything that its users send when they hear of the link.
    if (!this.dialled) this.sayHello();
    this.events.greeted(this, info);
  }

  private finish(reason: DownReason, detail: string): void {
    if (this.over) return;
    this.over = true;
    this.timer.cancel();
    this.events.ended(this, reason, detail);
  }
}
