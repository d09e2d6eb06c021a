import type { Call, CallInFront, ErrorData, RoutedOutcome, StreamEvent, StreamHandle } from '@muster/cluster';
import {
  ERRORS,
  NOTICE_ENDED,
  NOTICE_PREFIX,
  NOTICE_SUPERSEDED,
  NOTICE_UNWATCH,
  NOTICE_WATCH,
  PLAYER_KIND,
  REASON_SESSION_UNKNOWN,
  REASON_SUPERSEDED,
  SELF_TOPIC,
  type SessionNotice,
  type WatchNotice,
} from '@muster/play';
import {
  type EntityRef,
  type ErrorCode,
  type ErrorDetails,
  entity,
  isMusterError,
  type Millis,
  MusterError,
  type ShardId,
  type Span,
} from '@muster/ports';
import {
  CLOSE_NORMAL,
  type CommandDefinition,
  closeReason,
  closingOf,
  eventFrame,
  type Failure,
  failureFrame,
  type Message,
  messagingSubscribeReceived,
  type RequestMessage,
  responseFrame,
  systemDisconnect,
  userSelf,
  userUpdated,
} from '@muster/tachyon';
import { Attachment } from './attachment.js';
import type { ClientSocket, SignedIn, SocketListener } from './client-socket.js';
import { EventOrder } from './event-order.js';
import { Following } from './following.js';
import type { SessionContext } from './session-context.js';
import { TokenBucket } from './token-bucket.js';
import type { DropReason } from './traffic.js';

const JSON_NULL = Buffer.from('null');
/** A policy was broken. */
const CLOSE_POLICY = 1008;

/** A request that was sent and not answered. */
interface InFlight {
  readonly messageId: string;
  readonly definition: CommandDefinition;
  readonly entity: EntityRef;
  readonly command: string;
  readonly data: Uint8Array;
  readonly span: Span | undefined;
  readonly retried: boolean;
}

/** One client connection: from its frames to its player's actor and back. Holds nothing that may not be lost. */
export class PlayerSession implements SocketListener {
  readonly id: string;
  readonly player: EntityRef;
  readonly shard: ShardId;
  /** Monotonic time of the last sign of life. */
  heardAt: Millis;
  private readonly context: SessionContext;
  private readonly socket: ClientSocket;
  private readonly bucket: TokenBucket;
  private readonly order: EventOrder;
  private readonly following: Following;
  private readonly attachment: Attachment;
  /** By request number, oldest first. */
  private readonly inFlight = new Map<number, InFlight>();
  /** Requests that came while not attached, oldest first; those to be asked again before the others. */
  private again: InFlight[] = [];
  private waiting: RequestMessage[] = [];
  private stream: StreamHandle | undefined;
  private watch: readonly string[] = [];
  private state: 'starting' | 'open' | 'leaving' | 'over' = 'starting';
  private messaging = false;
  private requests = 0;
  private answered = 0;
  private events = 0;

  constructor(context: SessionContext, id: string, socket: ClientSocket, who: SignedIn) {
    const { options, clock, cluster } = context;
    this.context = context;
    this.id = id;
    this.socket = socket;
    this.player = entity(PLAYER_KIND, who.playerId);
    this.shard = cluster.table.shardOf(this.player);
    this.heardAt = clock.monotonic();
    this.bucket = new TokenBucket(options.messagesPerSecond, options.messagesBurst, this.heardAt);
    this.order = new EventOrder(id, (request) => this.inFlight.has(request), options.heldEventsMax);
    this.following = new Following(cluster.streams, (event) => this.userEvent(event));
    this.attachment = new Attachment({
      clock,
      random: context.random,
      options,
      session: id,
      gateway: cluster.self,
      player: this.player,
      account: who.account,
      send: (name, data, done) => cluster.router.call(this.ownCall(name, data), done),
      held: () => ({ userIds: this.following.userIds, messaging: this.messaging }),
      on: {
        attached: (reply, first) => {
          context.traffic.attached(first ? 'new' : reply.resumed ? 'resumed' : 'restored');
          this.attached(reply.watch);
        },
        delayed: (code, details) => this.attachDelayed(code, details),
        refused: (error) => this.attachRefused(error),
      },
    });
  }

  start(): void {
    this.attachment.attach();
  }

  /** The actor has a new owner, who may know nothing of this session: says so before anything else gets there. */
  ownerChanged(front: CallInFront): void {
    if (this.attachment.attached) this.attachment.attach((name, data, done) => front(this.ownCall(name, data), done));
  }

  frame(text: string, bytes = text.length): void {
    if (this.state === 'leaving' || this.state === 'over') return;
    const { traffic, clock, protocol } = this.context;
    traffic.framesIn += 1;
    traffic.bytesIn += bytes;
    this.heardAt = clock.monotonic();
    if (!this.bucket.take(this.heardAt)) {
      traffic.dropped('rate_limited');
      this.close(CLOSE_POLICY, 'Rate limited');
      return;
    }
    let message: Message;
    try {
      message = protocol.parse(text);
    } catch (error) {
      if (!isMusterError(error)) throw error;
      this.end(error, error.code === 'FRAME_TOO_LARGE' ? 'frame_too_large' : 'bad_message');
      return;
    }
    if (message.type === 'request') this.request(message);
    else if (message.type === 'response') this.unasked(message.messageId);
    // No event is defined from players to the server, and an event has no answer.
    else traffic.dropped('event_refused');
  }

  binary(): void {
    if (this.state !== 'over') this.end(new MusterError('BINARY_FRAME'), 'binary_frame');
  }

  alive(): void {
    this.heardAt = this.context.clock.monotonic();
  }

  closed(): void {
    const unannounced = this.state === 'starting' || this.state === 'open';
    this.settle();
    if (unannounced) this.context.departures.leave(this.player, this.id, () => this.nextRequest());
  }

  ping(): void {
    this.socket.ping();
  }

  /** Ends the connection because of `error`; where it is not of the client's doing, `drop` says what to count. */
  end(error: MusterError, drop?: DropReason): void {
    if (drop) this.context.traffic.dropped(drop);
    const { code, reason } = closingOf(error);
    this.close(code, reason);
  }

  /** Ends the connection; the actor hears of it. */
  close(code: number, reason: string): void {
    if (this.state === 'over') return;
    const announce = this.state !== 'leaving';
    this.settle();
    if (announce) this.context.departures.leave(this.player, this.id, () => this.nextRequest());
    this.context.traffic.closed(code);
    this.socket.close(code, closeReason(reason));
  }

  private settle(): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.attachment.end();
    this.stream?.close();
    this.following.set([]);
    this.order.clear();
    for (const { span } of this.inFlight.values()) span?.end('UNREACHABLE');
    this.inFlight.clear();
    this.waiting = [];
    this.again = [];
    this.context.ended(this);
  }

  private unasked(messageId: string): void {
    this.context.traffic.dropped('unasked_response');
    this.close(CLOSE_POLICY, `Received response to message id ${messageId} but no request pending.`);
  }

  private request(message: RequestMessage): void {
    const { options, traffic } = this.context;
    if (this.inFlight.size + this.waiting.length + this.again.length >= options.requestsInFlightMax) {
      traffic.dropped('in_flight');
      this.fail(message, this.failureOf('TOO_MANY_REQUESTS', { max: options.requestsInFlightMax }));
    } else if (this.state === 'open' && this.attachment.attached) this.accept(message);
    else this.waiting.push(message);
  }

  private accept(message: RequestMessage): void {
    const accepted = this.context.protocol.accept(message, 'user→server', this.player.id);
    if (!accepted.ok) this.fail(message, accepted);
    else if (!accepted.entity) this.own(message, accepted.definition);
    else {
      // Printed again, not cut out of the frame: what was checked is what is sent.
      const data = message.data === undefined ? JSON_NULL : Buffer.from(JSON.stringify(message.data));
      const { definition, entity: to, command } = accepted;
      const span = this.context.trace(definition.commandId);
      this.dispatch({ messageId: message.messageId, definition, entity: to, command, data, span, retried: false });
    }
  }

  /** Commands of the gateway itself. */
  private own(message: RequestMessage, definition: CommandDefinition): void {
    if (definition === systemDisconnect) this.disconnect(message);
    else this.reply(message.messageId, definition, JSON.stringify({ userCount: this.context.userCount() }));
  }

  /** Answered whatever the actor says: a client that wants to go must be able to. */
  private disconnect({ messageId, commandId }: RequestMessage): void {
    this.state = 'leaving';
    this.context.departures.leave(this.player, this.id, () => this.nextRequest(), {
      clean: true,
      told: () => {
        if (this.state !== 'leaving') return;
        this.send(responseFrame(messageId, commandId));
        this.close(CLOSE_NORMAL, 'goodbye');
      },
    });
  }

  private dispatch(sent: InFlight): void {
    const request = this.nextRequest();
    this.inFlight.set(request, sent);
    const { cluster, options } = this.context;
    const call: Call = {
      entity: sent.entity,
      name: sent.command,
      data: sent.data,
      origin: {
        type: 'client',
        session: this.id,
        request,
        answered: this.answeredUpTo(request),
        caller: this.player.id,
      },
      deadlineMs: options.requestTimeoutMs,
      trace: sent.span?.parent ?? '',
      cause: `${this.id}:${request}`,
    };
    cluster.router.call(call, (outcome) => this.outcome(request, outcome));
  }

  private outcome(request: number, outcome: RoutedOutcome): void {
    const sent = this.inFlight.get(request);
    if (!sent) return;
    this.inFlight.delete(request);
    if (outcome.ok) {
      sent.span?.end();
      if (sent.definition === messagingSubscribeReceived) this.messaging = true;
      this.reply(sent.messageId, sent.definition, sent.definition.reply && textOf(outcome.data));
    } else if (outcome.code === 'REFUSED' && outcome.details.reason === REASON_SUPERSEDED) {
      this.end(new MusterError('SUPERSEDED'));
    } else if (outcome.code === 'REFUSED' && outcome.details.reason === REASON_SESSION_UNKNOWN && !sent.retried) {
      this.again.push({ ...sent, retried: true });
      this.attachment.attach();
    } else {
      sent.span?.end(outcome.code);
      this.fail(
        { messageId: sent.messageId, commandId: sent.definition.commandId },
        this.failureOf(outcome.code, outcome.details, sent.definition),
      );
    }
    this.order.replied();
  }

  private attached(watch: readonly string[]): void {
    this.watch = watch;
    if (this.state !== 'starting') this.goOn();
    // `user/self` comes first: what is followed is asked for when it was sent.
    this.stream ??= this.context.cluster.streams.subscribe(
      this.player,
      SELF_TOPIC,
      { snapshot: true },
      {
        snapshot: (event) => this.hold(event, () => this.snapshot(event)),
        event: (event) => this.hold(event, () => this.selfEvent(event)),
        lost: (code) => this.end(new MusterError(code), 'stream_lost'),
      },
    );
  }

  /** Everything that waited for the actor, in the order in which the client sent it. */
  private goOn(): void {
    this.following.set(this.watch);
    for (const sent of this.again.splice(0)) this.dispatch(sent);
    while (this.waiting.length > 0 && this.state === 'open' && this.attachment.attached)
      this.accept(this.waiting.shift()!);
  }

  private attachDelayed(code: ErrorCode, details: ErrorData): void {
    this.context.traffic.attached('failed');
    const failure = this.failureOf(code, details);
    const again = this.again.splice(0).map(({ messageId, definition }) => ({
      messageId,
      commandId: definition.commandId,
    }));
    for (const message of [...again, ...this.waiting.splice(0)]) this.fail(message, failure);
  }

  private attachRefused(error: MusterError): void {
    if (error.code === 'SUPERSEDED') this.end(error);
    else if (ERRORS[error.code].tachyon !== 'unauthorized') this.end(error, 'attach_refused');
    else {
      this.context.traffic.dropped('attach_refused');
      this.close(CLOSE_POLICY, error.message);
    }
  }

  private snapshot({ data }: StreamEvent): void {
    this.event(userSelf.commandId, textOf(data));
    if (this.state === 'starting') {
      this.state = 'open';
      if (this.attachment.attached) this.goOn();
    }
    // Something was missed, perhaps that another connection took over: ask.
    else this.attachment.attach();
  }

  private userEvent(event: StreamEvent): void {
    this.hold(event, () => this.event(event.name === '' ? userUpdated.commandId : event.name, textOf(event.data)));
  }

  private selfEvent({ name, data }: StreamEvent): void {
    if (!name.startsWith(NOTICE_PREFIX)) {
      this.event(name, textOf(data));
      return;
    }
    const notice = JSON.parse(textOf(data)) as SessionNotice & Partial<WatchNotice>;
    if (notice.session !== this.id) return;
    if (name === NOTICE_WATCH) this.following.add(notice.userIds ?? []);
    else if (name === NOTICE_UNWATCH) this.following.remove(notice.userIds ?? []);
    else if (name === NOTICE_SUPERSEDED) this.end(new MusterError('SUPERSEDED'));
    else if (name === NOTICE_ENDED && this.attachment.attached) this.attachment.attach();
  }

  /** K16 */
  private hold(event: StreamEvent, release: () => void): void {
    if (this.state === 'over') return;
    const held = this.order.push(event.cause, () => {
      if (this.state !== 'over') release();
    });
    if (!held) this.end(new MusterError('SLOW_READER'), 'held_events');
  }

  private event(commandId: string, data: string): void {
    this.events += 1;
    this.send(eventFrame(`${this.id}/${this.events}`, commandId, data));
  }

  private reply(messageId: string, { commandId }: CommandDefinition, data: string | undefined): void {
    this.context.traffic.requests += 1;
    this.send(responseFrame(messageId, commandId, data));
  }

  private fail({ messageId, commandId }: { messageId: string; commandId: string }, failure: Failure): void {
    this.context.traffic.requests += 1;
    this.context.traffic.failures += 1;
    this.send(failureFrame(messageId, commandId, failure));
  }

  private failureOf(code: ErrorCode, details: ErrorData, definition?: CommandDefinition): Failure {
    return this.context.protocol.failure(code, details as ErrorDetails, definition);
  }

  private send(frame: string): void {
    if (this.state === 'over') return;
    const { traffic, options } = this.context;
    traffic.framesOut += 1;
    traffic.bytesOut += frame.length;
    if (this.socket.send(frame) > options.sendBufferBytesMax) this.end(new MusterError('SLOW_READER'), 'slow_reader');
  }

  /** A command of the gateway to the player's own actor. */
  private ownCall(name: string, data: unknown): Call {
    const request = this.nextRequest();
    return {
      entity: this.player,
      name,
      data: Buffer.from(JSON.stringify(data)),
      origin: {
        type: 'client',
        session: this.id,
        request,
        answered: this.answeredUpTo(request),
        caller: this.player.id,
      },
      deadlineMs: this.context.options.requestTimeoutMs,
      trace: '',
      cause: '',
    };
  }

  private nextRequest(): number {
    this.requests += 1;
    return this.requests;
  }

  /** K11: every request below this one was answered. `request` itself is about to be sent. */
  private answeredUpTo(request: number): number {
    while (this.answered + 1 < request && !this.inFlight.has(this.answered + 1)) this.answered += 1;
    return this.answered;
  }
}

function textOf(data: Uint8Array): string {
  return Buffer.isBuffer(data)
    ? data.toString('utf8')
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
}
