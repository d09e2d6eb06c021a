// The player's part in chat rooms (room/member.ts): in several at a time. What is said there its gateway hears from the rooms themselves, on the
// connections that asked for it.
import type { DecideContext } from '@muster/runtime';
import { chatLeft, MESSAGE_LENGTH_MAX, type RequestData, roomIdOf } from '@muster/tachyon';
import { opsAfter } from '../membership/protocol.js';
import { type RoomEntered, type RoomWish, roomOf } from '../room/contract.js';
import {
  abandonRooms,
  confirmRoom,
  doubtRooms,
  enterRoom,
  isInRoom,
  leaveRoom,
  leaveRooms,
  noRooms,
  type RoomAnswers,
  type RoomPieces,
  type RoomsEvents,
  type RoomsPart,
  roomAdmitted,
  roomChanged,
  roomConfirmed,
  roomHeard,
  roomLeft,
} from '../room/member.js';
import { toSelf } from './publishing.js';
import { type Decided, joined, type PlayerSlice, type SliceTools } from './slice.js';
import { type PlayerState, refuseStranger, stillThere } from './state.js';

export interface RoomsCommands extends RoomAnswers {
  createRoom: { data: RequestData<'chat/create'>; reply: RoomEntered };
  joinRoom: { data: RequestData<'chat/join'>; reply: RoomEntered };
  leaveRoom: { data: RequestData<'chat/leave'>; reply: null };
  sendToRoom: { data: RequestData<'chat/send'>; reply: null };
  auditRooms: { data: unknown; reply: null };
}

const AUDIT_TIMER = 'rooms';

export function roomsSlice(tools: SliceTools): PlayerSlice<RoomsCommands, RoomsEvents, RoomsPart> {
  const { roomsMax, placeAuditMs } = tools.options;
  const audit = (ctx: DecideContext) => ({
    timers: [{ name: AUDIT_TIMER, at: ctx.now + placeAuditMs, command: 'auditRooms', data: null }],
  });
  return {
    name: 'rooms',
    version: 1,
    initial: noRooms,
    decide: {
      createRoom: (state, { room }, ctx) => enter(state, roomIdOf(room), { create: true }, ctx, roomsMax),
      joinRoom: (state, { room, since }, ctx) =>
        enter(state, roomIdOf(room), since === undefined ? {} : { since }, ctx, roomsMax),
      leaveRoom: (state, { room }, ctx) => leave(state, roomIdOf(room), ctx),
      sendToRoom: (state, data, ctx) => send(state, data, ctx),
      roomAdmitted: (state, answer, ctx) => joined(roomAdmitted(state, answer), answer.ok ? audit(ctx) : {}),
      roomLeft,
      roomConfirmed,
      roomHeard,
      confirmRoom: (state, _, ctx) => confirmRoom(state, ctx),
      auditRooms: (state, _, ctx) => {
        if (Object.keys(state.rooms).length === 0) return {};
        return joined(doubtRooms(state), audit(ctx));
      },
    },
    evolve: { roomChanged, roomLost: () => undefined },
    follow: {
      adopted: (state, adopted) => {
        state.roomOps = opsAfter(state.roomOps, adopted);
      },
    },
    publish: {
      roomLost: ({ session }, lost) => (session ? [toSelf(chatLeft.commandId, lost)] : []),
    },
    // Whoever comes back rebuilds its view from here: the moment to be sure.
    onAttached: abandonRooms,
    onAdopted: (state, { mayLack }) => (mayLack ? doubtRooms(state) : {}),
    onEnded: (state) => joined(leaveRooms(state), { timers: [{ name: AUDIT_TIMER, at: null }] }),
    blank: ({ rooms }) => Object.keys(rooms).length === 0,
  };
}

function enter(
  state: PlayerState,
  room: string,
  wish: RoomWish,
  ctx: DecideContext,
  roomsMax: number,
): Decided<RoomEntered> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const { username = '', countryCode = '' } = state.account ?? {};
  const user = { userId: ctx.self.id, username, countryCode };
  return withSign(state, enterRoom(state, { room, wish, user, login: state.session!.login, roomsMax }, ctx));
}

function leave(state: PlayerState, room: string, ctx: DecideContext): Decided<null> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  return withSign(state, leaveRoom(state, room, ctx));
}

/** Succeeds as soon as it is on record here: it reaches the room whatever dies. All to one room go one after the other, so their order stays. */
function send(state: PlayerState, data: RoomsCommands['sendToRoom']['data'], ctx: DecideContext): Decided<null> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const { message } = data;
  if (message.length > MESSAGE_LENGTH_MAX && [...message].length > MESSAGE_LENGTH_MAX)
    return { refuse: { reason: 'message_too_long', details: `at most ${MESSAGE_LENGTH_MAX} characters` } };
  const room = roomIdOf(data.room);
  if (!isInRoom(state, room)) return { refuse: { reason: 'not_in_room' } };
  return {
    ...stillThere(state),
    sends: [{ to: roomOf(room), command: 'say', data: { message }, answer: 'roomHeard' }],
  };
}

/** Who speaks is there. */
function withSign<R>(
  state: PlayerState,
  turn: { readonly refuse: NonNullable<Decided['refuse']> } | (RoomPieces & { readonly defer: true }),
): Decided<R> {
  return 'refuse' in turn ? turn : { ...joined(stillThere(state), turn), defer: true };
}
