// An autohost's part in chat rooms (room/member.ts): it hears what is said there, on connections that asked for it.
import type { DecideContext } from '@muster/runtime';
import { type RequestData, roomIdOf } from '@muster/tachyon';
import type { RoomEntered } from '../room/contract.js';
import { enterRoom, leaveRoom, type RoomAnswers, type RoomPieces } from '../room/member.js';
import type { AutohostOptions } from './options.js';
import { type AutohostState, confirm, type Decided, parts, refuseStranger } from './state.js';

export interface AutohostRoomCommands extends RoomAnswers {
  joinRoom: { data: RequestData<'autohost/joinRoom'>; reply: RoomEntered };
  leaveRoom: { data: RequestData<'autohost/leaveRoom'>; reply: null };
}

export function joinRoom(
  state: AutohostState,
  { room, since }: AutohostRoomCommands['joinRoom']['data'],
  ctx: DecideContext,
  { roomsMax }: AutohostOptions,
): Decided<'joinRoom'> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  // Of machines a room needs no more than their id.
  const user = { userId: ctx.self.id, username: ctx.self.id, countryCode: '' };
  const wish = since === undefined ? {} : { since };
  return withSign(state, enterRoom(state, { room: roomIdOf(room), wish, user, login: 0, roomsMax }, ctx));
}

export function leaveOne(
  state: AutohostState,
  { room }: AutohostRoomCommands['leaveRoom']['data'],
  ctx: DecideContext,
): Decided<'leaveRoom'> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  return withSign(state, leaveRoom(state, roomIdOf(room), ctx));
}

/** Whoever speaks is there. */
function withSign(
  state: AutohostState,
  turn: { readonly refuse: NonNullable<Decided<'leaveRoom'>['refuse']> } | (RoomPieces & { readonly defer: true }),
) {
  if ('refuse' in turn) return turn;
  const into = parts();
  confirm(state, into);
  return { ...turn, events: [...into.events, ...turn.events], timers: into.timers };
}
