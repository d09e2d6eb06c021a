import type { Adopted, Answer, DecideContext, Decision } from '@muster/runtime';
import { type ChatState, initialChat, type Kept, renew, setMembers } from '../chat/state.js';
import type { Op } from '../membership/protocol.js';
import { ROOM_MEMBER_KINDS, type RoomCommands, roomMember } from './contract.js';

/** Plain JSON; changed in place by `evolve` only. */
export interface RoomState {
  /** Members and messages; authors by user id. An empty life: there is no such room. */
  chat: ChatState;
  /** Member → the op under which it is there. */
  ops: Record<string, Op>;
  line: Line;
}

/** What the list of rooms has heard. */
export interface Line {
  /** It was told, and has not answered. */
  readonly telling: boolean;
  /** It changed since. */
  readonly isOld: boolean;
}

export interface RoomEvents {
  opened: { readonly life: string };
  /** Messages may be gone: numbers of the former life mean nothing any more. */
  renewed: { readonly life: string };
  /** Comes in, or is there under another op. */
  entered: { readonly member: string; readonly op: Op; readonly isNew: boolean };
  went: { readonly member: string };
  ended: null;
  said: Kept;
  lineChanged: Line;
}

export type Decided<R = null> = Decision<RoomState, RoomEvents, R>;

const TOLD: Line = { telling: false, isOld: false };

export function initialRoom(): RoomState {
  return { chat: initialChat(), ops: {}, line: TOLD };
}

export function exists({ chat }: RoomState): boolean {
  return chat.life !== '';
}

export function memberCount({ ops }: RoomState): number {
  return Object.keys(ops).length;
}

export function opOf({ ops }: RoomState, member: string): Op | undefined {
  return Object.hasOwn(ops, member) ? ops[member] : undefined;
}

export function enter(state: RoomState, member: string, op: Op): void {
  state.ops[member] = op;
  setMembers(state.chat, Object.keys(state.ops));
}

export function go(state: RoomState, member: string): void {
  delete state.ops[member];
  setMembers(state.chat, Object.keys(state.ops));
}

export function begin(state: RoomState, life: string): void {
  if (state.chat.life === '') state.chat.life = life;
  else renew(state.chat, life);
}

/** Who speaks: an actor that may be in rooms; undefined: somebody else. */
export function speaker({ origin }: DecideContext): string | undefined {
  if (origin.type !== 'entity') return undefined;
  const kind = ROOM_MEMBER_KINDS.find((known) => known === origin.from.kind);
  return kind && roomMember(kind, origin.from.id);
}

export interface OwnRoomCommands extends RoomCommands {
  adopted: { data: Adopted; reply: null };
  auditDue: { data: unknown; reply: null };
  memberConfirmed: { data: Answer; reply: null };
  lineDue: { data: unknown; reply: null };
  lineHeard: { data: unknown; reply: null };
}
