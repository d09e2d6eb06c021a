import { Http, playerSignIn, type Tokens } from '@muster/client';
import { WebSocket } from 'ws';
import { until } from './until.js';

const HTTP_TIMEOUT_MS = 10_000;
const FRAME_DEADLINE_MS = 10_000;

/** How a gateway ended or refused a connection. */
export interface Ending {
  /** Close code of the WebSocket, or the HTTP status where it never opened. */
  readonly code: number;
  readonly reason: string;
}

export interface Frame {
  readonly type: string;
  readonly messageId: string;
  readonly commandId: string;
  readonly status?: string;
  readonly reason?: string;
  readonly data?: unknown;
}

/** Signs `name` in, as the SDK does. */
export async function tokensOf(url: string, name: string): Promise<Tokens> {
  const http = new Http(HTTP_TIMEOUT_MS);
  return playerSignIn({ loginHint: name }).obtain(http, await http.metadata(url));
}

/** A connection without the SDK: it sends what it is told to, right or wrong, and keeps every frame and how it ended. */
export class RawPlayer {
  readonly ws: WebSocket;
  readonly frames: Frame[] = [];
  ending: Ending | undefined;
  private sent = 0;

  constructor(url: string, token: string | undefined, protocols: readonly string[] = ['v0.tachyon']) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.ws = new WebSocket(`${url.replace('http', 'ws')}/tachyon`, [...protocols], { headers });
    this.ws.on('message', (data) => this.frames.push(JSON.parse(String(data)) as Frame));
    this.ws.on('close', (code, reason) => {
      this.ending ??= { code, reason: reason.toString() };
    });
    this.ws.on('unexpected-response', (request, response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += String(chunk);
      });
      response.on('end', () => {
        this.ending ??= { code: response.statusCode!, reason: body };
        request.destroy();
      });
    });
    // What went wrong is in `ending`.
    this.ws.on('error', () => undefined);
  }

  /** Signed in and told of itself. */
  static async enter(url: string, name: string): Promise<RawPlayer> {
    const player = new RawPlayer(url, (await tokensOf(url, name)).accessToken);
    await player.has(({ commandId }) => commandId === 'user/self');
    return player;
  }

  /** Id of the player that is signed in here. */
  get userId(): string {
    const self = this.frames.find(({ commandId }) => commandId === 'user/self')!;
    return (self.data as { readonly user: { readonly userId: string } }).user.userId;
  }

  /** The answer to one request. */
  async request(commandId: string, data?: unknown): Promise<Frame> {
    this.sent += 1;
    const messageId = `raw-${this.sent}`;
    this.ws.send(JSON.stringify({ type: 'request', messageId, commandId, data }));
    return this.has((frame) => frame.type === 'response' && frame.messageId === messageId);
  }

  /** The first such frame. @throws Error where the connection ends before. */
  async has(fits: (frame: Frame) => boolean): Promise<Frame> {
    const isThere = (): boolean => this.frames.some(fits) || this.ending !== undefined;
    await until(isThere, FRAME_DEADLINE_MS, 'the frame has come');
    const frame = this.frames.find(fits);
    if (!frame) throw new Error(`ended with ${JSON.stringify(this.ending)}`);
    return frame;
  }

  async ended(deadlineMs = FRAME_DEADLINE_MS): Promise<Ending> {
    await until(() => this.ending !== undefined, deadlineMs, 'the connection has ended');
    return this.ending!;
  }
}
