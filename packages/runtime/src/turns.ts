import { ERRORS, type Millis, type Span } from '@muster/ports';
import type { Activation, SystemMessage } from './activation.js';
import type { Origin } from './actor.js';
import type { Entry } from './entries.js';
import { applyEntry, saveEnvelope } from './envelope.js';
import type { Delivery, DeliveryOrigin, Outcome } from './host.js';
import { decodeJson } from './json.js';
import { failure } from './outcome.js';
import { Repeats } from './repeats.js';
import { ticketOf } from './ticket.js';
import { type TurnInput, type TurnResult, takeTurn } from './turn.js';

const NO_LEAD: readonly Entry[] = [];

/** The turns of one actor: what comes in becomes a turn, what the turn changed becomes a record, what it decided goes to the emitter. */
export class Turns {
  /** Of an unborn actor: what its first record will say. */
  seed: unknown;
  bornAt = 0;
  private readonly actor: Activation;
  private readonly repeats = new Repeats();
  private whole: (() => string) | undefined;

  constructor(actor: Activation) {
    this.actor = actor;
  }

  /** Replies that no record holds may still be asked for. */
  get repeatable(): boolean {
    const { clock, options } = this.actor.services;
    return !this.repeats.empty(clock.now(), options);
  }

  /** A command. @throws BrokenState */
  handle(delivery: Delivery): void {
    const { command, origin } = delivery;
    const envelope = this.actor.envelope!;
    const repeat = this.actor.services.rules.findRepeat(this.repeats, envelope, origin);
    if (repeat) {
      this.repeated(delivery, repeat);
      return;
    }
    if (!Object.hasOwn(this.actor.kind.decide, command)) {
      const details = { kind: this.actor.kind.kind, command: command.slice(0, 64) };
      this.actor.answer(delivery, failure('UNKNOWN_COMMAND', details), 'UNKNOWN_COMMAND');
      return;
    }
    let data: unknown;
    try {
      data = decodeJson(delivery.data);
    } catch {
      this.actor.answer(delivery, failure('INVALID_REQUEST', { details: `${command}: not JSON` }), 'INVALID_REQUEST');
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
    this.actor.services.counters.repeats.add(1, { origin: origin.type });
    if (repeat === 'too-old') {
      const details =
        origin.type === 'client'
          ? { session: origin.session, request: origin.request }
          : { session: origin.type, request: origin.type === 'entity' ? origin.number : origin.request };
      this.actor.emitter.emit(this.actor.log.end, origin, failure('TOO_OLD', details));
    } else if (repeat === 'waiting') {
      const ticket = ticketOf(origin);
      // It may now wait in another process than the first time, or there under another number.
      const first = this.actor.envelope!.deferred?.get(ticket)?.origin;
      if (first?.replyTo === origin.replyTo && first.call === origin.call) return;
      const entry: Entry = { type: 'defer', ticket, origin, cause };
      applyEntry(this.actor.envelope!, entry, this.actor.services.options);
      this.record([entry]);
    } else {
      // The first answer may still wait for its log position: this one must not overtake it.
      this.actor.emitter.emit(this.actor.log.end, origin, repeat);
    }
  }

  /** What the runtime owes the actor. @throws BrokenState */
  handleSystem(message: SystemMessage): void {
    switch (message.type) {
      case 'answered':
        this.answered(message.number, message.outcome);
        return;
      case 'timers':
        this.fireTimers();
        return;
      case 'subscriber':
        this.turn(this.systemInput(message.command, { subscriber: message.subscriber }, { type: 'runtime' }, NO_LEAD));
        return;
      case 'adopted':
        this.turn(this.systemInput(message.command, message.adopted, { type: 'runtime' }, NO_LEAD));
        return;
      case 'subscribe':
        this.actor.emitter.subscribe(message.subscription, message.done);
        return;
    }
  }

  private answered(number: number, outcome: Outcome): void {
    const send = this.actor.envelope!.outbox?.get(number);
    if (!send) return; // answered before
    if (!outcome.ok && ERRORS[outcome.code].retryable) return; // repeated by its own timer
    const lead: Entry[] = [{ type: 'acked', number }];
    if (send.answer === '') {
      for (const entry of lead) applyEntry(this.actor.envelope!, entry, this.actor.services.options);
      this.record(lead);
    } else {
      const result = outcome.ok
        ? { ok: true, value: decodeJson(outcome.json) }
        : { ok: false, code: outcome.code, details: outcome.details };
      const answer = { from: { ...send.to }, context: decodeJson(send.context), ...result };
      const origin: Origin = { type: 'entity', from: send.to, number };
      this.turn({ ...this.systemInput(send.answer, answer, origin, lead), cause: send.cause, trace: send.trace });
    }
    this.actor.emitter.outflight?.answered(send);
  }

  private fireTimers(): void {
    const now = this.actor.services.clock.now();
    const due = [...(this.actor.envelope!.timers ?? [])]
      .filter(([, { at }]) => at <= now)
      .sort(([, a], [, b]) => a.at - b.at);
    for (const [name, timer] of due) {
      // An earlier one of this batch may have cancelled it or set it anew.
      if (this.actor.dead || this.actor.envelope!.timers?.get(name) !== timer) continue;
      this.actor.services.counters.timersFired.add();
      const data = decodeJson(timer.json);
      this.turn(this.systemInput(timer.command, data, { type: 'timer', name }, [{ type: 'fired', name }]));
    }
    this.actor.emitter.timersFired();
  }

  private systemInput(command: string, data: unknown, origin: Origin, lead: readonly Entry[]): TurnInput {
    return { command, data, origin, replyTo: undefined, ticket: '', cause: '', trace: '', lead };
  }

  private turn(input: TurnInput): TurnResult {
    const { clock, random, options } = this.actor.services;
    const now = clock.now();
    const result = takeTurn(this.actor.envelope!, input, {
      self: this.actor.ref,
      now,
      random,
      numbering: this.actor.shard.numbering,
      options,
      publishing: this.actor.emitter.publishing,
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
      const late = this.repeats.takeUnrecorded(now, this.actor.services.options);
      if (reply) late.push(reply);
      for (const entry of late) {
        applyEntry(this.actor.envelope!, entry, this.actor.services.options);
        entries.push(entry);
      }
      this.append(entries);
    } else if (reply) this.repeats.keepUnrecorded(reply, this.actor.services.options);
    this.actor.emitter.emit(this.actor.log.end, replyTo, outcome, result, cause);
  }

  /** Entries that are no turn of the actor's own rules. */
  private record(entries: Entry[]): void {
    this.append(entries);
    this.actor.emitter.emit(this.actor.log.end);
  }

  private append(entries: Entry[]): void {
    const envelope = this.actor.envelope!;
    if (!envelope.born) {
      entries.unshift({ type: 'born', seed: this.seed, stream: this.bornAt });
      envelope.born = true;
      this.seed = undefined;
    }
    envelope.seq += 1;
    this.actor.services.counters.records.add();
    this.whole ??= () => saveEnvelope(this.actor.envelope!);
    this.actor.log.append({ entity: this.actor.key, seq: envelope.seq, entries, whole: this.whole });
  }

  private failed(part: string, cause: unknown, command: string): void {
    this.actor.services.counters.failures.add(1, { part });
    this.actor.services.log.write('error', 'actor.failed', { entity: this.actor.key, part, command, error: cause });
  }

  private startSpan(command: string, trace: string): Span {
    const span = this.actor.services.tracer.start(`actor ${this.actor.kind.kind}.${command}`, trace);
    span.set('entity', this.actor.key);
    span.set('shard', this.actor.shard.id);
    return span;
  }
}

/** What a rule hears of who sent a command. */
export function originOf(origin: DeliveryOrigin): Origin {
  switch (origin.type) {
    case 'client':
      return { type: 'client', session: origin.session, request: origin.request, caller: origin.caller };
    case 'entity':
      return { type: 'entity', from: origin.from, number: origin.number };
    case 'admin':
      return { type: 'admin', who: origin.who };
  }
}
