// What others may know of `chat-room/<name>`, talk that belongs to no lobby and no party, and of `chat-room-list/all`.
//
//   player/42, autohost/b1 ── admit, say, leave, confirm ──► chat-room/duel talk ── listed ──► chat-room-list/all
//                                                                │
//                                                                └─ topic messages ──► gateways of the members that asked for them
//
// Players and autohosts own their memberships (K12, membership/protocol.ts); the room mirrors them. It keeps its members and its messages
// together, so that what was said, who may read it and since when have one order.
import { type EntityRef, entity, entityKey, parseEntity } from '@muster/ports';
import type { AdmitData, PlaceCommands } from '../player/contract.js';

export const ROOM_KIND = 'chat-room';
export const ROOM_LIST_KIND = 'chat-room-list';

/** @param id as `roomIdOf` gives it */
export function roomOf(id: string): EntityRef {
  return entity(ROOM_KIND, id);
}

export function roomList(): EntityRef {
  return entity(ROOM_LIST_KIND, 'all');
}

/** Kinds of actors that may be in a room; only players speak. */
export const ROOM_MEMBER_KINDS = ['player', 'autohost'] as const;

/** `player/42`, `autohost/b1`: how a room names its members, in the topic's snapshot too. */
export function roomMember(kind: (typeof ROOM_MEMBER_KINDS)[number], id: string): string {
  return entityKey(entity(kind, id));
}

/** The same members as clients are told of them. */
export function namedMembers(members: readonly string[]): { userIds: string[]; autohosts: string[] } {
  const all = members.map(parseEntity);
  const of = (kind: string): string[] => all.flatMap((one) => (one.kind === kind ? [one.id] : []));
  return { userIds: of('player'), autohosts: of('autohost') };
}

/** Data of `admit` for the room's rules. */
export interface RoomWish {
  /** The room must be new; else it must be there. */
  readonly create?: true;
  /** A marker from an earlier connection. */
  readonly since?: string;
}

/** Answer to `admit`. */
export interface RoomAdmitted {
  readonly memberCount: number;
  readonly life: string;
  /** The first message to be given is the one after this number of that life. */
  readonly after: number;
  readonly missed: boolean;
}

/** What `chat/join` and the like answer; the gateway keeps `heard`, the client gets the rest. */
export interface RoomEntered {
  readonly room: string;
  readonly memberCount: number;
  readonly hasMissedMessages: boolean;
  readonly heard: { readonly life: string; readonly after: number };
}

/** Beside what `chat` publishes. Data: {@link RoomMembersNews}. */
export const MEMBERS_NEWS = 'members';

/** Somebody came or went. */
export interface RoomMembersNews {
  readonly member: string;
  readonly came: boolean;
  /** Members since. */
  readonly memberCount: number;
}

/** What `chat-room` understands. Topic `messages`: as `chat`, its members named by {@link roomMember}, and {@link MEMBERS_NEWS}. */
export interface RoomCommands extends PlaceCommands {
  /** Refused: unknown_room, room_exists, room_full. */
  admit: { data: AdmitData; reply: RoomAdmitted };
  /** From the actor of a player who is in. Refused: `not_in_room`. */
  say: { data: { readonly message: string }; reply: null };
  /** From a member's client. Refused: `not_in_room`. */
  members: { data: unknown; reply: { readonly userIds: readonly string[]; readonly autohosts: readonly string[] } };
}

/** One line of the list. */
export interface ListedRoom {
  readonly room: string;
  readonly memberCount: number;
}

export interface RoomListCommands {
  /** From the room itself; no members: it has ended. */
  listed: { data: { readonly memberCount: number }; reply: null };
  /** From a client. */
  list: {
    data: { readonly containing?: string; readonly after?: string } | null;
    reply: { readonly rooms: readonly ListedRoom[]; readonly hasMore: boolean };
  };
}
