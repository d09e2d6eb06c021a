import {
  type EventData,
  failureFrame,
  type Message,
  parseMessage,
  type RequestData,
  type ResponseData,
  responseFrame,
  systemMoveOn,
  TACHYON_DEFAULTS,
  type UserEventId,
  type UserRequestId,
} from '@muster/tachyon';
import { type ConnectionState, ReconnectingConnection } from './connection.js';
import { ClientError, RequestFailed } from './errors.js';
import { Handlers, rethrow } from './handlers.js';
import { type Fetch, Http } from './http.js';
import { type ClientOptions, clientOptions } from './options.js';
import { PendingRequests } from './pending.js';
import type { SignIn } from './sign-in.js';
import { nodeSocket, type SocketFactory } from './socket.js';
import { TokenKeeper } from './tokens.js';

export interface MusterClientOptions extends Partial<ClientOptions> {
  /** Of the gateway, as `http://127.0.0.1:8400`. Everything else is discovered there. */
  readonly url: string;
  readonly signIn: SignIn;
  readonly fetch?: Fetch;
  readonly socket?: SocketFactory;
}

/** Answers a request of the server: data of the response, or nothing. Throwing a {@link RequestFailed} sends its reason. */
export type RequestHandler = (data: unknown) => unknown;

export interface StateChange {
  readonly state: ConnectionState;
  readonly error: ClientError | undefined;
}

/**
 * One player's (or bot's) connection to Muster. It signs in, connects, and comes back by itself when the connection is lost.
 *
 *     const client = new MusterClient({ url: 'http://127.0.0.1:8400', signIn: playerSignIn({ loginHint: 'ann' }) });
 *     const self = await client.connect();
 *     client.on('messaging/received', ({ message, source }) => …);
 *     await client.request('messaging/send', { target: { type: 'player', userId: '2' }, message: 'hello' });
 */
export class MusterClient {
  private readonly options: ClientOptions;
  private readonly home: string;
  private readonly role: SignIn['role'];
  private readonly connection: ReconnectingConnection;
  private readonly pending: PendingRequests;
  private readonly events = new Handlers();
  private readonly states = new Handlers();
  private readonly requestHandlers = new Map<string, RequestHandler>();
  private lastSelf: EventData<'user/self'> | undefined;
  /** Admitted: requests may be sent. A player is when `user/self` came, a bot when the connection is open. */
  private ready = false;
  /** Told to move on, and waiting for answers before it does. */
  private moving = false;
  private ended: ClientError | undefined;

  /** @throws ClientError `bad_options` */
  constructor({ url, signIn, fetch, socket, ...changes }: MusterClientOptions) {
    this.options = clientOptions(changes);
    this.home = url;
    this.role = signIn.role;
    this.pending = new PendingRequests(this.options);
    const tokens = new TokenKeeper(signIn, new Http(this.options.httpTimeoutMs, fetch), url);
    this.connection = new ReconnectingConnection(url, tokens, socket ?? nodeSocket, this.options, {
      open: () => this.role === 'bot' && this.admitted(),
      text: (text) => this.received(text),
      lost: () => {
        this.ready = false;
        this.moving = false;
        this.pending.lose();
      },
      closed: (error) => {
        this.ready = false;
        this.ended = error;
        this.pending.abandon(error);
      },
      state: (state, error) => this.states.run('state', { state, error }),
    });
  }

  get state(): ConnectionState {
    return this.connection.state;
  }

  /** The newest `user/self`. */
  get self(): EventData<'user/self'> | undefined {
    return this.lastSelf;
  }

  /**
   * Connects, trying again until `timeoutMs`; resolves once requests are served, with the player's own state (bots: undefined).
   * @throws ClientError `sign_in_failed`, `closed`, or `unreachable` with the last cause; the client is closed then.
   */
  connect(timeoutMs = 30_000): Promise<EventData<'user/self'> | undefined> {
    if (this.ended) return Promise.reject(this.ended);
    if (this.ready) return Promise.resolve(this.lastSelf);
    return new Promise((resolve, reject) => {
      let last: ClientError | undefined;
      const settle = (run: () => void): void => {
        clearTimeout(timer);
        stopStates();
        stopReady();
        run();
      };
      const stopReady = this.states.add('ready', () => settle(() => resolve(this.lastSelf)));
      const stopStates = this.states.add('state', (change) => {
        const { state, error } = change as StateChange;
        last = error ?? last;
        if (state === 'closed') settle(() => reject(last));
      });
      const timer = setTimeout(() => {
        const error = new ClientError('unreachable', last?.message ?? `no connection within ${timeoutMs} ms`, {
          cause: last,
        });
        settle(() => reject(error));
        this.connection.close(error);
      }, timeoutMs);
      this.connection.start();
    });
  }

  /**
   * Sends a request and waits for its response. Without a connection it waits for the next one, within its deadline;
   * once sent it is never sent again by itself.
   * @throws RequestFailed with the server's reason; ClientError `timeout`, `connection_lost`, `too_many_requests`, `closed`.
   */
  request<Id extends UserRequestId>(
    commandId: Id,
    ...[data, timeoutMs]: undefined extends RequestData<Id>
      ? [data?: RequestData<Id>, timeoutMs?: number]
      : [data: RequestData<Id>, timeoutMs?: number]
  ): Promise<ResponseData<Id>> {
    return this.requestUntyped(commandId, data, timeoutMs) as Promise<ResponseData<Id>>;
  }

  /** A request that this SDK has no types for. @throws as {@link request} */
  requestUntyped(commandId: string, data?: unknown, timeoutMs = this.options.requestTimeoutMs): Promise<unknown> {
    if (this.ended) return Promise.reject(new ClientError('closed', this.ended.message, { cause: this.ended }));
    const transmit = this.ready ? (frame: string) => this.connection.send(frame) : undefined;
    return this.pending.add(commandId, data, timeoutMs, transmit);
  }

  /** Calls `handler` with the data of each such event, in order. @returns a function that ends it. */
  on<Id extends UserEventId>(commandId: Id, handler: (data: EventData<Id>) => void): () => void {
    return this.events.add(commandId, handler as (data: unknown) => void);
  }

  /** Resolves with the next such event. @throws ClientError `timeout` */
  next<Id extends UserEventId>(
    commandId: Id,
    fits: (data: EventData<Id>) => boolean = () => true,
    timeoutMs = this.options.requestTimeoutMs,
  ): Promise<EventData<Id>> {
    return new Promise((resolve, reject) => {
      const stop = this.on(commandId, (data) => {
        if (!fits(data)) return;
        clearTimeout(timer);
        stop();
        resolve(data);
      });
      const timer = setTimeout(() => {
        stop();
        reject(new ClientError('timeout', `no ${commandId} within ${timeoutMs} ms`));
      }, timeoutMs);
    });
  }

  /** Answers requests of the server. Those without a handler are answered with `command_unimplemented`. */
  onRequest(commandId: string, handler: RequestHandler): void {
    this.requestHandlers.set(commandId, handler);
  }

  onState(handler: (change: StateChange) => void): () => void {
    return this.states.add('state', (change) => handler(change as StateChange));
  }

  /** Breaks the connection without a word, as a network would; it comes back by itself. */
  dropConnection(): void {
    this.connection.drop();
  }

  /** Signs out: the session ends at once instead of waiting out its grace. Never fails. */
  async disconnect(reason = 'bye'): Promise<void> {
    if (this.ready && this.role === 'player')
      // The server may close before it answers; either way it is over.
      await this.request('system/disconnect', { reason }, this.options.disconnectTimeoutMs).catch(() => undefined);
    this.connection.close(new ClientError('closed', 'the client was closed'));
  }

  private admitted(): void {
    // Whoever moves on sends nothing more here, whatever is said of it once more.
    if (this.ready || this.moving) return;
    this.ready = true;
    this.pending.flush((frame) => this.connection.send(frame));
    this.states.run('ready', undefined);
  }

  private received(text: string): void {
    let message: Message;
    try {
      message = parseMessage(text, { ...TACHYON_DEFAULTS, frameLengthMax: this.options.frameBytesMax });
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.connection.close(new ClientError('protocol_error', `the server sent what is no Tachyon: ${cause}`));
      return;
    }
    const { messageId, commandId, data } = message;
    if (message.type === 'request') this.serve(messageId, commandId, data).catch(rethrow);
    else if (message.type === 'response') {
      const failed = message.status === 'failed';
      const outcome = failed ? new RequestFailed(commandId, message.reason, message.details) : { data };
      // Nobody waits where the answer came after its deadline.
      this.pending.answer(messageId, commandId, outcome);
    } else {
      if (commandId === systemMoveOn.commandId) this.moveOn(data as EventData<'system/moveOn'>);
      if (commandId === 'user/self') this.lastSelf = data as EventData<'user/self'>;
      this.events.run(commandId, data);
      if (commandId === 'user/self') this.admitted();
    }
  }

  /** The server stops: requests wait for the next connection from now on, and this one ends when those that were sent are answered. */
  private moveOn({ url, withinMs }: EventData<'system/moveOn'>): void {
    if (!this.ready) return;
    this.ready = false;
    this.moving = true;
    const go = (): void => {
      // The connection may have broken in the meantime: then there is another one, or will be.
      if (this.moving) this.connection.moveOn(this.followed(url));
    };
    this.pending.answered(withinMs).then(go).catch(rethrow);
  }

  /** A token that was sent over TLS is not sent without it. */
  private followed(url: string | undefined): string | undefined {
    if (url === undefined || !URL.canParse(url)) return undefined;
    return new URL(url).protocol === new URL(this.home).protocol ? url : undefined;
  }

  private async serve(messageId: string, commandId: string, data: unknown): Promise<void> {
    const handler = this.requestHandlers.get(commandId);
    let frame: string;
    try {
      if (!handler) throw new RequestFailed(commandId, 'command_unimplemented', undefined);
      const reply = await handler(data);
      frame = responseFrame(messageId, commandId, reply === undefined ? undefined : JSON.stringify(reply));
    } catch (error) {
      const { reason, details } =
        error instanceof RequestFailed ? error : { reason: 'internal_error', details: undefined };
      frame = failureFrame(messageId, commandId, { reason, details });
    }
    this.connection.send(frame);
  }
}
