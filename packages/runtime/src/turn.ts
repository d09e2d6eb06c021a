import { type EntityRef, entityKey, type Millis, type Random } from '@muster/ports';
import type { DecideContext, Decision, Origin, ReplyTicket } from './actor.js';
import type { Entry } from './entries.js';
import { applyEntry, type Envelope } from './envelope.js';
import type { DeliveryOrigin, Outcome } from './host.js';
import { encodeJson } from './json.js';
import type { Numbering } from './numbering.js';
import type { RuntimeOptions } from './options.js';
import { failure, refused } from './outcome.js';
import { type NumberedPublication, publicationsOf } from './publications.js';

/** A command whose turn has come. */
export interface TurnInput {
  readonly command: string;
  readonly data: unknown;
  readonly origin: Origin;
  /** Who waits for an answer; undefined: nobody (timers, answers, the runtime itself). */
  readonly replyTo: DeliveryOrigin | undefined;
  readonly ticket: ReplyTicket;
  readonly cause: string;
  readonly trace: string;
  /** What has happened whatever the rule decides: the timer fired, the send was answered. */
  readonly lead: readonly Entry[];
}

/** What a turn did. The entries are applied; nothing has left yet. */
export interface TurnResult {
  readonly entries: Entry[];
  /** Undefined: the sender goes on waiting, or there is none. */
  readonly outcome: Outcome | undefined;
  readonly resolved: readonly { readonly to: DeliveryOrigin; readonly outcome: Outcome }[];
  readonly publications: readonly NumberedPublication[];
  /** What the actor's code threw, and where. The state is unchanged unless `part` is `reply` or `publish`. */
  readonly error: TurnError | undefined;
}

export interface TurnError {
  readonly part: 'decide' | 'reply' | 'publish';
  readonly cause: unknown;
}

export interface TurnEnvironment {
  readonly self: EntityRef;
  readonly now: Millis;
  readonly random: Random;
  readonly numbering: Numbering;
  readonly options: RuntimeOptions;
  /** Somebody listens: events are turned into publications. */
  readonly publishing: boolean;
}

/** `evolve` or `initial` threw half-way: the state cannot be trusted any more. */
export class BrokenState extends Error {}

type AnyDecision = Decision<unknown, Record<string, unknown>, unknown>;
type EventEntry = { -readonly [K in keyof Extract<Entry, { type: 'event' }>]: Extract<Entry, { type: 'event' }>[K] };

const NOTHING: readonly never[] = [];

/**
 * One turn: the rule decides, its decision becomes entries, the entries change the envelope. Everything that may fail is done
 * before the first entry is applied, so a failing rule changes nothing. @throws BrokenState
 */
export function takeTurn(envelope: Envelope, input: TurnInput, env: TurnEnvironment): TurnResult {
  const entries: Entry[] = [...input.lead];
  let decision: AnyDecision;
  let events: EventEntry[];
  try {
    decision = decide(envelope, input, env);
    events = eventsOf(envelope, decision, env.now);
    addTimers(entries, envelope, decision, env.options);
    addSends(entries, envelope, decision, input, env);
  } catch (cause) {
    return unchanged(envelope, input, env, { outcome: failed(env, input), error: { part: 'decide', cause } });
  }
  if (decision.defer && (envelope.deferred?.size ?? 0) >= env.options.deferredMax) {
    return unchanged(envelope, input, env, { outcome: failure('MAILBOX_FULL', { entity: entityKey(env.self) }) });
  }
  apply(envelope, entries, env.options);
  const published = applyEvents(envelope, events, env);
  for (const entry of events) entries.push(entry);
  const answer = decision.defer ? WAITING : answerOf(envelope, decision, input, env);
  const error = answer.error ?? published.error;
  return settle(envelope, entries, input, env, {
    outcome: answer.outcome,
    publications: published.publications,
    error,
    resolve: decision.resolve,
    defer: decision.defer,
  });
}

/** The turn ends as if the rule had not been asked, but for what had happened already. */
function unchanged(
  envelope: Envelope,
  input: TurnInput,
  env: TurnEnvironment,
  ending: Pick<Settling, 'outcome' | 'error'>,
): TurnResult {
  const entries = [...input.lead];
  apply(envelope, entries, env.options);
  return settle(envelope, entries, input, env, { ...ending, publications: NOTHING });
}

function failed(env: TurnEnvironment, input: TurnInput): Outcome {
  return failure('ACTOR_FAILED', { entity: entityKey(env.self), command: input.command });
}

function decide(envelope: Envelope, input: TurnInput, env: TurnEnvironment): AnyDecision {
  const rule = envelope.kind.decide[input.command]!;
  const { ticket, origin } = input;
  const context: DecideContext = { self: env.self, now: env.now, origin, random: env.random, ticket };
  const decision = rule(envelope.state, input.data, context) as AnyDecision | undefined;
  if (typeof decision !== 'object' || decision === null)
    throw new TypeError(`decide.${input.command} returned no decision`);
  const answers =
    Number(decision.reply !== undefined) + Number(decision.refuse !== undefined) + Number(decision.defer ?? false);
  if (answers > 1) throw new TypeError(`decide.${input.command} returned more than one of reply, refuse and defer`);
  return decision;
}

function eventsOf({ kind }: Envelope, { events }: AnyDecision, at: Millis): EventEntry[] {
  if (!events) return [];
  return events.map(({ name, data }) => {
    if (!Object.hasOwn(kind.evolve, name)) throw new TypeError(`${kind.kind} has no event ${name}`);
    return { type: 'event', name, data, at, stream: 0 };
  });
}

function addTimers(entries: Entry[], envelope: Envelope, { timers }: AnyDecision, options: RuntimeOptions): void {
  if (!timers) return;
  let size = envelope.timers?.size ?? 0;
  for (const timer of timers) {
    if (timer.at === null) {
      if (envelope.timers?.has(timer.name) || timers.length > 1) entries.push({ type: 'cancelled', name: timer.name });
      continue;
    }
    if (!Object.hasOwn(envelope.kind.decide, timer.command))
      throw new TypeError(`timer ${timer.name}: ${envelope.kind.kind} has no command ${timer.command}`);
    if (!Number.isFinite(timer.at)) throw new TypeError(`timer ${timer.name} is set for ${timer.at}`);
    if (!envelope.timers?.has(timer.name)) size += 1;
    if (size > options.timersMax) throw new RangeError(`more than ${options.timersMax} timers`);
    const { name, at, command } = timer;
    entries.push({ type: 'timer', name, at, command, json: encodeJson(timer.data) });
  }
}

function addSends(
  entries: Entry[],
  envelope: Envelope,
  { sends }: AnyDecision,
  { cause, trace }: TurnInput,
  { numbering, options }: TurnEnvironment,
): void {
  if (!sends || sends.length === 0) return;
  if ((envelope.outbox?.size ?? 0) + sends.length > options.outboxMax)
    throw new RangeError(`more than ${options.outboxMax} unanswered sends`);
  for (const { to, command, data, answer = '', context } of sends) {
    if (answer !== '' && !Object.hasOwn(envelope.kind.decide, answer))
      throw new TypeError(`the answer of ${command} goes to ${answer}, which ${envelope.kind.kind} does not have`);
    entries.push({
      type: 'send',
      number: numbering.next(),
      to: { kind: to.kind, id: to.id },
      command,
      json: encodeJson(data),
      answer,
      context: encodeJson(context),
      cause,
      trace,
    });
  }
}

function apply(envelope: Envelope, entries: readonly Entry[], options: RuntimeOptions): void {
  try {
    for (const entry of entries) applyEntry(envelope, entry, options);
  } catch (cause) {
    throw new BrokenState('an entry could not be applied', { cause });
  }
}

interface Published {
  readonly publications: readonly NumberedPublication[];
  error?: TurnError;
}

/** Applies events one by one: what subscribers see of each is made from the state right after it. */
function applyEvents(envelope: Envelope, events: EventEntry[], env: TurnEnvironment): Published {
  if (events.length === 0) return { publications: NOTHING };
  const publications: NumberedPublication[] = [];
  const result: Published = { publications };
  for (const entry of events) {
    const before = envelope.stream;
    entry.stream = before + 1;
    apply(envelope, [entry], env.options);
    if (!env.publishing) continue;
    try {
      for (const publication of publicationsOf(envelope, entry, before, env.self)) {
        publications.push(publication);
        entry.stream = Math.max(entry.stream, publication.number);
      }
      envelope.stream = entry.stream;
    } catch (cause) {
      result.error = { part: 'publish', cause };
    }
  }
  return result;
}

const WAITING: { readonly outcome?: undefined; readonly error?: undefined } = {};

function answerOf(
  envelope: Envelope,
  decision: AnyDecision,
  input: TurnInput,
  env: TurnEnvironment,
): { readonly outcome: Outcome; readonly error?: TurnError } {
  if (decision.refuse) return { outcome: refused(decision.refuse) };
  try {
    const { reply } = decision;
    const value =
      typeof reply === 'function'
        ? (reply as (state: unknown, stream: number) => unknown)(envelope.state, envelope.stream)
        : reply;
    return { outcome: { ok: true, json: value === undefined ? 'null' : encodeJson(value) } };
  } catch (cause) {
    return { outcome: failed(env, input), error: { part: 'reply', cause } };
  }
}

interface Settling {
  readonly outcome: Outcome | undefined;
  readonly publications: readonly NumberedPublication[];
  readonly resolve?: AnyDecision['resolve'] | undefined;
  readonly defer?: true | undefined;
  readonly error?: TurnError | undefined;
}

/** The answers: this sender's, and those that waited for this turn. */
function settle(
  envelope: Envelope,
  entries: Entry[],
  input: TurnInput,
  env: TurnEnvironment,
  { outcome, publications, resolve, defer, error }: Settling,
): TurnResult {
  const { replyTo } = input;
  const closing: Entry[] = [];
  const isTold = input.cause !== '' && entries.some(({ type }) => type === 'event');
  if (replyTo?.type === 'entity')
    closing.push({
      type: 'received',
      from: entityKey(replyTo.from),
      number: replyTo.number,
      outcome: outcome ?? null,
      at: env.now,
      ...(isTold && { cause: input.cause }),
    });
  if (replyTo && defer) closing.push({ type: 'defer', ticket: input.ticket, origin: replyTo, cause: input.cause });
  apply(envelope, closing, env.options);
  const resolved: { to: DeliveryOrigin; outcome: Outcome }[] = [];
  let problem = error;
  for (const { ticket, reply, refuse } of resolve ?? NOTHING) {
    const waiting = envelope.deferred?.get(ticket);
    if (!waiting) continue; // resolved before, or its sender never waited
    const late = answerOf(envelope, refuse ? { refuse } : { reply }, input, env);
    problem ??= late.error;
    const entry: Entry = { type: 'resolve', ticket, outcome: late.outcome, at: env.now };
    closing.push(entry);
    apply(envelope, [entry], env.options);
    resolved.push({ to: waiting.origin, outcome: late.outcome });
  }
  for (const entry of closing) entries.push(entry);
  return { entries, outcome, resolved, publications, error: problem };
}
