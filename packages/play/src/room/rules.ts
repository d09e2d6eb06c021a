// A chat room.
//
//   there is none ── admit (create) ──► open ── admit, say, leave ──► open ── the last one leaves ──► there is none (all is forgotten)
//
// Its owner may die at any time: the next one goes on from the same records. Where the last of them may be missing, the room begins another
// life, so that markers of before are unknown, not wrong, and it asks its members whether they are there; a member whose entry is among what
// was lost finds out when it speaks or comes back, or by its own question, and is out. A member may die: what it said or asked is in its outbox.
import { type EntityRef, parseEntity, token } from '@muster/ports';
import { type Answer, type DecideContext, event, type Send, type TimerChange } from '@muster/runtime';
import { unixTime } from '@muster/tachyon';
import { positionText, readPosition } from '../chat/marker.js';
import { type ChatState, positionOf } from '../chat/state.js';
import { admission, ends, standing, verdict } from '../membership/holder.js';
import type { Confirmation, Op } from '../membership/protocol.js';
import type { AdmitData } from '../player/contract.js';
import { namedMembers, type RoomAdmitted, type RoomCommands, type RoomWish, roomMember } from './contract.js';
import { lineAfter, lineTold } from './line.js';
import type { RoomOptions } from './options.js';
import { type Decided, exists, memberCount, opOf, type RoomState, speaker } from './state.js';

const AUDIT_TIMER = 'audit';
/** Two lives of one room must not share it. */
const LIFE_BYTES = 6;

const REASON_NOT_IN_ROOM = 'not_in_room';
const UNAUTHORIZED = { refuse: { reason: 'unauthorized', details: 'members come by their own actors' } } as const;

/** Answered at once whatever happens: a member's messages come one at a time. */
export function admit(
  state: RoomState,
  { op, data }: AdmitData,
  ctx: DecideContext,
  options: RoomOptions,
): Decided<RoomAdmitted> {
  const member = speaker(ctx);
  if (member === undefined) return UNAUTHORIZED;
  const { create, since } = (data ?? {}) as RoomWish;
  const how = admission(opOf(state, member), op);
  const entered = event('entered', { member, op, isNew: how === 'new' });
  const reply = (after: RoomState): RoomAdmitted => admitted(after, member, since);
  if (how === 'outdated') return { refuse: { reason: 'invalid_request', details: 'you have come again since' } };
  if (how === 'again') return { events: opOf(state, member) === op ? [] : [entered], reply };
  if (exists(state)) {
    if (create) return { refuse: { reason: 'room_exists' } };
    if (memberCount(state) >= options.membersMax)
      return { refuse: { reason: 'room_full', details: `${options.membersMax} are in it` } };
    const line = lineAfter(state, ctx, options);
    return { events: [entered, ...(line.events ?? [])], timers: line.timers ?? [], reply };
  }
  if (!create) return { refuse: { reason: 'unknown_room' } };
  const line = lineTold(1);
  return {
    events: [event('opened', { life: token(ctx.random, LIFE_BYTES) }), entered, ...(line.events ?? [])],
    sends: line.sends ?? [],
    timers: [auditAt(ctx, options)],
    reply,
  };
}

/** Where this member goes on. */
function admitted(state: RoomState, member: string, since: string | undefined): RoomAdmitted {
  const { life, after, missed } = positionSince(state.chat, member, since);
  return { memberCount: memberCount(state), life, after, missed };
}

function positionSince(chat: ChatState, member: string, since: string | undefined) {
  if (since === undefined) return positionOf(chat, member, { type: 'latest' });
  const position = readPosition(since);
  const found = positionOf(chat, member, position ? { type: 'after', ...position } : { type: 'from_start' });
  // Of a room of this name that ended, or of none: what was said there is gone in any case.
  return position?.life === chat.life ? found : { ...found, missed: true };
}

export function leave(state: RoomState, op: Op, ctx: DecideContext, options: RoomOptions): Decided {
  const member = speaker(ctx);
  if (member === undefined || !ends(opOf(state, member), op)) return {};
  return gone(state, member, ctx, options);
}

/** The last one out ends it. */
function gone(state: RoomState, member: string, ctx: DecideContext, options: RoomOptions): Decided {
  if (memberCount(state) > 1) {
    const line = lineAfter(state, ctx, options);
    return { events: [event('went', { member }), ...(line.events ?? [])], timers: line.timers ?? [] };
  }
  const line = lineTold(0);
  return {
    events: [event('ended', null)],
    sends: line.sends ?? [],
    timers: [...(line.timers ?? []), { name: AUDIT_TIMER, at: null }],
  };
}

export function confirm(state: RoomState, op: Op, ctx: DecideContext): Decided<{ readonly member: boolean }> {
  const member = speaker(ctx);
  if (member === undefined) return UNAUTHORIZED;
  const { member: isMember, renew } = standing(opOf(state, member), op);
  return { events: renew ? [event('entered', { member, op, isNew: false })] : [], reply: { member: isMember } };
}

export function say(state: RoomState, { message }: RoomCommands['say']['data'], ctx: DecideContext): Decided {
  const { origin } = ctx;
  if (origin.type !== 'entity' || origin.from.kind !== 'player') return UNAUTHORIZED;
  const author = origin.from.id;
  if (opOf(state, roomMember('player', author)) === undefined) return { refuse: { reason: REASON_NOT_IN_ROOM } };
  return { events: [event('said', { author, message, timestamp: unixTime(ctx.now) })] };
}

export function members(state: RoomState, { origin }: DecideContext): Decided<RoomCommands['members']['reply']> {
  if (origin.type !== 'client' || opOf(state, roomMember('player', origin.caller)) === undefined)
    return { refuse: { reason: REASON_NOT_IN_ROOM } };
  return { reply: namedMembers(Object.keys(state.ops)) };
}

export function adopted(
  state: RoomState,
  { mayLack }: { readonly mayLack: boolean },
  ctx: DecideContext,
  options: RoomOptions,
): Decided {
  if (!mayLack || !exists(state)) return {};
  const asked = audit(state, ctx, options);
  return { ...asked, events: [event('renewed', { life: token(ctx.random, LIFE_BYTES) })] };
}

/** Asks everybody whether they are there. */
export function audit(state: RoomState, ctx: DecideContext, options: RoomOptions): Decided {
  if (!exists(state)) return {};
  const sends = Object.entries(state.ops).map(
    ([member, op]): Send => ({
      to: parseEntity(member) satisfies EntityRef,
      command: 'confirmRoom',
      data: { op },
      answer: 'memberConfirmed',
      context: { op },
    }),
  );
  return { sends, timers: [auditAt(ctx, options)] };
}

export function memberConfirmed(state: RoomState, answer: Answer, ctx: DecideContext, options: RoomOptions): Decided {
  // Who cannot say so now is asked again.
  if (!answer.ok) return {};
  const { kind, id } = answer.from;
  const member = `${kind}/${id}`;
  const { op } = answer.context as { readonly op: Op };
  const said = verdict(opOf(state, member), op, answer.value as Confirmation);
  if (said === 'stays') return {};
  return said === 'gone'
    ? gone(state, member, ctx, options)
    : { events: [event('entered', { member, op: said.renew, isNew: false })] };
}

function auditAt(ctx: DecideContext, { auditMs }: RoomOptions): TimerChange {
  return { name: AUDIT_TIMER, at: ctx.now + auditMs, command: 'auditDue', data: null };
}

/** Marker of one message of a room. */
export function roomMarker(life: string, number: number): string {
  return positionText({ life, number });
}
