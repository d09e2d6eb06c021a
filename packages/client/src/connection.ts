// One connection after another, until the client is closed or the server says that it is over for good.
//
//   idle ── start ──► connecting ── upgraded ──► open ── lost ──► waiting ── back-off over ──► connecting
//                      │  ▲                       │ │
//                      │  └── told to move on ────┘ │ closed with 1000 (signed in elsewhere, signed out)
//                      │ refused for good           │
//                      └──────────► closed ◄────────┘
//
// Told to move on to another address, it goes there. From then on each attempt that fails leads to the other one of the two: the gateway that
// it came from may be gone for good, and so may the other.
import { CLOSE_NORMAL } from '@muster/tachyon';
import { reconnectDelay } from './back-off.js';
import { ClientError, UpgradeRefused } from './errors.js';
import type { ClientOptions } from './options.js';
import { type Socket, type SocketFactory, socketUrl } from './socket.js';
import { type TokenKeeper, unref } from './tokens.js';

export type ConnectionState = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed';

export interface ConnectionEvents {
  open(): void;
  text(text: string): void;
  /** An open connection broke; another will be tried. */
  lost(): void;
  /** Last call. */
  closed(error: ClientError): void;
  /** After each change. `error`: why, where something went wrong. */
  state(state: ConnectionState, error: ClientError | undefined): void;
}

export class ReconnectingConnection {
  /** Base URLs: what the program named, where it was last sent to, and which of the two is tried or open. */
  private readonly home: string;
  private away: string | undefined;
  private url: string;
  private readonly tokens: TokenKeeper;
  private readonly openSocket: SocketFactory;
  private readonly options: ClientOptions;
  private readonly events: ConnectionEvents;
  private current: ConnectionState = 'idle';
  private socket: Socket | undefined;
  private failures = 0;
  private openedAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private rejectedTokens = 0;

  constructor(
    url: string,
    tokens: TokenKeeper,
    openSocket: SocketFactory,
    options: ClientOptions,
    events: ConnectionEvents,
  ) {
    this.home = url;
    this.url = url;
    this.tokens = tokens;
    this.openSocket = openSocket;
    this.options = options;
    this.events = events;
  }

  get state(): ConnectionState {
    return this.current;
  }

  start(): void {
    if (this.current === 'idle') this.attempt();
  }

  /** Only while open. */
  send(text: string): void {
    this.socket?.send(text);
  }

  /** Breaks the connection as a bad network would; it comes back by itself. */
  drop(): void {
    this.socket?.drop();
  }

  /** Leaves an open connection for the server at `url`, or to come back here a little later. What was sent and not answered is lost with it. */
  moveOn(url: string | undefined): void {
    if (this.current !== 'open') return;
    const { socket } = this;
    this.socket = undefined;
    clearTimeout(this.silence);
    socket?.close(CLOSE_NORMAL, 'moving on');
    this.failures = 0;
    this.away = url;
    this.goTo(url ?? this.home);
    this.events.lost();
    if (url === undefined) this.wait(new ClientError('connection_lost', 'the server is restarting'), 0);
    else this.attempt();
  }

  /** Ends for good. */
  close(error: ClientError): void {
    if (this.current === 'closed') return;
    const { socket } = this;
    this.end(error);
    socket?.close(CLOSE_NORMAL, '');
  }

  private goTo(url: string): void {
    this.url = url;
    this.tokens.comeFrom(url);
  }

  private attempt(): void {
    this.enter('connecting');
    this.tokens.current().then(
      (token) => {
        if (this.current === 'connecting') this.dial(token);
      },
      (error: unknown) => this.failed(asClientError(error)),
    );
  }

  private dial(token: string): void {
    const socket = this.openSocket(socketUrl(this.url), token, this.options, {
      open: () => {
        if (this.socket !== socket) return;
        this.rejectedTokens = 0;
        this.openedAt = performance.now();
        this.tokens.start();
        this.heard();
        this.enter('open');
        this.events.open();
      },
      text: (text) => {
        if (this.socket !== socket) return;
        this.heard();
        this.events.text(text);
      },
      ping: () => this.socket === socket && this.heard(),
      close: (code, reason, error) => {
        if (this.socket !== socket) return;
        this.socket = undefined;
        this.lost(code, reason, error);
      },
    });
    this.socket = socket;
  }

  private lost(code: number, reason: string, error: ClientError | undefined): void {
    clearTimeout(this.silence);
    if (this.current !== 'open') {
      this.failed(error ?? new ClientError('unreachable', 'no connection'));
      return;
    }
    // The server closes normally when it must not be tried again: a newer sign-in of the same player, or a clean sign-out.
    if (code === CLOSE_NORMAL) {
      this.end(new ClientError('closed', reason || 'the server ended the session'));
      return;
    }
    if (performance.now() - this.openedAt >= this.options.reconnectResetMs) this.failures = 0;
    this.events.lost();
    this.wait(new ClientError('connection_lost', `closed with ${code}${reason ? `: ${reason}` : ''}`), 0);
  }

  private failed(error: ClientError): void {
    if (this.current !== 'connecting') return;
    const refused = error instanceof UpgradeRefused ? error : undefined;
    if (refused?.status === 401) {
      this.rejectedTokens += 1;
      this.tokens.reject();
    }
    // Whatever is wrong elsewhere says nothing about the server that the program named.
    if (this.url === this.home && this.isFinal(error)) {
      this.end(error);
      return;
    }
    if (this.away !== undefined) this.goTo(this.url === this.home ? this.away : this.home);
    this.wait(error, refused?.retryAfterMs ?? 0);
  }

  private isFinal(error: ClientError): boolean {
    if (!(error instanceof UpgradeRefused)) return error.code === 'sign_in_failed';
    // The token ran out or its key was rotated: one fresh sign-in; refused again means that it is not the token's age.
    return error.status === 401 ? this.rejectedTokens > 1 : error.final;
  }

  private wait(error: ClientError, atLeastMs: number): void {
    const delayMs = Math.max(atLeastMs, reconnectDelay(this.failures, Math.random(), this.options));
    this.failures += 1;
    this.enter('waiting', error);
    this.timer = setTimeout(() => this.attempt(), delayMs);
  }

  private heard(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket?.drop(), this.options.silenceMs);
    unref(this.silence);
  }

  private end(error: ClientError): void {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.tokens.stop();
    this.socket = undefined;
    this.enter('closed', error);
    this.events.closed(error);
  }

  private enter(state: ConnectionState, error?: ClientError): void {
    this.current = state;
    this.events.state(state, error);
  }
}

function asClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  return new ClientError('sign_in_failed', error instanceof Error ? error.message : String(error), { cause: error });
}
