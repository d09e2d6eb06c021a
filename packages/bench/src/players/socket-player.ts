import { type Http, type Metadata, playerSignIn } from '@muster/client';
import { requestFrame, TACHYON_SUBPROTOCOL } from '@muster/tachyon';
import { type RawData, WebSocket } from 'ws';

/** From the first byte of the upgrade to `user/self`, a wait in the login queue included. */
const OPEN_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 20_000;

interface Frame {
  readonly type: string;
  readonly messageId: string;
  readonly commandId: string;
  readonly status?: string;
  readonly reason?: string;
  readonly details?: string;
  readonly data?: unknown;
}

/** A player as thin as can be, for tens of thousands in one process: a socket that speaks Tachyon and does not come back when it is lost. */
export class SocketPlayer {
  readonly userId: string;
  /** Length of its `user/self`. */
  readonly selfBytes: number;
  /** Why it has no connection any more. */
  lost: string | undefined;
  /** Events as they came, unread. */
  onEvent: (frame: Buffer) => void = () => undefined;
  private readonly socket: WebSocket;
  private readonly waiting = new Map<string, (frame: Frame | Error) => void>();
  private requests = 0;

  private constructor(socket: WebSocket, userId: string, selfBytes: number) {
    this.socket = socket;
    this.userId = userId;
    this.selfBytes = selfBytes;
  }

  /** Signs in as a person would: authorization code, PKCE, redirect. */
  static async signIn(gateway: string, http: Http, metadata: Metadata, loginHint: string): Promise<SocketPlayer> {
    const { accessToken } = await playerSignIn({ loginHint }).obtain(http, metadata);
    return SocketPlayer.open(gateway, accessToken);
  }

  /** Connects and waits for its own `user/self`. `from`: address of this machine to connect from. @throws Error what the server said */
  static open(gateway: string, accessToken: string, from?: string): Promise<SocketPlayer> {
    const socket = new WebSocket(`${gateway.replace(/^http/, 'ws')}/tachyon`, [TACHYON_SUBPROTOCOL], {
      perMessageDeflate: false,
      headers: { authorization: `Bearer ${accessToken}` },
      ...(from === undefined ? {} : { localAddress: from }),
    });
    return new Promise((resolve, reject) => {
      let player: SocketPlayer | undefined;
      const fail = (why: string): void => {
        clearTimeout(timer);
        if (player) player.end(why);
        else reject(new Error(why));
      };
      const timer = setTimeout(() => {
        fail(`no user/self within ${OPEN_TIMEOUT_MS} ms`);
        socket.terminate();
      }, OPEN_TIMEOUT_MS);
      socket.on('unexpected-response', (request, { statusCode }) => {
        fail(`the upgrade was answered with ${statusCode}`);
        request.destroy();
      });
      socket.on('error', (error) => fail(error.message));
      socket.on('close', (code, reason) => fail(`closed with ${code} ${reason}`));
      socket.on('message', (data: RawData) => {
        if (player) {
          player.receive(data as Buffer);
          return;
        }
        clearTimeout(timer);
        const { commandId, data: self } = JSON.parse(String(data)) as Frame;
        if (commandId !== 'user/self') fail(`the first event is ${commandId}`);
        else {
          const { userId } = (self as { readonly user: { readonly userId: string } }).user;
          player = new SocketPlayer(socket, userId, (data as Buffer).length);
          resolve(player);
        }
      });
    });
  }

  /** @returns data of the answer. @throws Error the reason of a failure, or that none came */
  request(commandId: string, data?: unknown): Promise<unknown> {
    this.requests += 1;
    const messageId = String(this.requests);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => hear(new Error(`${commandId} was not answered`)), ANSWER_TIMEOUT_MS);
      const hear = (frame: Frame | Error): void => {
        clearTimeout(timer);
        this.waiting.delete(messageId);
        if (frame instanceof Error) reject(frame);
        else if (frame.status === 'success') resolve(frame.data);
        else reject(new Error(`${commandId} failed: ${frame.reason} ${frame.details ?? ''}`));
      };
      if (this.lost !== undefined) {
        hear(new Error(this.lost));
        return;
      }
      this.waiting.set(messageId, hear);
      this.socket.send(requestFrame(messageId, commandId, data === undefined ? undefined : JSON.stringify(data)));
    });
  }

  /** Leaves as who quits: its session ends. */
  async leave(): Promise<void> {
    if (this.lost === undefined) await this.request('system/disconnect').catch(() => undefined);
    this.socket.terminate();
  }

  private receive(frame: Buffer): void {
    if (!isResponse(frame)) {
      this.onEvent(frame);
      return;
    }
    const read = JSON.parse(frame.toString('utf8')) as Frame;
    this.waiting.get(read.messageId)?.(read);
  }

  private end(why: string): void {
    this.lost ??= why;
    for (const hear of [...this.waiting.values()]) hear(new Error(this.lost));
  }
}

const RESPONSE_HEAD = '{"type":"response"';

function isResponse(frame: Buffer): boolean {
  return frame.toString('latin1', 0, RESPONSE_HEAD.length) === RESPONSE_HEAD;
}
