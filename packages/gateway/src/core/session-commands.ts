import type { Call, ErrorData, RoutedOutcome } from '@muster/cluster';
import { REASON_SESSION_UNKNOWN, REASON_SUPERSEDED } from '@muster/play';
import type { EntityRef, ErrorCode, ErrorDetails, Span } from '@muster/ports';
import { type CommandDefinition, type Failure, messagingSubscribeReceived, type RequestMessage } from '@muster/tachyon';
import type { ClientWriter } from './client-writer.js';
import { textOf } from './json-text.js';
import type { SessionContext } from './session-context.js';

const JSON_NULL = Buffer.from('null');

/** A request that was sent and not answered. */
interface InFlight {
  /** Its number; another one when it is asked again. */
  request: number;
  readonly messageId: string;
  readonly definition: CommandDefinition;
  readonly entity: EntityRef;
  readonly command: string;
  readonly data: Uint8Array;
  readonly span: Span | undefined;
  retried: boolean;
}

/** What the session decides for its commands. */
export interface SessionRules {
  /** Commands may go to actors now. */
  mayAsk(): boolean;
  /** A command of the gateway itself. */
  own(message: RequestMessage, definition: CommandDefinition): void;
  /** A reply has left, or there will be none. */
  replied(): void;
  /** The actor does not know the session: attach, then {@link SessionCommands.goOn}. */
  unknown(): void;
  /** Another connection holds the player (K12). */
  superseded(): void;
}

/** The requests of one client: to their actors, and their answers back. Bounded in number; numbered for the retry window (K11). */
export class SessionCommands {
  /** The client asked for its messages: an actor that lost the session must hear of it. */
  messaging = false;
  private readonly context: SessionContext;
  private readonly session: string;
  private readonly player: EntityRef;
  private readonly writer: ClientWriter;
  private readonly rules: SessionRules;
  /** Oldest first. Mostly one or none, never many: looked through faster than a map is kept. */
  private readonly inFlight: InFlight[] = [];
  /** What waits while not attached, oldest first; those to be asked again before the others. */
  private again: InFlight[] = [];
  private waiting: RequestMessage[] = [];
  private requests = 0;

  constructor(context: SessionContext, session: string, player: EntityRef, writer: ClientWriter, rules: SessionRules) {
    this.context = context;
    this.session = session;
    this.player = player;
    this.writer = writer;
    this.rules = rules;
  }

  isInFlight(request: number): boolean {
    for (const sent of this.inFlight) if (sent.request === request) return true;
    return false;
  }

  /** Every request that was taken has its answer. */
  get isIdle(): boolean {
    return this.inFlight.length + this.waiting.length + this.again.length === 0;
  }

  take(message: RequestMessage): void {
    const { options, traffic } = this.context;
    if (this.inFlight.length + this.waiting.length + this.again.length >= options.requestsInFlightMax) {
      traffic.dropped('in_flight');
      this.writer.fail(message, this.failureOf('TOO_MANY_REQUESTS', { max: options.requestsInFlightMax }));
    } else if (this.rules.mayAsk()) this.accept(message);
    else this.waiting.push(message);
  }

  /** Everything that waited for the actor, in the order in which the client sent it. */
  goOn(): void {
    for (const sent of this.again.splice(0)) this.dispatch(sent);
    while (this.waiting.length > 0 && this.rules.mayAsk()) this.accept(this.waiting.shift()!);
  }

  /** Answers everything that waits for the actor with a failure. */
  giveUp(code: ErrorCode, details: ErrorData): void {
    const failure = this.failureOf(code, details);
    for (const { messageId, definition, span } of this.again.splice(0)) {
      span?.end(code);
      this.writer.fail({ messageId, commandId: definition.commandId }, failure);
    }
    for (const message of this.waiting.splice(0)) this.writer.fail(message, failure);
  }

  /** The connection is over: nobody waits for answers any more. */
  end(): void {
    for (const { span } of [...this.inFlight, ...this.again]) span?.end('UNREACHABLE');
    this.inFlight.length = 0;
    this.waiting = [];
    this.again = [];
  }

  /** A command of the gateway to the player's own actor. */
  ownCall(name: string, data: unknown): Call {
    return this.call(this.nextRequest(), this.player, name, Buffer.from(JSON.stringify(data)), '', '');
  }

  private nextRequest(): number {
    this.requests += 1;
    return this.requests;
  }

  private accept(message: RequestMessage): void {
    const accepted = this.context.protocol.accept(message, 'user→server', this.player.id);
    if (!accepted.ok) this.writer.fail(message, accepted);
    else if (!accepted.entity) this.rules.own(message, accepted.definition);
    else {
      const { definition, entity, command } = accepted;
      // Printed again, not cut out of the frame: what was checked is what is sent.
      const data = accepted.data === undefined ? JSON_NULL : Buffer.from(JSON.stringify(accepted.data));
      const span = this.context.trace(definition.commandId);
      const { messageId } = message;
      this.dispatch({ request: 0, messageId, definition, entity, command, data, span, retried: false });
    }
  }

  private dispatch(sent: InFlight): void {
    const request = this.nextRequest();
    sent.request = request;
    this.inFlight.push(sent);
    const cause = `${this.session}:${request}`;
    const call = this.call(request, sent.entity, sent.command, sent.data, sent.span?.parent ?? '', cause);
    this.context.cluster.router.call(call, (outcome) => this.outcome(sent, outcome));
  }

  private call(request: number, entity: EntityRef, name: string, data: Uint8Array, trace: string, cause: string): Call {
    const answered = this.answeredUpTo(request);
    const origin = { type: 'client', session: this.session, request, answered, caller: this.player.id } as const;
    return { entity, name, data, origin, deadlineMs: this.context.options.requestTimeoutMs, trace, cause };
  }

  private outcome(sent: InFlight, outcome: RoutedOutcome): void {
    const at = this.inFlight.indexOf(sent);
    if (at < 0) return;
    this.inFlight.splice(at, 1);
    const { messageId, definition, span } = sent;
    if (outcome.ok) {
      span?.end();
      if (definition === messagingSubscribeReceived) this.messaging = true;
      this.writer.reply(messageId, definition, definition.reply && textOf(outcome.data));
    } else if (!this.refusedSession(sent, outcome.code, outcome.details)) {
      span?.end(outcome.code);
      const failure = this.failureOf(outcome.code, outcome.details, definition);
      this.writer.fail({ messageId, commandId: definition.commandId }, failure);
    }
    this.rules.replied();
  }

  /** True where it is the session that was refused, not the request. */
  private refusedSession(sent: InFlight, code: ErrorCode, { reason }: ErrorData): boolean {
    if (code !== 'REFUSED') return false;
    if (reason === REASON_SUPERSEDED) {
      sent.span?.end('SUPERSEDED');
      this.rules.superseded();
      return true;
    }
    if (reason !== REASON_SESSION_UNKNOWN || sent.retried) return false;
    sent.retried = true;
    this.again.push(sent);
    this.rules.unknown();
    return true;
  }

  private failureOf(code: ErrorCode, details: ErrorData, definition?: CommandDefinition): Failure {
    return this.context.protocol.failure(code, details as ErrorDetails, definition);
  }

  /** K11: every request up to this one was answered. `request` itself is about to be sent. */
  private answeredUpTo(request: number): number {
    const oldest = this.inFlight[0];
    return (oldest && oldest.request < request ? oldest.request : request) - 1;
  }
}
