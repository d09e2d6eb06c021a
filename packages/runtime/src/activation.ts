import { type EntityRef, ERRORS, entityKey, type Millis, type Span } from '@muster/ports';
import type { AnyActorKind, Origin } from './actor.js';
import { Emitter } from './emission.js';
import type { Entry, Outgoing } from './entries.js';
import { applyEntry, type Envelope } from './envelope.js';
import type { Delivery, DeliveryOrigin, Outcome, Subscription } from './host.js';
import { decodeJson } from './json.js';
import { Ring } from './mailbox.js';
import { failure } from './outcome.js';
import { Repeats } from './repeats.js';
import type { DrainResult, Worker } from './scheduler.js';
import type { Services } from './services.js';
import type { Shard } from './shard.js';
import { ticketOf } from './ticket.js';
import type { Due, WheelTimer } from './timer-wheel.js';
import { BrokenState, type TurnInput, type TurnResult, takeTurn } from './turn.js';

/** What is owed to an actor and never refused: it goes before commands. */
export type SystemMessage =
  | { readonly type: 'answered'; readonly number: number; readonly outcome: Outcome }
  | { readonly type: 'timers' }
  | { readonly type: 'lost'; readonly command: string; readonly subscriber: string }
  | { readonly type: 'subscribe'; readonly subscription: Subscription; readonly done: (error?: unknown) => void };

/** How it ends is decided by the one who keeps the actors (see `residents.ts`). */
export interface Keeper {
  broken(activation: Activation, cause: unknown): void;
  /** It may have been idle for long enough. */
  idle(activation: Activation): void;
}

const NO_LEAD: readonly Entry[] = [];

/** One actor in memory: its envelope, its mailbox, and the turns it takes when its scheduler says so. */
export class Activation implements Due {
  readonly shard: Shard;
  readonly key: string;
  readonly ref: EntityRef;
  readonly kind: AnyActorKind;
  readonly services: Services;
  readonly emitter: Emitter;
  envelope: Envelope | undefined;
  worker: Worker | undefined;
  /** Monotonic. */
  usedAt: Millis;
  dead = false;
  /** Of an unborn actor: what its first record will say. */
  seed: unknown;
  bornAt = 0;
  idleTimer: WheelTimer | undefined;
  readonly mailbox: Ring<Delivery>;
  readonly system: Ring<SystemMessage>;
  private readonly keeper: Keeper;
  private readonly repeats = new Repeats();

  constructor(shard: Shard, ref: EntityRef, kind: AnyActorKind, services: Services, keeper: Keeper) {
    this.shard = shard;
    this.ref = ref;
    this.key = entityKey(ref);
    this.kind = kind;
    this.services = services;
    this.keeper = keeper;
    this.mailbox = new Ring(services.options.mailboxMax);
    this.system = new Ring(services.options.systemLaneMax);
    this.emitter = new Emitter(this);
    this.usedAt = services.clock.monotonic();
  }

  /** Stands still while the process is self-fenced. */
  get ungated(): boolean {
    return this.kind.durability !== 'replicated' || this.shard.log.gated !== true;
  }

  get fenced(): boolean {
    return this.services.frozen && this.ungated;
  }

  /** Its envelope is here: loaded, restored or new. */
  ready(envelope: Envelope): void {
    this.envelope = envelope;
    this.emitter.resume();
    this.wake();
  }

  wake(): void {
    if (this.worker && this.envelope && !this.dead) this.services.scheduler.wake(this.worker);
  }

  /** False where the mailbox is full. */
  take(delivery: Delivery): boolean {
    if (!this.mailbox.push(delivery)) return false;
    this.services.mailboxed += 1;
    this.wake();
    return true;
  }

  /** False where the lane is full. */
  takeSystem(message: SystemMessage): boolean {
    if (!this.system.push(message)) return false;
    this.wake();
    return true;
  }

  /** Empties the mailbox, answering everybody with `outcome`. */
  refuseAll(outcome: Outcome, error: unknown): void {
    for (let delivery = this.mailbox.shift(); delivery; delivery = this.mailbox.shift()) this.refuse(delivery, outcome);
    for (let message = this.system.shift(); message; message = this.system.shift())
      if (message.type === 'subscribe') message.done(error);
  }

  /** Called by the scheduler. */
  readonly drain = (): DrainResult => {
    const { clock, options, counters } = this.services;
    let at = clock.monotonic();
    const until = at + options.drainMs;
    let taken = 0;
    while (taken < options.drainMessagesMax && at <= until) {
      if (this.dead || this.shard.state !== 'open') break;
      if (!this.next(at)) break;
      taken += 1;
      const ended = clock.monotonic();
      if (ended - at > options.slowTurnMs) this.slow(ended - at);
      at = ended;
    }
    if (taken > 0) {
      this.usedAt = at;
      counters.turns.add(taken);
    }
    return this.hasWork() ? 'more' : 'idle';
  };

  hasWork(): boolean {
    if (this.dead || this.shard.state !== 'open') return false;
    return this.mailbox.length > 0 || (this.system.length > 0 && !this.fenced);
  }

  /** One turn; false when there is nothing to do. */
  private next(now: Millis): boolean {
    if (!this.fenced) {
      const message = this.system.shift();
      if (message) {
        this.guard(() => this.handleSystem(message));
        return true;
      }
    }
    const delivery = this.mailbox.shift();
    if (!delivery) return false;
    this.services.mailboxed -= 1;
    if (this.fenced) this.answer(delivery, failure('SELF_FENCED', { shard: this.shard.id }), 'SELF_FENCED');
    else if (now > delivery.deadline) this.expired(delivery);
    else this.guard(() => this.handle(delivery), delivery);
    return true;
  }

  private guard(run: () => void, delivery?: Delivery): void {
    try {
      run();
    } catch (error) {
      if (delivery) {
        const details = { entity: this.key, command: delivery.command };
        this.answer(delivery, failure('ACTOR_FAILED', details), 'ACTOR_FAILED');
      }
      this.keeper.broken(this, error instanceof BrokenState ? error.cause : error);
    }
  }

  private handle(delivery: Delivery): void {
    const { command, origin } = delivery;
    const envelope = this.envelope!;
    const repeat = this.repeats.find(envelope, origin);
    if (repeat) {
      this.repeated(delivery, repeat);
      return;
    }
    if (!Object.hasOwn(this.kind.decide, command)) {
      const details = { kind: this.kind.kind, command: command.slice(0, 64) };
      this.answer(delivery, failure('UNKNOWN_COMMAND', details), 'UNKNOWN_COMMAND');
      return;
    }
    let data: unknown;
    try {
      data = decodeJson(delivery.data);
    } catch {
      this.answer(delivery, failure('INVALID_REQUEST', { details: `${command}: not JSON` }), 'INVALID_REQUEST');
      return;
    }
    const span = delivery.trace === '' ? undefined : this.startSpan(command, delivery.trace);
    const result = this.turn({
      command,
      data,
      origin: originOf(origin),
      replyTo: origin,
      ticket: ticketOf(origin),
      cause: delivery.cause,
      trace: span?.parent ?? '',
      lead: NO_LEAD,
    });
    span?.end(result.outcome?.ok === false ? result.outcome.code : undefined);
  }

  /** A command that was seen before: its first answer, or it waits together with the first. */
  private repeated({ origin, cause }: Delivery, repeat: Outcome | 'waiting' | 'too-old'): void {
    this.services.counters.repeats.add(1, { origin: origin.type });
    if (repeat === 'too-old') {
      const details =
        origin.type === 'client'
          ? { session: origin.session, request: origin.request }
          : { session: origin.type, request: origin.type === 'entity' ? origin.number : origin.request };
      this.emitter.emit(this.shard.log.end, { to: origin, outcome: failure('TOO_OLD', details) });
    } else if (repeat === 'waiting') {
      const ticket = ticketOf(origin);
      // It may now wait in another process than the first time.
      if (this.envelope!.deferred?.get(ticket)?.origin.replyTo === origin.replyTo) return;
      const entry: Entry = { type: 'defer', ticket, origin, cause };
      applyEntry(this.envelope!, entry, this.services.options);
      this.record([entry]);
    } else {
      // The first answer may still wait for its log position: this one must not overtake it.
      this.emitter.emit(this.shard.log.end, { to: origin, outcome: repeat });
    }
  }

  private handleSystem(message: SystemMessage): void {
    switch (message.type) {
      case 'answered':
        this.answered(message.number, message.outcome);
        return;
      case 'timers':
        this.fireTimers();
        return;
      case 'lost':
        this.turn(this.systemInput(message.command, { subscriber: message.subscriber }, { type: 'runtime' }, NO_LEAD));
        return;
      case 'subscribe':
        this.emitter.subscribe(message.subscription, message.done);
        return;
    }
  }

  private answered(number: number, outcome: Outcome): void {
    const send = this.envelope!.outbox?.get(number);
    if (!send) return; // answered before
    if (!outcome.ok && ERRORS[outcome.code].retryable) return; // repeated by its own timer
    const lead: Entry[] = [{ type: 'acked', number }];
    if (send.answer === '') {
      for (const entry of lead) applyEntry(this.envelope!, entry, this.services.options);
      this.record(lead);
    } else {
      const result = outcome.ok
        ? { ok: true, value: decodeJson(outcome.json) }
        : { ok: false, code: outcome.code, details: outcome.details };
      const answer = { from: { ...send.to }, context: decodeJson(send.context), ...result };
      const origin: Origin = { type: 'entity', from: send.to, number };
      this.turn({ ...this.systemInput(send.answer, answer, origin, lead), cause: send.cause, trace: send.trace });
    }
    this.emitter.outflight?.answered(send);
  }

  private fireTimers(): void {
    const now = this.services.clock.now();
    const due = [...(this.envelope!.timers ?? [])]
      .filter(([, { at }]) => at <= now)
      .sort(([, a], [, b]) => a.at - b.at);
    for (const [name, timer] of due) {
      // An earlier one of this batch may have cancelled it or set it anew.
      if (this.dead || this.envelope!.timers?.get(name) !== timer) continue;
      this.services.counters.timersFired.add();
      const data = decodeJson(timer.json);
      this.turn(this.systemInput(timer.command, data, { type: 'timer', name }, [{ type: 'fired', name }]));
    }
    this.emitter.timersFired();
  }

  private systemInput(command: string, data: unknown, origin: Origin, lead: readonly Entry[]): TurnInput {
    return { command, data, origin, replyTo: undefined, ticket: '', cause: '', trace: '', lead };
  }

  private turn(input: TurnInput): TurnResult {
    const { clock, random, options } = this.services;
    const now = clock.now();
    const result = takeTurn(this.envelope!, input, {
      self: this.ref,
      now,
      random,
      numbering: this.shard.numbering,
      options,
      publishing: this.emitter.publishing,
    });
    if (result.error) this.failed(result.error.part, result.error.cause, input.command);
    this.close(input, result, now);
    return result;
  }

  /** Records what the turn changed and lets its outcome out at its place in the log. */
  private close(input: TurnInput, result: TurnResult, now: Millis): void {
    const { replyTo, cause } = input;
    const { entries, outcome } = result;
    const reply =
      replyTo?.type === 'client' && outcome
        ? {
            type: 'reply' as const,
            session: replyTo.session,
            request: replyTo.request,
            answered: replyTo.answered,
            outcome,
            at: now,
          }
        : undefined;
    if (entries.length > 0) {
      // Replies of turns that changed nothing are recorded with the next change: from here on they could come out differently.
      const late = this.repeats.takeUnrecorded(now, this.services.options);
      if (reply) late.push(reply);
      for (const entry of late) {
        applyEntry(this.envelope!, entry, this.services.options);
        entries.push(entry);
      }
      this.append(entries);
    } else if (reply) this.repeats.keepUnrecorded(reply, this.services.options);
    this.emitter.emit(this.shard.log.end, {
      ...(replyTo && outcome && { to: replyTo, outcome }),
      result,
      cause,
    });
  }

  /** Entries that are no turn of the actor's own rules. */
  private record(entries: Entry[]): void {
    this.append(entries);
    this.emitter.emit(this.shard.log.end, {});
  }

  private append(entries: Entry[]): void {
    const envelope = this.envelope!;
    if (!envelope.born) {
      entries.unshift({ type: 'born', seed: this.seed, stream: this.bornAt });
      envelope.born = true;
      this.seed = undefined;
    }
    envelope.seq += 1;
    this.services.counters.records.add();
    this.shard.log.append({ entity: this.key, seq: envelope.seq, entries });
  }

  private expired(delivery: Delivery): void {
    this.services.counters.dropped.add(1, { reason: 'deadline' });
    this.answer(delivery, failure('DEADLINE_EXCEEDED', { ms: 0 }), undefined);
  }

  private refuse(delivery: Delivery, outcome: Outcome): void {
    this.services.mailboxed -= 1;
    this.answer(delivery, outcome, outcome.ok ? undefined : outcome.code);
  }

  /** Answers without a turn. */
  private answer({ origin }: Delivery, outcome: Outcome, refusedCode: string | undefined): void {
    if (refusedCode) this.services.counters.refused.add(1, { code: refusedCode });
    this.services.outlet.reply(origin, this.shard.id, this.shard.term, outcome);
  }

  private failed(part: string, cause: unknown, command: string): void {
    this.services.counters.failures.add(1, { part });
    this.services.log.write('error', 'actor.failed', { entity: this.key, part, command, error: cause });
  }

  private slow(ms: Millis): void {
    this.services.counters.slowTurns.add(1, { kind: this.kind.kind });
    this.services.log.write('warn', 'actor.slow', { entity: this.key, ms: Math.round(ms) });
  }

  private startSpan(command: string, trace: string): Span {
    const span = this.services.tracer.start(`actor ${this.kind.kind}.${command}`, trace);
    span.set('entity', this.key);
    span.set('shard', this.shard.id);
    return span;
  }

  /** The wheel: time to look whether it is idle. */
  due(): void {
    if (!this.dead) this.keeper.idle(this);
  }

  /** Nothing is under way that would be lost or would call it back at once. */
  get quiet(): boolean {
    if (this.mailbox.length + this.system.length + this.repeats.length > 0) return false;
    return this.envelope !== undefined && this.envelope.outbox === undefined && !this.emitter.listenedTo;
  }

  outgoing(number: number): Outgoing | undefined {
    return this.envelope?.outbox?.get(number);
  }
}

function originOf(origin: DeliveryOrigin): Origin {
  switch (origin.type) {
    case 'client':
      return { type: 'client', session: origin.session, request: origin.request, caller: origin.caller };
    case 'entity':
      return { type: 'entity', from: origin.from, number: origin.number };
    case 'admin':
      return { type: 'admin', who: origin.who };
  }
}
