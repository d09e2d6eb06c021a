import type { Call, CallDone, CallInFront, ErrorData, RoutedOutcome } from '@muster/cluster';
import {
  type Moved,
  REASON_NOT_A_MEMBER_OF_PLACE,
  REASON_SESSION_UNKNOWN,
  REASON_SUPERSEDED,
  type RoomEntered,
  type SubscribedReply,
} from '@muster/play';
import { type EntityRef, type ErrorCode, type ErrorDetails, entity, type Millis, type Timer } from '@muster/ports';
import {
  type CommandDefinition,
  chatCreate,
  chatJoin,
  chatLeave,
  type Failure,
  messagingSubscribeReceived,
  type Places,
  type RequestData,
  type RequestMessage,
  roomIdOf,
} from '@muster/tachyon';
import type { ClientWriter } from './client-writer.js';
import { answeredUpTo, type InFlight, remove, renew } from './in-flight.js';
import { textOf } from './json-text.js';
import { type Held, PlaceRequests, placeNeeded } from './place-requests.js';
import { NOWHERE } from './places.js';
import type { SessionContext } from './session-context.js';
import type { SessionCommandsSetup, SessionRules } from './session-rules.js';

const JSON_NULL = Buffer.from('null');

/** The requests of one client: to their actors, and their answers back. Bounded in number; numbered for the retry window (K11). */
export class SessionCommands<C> {
  /** The client asked for its messages: an actor that lost the session must hear of it. */
  messaging = false;
  private readonly context: SessionContext;
  private readonly session: string;
  private readonly player: EntityRef;
  private readonly writer: ClientWriter;
  private readonly rules: SessionRules<C>;
  private readonly client: C;
  /** Oldest first. */
  private readonly inFlight: InFlight[] = [];
  /** What waits while not attached, oldest first; those to be asked again before the others. */
  private again: InFlight[] = [];
  private waiting: Held[] = [];
  private readonly placeRequests = new PlaceRequests<InFlight>();
  private expiry: Timer | undefined;
  private requests = 0;
  /** Of the gateway's own commands that have no answer, oldest first: mostly none, and no list is made for that. */
  private own: readonly number[] = [];
  private over = false;

  constructor({ context, session, player, writer, rules, client }: SessionCommandsSetup<C>) {
    this.context = context;
    this.session = session;
    this.player = player;
    this.writer = writer;
    this.rules = rules;
    this.client = client;
  }

  /** Number of an unanswered request that leads to this request of the server. */
  leadingTo(commandId: string): number | undefined {
    return this.inFlight.find(({ definition }) => definition.leadsTo?.includes(commandId))?.request;
  }

  isInFlight(request: number): boolean {
    for (const sent of this.inFlight) if (sent.request === request) return true;
    return false;
  }

  private get unanswered(): number {
    return this.inFlight.length + this.waiting.length + this.again.length + this.placeRequests.size;
  }

  /** Every request that was taken has its answer. */
  get isIdle(): boolean {
    return this.unanswered === 0;
  }

  take(message: RequestMessage): void {
    const { options, traffic } = this.context;
    if (this.unanswered >= options.requestsInFlightMax) {
      traffic.dropped('in_flight');
      this.writer.fail(message, this.failureOf('TOO_MANY_REQUESTS', { max: options.requestsInFlightMax }));
    } else {
      const one = { message, since: this.context.clock.monotonic() };
      if (this.rules.mayAsk(this.client)) this.accept(one);
      else this.waiting.push(one);
    }
  }

  /** Everything that waited for the actor, in the order in which the client sent it. */
  goOn(): void {
    for (const sent of this.again.splice(0)) this.dispatch(sent);
    this.releaseHeld();
    while (this.waiting.length > 0 && this.rules.mayAsk(this.client)) this.accept(this.waiting.shift()!);
  }

  /** Answers everything that waits for the actor with a failure. */
  giveUp(code: ErrorCode, details: ErrorData): void {
    const failure = this.failureOf(code, details);
    for (const { messageId, definition, span } of this.again.splice(0)) {
      span?.end(code);
      this.writer.fail({ messageId, commandId: definition.commandId }, failure);
    }
    for (const { message } of this.waiting.splice(0)) this.writer.fail(message, failure);
  }

  /** The connection is over: nobody waits for answers any more. */
  end(): void {
    this.over = true;
    this.expiry?.cancel();
    for (const { span } of [...this.inFlight, ...this.again, ...this.placeRequests.clear()]) span?.end('UNREACHABLE');
    this.inFlight.length = 0;
    this.waiting = [];
    this.again = [];
  }

  /** A command of the gateway to the player's own actor. `send`: another way than behind all others. */
  ask(name: string, data: unknown, done: CallDone, send?: CallInFront): void {
    const way: CallInFront = send ?? ((call, told) => this.context.cluster.router.call(call, told));
    const request = this.requests + 1;
    this.own = [...this.own, request];
    way(this.ownCall(name, data), (outcome) => {
      this.own = this.own.filter((each) => each !== request);
      done(outcome);
    });
  }

  /** The same for whoever sends it: nothing that comes after it waits for its answer. */
  ownCall(name: string, data: unknown): Call {
    const json = Buffer.from(JSON.stringify(data));
    return this.call(this.nextRequest(), this.player, name, json, '', '', this.context.options.requestTimeoutMs);
  }

  private nextRequest(): number {
    this.requests += 1;
    return this.requests;
  }

  /** Asks the actor where the client is. `doubt`: a place of this kind does not seem to know it. */
  askPlaces(doubt: string): void {
    if (this.placeRequests.ask(doubt)) this.sendPlaces(doubt);
  }

  /** The actor has told all places by another way: of what is under way, that is newer or older, nobody can say. */
  placesWereTold(): void {
    for (const sent of this.inFlight) sent.overtaken = true;
  }

  /**
   * Where the client is to be as of the actor's word that it does not hear: of a kind for which it waits to be moved that is where it was, as nothing
   * may come of a place before the answer that brings it there (K16). The actor is asked again behind that.
   */
  beforeAnswers(places: Places): Places {
    const known: Record<string, string | undefined> = { ...places };
    for (const sent of [...this.inFlight, ...this.again]) {
      const { moves } = sent.definition;
      if (moves === undefined) continue;
      sent.overtaken = true;
      known[moves] = this.rules.places(this.client)[moves];
      if (known[moves] === undefined) delete known[moves];
    }
    return known as Places;
  }

  private accept(one: Held): void {
    const { message, since } = one;
    const { protocol } = this.context;
    const definition = protocol.definition(message.commandId);
    const kind = placeNeeded(definition) ?? definition?.moves ?? definition?.speaksOf?.(message.data);
    if (kind !== undefined && this.isMoving(kind)) {
      this.placeRequests.hold(one);
      this.expireLater();
      return;
    }
    const accepted = protocol.accept(message, 'user→server', this.player.id, this.rules.places(this.client));
    if (!accepted.ok) this.writer.fail(message, accepted);
    else if (!accepted.entity) this.rules.own(this.client, message, accepted.definition);
    else {
      const { definition, entity, command } = accepted;
      // Printed again, not cut out of the frame: what was checked is what is sent.
      const data = accepted.data === undefined ? JSON_NULL : Buffer.from(JSON.stringify(accepted.data));
      const span = this.context.trace(definition.commandId);
      const { messageId } = message;
      // Every field in its place: an object that is spread and then added to was measured to cost more than all the rest of this.
      this.dispatch({
        request: 0,
        since,
        messageId,
        definition,
        entity,
        command,
        data,
        span,
        retried: false,
        strayed: false,
        renewed: false,
        overtaken: false,
      });
    }
  }

  private dispatch(sent: InFlight): void {
    const request = this.nextRequest();
    sent.request = request;
    this.inFlight.push(sent);
    const cause = `${this.session}:${request}`;
    const { clock, options, cluster } = this.context;
    const leftMs = Math.max(1, sent.since + options.requestTimeoutMs - clock.monotonic());
    const call = this.call(request, sent.entity, sent.command, sent.data, sent.span?.parent ?? '', cause, leftMs);
    cluster.router.call(call, (outcome) => this.outcome(sent, outcome));
  }

  private call(
    request: number,
    entity: EntityRef,
    name: string,
    data: Uint8Array,
    trace: string,
    cause: string,
    deadlineMs: Millis,
  ): Call {
    const answered = answeredUpTo(this.inFlight, this.own, request);
    const origin = { type: 'client', session: this.session, request, answered, caller: this.player.id } as const;
    return { entity, name, data, origin, deadlineMs, trace, cause };
  }

  private outcome(sent: InFlight, outcome: RoutedOutcome): void {
    if (!remove(this.inFlight, sent)) return;
    const { messageId, definition, span } = sent;
    if (outcome.ok) {
      span?.end();
      if (definition.moves !== undefined) this.moved(sent, JSON.parse(textOf(outcome.data)) as Moved);
      else if (definition === messagingSubscribeReceived) this.subscribed(messageId, textOf(outcome.data));
      else if (definition === chatJoin || definition === chatCreate) this.entered(sent, textOf(outcome.data));
      else if (definition === chatLeave) this.leftRoom(sent);
      else this.writer.reply(messageId, definition, definition.reply && textOf(outcome.data));
    } else if (outcome.code === 'TOO_OLD' && renew(sent)) this.dispatch(sent);
    else if (!this.refusedSession(sent, outcome.code, outcome.details) && !this.refusedPlace(sent, outcome)) {
      this.fail(sent, outcome.code, outcome.details);
      if (definition.moves !== undefined && sent.overtaken) this.askPlaces(definition.moves);
    }
    this.rules.replied(this.client);
    this.releaseHeld();
  }

  private fail({ messageId, definition, span }: InFlight, code: ErrorCode, details: ErrorData): void {
    span?.end(code);
    this.writer.fail({ messageId, commandId: definition.commandId }, this.failureOf(code, details, definition));
  }

  private moved({ messageId, definition, overtaken, request }: InFlight, moved: Moved): void {
    this.writer.reply(messageId, definition, definition.reply && JSON.stringify(moved.data));
    this.rules.moved(this.client, moved, request);
    if (overtaken) this.askPlaces(moved.moved.kind);
  }

  /** Something under way may change where the client is, or its actor is being asked. */
  private isMoving(kind: string): boolean {
    const moves = ({ definition }: InFlight): boolean => definition.moves === kind;
    return this.placeRequests.isAsking(kind) || this.inFlight.some(moves) || this.again.some(moves);
  }

  private releaseHeld(): void {
    if (!this.rules.mayAsk(this.client)) return;
    for (const one of this.placeRequests.takeHeld()) this.accept(one);
  }

  /** True where the place does not know the client, and its actor is asked where that is. */
  private refusedPlace(
    sent: InFlight,
    { code, details }: { readonly code: ErrorCode; readonly details: ErrorData },
  ): boolean {
    const kind = placeNeeded(sent.definition);
    if (kind === undefined || code !== 'REFUSED' || details.reason !== REASON_NOT_A_MEMBER_OF_PLACE) return false;
    if (sent.strayed) this.failOutside(sent, kind);
    else {
      sent.strayed = true;
      if (this.placeRequests.stray(kind, sent)) this.sendPlaces(kind);
      this.expireLater();
    }
    return true;
  }

  /** What waits for the answer to another request fails in its own time. */
  private expireLater(): void {
    const { clock, options } = this.context;
    const ms = options.requestTimeoutMs;
    this.expiry ??= clock.after(Math.max(1, this.placeRequests.oldest + ms - clock.monotonic()), () => {
      this.expiry = undefined;
      const { held, astray } = this.placeRequests.expired(clock.monotonic() - ms);
      for (const { message } of held) this.writer.fail(message, this.failureOf('DEADLINE_EXCEEDED', { ms }));
      for (const sent of astray) this.fail(sent, 'DEADLINE_EXCEEDED', { ms });
      if (held.length + astray.length > 0) this.rules.replied(this.client);
      if (this.placeRequests.size > 0) this.expireLater();
    });
  }

  private failOutside(sent: InFlight, kind: string): void {
    const { target } = sent.definition;
    const reason = (typeof target === 'object' && target.outside) || 'invalid_request';
    this.fail(sent, 'REFUSED', { reason, details: `you are in no ${kind}` });
  }

  private sendPlaces(kind: string): void {
    this.ask('places', { doubt: kind }, (outcome) => {
      if (this.over) return;
      const astray = this.placeRequests.answered(kind);
      const told = outcome.ok ? (JSON.parse(textOf(outcome.data)) as Places) : NOWHERE;
      if (outcome.ok) this.rules.placesTold(this.client, this.beforeAnswers(told));
      const id = told[kind];
      for (const sent of astray) {
        if (outcome.ok && id === undefined) this.failOutside(sent, kind);
        else if (outcome.ok) this.dispatch(Object.assign(sent, { entity: entity(kind, id!) }));
        else if (!this.refusedSession(sent, outcome.code, outcome.details))
          this.fail(sent, outcome.code, outcome.details);
      }
      this.releaseHeld();
    });
  }

  /** From where the client goes on is between the actor and us. */
  private entered({ messageId, definition }: InFlight, reply: string): void {
    const entered = JSON.parse(reply) as RoomEntered;
    const { heard: _, ...told } = entered;
    this.writer.reply(messageId, definition, JSON.stringify(told));
    this.rules.entered(this.client, entered);
  }

  private leftRoom({ messageId, definition, data }: InFlight): void {
    const { room } = JSON.parse(textOf(data)) as RequestData<'chat/leave'>;
    this.writer.reply(messageId, definition, undefined);
    this.rules.leftRoom(this.client, roomIdOf(room));
  }

  /** From where the client goes on is between the actor and us. */
  private subscribed(messageId: string, reply: string): void {
    const { hasMissedMessages, heard } = JSON.parse(reply) as SubscribedReply;
    this.messaging = true;
    this.writer.reply(messageId, messagingSubscribeReceived, JSON.stringify({ hasMissedMessages }));
    this.rules.hears(this.client, heard);
  }

  /** True where it is the session that was refused, not the request. */
  private refusedSession(sent: InFlight, code: ErrorCode, { reason }: ErrorData): boolean {
    if (code !== 'REFUSED') return false;
    if (reason === REASON_SUPERSEDED) {
      sent.span?.end('SUPERSEDED');
      this.rules.superseded(this.client);
      return true;
    }
    if (reason !== REASON_SESSION_UNKNOWN || sent.retried) return false;
    sent.retried = true;
    this.again.push(sent);
    this.rules.unknown(this.client);
    return true;
  }

  private failureOf(code: ErrorCode, details: ErrorData, definition?: CommandDefinition): Failure {
    return this.context.protocol.failure(code, details as ErrorDetails, definition);
  }
}
