import { MUSTER_SUBPROTOCOL, TACHYON_SUBPROTOCOL } from '@muster/tachyon';
import { type RawData, WebSocket } from 'ws';
import { ClientError, UpgradeRefused } from './errors.js';
import type { ClientOptions } from './options.js';

export interface SocketEvents {
  open(): void;
  text(text: string): void;
  /** The other side is alive. */
  ping(): void;
  /** Last call. `error` says why a connection never opened. */
  close(code: number, reason: string, error: ClientError | undefined): void;
}

/** One WebSocket. */
export interface Socket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Ends it without a closing handshake; `close` is called nevertheless. */
  drop(): void;
}

/** Opens a WebSocket with a bearer token. Browsers cannot set that header: they bring their own. */
export type SocketFactory = (url: string, token: string, options: ClientOptions, events: SocketEvents) => Socket;

/** Longest body of a refused upgrade that is read. */
const REFUSAL_BYTES_MAX = 4_096;

/** With Node's `ws`. */
export const nodeSocket: SocketFactory = (url, token, options, events) => {
  const socket = new WebSocket(url, [MUSTER_SUBPROTOCOL, TACHYON_SUBPROTOCOL], {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
    handshakeTimeout: options.upgradeTimeoutMs,
    maxPayload: options.frameBytesMax,
  });
  let failure: ClientError | undefined;
  let ended = false;
  const end = (code: number, reason: string): void => {
    if (ended) return;
    ended = true;
    events.close(code, reason, failure);
  };
  socket.on('open', () => events.open());
  socket.on('ping', () => events.ping());
  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) socket.close(1003, 'only text frames are understood here');
    else events.text(String(data));
  });
  socket.on('unexpected-response', (request, response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      if (body.length < REFUSAL_BYTES_MAX) body += chunk;
    });
    response.on('close', () => {
      const retryAfterMs = Number(response.headers['retry-after'] ?? 0) * 1_000;
      failure = new UpgradeRefused(response.statusCode ?? 0, refusalText(body), retryAfterMs || 0);
      request.destroy();
      end(1006, '');
    });
  });
  socket.on('error', (error) => {
    failure ??= new ClientError('unreachable', error.message, { cause: error });
  });
  socket.on('close', (code, reason) => end(code, reason.toString()));
  return {
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
    drop: () => socket.terminate(),
  };
};

/** What an OAuth2 error body says, else its beginning. */
function refusalText(body: string): string {
  try {
    const { error, error_description: description } = JSON.parse(body) as Record<string, unknown>;
    return [error, description].filter((part) => typeof part === 'string').join(': ');
  } catch {
    return body.slice(0, 200);
  }
}

/** Where the WebSocket is, below a server's base URL. */
export function socketUrl(baseUrl: string): string {
  const url = new URL('/tachyon', baseUrl);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
