import { type Http, type Metadata, playerSignIn } from '@muster/client';
import { TACHYON_SUBPROTOCOL } from '@muster/tachyon';
import { type RawData, WebSocket } from 'ws';
import { ID_LENGTH, messageId, RESPONSE_ID_AT, requestFrame } from './frames.js';

const OPEN_TIMEOUT_MS = 20_000;

/** One client with one request under way: the next leaves when the answer came. */
export class LoadClient {
  readonly userId: string;
  private readonly index: number;
  private readonly socket: WebSocket;
  private requests = 0;
  private awaited = '';
  private sentAt = 0;
  /** What every answer says behind its id, from the first one. */
  private tail: string | undefined;
  private onAnswer: (latencyMs: number, right: boolean) => void = () => undefined;

  private constructor(index: number, socket: WebSocket, userId: string) {
    this.index = index;
    this.socket = socket;
    this.userId = userId;
    socket.on('message', (data: RawData) => this.receive(data as Buffer));
  }

  /** Signs in as a person would (authorization code, PKCE, redirect) and waits for its own `user/self`. */
  static async signIn(gateway: string, http: Http, metadata: Metadata, index: number): Promise<LoadClient> {
    const loginHint = `bench-${String(index).padStart(5, '0')}`;
    const { accessToken } = await playerSignIn({ loginHint }).obtain(http, metadata);
    const url = `${gateway.replace(/^http/, 'ws')}/tachyon`;
    const socket = new WebSocket(url, [TACHYON_SUBPROTOCOL], {
      perMessageDeflate: false,
      headers: { authorization: `Bearer ${accessToken}` },
    });
    const [, text] = await Promise.all([opened(socket), firstText(socket)]);
    const { commandId, data } = JSON.parse(text) as { commandId: string; data: { user: { userId: string } } };
    if (commandId !== 'user/self') throw new Error(`the first event is ${commandId}`);
    return new LoadClient(index, socket, data.user.userId);
  }

  static async raw(url: string, index: number, userId: string): Promise<LoadClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await opened(socket);
    return new LoadClient(index, socket, userId);
  }

  /** Each answer is reported; whoever listens decides whether to go on. */
  listen(onAnswer: (latencyMs: number, right: boolean) => void): void {
    this.onAnswer = onAnswer;
  }

  ask(): void {
    this.requests += 1;
    this.awaited = messageId(this.index, this.requests);
    this.sentAt = performance.now();
    this.socket.send(requestFrame(this.awaited, this.userId));
  }

  /** Length of its answers. */
  get answerBytes(): number {
    return this.tail === undefined ? 0 : RESPONSE_ID_AT + ID_LENGTH + this.tail.length;
  }

  /** What an answer says, for a look by hand. */
  get sample(): string {
    return this.tail ?? '';
  }

  private receive(data: Buffer): void {
    const id = data.toString('latin1', RESPONSE_ID_AT, RESPONSE_ID_AT + ID_LENGTH);
    const tail = data.toString('latin1', RESPONSE_ID_AT + ID_LENGTH);
    const right = id === this.awaited && tail === (this.tail ?? tail);
    this.tail ??= tail;
    this.onAnswer(performance.now() - this.sentAt, right);
  }
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the WebSocket did not open')), OPEN_TIMEOUT_MS);
    socket.once('open', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once('error', reject);
    socket.on('error', () => undefined);
  });
}

function firstText(socket: WebSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no first event came')), OPEN_TIMEOUT_MS);
    socket.once('message', (data: RawData) => {
      clearTimeout(timer);
      resolve((data as Buffer).toString('utf8'));
    });
  });
}
