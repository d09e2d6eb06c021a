import { isDeepStrictEqual } from 'node:util';
import { WebSocket } from 'ws';
import type { Frame, FrameBook } from './frames.js';

export interface PeerSetup {
  readonly name: string;
  readonly book: FrameBook;
  /** Where to connect now. */
  readonly url: () => string;
  readonly token: (url: string) => Promise<string>;
  readonly protocol: 'v0.tachyon' | 'v0.muster';
  readonly role: 'player' | 'autohost';
  /** Called before every request: what may happen between two steps happens now. */
  readonly between: () => Promise<void>;
  /** How long an answer or an event may take. */
  readonly deadlineMs: number;
  /** The client is told its whole state again where events were lost with a process; else that is a mistake. */
  readonly maybeRefreshed: boolean;
}

export interface AskOptions {
  /** The request is wrong on purpose: what is sent need not fit. */
  readonly malformed?: true;
}

/**
 * One client without an SDK. It is strict: what it hears must be taken, in order, with {@link hears}; when an answer comes, nothing that it was not
 * asked for may have come before it (K16: a reply comes before the updates it caused); and every frame must fit the schemas.
 */
export class Peer {
  readonly name: string;
  readonly faults: string[] = [];
  /** Data of the last `user/self`. */
  self: { readonly user: Readonly<Record<string, unknown>> & { readonly userId: string } } | undefined;
  /** What an autohost says, and is asked, first on every connection. */
  greet: (() => Promise<void>) | undefined;
  /** What happens to others too: it may come at any time, before an answer as well, and need not be taken. */
  readonly overhears = new Set<string>();
  /** What it was ever told or asked by the server. */
  readonly told = new Set<string>();
  ending: { readonly code: number; readonly reason: string } | undefined;
  private readonly setup: PeerSetup;
  private readonly heard: Frame[] = [];
  private readonly answers = new Map<string, Frame>();
  private readonly waiting = new Set<() => void>();
  private socket: WebSocket | undefined;
  private sent = 0;

  constructor(setup: PeerSetup) {
    this.setup = setup;
    this.name = setup.name;
  }

  get userId(): string {
    if (!this.self) throw new Error(`${this.name} was not told of itself`);
    return this.self.user.userId;
  }

  get isPlayer(): boolean {
    return this.setup.role === 'player';
  }

  /** It may be told the whole instead of a change, where events were lost with a process. */
  get maybeRefreshed(): boolean {
    return this.setup.maybeRefreshed;
  }

  get isConnected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Opens a connection. */
  async connect(): Promise<void> {
    const url = this.setup.url();
    const headers = { authorization: `Bearer ${await this.setup.token(url)}` };
    const socket = new WebSocket(`${url.replace('http', 'ws')}/tachyon`, [this.setup.protocol], { headers });
    this.socket = socket;
    this.ending = undefined;
    const whileCurrent = (happens: () => void): void => {
      if (this.socket !== socket) return;
      happens();
      this.changed();
    };
    const end = (code: number, reason: string): void => {
      this.ending ??= { code, reason };
    };
    socket.on('open', () => whileCurrent(() => undefined));
    socket.on('message', (data) => whileCurrent(() => this.take(JSON.parse(String(data)) as Frame)));
    socket.on('close', (code, reason) => whileCurrent(() => end(code, reason.toString())));
    socket.on('error', (error) => whileCurrent(() => end(0, error.message)));
    await this.until(() => socket.readyState === WebSocket.OPEN || this.ending !== undefined, 'is connected');
    if (this.ending) throw new Error(`${this.name} could not connect: ${JSON.stringify(this.ending)}`);
  }

  /** A player's connection: `user/self` is its first frame. */
  async enter(): Promise<void> {
    this.self = undefined;
    await this.connect();
    await this.until(() => this.self !== undefined || this.ending !== undefined, 'is told of itself');
    if (this.ending) throw new Error(`${this.name} was not let in: ${JSON.stringify(this.ending)}`);
  }

  /** Brings back a client whose server was away. @throws Error where nobody has said how an autohost comes back */
  async comeBack(): Promise<void> {
    if (this.isPlayer) return this.enter();
    await this.connect();
    if (!this.greet) throw new Error(`${this.name} does not know what to say first`);
    await this.greet();
  }

  /** The socket is gone without a word. */
  drop(): void {
    const { socket } = this;
    this.socket = undefined;
    socket?.terminate();
  }

  async ended(): Promise<{ readonly code: number; readonly reason: string }> {
    await this.until(() => this.ending !== undefined, 'is closed');
    return this.ending!;
  }

  /** Sends whatever it is. */
  raw(text: string): void {
    this.socket!.send(text);
  }

  /** Asks, and returns the answer. */
  async ask(commandId: string, data?: unknown, options: AskOptions = {}): Promise<Frame> {
    await this.setup.between();
    const answer = await this.answered(this.send(commandId, data, options));
    return answer;
  }

  /** Asks without waiting. @returns the message's id, for {@link answered}. */
  send(commandId: string, data?: unknown, { malformed }: AskOptions = {}): string {
    this.sent += 1;
    const messageId = `${this.name}-${this.sent}`;
    const frame: Frame = { type: 'request', messageId, commandId, ...(data === undefined ? {} : { data }) };
    if (!malformed) this.check('sent', frame);
    this.raw(JSON.stringify(frame));
    return messageId;
  }

  async answered(messageId: string): Promise<Frame> {
    await this.until(() => this.answers.has(messageId) || this.ending !== undefined, `is answered ${messageId}`);
    const answer = this.answers.get(messageId);
    if (!answer) throw new Error(`${this.name} was cut off: ${JSON.stringify(this.ending)}`);
    this.answers.delete(messageId);
    return answer;
  }

  /** Asks, expects success, and returns its data. */
  async ok<T = unknown>(commandId: string, data?: unknown): Promise<T> {
    const answer = await this.ask(commandId, data);
    if (answer.status !== 'success')
      throw new Error(`${this.name}: ${commandId} failed: ${answer.reason} ${answer.details ?? ''}`);
    return answer.data as T;
  }

  /** Asks and expects this failure. @returns the details. */
  async fails(reason: string, commandId: string, data?: unknown, options: AskOptions = {}): Promise<string> {
    const answer = await this.ask(commandId, data, options);
    if (answer.status !== 'failed' || answer.reason !== reason)
      throw new Error(`${this.name}: ${commandId} should fail with ${reason}: ${JSON.stringify(answer)}`);
    return answer.details ?? '';
  }

  /** The next thing this client hears must be this event or request of the server. @returns its data. */
  async hears<T = unknown>(commandId: string): Promise<T> {
    return (await this.next(commandId)).data as T;
  }

  /** The next thing must be this, with exactly this data. */
  async hearsExactly(commandId: string, data: unknown): Promise<void> {
    const heard = await this.hears(commandId);
    if (!isDeepStrictEqual(heard, data))
      throw new Error(`${this.name}: ${commandId} says ${JSON.stringify(heard)}, not ${JSON.stringify(data)}`);
  }

  /** The next things must be these, in whatever order. @returns their data in the order of `commandIds`. */
  async hearsTogether(...commandIds: readonly string[]): Promise<readonly unknown[]> {
    const missing = [...commandIds];
    const data: unknown[] = [];
    while (missing.length > 0) {
      const frame = await this.next();
      const at = missing.indexOf(frame.commandId);
      if (at < 0) throw new Error(`${this.name} should hear ${missing.join()}, not ${JSON.stringify(frame)}`);
      missing[at] = '';
      data[at] = frame.data;
      if (missing.every((one) => one === '')) break;
    }
    return data;
  }

  /** Whatever was heard is all the same, and when. @returns what was wrong with the frames themselves */
  forget(): readonly string[] {
    this.heard.length = 0;
    return this.faults.splice(0).filter((fault) => !fault.startsWith('before the answer'));
  }

  /** Whether this was heard is all the same. */
  mayHaveHeard(commandId: string): void {
    const others = this.heard.filter((frame) => frame.commandId !== commandId);
    this.heard.splice(0, this.heard.length, ...others);
  }

  /**
   * The next request of the server, which is then to be answered. It is another actor's than what a lobby says meanwhile: where processes may be
   * killed it may come behind that, as nothing but replies has its place before what others say (K16).
   */
  async asked(commandId: string): Promise<Frame> {
    const frame = this.setup.maybeRefreshed ? await this.nextRequest(commandId) : await this.next(commandId);
    if (frame.type !== 'request') throw new Error(`${this.name}: ${commandId} is no request`);
    return frame;
  }

  /** Answers a request of the server. */
  answer({ messageId, commandId }: Frame, answer: Partial<Frame> = { status: 'success' }): void {
    const frame: Frame = { type: 'response', messageId, commandId, ...answer };
    if (this.check('sent', frame)) this.setup.book.show(frame);
    this.raw(JSON.stringify(frame));
  }

  /** Sends an event. */
  tell(commandId: string, data: unknown): void {
    this.sent += 1;
    const frame: Frame = { type: 'event', messageId: `${this.name}-${this.sent}`, commandId, data };
    if (this.check('sent', frame)) this.setup.book.show(frame);
    this.raw(JSON.stringify(frame));
  }

  /** What was heard and not taken. */
  get untaken(): readonly Frame[] {
    return this.heard.filter(({ commandId }) => !this.overhears.has(commandId));
  }

  /** Waits for the socket to bring it about. @throws Error where it does not in time */
  private async until(isSo: () => boolean, what: string): Promise<void> {
    if (isSo()) return;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        this.waiting.delete(look);
        reject(new Error(`${this.name} should soon be so far that it ${what}`));
      }, this.setup.deadlineMs);
      const look = (): void => {
        if (!isSo()) return;
        clearTimeout(late);
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
    });
  }

  private changed(): void {
    for (const look of [...this.waiting]) look();
  }

  private async next(commandId?: string): Promise<Frame> {
    await this.until(() => this.heard.length > 0 || this.ending !== undefined, `hears ${commandId ?? 'something'}`);
    const frame = this.heard.shift();
    if (!frame) throw new Error(`${this.name} waits for ${commandId} and was cut off: ${JSON.stringify(this.ending)}`);
    if (commandId !== undefined && frame.commandId !== commandId)
      throw new Error(`${this.name} should hear ${commandId}, not ${JSON.stringify(frame)}`);
    return frame;
  }

  private async nextRequest(commandId: string): Promise<Frame> {
    const at = (): number => this.heard.findIndex((frame) => frame.type === 'request');
    await this.until(() => at() >= 0 || this.ending !== undefined, `is asked ${commandId}`);
    const [frame] = at() < 0 ? [] : this.heard.splice(at(), 1);
    if (frame?.commandId === commandId) return frame;
    throw new Error(`${this.name} should be asked ${commandId}, not ${JSON.stringify(frame ?? this.ending)}`);
  }

  private take(frame: Frame): void {
    const isRight = this.check('got', frame);
    // Of requests only the answer shows anything.
    if (isRight && frame.type !== 'request') this.setup.book.show(frame);
    if (frame.type === 'response') {
      const [early] = this.untaken;
      if (early) this.faults.push(`before the answer to ${frame.commandId} came ${JSON.stringify(early)}`);
      this.answers.set(frame.messageId, frame);
      return;
    }
    this.told.add(frame.commandId);
    if (frame.commandId === 'user/self' && (this.self === undefined || this.setup.maybeRefreshed)) {
      this.self = frame.data as Exclude<Peer['self'], undefined>;
      return;
    }
    if (this.self === undefined && this.isPlayer) this.faults.push(`${frame.commandId} came before user/self`);
    this.heard.push(frame);
  }

  private check(how: 'sent' | 'got', frame: Frame): boolean {
    const fault = this.setup.book.fault(frame, how);
    if (fault !== undefined) this.faults.push(`${this.name} ${how} ${JSON.stringify(frame)}: ${fault}`);
    return fault === undefined;
  }
}
