// The part of whoever may be in rooms, a player or an autohost: the membership protocol (membership/protocol.ts), once for each room. The actor
// that uses it has the commands `roomAdmitted`, `roomLeft`, `roomConfirmed`, `confirmRoom`, which come here, and applies `roomChanged`.
import { isEntity } from '@muster/ports';
import { type Answer, type DecideContext, event, type Refusal, type ReplyTicket, type Send } from '@muster/runtime';
import {
  type Confirmation,
  confirmation,
  type Membership,
  type MembershipEffect,
  type MembershipInput,
  nextOp,
  type Op,
  OUT,
  step,
} from '../membership/protocol.js';
import { type AdmitData, REASON_SUPERSEDED } from '../player/contract.js';
import { ROOM_KIND, type RoomAdmitted, type RoomEntered, type RoomWish, roomOf } from './contract.js';

/** Plain JSON; changed in place by `evolve` only. */
export interface RoomsPart {
  /** Rooms by id where it is, or that it is on its way into or out of. */
  rooms: Record<string, Membership>;
  /** n of the last op given. */
  roomOps: number;
}

export interface RoomsEvents {
  /** `n`: of a new op. */
  roomChanged: { readonly room: string; readonly membership: Membership; readonly n: number };
  /** The client is told: out, and it did not leave. */
  roomLost: { readonly room: string };
}

/** Commands that come from rooms. */
export interface RoomAnswers {
  roomAdmitted: { data: Answer; reply: null };
  roomLeft: { data: Answer; reply: null };
  roomConfirmed: { data: Answer; reply: null };
  roomHeard: { data: Answer; reply: null };
  /** From a room: are you there? */
  confirmRoom: { data: { readonly op: Op }; reply: Confirmation };
}

/** What a turn does about rooms; any actor's decision takes it. */
export interface RoomPieces {
  readonly events: readonly (
    | { readonly name: 'roomChanged'; readonly data: RoomsEvents['roomChanged'] }
    | { readonly name: 'roomLost'; readonly data: RoomsEvents['roomLost'] }
  )[];
  readonly sends: readonly Send[];
  readonly resolve: readonly { readonly ticket: ReplyTicket; readonly reply?: unknown; readonly refuse?: Refusal }[];
}

/** Whom a room is told of. */
export type RoomUser = AdmitData['user'];

export function noRooms(): RoomsPart {
  return { rooms: {}, roomOps: 0 };
}

export function roomChanged(state: RoomsPart, { room, membership, n }: RoomsEvents['roomChanged']): void {
  if (membership.phase === 'out') delete state.rooms[room];
  else state.rooms[room] = membership;
  state.roomOps = Math.max(state.roomOps, n);
}

function membershipOf({ rooms }: RoomsPart, room: string): Membership {
  return Object.hasOwn(rooms, room) ? rooms[room]! : OUT;
}

export function isInRoom(state: RoomsPart, room: string): boolean {
  return membershipOf(state, room).phase === 'in';
}

export interface Entry {
  /** As `roomIdOf` gives it. */
  readonly room: string;
  readonly wish: RoomWish;
  readonly user: RoomUser;
  readonly login: number;
  readonly roomsMax: number;
}

/** The client wants in; it is answered when the room has answered, with {@link RoomEntered} or the room's refusal. */
export function enterRoom(
  state: RoomsPart,
  { room, wish, user, login, roomsMax }: Entry,
  ctx: DecideContext,
): { readonly refuse: Refusal } | (RoomPieces & { readonly defer: true }) {
  if (!isEntity(ROOM_KIND, room)) return refused('invalid_request', 'that cannot be the name of a room');
  const { phase } = membershipOf(state, room);
  if (phase === 'joining') return refused('invalid_request', 'you are on your way into that room');
  if (wish.create && phase === 'in') return refused('room_exists');
  if (phase === 'out' && Object.keys(state.rooms).length >= roomsMax)
    return refused('too_many_rooms', `you may be in ${roomsMax} at a time`);
  const { op, n } = nextOp(login, state.roomOps, ctx.now);
  const admit = (as: Op): AdmitData => ({ op: as, user, data: wish });
  return { ...stepped(state, room, { type: 'join', id: room, op, ticket: ctx.ticket }, { n, admit }), defer: true };
}

/** The client wants out; it is answered when the room has heard of it. */
export function leaveRoom(
  state: RoomsPart,
  room: string,
  ctx: DecideContext,
): { readonly refuse: Refusal } | (RoomPieces & { readonly defer: true }) {
  const { phase } = membershipOf(state, room);
  if (phase === 'out' || phase === 'leaving') return refused('not_in_room');
  return { ...stepped(state, room, { type: 'leave', ticket: ctx.ticket }), defer: true };
}

/** The session is over: it is in no room any more. */
export function leaveRooms(state: RoomsPart): RoomPieces {
  return each(state, [{ type: 'abandoned' }, { type: 'leave', ticket: null }]);
}

/** Another connection holds the actor: nobody waits on the former one. */
export function abandonRooms(state: RoomsPart): RoomPieces {
  return each(state, [{ type: 'abandoned' }, { type: 'doubt' }]);
}

/** Do the rooms still have it? */
export function doubtRooms(state: RoomsPart): RoomPieces {
  return each(state, [{ type: 'doubt' }]);
}

export function roomAdmitted(state: RoomsPart, answer: Answer): RoomPieces {
  const { op } = answer.context as { readonly op: Op };
  const room = answer.from.id;
  if (answer.ok)
    return stepped(
      state,
      room,
      { type: 'admitted', id: room, op },
      { reply: entered(room, answer.value as RoomAdmitted) },
    );
  const sure = answer.code === 'REFUSED';
  const { reason = 'invalid_request', details } = answer.details as Partial<Refusal>;
  const refusal = sure ? { reason, details } : { reason: 'internal_error', details: 'try again' };
  return stepped(state, room, { type: 'refused', id: room, op, sure }, { refusal });
}

export function roomLeft(state: RoomsPart, answer: Answer): RoomPieces {
  const { op } = answer.context as { readonly op: Op };
  return stepped(state, answer.from.id, { type: 'left', id: answer.from.id, op });
}

export function roomConfirmed(state: RoomsPart, answer: Answer): RoomPieces {
  if (!answer.ok) return NOTHING;
  const { op } = answer.context as { readonly op: Op };
  const { member } = answer.value as { readonly member: boolean };
  return stepped(state, answer.from.id, { type: 'confirmed', id: answer.from.id, op, member });
}

/** What the client said did not get in: the room may have been lost. */
export function roomHeard(state: RoomsPart, answer: Answer): RoomPieces {
  return answer.ok || answer.code !== 'REFUSED' ? NOTHING : stepped(state, answer.from.id, { type: 'doubt' });
}

export function confirmRoom(state: RoomsPart, { origin }: DecideContext): { readonly reply: Confirmation } | Refused {
  if (origin.type !== 'entity' || origin.from.kind !== ROOM_KIND) return refused('unauthorized', 'only a room asks');
  return { reply: confirmation(membershipOf(state, origin.from.id), origin.from.id) };
}

type Refused = { readonly refuse: Refusal };

function refused(reason: string, details?: string): Refused {
  return { refuse: details === undefined ? { reason } : { reason, details } };
}

const NOTHING: RoomPieces = { events: [], sends: [], resolve: [] };

function entered(room: string, { memberCount, life, after, missed }: RoomAdmitted): RoomEntered {
  return { room, memberCount, hasMissedMessages: missed, heard: { life, after } };
}

/** What goes with the effects of an input. */
interface Word {
  readonly n?: number;
  readonly admit?: (op: Op) => AdmitData;
  readonly reply?: RoomEntered;
  readonly refusal?: Refusal;
}

/** One step of the protocol for one room. */
function stepped(state: RoomsPart, room: string, input: MembershipInput, word: Word = {}): RoomPieces {
  const before = membershipOf(state, room);
  const { state: after, effects } = step(before, input);
  const changed = after === before ? [] : [event('roomChanged', { room, membership: after, n: word.n ?? 0 })];
  const isLost = effects.some((effect) => effect.type === 'gone' && effect.how === 'lost');
  return {
    events: [...changed, ...(isLost ? [event('roomLost', { room })] : [])],
    sends: effects.flatMap((effect) => (effect.type === 'send' ? [sendOf(effect, room, word)] : [])),
    resolve: effects.flatMap((effect) =>
      effect.type === 'resolve' ? effect.tickets.map((ticket) => ({ ticket, ...answerOf(effect.how, word) })) : [],
    ),
  };
}

const ANSWERS = { admit: 'roomAdmitted', leave: 'roomLeft', confirm: 'roomConfirmed' } as const;

function sendOf({ message, op }: Extract<MembershipEffect, { type: 'send' }>, room: string, { admit }: Word): Send {
  const data = message === 'admit' && admit ? admit(op) : { op };
  return { to: roomOf(room), command: message, data, answer: ANSWERS[message], context: { op } };
}

type Resolution = Extract<MembershipEffect, { type: 'resolve' }>['how'];

function answerOf(how: Resolution, { reply, refusal }: Word): { readonly reply: unknown } | Refused {
  switch (how) {
    case 'admitted':
      return { reply: reply ?? null };
    case 'left':
      return { reply: null };
    case 'refused':
      return { refuse: refusal ?? { reason: 'internal_error', details: 'try again' } };
    case 'overtaken':
      return refused('invalid_request', 'you asked for something else meanwhile');
    case 'superseded':
      return refused(REASON_SUPERSEDED);
  }
}

/** The same inputs, one after the other, for every room. */
function each(state: RoomsPart, inputs: readonly MembershipInput[]): RoomPieces {
  return Object.keys(state.rooms).reduce<RoomPieces>((all, room) => {
    let rooms: RoomsPart = state;
    let pieces = all;
    for (const input of inputs) {
      const next = stepped(rooms, room, input);
      rooms = { ...rooms, rooms: { ...rooms.rooms, [room]: step(membershipOf(rooms, room), input).state } };
      pieces = {
        events: [...pieces.events, ...next.events],
        sends: [...pieces.sends, ...next.sends],
        resolve: [...pieces.resolve, ...next.resolve],
      };
    }
    return pieces;
  }, NOTHING);
}
