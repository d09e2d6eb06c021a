// Where the player is: its part of the membership protocol (membership/protocol.ts), once for all kinds of places. What coming and going
// means for a client is said by the slice of that kind (`placeRules`); its rules ask `joinPlace` and `leavePlace` here.
//
// A client's request that moves the player is answered when the place has answered, with a {@link Moved}: the gateway must know where the
// client is before it takes its next request, and the notice comes another way. Where nobody waits for the answer any more (another connection
// holds the player since) the client is told `user/self` once more. The place is doubted (asked whether it still has the player)
// after this actor lost something, when a client comes back, when a place refused the client, and now and then.
import {
  type Answer,
  type DecideContext,
  type EventRecord,
  event,
  type Publication,
  type Refusal,
} from '@muster/runtime';
import { userSelf } from '@muster/tachyon';
import {
  confirmation,
  type Departure,
  type Membership,
  type MembershipEffect,
  type MembershipInput,
  nextOp,
  type Op,
  OUT,
  opsAfter,
  placeOfMember,
  step,
} from '../membership/protocol.js';
import {
  type Moved,
  NOTICE_PLACE,
  PLACE_KINDS,
  type PlaceKind,
  type PlaceNotice,
  type PlacesCommands,
  type PlacesEvents,
  type PlayerEvents,
  REASON_SUPERSEDED,
} from './contract.js';
import { toSelf } from './publishing.js';
import { type Decided, joined, type Pieces, type PlayerSlice, type SliceTools } from './slice.js';
import { type PlacesPart, type PlayerState, refuseStranger, stillThere } from './state.js';

/** What a slice says of its kind of place. */
export interface PlaceRules {
  /** What a client gets that came in. `value`: the place's answer to `admit`. Absent: the value itself. */
  readonly reply?: (value: unknown) => unknown;
  /** Admitted, for the first time or again. */
  readonly admitted?: (
    state: PlayerState,
    place: { readonly id: string; readonly value: unknown },
    ctx: DecideContext,
  ) => Pieces;
  /** Not let in, or not to stay: whatever the reason. */
  readonly refused?: (state: PlayerState, place: { readonly id: string }, ctx: DecideContext) => Pieces;
  /** No longer a member. */
  readonly gone?: (state: PlayerState, gone: PlaceGone, ctx: DecideContext) => Pieces;
}

export interface PlaceGone {
  readonly id: string;
  readonly how: Departure;
  /** What the place said of it, where it sent the player away. */
  readonly said: unknown;
}

/** What the place answered, or said by itself; goes with the effects of one input. */
interface Word {
  /** Id of the place that answered, or whose answer is not waited for. */
  readonly from?: string;
  readonly value?: unknown;
  readonly refusal?: Refusal;
  /** Data of `admit`, for the place's own rules. */
  readonly data?: unknown;
}

export function placesSlice(tools: SliceTools): PlayerSlice<PlacesCommands, PlacesEvents, PlacesPart> {
  const { whole } = tools;
  const each = (state: PlayerState, input: MembershipInput, ctx: DecideContext): Pieces =>
    joined(...PLACE_KINDS.map((kind) => moved(state, kind, input, ctx, tools)));
  return {
    name: 'places',
    version: 1,
    initial: () => ({ places: { party: OUT, lobby: OUT }, placeOps: 0 }),
    decide: {
      admitAnswered: (state, answer, ctx) => admitAnswered(state, answer, ctx, tools),
      leaveAnswered: (state, answer, ctx) => {
        const { kind, op } = answer.context as PlaceContext;
        return moved(state, kind, { type: 'left', id: answer.from.id, op }, ctx, tools);
      },
      confirmAnswered: (state, answer, ctx) => {
        if (!answer.ok) return {};
        const { kind, op } = answer.context as PlaceContext;
        const { member } = answer.value as { readonly member: boolean };
        return moved(state, kind, { type: 'confirmed', id: answer.from.id, op, member }, ctx, tools);
      },
      dismissed: (state, { op, reason }, ctx) => {
        const from = speaker(ctx);
        if (!from) return NO_PLACE;
        return moved(state, from.kind, { type: 'dismissed', id: from.id, op }, ctx, tools, {
          from: from.id,
          value: reason,
          refusal: { reason: 'invalid_request', details: 'you were sent away' },
        });
      },
      confirm: (state, _, ctx) => {
        const from = speaker(ctx);
        if (!from) return NO_PLACE;
        return { reply: state.session ? confirmation(state.places[from.kind], from.id) : { member: false } };
      },
      places: (state, { doubt }, ctx) => {
        const stranger = refuseStranger(state, ctx);
        if (stranger) return { refuse: stranger };
        const kind = PLACE_KINDS.find((known) => known === doubt);
        const doubted = kind ? moved(state, kind, { type: 'doubt' }, ctx, tools) : {};
        return { ...joined(stillThere(state), doubted), reply: (after) => whole.places(after) };
      },
      auditPlaces: (state, _, ctx) => joined(each(state, { type: 'doubt' }, ctx), auditTimer(state, ctx, tools)),
    },
    evolve: {
      foundElsewhere: () => undefined,
      placeChanged: (state, { kind, membership, n }) => {
        state.places[kind] = membership;
        state.placeOps = Math.max(state.placeOps, n);
      },
    },
    follow: {
      adopted: (state, adopted) => {
        state.placeOps = opsAfter(state.placeOps, adopted);
      },
    },
    publish: {
      placeChanged: (state, { kind, at }) => (at ? noticed(state, kind, at.id) : []),
      // No answer tells this client: it would hear of a place in which it believes itself not to be.
      foundElsewhere: (state, { kind, id }, self) => {
        const user = whole.privateUser(state, self);
        return state.session && user ? [toSelf(userSelf.commandId, { user }), ...noticed(state, kind, id)] : [];
      },
    },
    selfView: ({ places }) => ({ currentLobby: placeOfMember(places.lobby) }),
    places: ({ places }) =>
      Object.fromEntries(
        PLACE_KINDS.flatMap((kind) => {
          const id = placeOfMember(places[kind]);
          return id === null ? [] : [[kind, id]];
        }),
      ),
    // Whoever comes back rebuilds its view from here: the moment to be sure.
    onAttached: (state, ctx) => joined(each(state, { type: 'abandoned' }, ctx), each(state, { type: 'doubt' }, ctx)),
    onAdopted: (state, { mayLack }, ctx) => (mayLack ? each(state, { type: 'doubt' }, ctx) : {}),
    onEnded: (state, ctx) => {
      const waiting = each(state, { type: 'abandoned' }, ctx);
      const gone = each(withoutTickets(state), { type: 'leave', ticket: null }, ctx);
      return { ...gone, resolve: waiting.resolve ?? [] };
    },
    blank: ({ places }) => PLACE_KINDS.every((kind) => places[kind].phase === 'out'),
  };
}

/** For its gateway. */
function noticed({ session }: PlayerState, kind: PlaceKind, id: string | null): readonly Publication[] {
  if (!session) return [];
  const notice: PlaceNotice = { session: session.id, kind, id };
  return [toSelf(NOTICE_PLACE, notice)];
}

interface PlaceContext {
  readonly kind: PlaceKind;
  readonly op: Op;
}

const NO_PLACE = { refuse: { reason: 'unauthorized', details: 'only a place says so' } } as const;
const AUDIT_TIMER = 'places';

/**
 * The player's client wants to come in. It is answered when the place has answered: with {@link Moved}, or the place's refusal. Asking for
 * the place where the player is brings the place's state. @param data for the place's rules
 */
export function joinPlace(
  state: PlayerState,
  kind: PlaceKind,
  { id, data }: { readonly id: string; readonly data: unknown },
  ctx: DecideContext,
  tools: SliceTools,
): Decided {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const current = state.places[kind];
  if (current.phase === 'joining' && (current.id !== id || current.tickets.length >= tools.options.placeRequestsMax))
    return { refuse: { reason: 'invalid_request', details: `you are on your way into a ${kind}` } };
  const { op } = nextOp(state.session!.login, state.placeOps, ctx.now);
  const pieces = moved(state, kind, { type: 'join', id, op, ticket: ctx.ticket }, ctx, tools, { data });
  return { ...joined(stillThere(state), pieces), defer: true };
}

/** The player's client wants to leave. Answered with {@link Moved} when the place has heard of it; at once where the player is in none. */
export function leavePlace(state: PlayerState, kind: PlaceKind, ctx: DecideContext, tools: SliceTools): Decided<Moved> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const current = state.places[kind];
  if (current.phase === 'out') return { ...stillThere(state), reply: nowhere(kind) };
  if (current.phase === 'leaving' && current.tickets.length >= tools.options.placeRequestsMax)
    return { refuse: { reason: 'invalid_request', details: `you are on your way out of the ${kind}` } };
  // Whoever turns round on the way in is not let in, whatever the place answers.
  const word = current.phase === 'joining' ? { from: current.id } : {};
  const pieces = moved(state, kind, { type: 'leave', ticket: ctx.ticket }, ctx, tools, word);
  return { ...joined(stillThere(state), pieces), defer: true };
}

/** That place has said, later than it let the player in, that the player is no member: it has lost its last second since. */
export function disownedBy(
  state: PlayerState,
  kind: PlaceKind,
  id: string,
  ctx: DecideContext,
  tools: SliceTools,
): Pieces {
  const current = state.places[kind];
  if (current.phase !== 'in' || current.id !== id) return {};
  return moved(state, kind, { type: 'confirmed', id, op: current.op, member: false }, ctx, tools);
}

function nowhere(kind: PlaceKind): Moved {
  return { moved: { kind, id: null }, data: null };
}

function admitAnswered(state: PlayerState, answer: Answer, ctx: DecideContext, tools: SliceTools): Pieces {
  const { kind, op } = answer.context as PlaceContext;
  const { id } = answer.from;
  if (answer.ok) return moved(state, kind, { type: 'admitted', id, op }, ctx, tools, { value: answer.value });
  const sure = answer.code === 'REFUSED';
  const said = answer.details as { readonly reason?: string; readonly details?: string };
  const refusal = sure
    ? { reason: said.reason ?? 'invalid_request', details: said.details }
    : { reason: 'internal_error', details: 'try again' };
  return moved(state, kind, { type: 'refused', id, op, sure }, ctx, tools, { refusal, from: id });
}

/** One step of the protocol as pieces of a turn. */
function moved(
  state: PlayerState,
  kind: PlaceKind,
  input: MembershipInput,
  ctx: DecideContext,
  tools: SliceTools,
  word: Word = {},
): Pieces {
  const before = state.places[kind];
  const { state: after, effects } = step(before, input);
  const at = placeOfMember(after);
  const events: EventRecord<PlayerEvents>[] = [];
  const hasMoved = at !== placeOfMember(before);
  const isAwaited = input.type !== 'admitted' || before.phase !== 'joining' || before.tickets.length > 0;
  if (after !== before) {
    const n = input.type === 'join' ? Number(input.op.slice(input.op.indexOf('.') + 1)) : 0;
    const place = hasMoved && isAwaited ? { at: { id: at } } : {};
    events.push(event('placeChanged', { kind, membership: after, n, ...place }));
  }
  const pieces = effects.map((effect) => piecesOf(effect, { state, kind, after, ctx, tools, word }));
  const cameIn = before.phase !== 'in' && after.phase === 'in' ? auditTimer(state, ctx, tools, true) : {};
  const news = hasMoved && !isAwaited ? { events: [event('foundElsewhere', { kind, id: at })] } : {};
  return joined({ events }, ...pieces, cameIn, news);
}

type Resolution = Extract<MembershipEffect, { type: 'resolve' }>['how'];

interface Circumstances {
  readonly state: PlayerState;
  readonly kind: PlaceKind;
  readonly after: Membership;
  readonly ctx: DecideContext;
  readonly tools: SliceTools;
  readonly word: Word;
}

function piecesOf(effect: MembershipEffect, { state, kind, after, ctx, tools, word }: Circumstances): Pieces {
  const rules = tools.whole.placeRules(kind);
  switch (effect.type) {
    case 'send':
      return { sends: [sendOf(effect, kind, state, ctx, word)] };
    case 'came':
      return {};
    case 'gone':
      return rules.gone?.(state, { id: effect.id, how: effect.how, said: word.value ?? null }, ctx) ?? {};
    case 'resolve': {
      const { how, tickets } = effect;
      const own = said(how, { state, after, ctx, rules, word });
      const answer = answerOf(how, kind, after, rules, word);
      return joined(own, { resolve: tickets.map((ticket) => ({ ticket, ...answer })) });
    }
  }
}

/** What its slice makes of the place's answer. */
function said(
  how: Resolution,
  { state, after, ctx, rules, word }: Omit<Circumstances, 'tools' | 'kind'> & { readonly rules: PlaceRules },
): Pieces {
  if (how === 'admitted' && after.phase === 'in')
    return rules.admitted?.(state, { id: after.id, value: word.value }, ctx) ?? {};
  if ((how === 'refused' || how === 'overtaken') && word.from !== undefined)
    return rules.refused?.(state, { id: word.from }, ctx) ?? {};
  return {};
}

function answerOf(
  how: Resolution,
  kind: PlaceKind,
  after: Membership,
  rules: PlaceRules,
  { value, refusal }: Word,
): { readonly reply: Moved } | { readonly refuse: Refusal } {
  switch (how) {
    case 'admitted': {
      const { stream } = (value ?? {}) as { readonly stream?: number };
      const place = { kind, id: placeOfMember(after), ...(stream === undefined ? {} : { stream }) };
      return { reply: { moved: place, data: rules.reply ? rules.reply(value) : (value ?? null) } };
    }
    case 'left':
      return { reply: nowhere(kind) };
    case 'refused':
      return { refuse: refusal ?? { reason: 'internal_error', details: 'try again' } };
    case 'overtaken':
      return { refuse: { reason: 'invalid_request', details: 'you asked for something else meanwhile' } };
    case 'superseded':
      return { refuse: { reason: REASON_SUPERSEDED } };
  }
}

function sendOf(
  { message, id, op }: Extract<MembershipEffect, { type: 'send' }>,
  kind: PlaceKind,
  { account }: PlayerState,
  ctx: DecideContext,
  { data }: Word,
): NonNullable<Pieces['sends']>[number] {
  const to = { kind, id };
  const context: PlaceContext = { kind, op };
  if (message !== 'admit') return { to, command: message, data: { op }, answer: `${message}Answered`, context };
  const { username = '', countryCode = '' } = account ?? {};
  const user = { userId: ctx.self.id, username, countryCode };
  return { to, command: 'admit', data: { op, user, data: data ?? null }, answer: 'admitAnswered', context };
}

/** Asks now and then, as long as the player is anywhere. */
function auditTimer(state: PlayerState, ctx: DecideContext, { options }: SliceTools, isIn = false): Pieces {
  if (!isIn && PLACE_KINDS.every((kind) => state.places[kind].phase !== 'in')) return {};
  return { timers: [{ name: AUDIT_TIMER, at: ctx.now + options.placeAuditMs, command: 'auditPlaces', data: null }] };
}

/** The place that speaks, or undefined: somebody else does. */
function speaker({ origin }: DecideContext): { readonly kind: PlaceKind; readonly id: string } | undefined {
  if (origin.type !== 'entity') return undefined;
  const kind = PLACE_KINDS.find((known) => known === origin.from.kind);
  return kind && { kind, id: origin.from.id };
}

/** Those who wait are answered once, by whoever abandons them. */
function withoutTickets(state: PlayerState): PlayerState {
  const places = { ...state.places };
  for (const kind of PLACE_KINDS) places[kind] = step(places[kind], { type: 'abandoned' }).state;
  return { ...state, places };
}
