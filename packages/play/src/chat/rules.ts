// The chat of a place.
//
//   empty ── chatMembers [a, b] ──► open ── say, chatMembers ──► open ── chatMembers [] ──► empty (forgotten)
//
// The place (lobby, party) may die: with its successor it names the members again. The owner of the chat may die: with a successor that
// may lack the last messages, the chat begins another life, so that readers are told they may have missed some. A player's actor may die:
// what it said is in its outbox and comes again, once in effect. A player may speak before the place's word of it has come: that waits.
import { type Counter, type EntityRef, token } from '@muster/ports';
import { type Adopted, type DecideContext, type Decision, event, type TimerChange } from '@muster/runtime';
import { unixTime } from '@muster/tachyon';
import { type ChatCommands, placeOf, REASON_NOT_A_MEMBER } from './contract.js';
import type { ChatOptions } from './options.js';
import { type ChatState, isMember, type Kept, positionOf, type Waiting } from './state.js';

/** What happens in a chat. */
export interface ChatEvents {
  opened: { readonly life: string };
  /** Messages may be gone: numbers of the former life mean nothing any more. */
  renewed: { readonly life: string };
  membersChanged: { readonly members: readonly string[] };
  ended: null;
  said: Kept;
  waits: Waiting;
  /** Those that wait no longer, whatever became of them. */
  waitedEnough: { readonly tickets: readonly string[] };
}

/** Commands of the kind itself. */
export interface OwnChatCommands extends ChatCommands {
  adopted: { data: Adopted; reply: null };
  waitedOver: { data: unknown; reply: null };
}

type Decided<K extends keyof OwnChatCommands> = Decision<ChatState, ChatEvents, OwnChatCommands[K]['reply']>;

const WAITING_TIMER = 'waiting';
/** Two lives of one chat must not share it, nor two chats that one player is in. */
const LIFE_BYTES = 6;

export function chatMembers(
  state: ChatState,
  { members }: ChatCommands['chatMembers']['data'],
  ctx: DecideContext,
  dropped: Counter,
): Decided<'chatMembers'> {
  const place = placeOf(ctx.self.id);
  if (!place || !isFrom(ctx, place)) return unauthorized('only the place itself names its members');
  if (members.length === 0) return state.life === '' ? {} : ended(state, dropped);
  const came = state.waiting.filter(({ author }) => members.includes(author));
  return {
    events: [
      ...(state.life === '' ? [event('opened', { life: token(ctx.random, LIFE_BYTES) })] : []),
      event('membersChanged', { members: [...new Set(members)] }),
      ...released(came),
      ...came.map(({ author, message }) => event('said', { author, message, timestamp: unixTime(ctx.now) })),
    ],
    timers: came.length > 0 ? [waitingTimer(state.waiting.filter((one) => !came.includes(one)))] : [],
    resolve: came.map(({ ticket }) => ({ ticket, reply: null })),
  };
}

function ended(state: ChatState, dropped: Counter): Decided<'chatMembers'> {
  return {
    events: [event('ended', null)],
    timers: state.waiting.length > 0 ? [waitingTimer([])] : [],
    resolve: refused(state.waiting, dropped),
  };
}

export function say(
  state: ChatState,
  { message }: ChatCommands['say']['data'],
  ctx: DecideContext,
  options: ChatOptions,
  dropped: Counter,
): Decided<'say'> {
  const author = speakerOf(ctx);
  if (author === undefined) return unauthorized('messages come from the actor of their author');
  if (isMember(state, author)) return { events: [event('said', { author, message, timestamp: unixTime(ctx.now) })] };
  if (state.waiting.length >= options.waitingMax) {
    dropped.add(1, { reason: REASON_NOT_A_MEMBER });
    return { refuse: { reason: REASON_NOT_A_MEMBER } };
  }
  // Its author's next messages come after this one is answered, so their order stays.
  const waits = { ticket: ctx.ticket, author, message, until: ctx.now + options.waitForMemberMs };
  return { events: [event('waits', waits)], timers: [waitingTimer([...state.waiting, waits])], defer: true };
}

export function waitedOver(state: ChatState, ctx: DecideContext, dropped: Counter): Decided<'waitedOver'> {
  const over = state.waiting.filter(({ until }) => until <= ctx.now);
  return {
    events: released(over),
    timers: [waitingTimer(state.waiting.filter((one) => !over.includes(one)))],
    resolve: refused(over, dropped),
  };
}

export function position(
  state: ChatState,
  { since }: ChatCommands['position']['data'],
  ctx: DecideContext,
): Decided<'position'> {
  const reader = speakerOf(ctx);
  if (reader === undefined) return unauthorized('a reader is asked for by its own actor');
  return { reply: positionOf(state, reader, since) };
}

export function adopted(state: ChatState, { mayLack }: Adopted, ctx: DecideContext): Decided<'adopted'> {
  return mayLack && state.life !== '' ? { events: [event('renewed', { life: token(ctx.random, LIFE_BYTES) })] } : {};
}

function refused(waiting: readonly Waiting[], dropped: Counter) {
  if (waiting.length > 0) dropped.add(waiting.length, { reason: REASON_NOT_A_MEMBER });
  return waiting.map(({ ticket }) => ({ ticket, refuse: { reason: REASON_NOT_A_MEMBER } }));
}

function released(waiting: readonly Waiting[]) {
  return waiting.length > 0 ? [event('waitedEnough', { tickets: waiting.map(({ ticket }) => ticket) })] : [];
}

function waitingTimer(waiting: readonly Waiting[]): TimerChange {
  const [first] = waiting;
  if (!first) return { name: WAITING_TIMER, at: null };
  return { name: WAITING_TIMER, at: first.until, command: 'waitedOver', data: null };
}

function isFrom({ origin }: DecideContext, { kind, id }: EntityRef): boolean {
  return origin.type === 'entity' && origin.from.kind === kind && origin.from.id === id;
}

/** User id of the player whose actor asks. */
function speakerOf({ origin }: DecideContext): string | undefined {
  return origin.type === 'entity' && origin.from.kind === 'player' ? origin.from.id : undefined;
}

function unauthorized(details: string): { readonly refuse: { readonly reason: string; readonly details: string } } {
  return { refuse: { reason: 'unauthorized', details } };
}
