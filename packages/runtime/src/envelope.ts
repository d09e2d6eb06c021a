import { entityKey, type Millis, MusterError } from '@muster/ports';
import type { AnyActorKind, ReplyTicket } from './actor.js';
import type { Entry, Outgoing } from './entries.js';
import type { DeliveryOrigin, JsonText, Outcome } from './host.js';
import { decodeJson, encodeJson } from './json.js';
import type { RuntimeOptions } from './options.js';
import { RetryWindow } from './retry-window.js';

export interface SetTimer {
  readonly at: Millis;
  readonly command: string;
  readonly json: JsonText;
}

export interface Received {
  /** Of the sender's outbox. Its sends come one at a time, so every lower number was answered. */
  readonly number: number;
  /** Null while the answer is deferred. */
  readonly outcome: Outcome | null;
  readonly at: Millis;
}

export interface Deferred {
  readonly origin: DeliveryOrigin;
  readonly cause: string;
}

/**
 * All that an actor is: its state and what the runtime owes others on its behalf. It changes only through {@link applyEntry}.
 * Maps exist only while they hold something: most actors owe nobody anything most of the time.
 */
export interface Envelope {
  readonly kind: AnyActorKind;
  readonly id: string;
  state: unknown;
  /** False until the first record: nothing to save yet. */
  born: boolean;
  /** Turns with records. */
  seq: number;
  /** Number of the last event. */
  stream: number;
  timers: Map<string, SetTimer> | undefined;
  /** By number, oldest first. */
  outbox: Map<number, Outgoing> | undefined;
  /** By sender, the longest silent first. */
  received: Map<string, Received> | undefined;
  /** By session, the longest silent first. */
  sessions: Map<string, RetryWindow> | undefined;
  deferred: Map<ReplyTicket, Deferred> | undefined;
}

/** An actor that nobody has heard of. */
export function emptyEnvelope(kind: AnyActorKind, id: string): Envelope {
  return {
    kind,
    id,
    state: undefined,
    born: false,
    seq: 0,
    stream: 0,
    timers: undefined,
    outbox: undefined,
    received: undefined,
    sessions: undefined,
    deferred: undefined,
  };
}

/** Applies one turn's record. The only way an envelope changes, on the owner and on every copy. */
export function applyRecord(
  envelope: Envelope,
  entries: readonly Entry[],
  options: RuntimeOptions,
  seen?: EventSeen,
): void {
  if (entries.length === 0) {
    Object.assign(envelope, emptyEnvelope(envelope.kind, envelope.id));
    return;
  }
  envelope.seq += 1;
  const cause = seen ? causeOfRecord(envelope, entries) : '';
  for (const entry of entries) {
    const before = envelope.stream;
    applyEntry(envelope, entry, options);
    if (seen && entry.type === 'event') seen(envelope, entry, before, cause);
  }
}

/** Called after each event with the stream's number before it and the client command that caused it, as far as the record says. */
export type EventSeen = (
  envelope: Envelope,
  event: Extract<Entry, { type: 'event' }>,
  before: number,
  cause: string,
) => void;

/** What the turn of this record was about: a client's command, another actor's, or an answer to what this one had sent (K16). */
function causeOfRecord({ outbox }: Envelope, entries: readonly Entry[]): string {
  for (const entry of entries) {
    if (entry.type === 'received' || entry.type === 'defer') return entry.cause ?? '';
    if (entry.type === 'acked') return outbox?.get(entry.number)?.cause ?? '';
    if (entry.type === 'fired') return '';
  }
  // Replies of turns that changed nothing are recorded with the next change, before its own.
  const own = entries.at(-1);
  return own?.type === 'reply' ? `${own.session}:${own.request}` : '';
}

/** One entry of a record; `seq` is the record's and counted by {@link applyRecord}. Throws only what the kind's functions throw. */
export function applyEntry(envelope: Envelope, entry: Entry, options: RuntimeOptions): void {
  switch (entry.type) {
    case 'born':
      // A life before this one may have ended without a record: nothing of it goes on.
      Object.assign(envelope, emptyEnvelope(envelope.kind, envelope.id), { seq: 1 });
      envelope.state = envelope.kind.initial(envelope.id, entry.seed);
      envelope.stream = entry.stream;
      envelope.born = true;
      return;
    case 'carved':
      Object.assign(envelope, restoreEnvelope(envelope.kind, envelope.id, entry.text), { seq: 1 });
      return;
    case 'event':
      envelope.kind.evolve[entry.name]!(envelope.state, entry.data, entry.at);
      envelope.stream = entry.stream;
      return;
    case 'send':
      envelope.outbox ??= new Map();
      envelope.outbox.set(entry.number, outgoing(entry));
      return;
    case 'acked':
      envelope.outbox = without(envelope.outbox, entry.number);
      return;
    case 'timer':
      envelope.timers ??= new Map();
      envelope.timers.set(entry.name, { at: entry.at, command: entry.command, json: entry.json });
      return;
    case 'cancelled':
    case 'fired':
      envelope.timers = without(envelope.timers, entry.name);
      return;
    case 'received':
      remember(envelope, entry.from, { number: entry.number, outcome: entry.outcome, at: entry.at }, options);
      return;
    case 'reply':
      keepReply(envelope, entry.session, entry.request, entry.answered, entry.outcome, entry.at, options);
      return;
    case 'defer':
      envelope.deferred ??= new Map();
      envelope.deferred.set(entry.ticket, { origin: entry.origin, cause: entry.cause });
      return;
    case 'resolve':
      resolve(envelope, entry.ticket, entry.outcome, entry.at, options);
      return;
    default:
      throw new TypeError(`unknown entry ${(entry satisfies never as Entry).type}`);
  }
}

function outgoing({ number, to, command, json, answer, context, cause, trace }: Outgoing): Outgoing {
  return { number, to, command, json, answer, context, cause, trace };
}

function without<K, V>(map: Map<K, V> | undefined, key: K): Map<K, V> | undefined {
  map?.delete(key);
  return map && map.size > 0 ? map : undefined;
}

function remember(envelope: Envelope, from: string, received: Received, options: RuntimeOptions): void {
  envelope.received ??= new Map();
  envelope.received.delete(from); // to the end: the map's order is who was heard of last
  envelope.received.set(from, received);
  const silentSince = received.at - options.rememberMs;
  for (const [oldest, { at }] of envelope.received) {
    if (envelope.received.size <= options.sendersMax && at > silentSince) break;
    if (oldest !== from) envelope.received.delete(oldest);
    else break;
  }
}

function keepReply(
  envelope: Envelope,
  session: string,
  request: number,
  answered: number,
  outcome: Outcome,
  at: Millis,
  options: RuntimeOptions,
): void {
  envelope.sessions ??= new Map();
  const window = envelope.sessions.get(session) ?? new RetryWindow();
  window.add(request, answered, outcome, at, options);
  if (envelope.sessions.size > 1) envelope.sessions.delete(session);
  envelope.sessions.set(session, window);
  const silentSince = at - options.rememberMs;
  for (const [oldest, { heardAt }] of envelope.sessions) {
    if (envelope.sessions.size <= options.sessionsMax && heardAt > silentSince) break;
    if (oldest !== session) envelope.sessions.delete(oldest);
    else break;
  }
}

function resolve(envelope: Envelope, ticket: ReplyTicket, outcome: Outcome, at: Millis, options: RuntimeOptions): void {
  const origin = envelope.deferred?.get(ticket)?.origin;
  envelope.deferred = without(envelope.deferred, ticket);
  if (origin?.type === 'client')
    keepReply(envelope, origin.session, origin.request, origin.answered, outcome, at, options);
  if (origin?.type === 'entity') {
    const from = entityKey(origin.from);
    const received = envelope.received?.get(from);
    if (received?.number === origin.number) remember(envelope, from, { number: origin.number, outcome, at }, options);
  }
}

interface SavedEnvelope {
  readonly version: number;
  readonly state: unknown;
  readonly seq: number;
  readonly stream: number;
  readonly timers?: [string, SetTimer][];
  readonly outbox?: Outgoing[];
  readonly received?: [string, Received][];
  readonly sessions?: [string, unknown][];
  readonly deferred?: [ReplyTicket, Deferred][];
}

/** The envelope as JSON text: what a parked actor is, and what a snapshot ships. Equal envelopes give equal text. */
export function saveEnvelope(envelope: Envelope): JsonText {
  const { kind, state, seq, stream, timers, outbox, received, sessions, deferred } = envelope;
  const saved: SavedEnvelope = {
    version: kind.version,
    state: kind.save ? kind.save(state) : state,
    seq,
    stream,
    ...(timers && { timers: [...timers] }),
    ...(outbox && { outbox: [...outbox.values()] }),
    ...(received && { received: [...received] }),
    ...(sessions && { sessions: [...sessions].map(([session, window]) => [session, window.save()]) }),
    ...(deferred && { deferred: [...deferred] }),
  };
  return encodeJson(saved);
}

/** What {@link saveEnvelope} begins with. */
const VERSION = /^\{"version":(\d+),/;
const DAMAGED = '{"damaged":';

/** An actor of which only is known that what is stored of it cannot be trusted: nothing is done to it, and it stays known. */
export function damagedActor(cause: string): SavedActor {
  return { text: `${DAMAGED}${encodeJson(cause)}}`, tail: '', seq: 0 };
}

/** A whole actor and the version of its kind that wrote it. */
export interface ActorSnapshot {
  readonly text: JsonText;
  readonly seq: number;
  readonly version: number;
}

/** The actor as one text; undefined where it cannot be read here. */
export function snapshotActor(
  kind: AnyActorKind,
  id: string,
  saved: SavedActor,
  options: RuntimeOptions,
): ActorSnapshot | undefined {
  try {
    const { text, seq } = compactActor(kind, id, saved, options);
    // As it is, also where it was written by another version: whoever reads it upgrades it.
    const version = VERSION.exec(text)?.[1];
    return version === undefined ? undefined : { text, seq, version: Number(version) };
  } catch {
    return undefined;
  }
}

/**
 * Reads what {@link saveEnvelope} wrote, also in an older version of the kind. Throws what `upgrade` or `restore` throws.
 * @throws MusterError STATE_DAMAGED, STATE_TOO_NEW
 */
export function restoreEnvelope(kind: AnyActorKind, id: string, text: JsonText): Envelope {
  const saved = decodeJson(text) as SavedEnvelope;
  if (text.startsWith(DAMAGED)) {
    const { damaged: cause } = saved as unknown as { readonly damaged: string };
    throw new MusterError('STATE_DAMAGED', { shard: 'its own', entity: `${kind.kind}/${id}`, cause });
  }
  if (saved.version > kind.version) {
    const details = { entity: `${kind.kind}/${id}`, version: saved.version, readable: kind.version };
    throw new MusterError('STATE_TOO_NEW', details);
  }
  const form = saved.version === kind.version ? saved.state : upgraded(kind, saved);
  return {
    kind,
    id,
    state: kind.restore ? kind.restore(form) : form,
    born: true,
    seq: saved.seq,
    stream: saved.stream,
    timers: saved.timers && new Map(saved.timers),
    outbox: saved.outbox && new Map(saved.outbox.map((send) => [send.number, send])),
    received: saved.received && new Map(saved.received),
    sessions: saved.sessions && new Map(saved.sessions.map(([name, window]) => [name, RetryWindow.restore(window)])),
    deferred: saved.deferred && new Map(saved.deferred),
  };
}

/** An actor as a copy holds it. Reading it takes the time of its length, so a copy is read when the actor is wanted, not before. */
export interface SavedActor {
  /** As {@link saveEnvelope} gave it; empty: the first record of `tail` begins its life. */
  readonly text: JsonText;
  /** Entries of the records after `text`: JSON arrays with commas between them. */
  readonly tail: JsonText;
  /** Of the last record that is in it. */
  readonly seq: number;
  /** What it published up to `text`, for those who missed it ({@link KeptPublications} as JSON); empty or absent: not known. */
  readonly recent?: JsonText;
  /** Whether `text` has timers or unanswered sends, where that is known without reading it. */
  readonly owes?: boolean | undefined;
}

/** Throws what `upgrade`, `restore` or `evolve` throws. */
export function restoreActor(
  kind: AnyActorKind,
  id: string,
  { text, tail }: Pick<SavedActor, 'text' | 'tail'>,
  options: RuntimeOptions,
  seen?: EventSeen,
): Envelope {
  const envelope = text === '' ? emptyEnvelope(kind, id) : restoreEnvelope(kind, id, text);
  if (tail === '') return envelope;
  for (const entries of decodeJson(`[${tail}]`) as (readonly Entry[])[]) applyRecord(envelope, entries, options, seen);
  return envelope;
}

/** The same actor without a tail. Throws what {@link restoreActor} and `save` throw. */
export function compactActor(kind: AnyActorKind, id: string, saved: SavedActor, options: RuntimeOptions): SavedActor {
  if (saved.tail === '') return saved;
  return { text: saveEnvelope(restoreActor(kind, id, saved, options)), tail: '', seq: saved.seq };
}

const CARVED = '[{"type":"carved",';

/** What it published before it was carved into its shard, for those who missed it; empty: not known, or it was not. */
export function recentAtCarving({ text, tail }: Pick<SavedActor, 'text' | 'tail'>): JsonText {
  if (text !== '' || !tail.startsWith(CARVED)) return '';
  const [[first]] = decodeJson(`[${tail}]`) as [[Entry]];
  return first.type === 'carved' ? first.recent : '';
}

/** True where it has a timer set or a send unanswered, or perhaps: found by looking for the words, as most actors have neither. */
export function mayOwe(saved: SavedActor): boolean {
  const { tail, owes = says(saved.text) } = saved;
  return owes || tail.startsWith(CARVED) || tail.includes('{"type":"timer"') || tail.includes('{"type":"send"');
}

function says(text: JsonText): boolean {
  return text.includes('"timers":[') || text.includes('"outbox":[');
}

function upgraded(kind: AnyActorKind, saved: SavedEnvelope): unknown {
  if (!kind.upgrade)
    throw new TypeError(`${kind.kind} of version ${saved.version} cannot be read by version ${kind.version}`);
  return kind.upgrade(saved.state, saved.version);
}
