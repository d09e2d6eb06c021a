import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, PlayerId } from '@muster/ports';
import { MUSTER_SUBPROTOCOL, TACHYON_SUBPROTOCOL } from '@muster/tachyon';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { SignedIn, SocketListener } from '../core/client-socket.js';
import type { GatewayCore } from '../core/core.js';
import { failed, type HttpReply, limited } from '../oauth/reply.js';
import { addressOf } from './address.js';
import { libraryCloseReason } from './close-reasons.js';
import type { EdgeCounts, RefusedConnection } from './edge-counts.js';
import type { GatewayServerOptions } from './options.js';
import type { RequestLimits } from './request-limits.js';
import type { Door } from './sign-in.js';
import { WsClientSocket } from './ws-client-socket.js';

export const TACHYON_PATH = '/tachyon';
/** The first of them that a client offers is taken. */
const SUBPROTOCOLS: readonly string[] = [MUSTER_SUBPROTOCOL, TACHYON_SUBPROTOCOL];
/** Whoever is refused because this gateway stops may come back then: its successor, or another one behind the same address, is there. */
const STOPPING_RETRY_S = '2';

export interface UpgradesSetup {
  readonly clock: Clock;
  readonly core: GatewayCore;
  readonly door: Door;
  readonly limits: RequestLimits;
  readonly counts: EdgeCounts;
  readonly options: GatewayServerOptions;
}

/** A player's connection. What its listeners need is in it, so that they can be the same functions for all. */
class PlayerWebSocket extends WebSocket {
  session: SocketListener | undefined;
  edge: Upgrades | undefined;

  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason ?? (this.edge && libraryCloseReason(code, this.edge.frameBytesMax)));
  }
}

type Refusal = { readonly reason: RefusedConnection; readonly reply: HttpReply };

/** Turns `GET /tachyon` into a session, or answers why not: plain HTTP with a JSON body. */
export class Upgrades {
  private readonly setup: UpgradesSetup;
  private readonly server: WebSocketServer;
  /** Connections by address, those that are being admitted included. */
  private readonly perAddress = new Map<string, number>();
  private connections = 0;
  private stopping = false;

  constructor(setup: UpgradesSetup) {
    const { options } = setup;
    this.setup = setup;
    // Newer than the published types.
    const limits = {
      maxFragments: options.fragmentsMax,
      maxBufferedChunks: options.bufferedChunksMax,
      closeTimeout: options.closeTimeoutMs,
    };
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: true,
      perMessageDeflate: false,
      WebSocket: PlayerWebSocket,
      maxPayload: options.frameBytesMax,
      handleProtocols: (offered) => SUBPROTOCOLS.find((one) => offered.has(one)) ?? false,
      ...limits,
    });
    this.server.on('wsClientError', (_, socket, request) =>
      this.refuse(socket, request, {
        reason: 'handshake',
        reply: failed(400, 'invalid_request', 'no WebSocket handshake'),
      }),
    );
  }

  get frameBytesMax(): number {
    return this.setup.options.frameBytesMax;
  }

  get open(): number {
    return this.server.clients.size;
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Listeners that stay as long as the socket: a closure here would keep the whole request, its token and headers, for each player (2 KB).
    socket.on('error', cut);
    const { options, core, clock } = this.setup;
    const address = addressOf(request, options.proxies);
    const early = this.refusal(request, address);
    if (early) {
      this.refuse(socket, request, early);
      return;
    }
    // It comes once; `once` would keep a wrapper for as long as the socket lives.
    socket.on('close', this.take(address));
    // Once it is an upgrade, Node watches the socket no more. Its own time-out would leave a timer in each.
    const watch = clock.after(options.upgradeTimeoutMs, () => socket.destroy());
    const who = await this.admitted(request, socket).finally(() => watch.cancel());
    if (!who || socket.destroyed) return;
    this.server.handleUpgrade(request, socket, head, (ws) => {
      this.setup.counts.opened(this.open);
      this.join(ws as PlayerWebSocket, core.open(new WsClientSocket(ws, request.socket), who));
    });
  }

  /** Who may come in; undefined: nobody, and it was answered why where there still is a socket. */
  private async admitted(request: IncomingMessage, socket: Duplex): Promise<SignedIn | undefined> {
    const { door, core } = this.setup;
    const signIn = await door.admit(request, 'login');
    if (socket.destroyed) return undefined;
    if (!signIn.ok) {
      this.refuse(socket, request, signIn);
      return undefined;
    }
    const { who } = signIn;
    if (who.role === 'player' && core.logins.isFull && !(await core.isAwaited(who.playerId))) {
      const headers = { 'retry-after': String(Math.ceil(core.logins.retryAfterMs / 1_000)) };
      const reply = failed(503, 'server_error', 'too many wait for a session', headers);
      this.refuse(socket, request, { reason: 'login_queue', reply });
      return undefined;
    }
    const flood = who.role === 'player' ? await this.flood(who.playerId) : undefined;
    if (flood) {
      this.refuse(socket, request, flood);
      return undefined;
    }
    return who;
  }

  /** Whoever knows the account at every gateway decides; `door` has counted it here, so that a flood does not get so far. */
  private async flood(player: PlayerId): Promise<Refusal | undefined> {
    const { core, counts, options } = this.setup;
    const limit = { max: options.loginsMax, windowMs: options.loginsWindowMs };
    const retryAfterMs = await core.knock(player, limit, options.loginCountMs);
    // Its session cannot begin before the actor is back, and the count of this gateway stands.
    if (retryAfterMs === undefined) counts.loginUncounted();
    return retryAfterMs ? { reason: 'login_limit', reply: limited(retryAfterMs, 'too many logins') } : undefined;
  }

  /** No new sockets. Those that are open are the core's to close; `cut` ends what is left. */
  stop(): void {
    this.stopping = true;
  }

  cut(): void {
    for (const ws of this.server.clients) ws.terminate();
    this.server.close();
  }

  /** What can be said before anybody is asked. */
  private refusal(request: IncomingMessage, address: string): Refusal | undefined {
    const { limits, options } = this.setup;
    if (this.stopping)
      return {
        reason: 'stopping',
        reply: failed(503, 'server_error', 'the server is stopping', { 'retry-after': STOPPING_RETRY_S }),
      };
    const retryAfterMs = limits.address(address);
    if (retryAfterMs !== undefined) return { reason: 'address_limit', reply: limited(retryAfterMs) };
    if (request.url?.split('?')[0] !== TACHYON_PATH)
      return { reason: 'path', reply: failed(404, 'not_found', 'WebSockets are at /tachyon') };
    if (this.connections >= options.connectionsMax)
      return { reason: 'connections', reply: failed(503, 'server_error', 'the server is full') };
    if ((this.perAddress.get(address) ?? 0) >= options.connectionsPerAddressMax)
      return { reason: 'address_connections', reply: limited(options.loginsWindowMs, 'too many connections') };
    if (!subprotocols(request).some((one) => SUBPROTOCOLS.includes(one)))
      return {
        reason: 'subprotocol',
        reply: failed(400, 'invalid_request', `the subprotocol must be ${SUBPROTOCOLS.join(' or ')}`),
      };
    return undefined;
  }

  private take(address: string): () => void {
    this.connections += 1;
    this.perAddress.set(address, (this.perAddress.get(address) ?? 0) + 1);
    return () => {
      this.connections -= 1;
      const left = this.perAddress.get(address)! - 1;
      if (left === 0) this.perAddress.delete(address);
      else this.perAddress.set(address, left);
    };
  }

  private join(ws: PlayerWebSocket, session: SocketListener): void {
    ws.session = session;
    ws.edge = this;
    ws.on('message', heard);
    ws.on('ping', alive);
    ws.on('pong', alive);
    ws.on('error', broken);
    ws.on('close', closed);
  }

  /** The library has answered with the right close code by then; the socket's end follows. */
  broken(): void {
    this.setup.counts.cut('frame');
  }

  closed(): void {
    this.setup.counts.closed(this.open);
  }

  private refuse(socket: Duplex, _request: IncomingMessage, { reason, reply }: Refusal): void {
    this.setup.counts.refusedConnection(reason);
    const body = JSON.stringify(reply.body);
    const headers = {
      ...reply.headers,
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.once('finish', () => socket.destroy());
    socket.end(`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status]}\r\n${lines.join('')}\r\n${body}`);
  }
}

/** Listener of a socket that is of no use any more. */
function cut(this: Duplex): void {
  this.destroy();
}

// The library's types know its own class only.
function heard(this: WebSocket, data: RawData, isBinary: boolean): void {
  const { session } = this as PlayerWebSocket;
  if (isBinary) session?.binary();
  else session?.frame((data as Buffer).toString('utf8'), (data as Buffer).length);
}

function alive(this: WebSocket): void {
  (this as PlayerWebSocket).session?.alive();
}

function broken(this: WebSocket): void {
  (this as PlayerWebSocket).edge?.broken();
}

function closed(this: WebSocket): void {
  const { session, edge } = this as PlayerWebSocket;
  session?.closed();
  edge?.closed();
}

/** Node joins repeated headers with commas. */
function subprotocols({ headers }: IncomingMessage): readonly string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
}
