import { type SchemaOptions, type Static, Type } from '@sinclair/typebox';
import { List, Name } from './bounds.js';
import { type ActorTarget, defineCommand, MUSTER_SUBPROTOCOL } from './definition.js';
import { MESSAGE_LENGTH_MAX } from './messaging.js';
import { HistoryMarker, UnixTime, UserId } from './shapes.js';

// Chat rooms, which Tachyon does not have: talk that belongs to no lobby and no party. Players talk there; autohosts may listen.

/** Longest name of a room, in characters. Higher: wider lists, longer keys. */
const ROOM_NAME_LENGTH_MAX = 32;
/** Rooms on one page of the list. */
export const ROOMS_PER_PAGE = 100;

/** Names differ by more than case and the way of writing an accent: `Café` and `café` are one room. */
export function roomIdOf(room: string): string {
  return room.normalize('NFC').toLowerCase();
}

const RoomName = Name(ROOM_NAME_LENGTH_MAX, {
  title: 'RoomName',
  description: 'Compared, and given back, in lower case.',
});
/** As we give it back. */
const Room = (options: SchemaOptions = {}) => Type.String({ ...options, title: 'RoomName' });

const self = (command: string): ActorTarget => ({ kind: 'player', id: 'caller', command });
const own = (command: string): ActorTarget => ({ kind: 'autohost', id: 'caller', command });

const Entered = Type.Object({
  room: Room(),
  /** Players and autohosts. */
  memberCount: Type.Integer({ minimum: 1 }),
  hasMissedMessages: Type.Boolean(),
});
const entered = { room: 'duel talk', memberCount: 2, hasMissedMessages: false };

export const chatCreate = defineCommand(
  {
    commandId: 'chat/create',
    direction: 'user→server',
    kind: 'request',
    what: 'Opens a chat room and comes into it. It ends with its last member, and what was said there with it.',
    only: MUSTER_SUBPROTOCOL,
    data: Type.Object({ room: RoomName }),
    reply: Entered,
    reasons: ['room_exists', 'too_many_rooms'],
    target: self('createRoom'),
  },
  { data: { room: 'duel talk' }, reply: { ...entered, memberCount: 1 } },
);

export const chatJoin = defineCommand(
  {
    commandId: 'chat/join',
    direction: 'user→server',
    kind: 'request',
    what: 'Comes into a room, or says on a new connection that it wants to hear of one it is in. Messages since a marker follow the answer; without one those that are still to come.',
    only: MUSTER_SUBPROTOCOL,
    data: Type.Object({
      room: RoomName,
      since: Type.Optional(HistoryMarker),
    }),
    reply: Entered,
    reasons: ['unknown_room', 'room_full', 'too_many_rooms'],
    target: self('joinRoom'),
  },
  { data: { room: 'duel talk', since: 'k3f9Qz.18' }, reply: entered },
);

export const chatLeave = defineCommand(
  {
    commandId: 'chat/leave',
    direction: 'user→server',
    kind: 'request',
    what: 'Leaves a room. Who signs out leaves all; a lost connection keeps them for as long as the session waits.',
    only: MUSTER_SUBPROTOCOL,
    data: Type.Object({ room: RoomName }),
    reasons: ['not_in_room'],
    target: self('leaveRoom'),
  },
  { data: { room: 'duel talk' } },
);

export const chatSend = defineCommand(
  {
    commandId: 'chat/send',
    direction: 'user→server',
    kind: 'request',
    what: 'Says something to everybody else in a room where you are.',
    only: MUSTER_SUBPROTOCOL,
    data: Type.Object({ room: RoomName, message: Type.String({ maxLength: MESSAGE_LENGTH_MAX }) }),
    reasons: ['not_in_room', 'message_too_long'],
    violations: { '/message maxLength': 'message_too_long' },
    target: self('sendToRoom'),
  },
  { data: { room: 'duel talk', message: 'Hello, all!' } },
);

export const chatMembers = defineCommand(
  {
    commandId: 'chat/members',
    direction: 'user→server',
    kind: 'request',
    what: 'Who is in a room where you are.',
    only: MUSTER_SUBPROTOCOL,
    data: Type.Object({ room: RoomName }),
    reply: Type.Object({ userIds: Type.Array(UserId), autohosts: Type.Array(Type.String()) }),
    reasons: ['not_in_room'],
    target: {
      kind: 'chat-room',
      id: ({ room }: { readonly room: string }) => roomIdOf(room),
      command: 'members',
    },
    again: true,
  },
  { data: { room: 'duel talk' }, reply: { userIds: ['42', '43'], autohosts: [] } },
);

export const chatList = defineCommand(
  {
    commandId: 'chat/list',
    direction: 'user→server',
    kind: 'request',
    what: `Open rooms by name, at most ${ROOMS_PER_PAGE}: those whose names have a text in them, and come after a name. What it says may be a few seconds old.`,
    only: MUSTER_SUBPROTOCOL,
    data: Type.Object({ containing: Type.Optional(RoomName), after: Type.Optional(RoomName) }),
    reply: Type.Object({
      rooms: List(Type.Object({ room: Room(), memberCount: Type.Integer({ minimum: 1 }) }), ROOMS_PER_PAGE),
      hasMore: Type.Boolean(),
    }),
    target: { kind: 'chat-room-list', id: () => 'all', command: 'list' },
  },
  { data: { containing: 'duel' }, reply: { rooms: [{ room: 'duel talk', memberCount: 2 }], hasMore: false } },
);

const Said = Type.Object({
  room: Room(),
  /** Who said it. */
  userId: UserId,
  message: Type.String(),
  timestamp: UnixTime,
  marker: HistoryMarker,
});
const said = {
  room: 'duel talk',
  userId: '42',
  message: 'Hello, all!',
  timestamp: 1_705_432_698_000_000,
  marker: 'k3f9Qz.19',
};
export type RoomMessage = Static<typeof Said>;

const Left = Type.Object({ room: Room() });

export const chatReceived = defineCommand(
  {
    commandId: 'chat/received',
    direction: 'server→user',
    kind: 'event',
    what: 'Somebody else said this in a room that the connection joined.',
    only: MUSTER_SUBPROTOCOL,
    data: Said,
    source: 'chat-room',
  },
  { data: said },
);

const Named = Type.Object({ userIds: Type.Array(UserId), autohosts: Type.Array(Type.String()) });

const Members = Type.Object({
  room: Room(),
  /** Players and autohosts that are in it now. */
  memberCount: Type.Integer({ minimum: 1 }),
  /** `joined` names everybody who is in it: whatever was known before counts no more. */
  isWhole: Type.Boolean(),
  joined: Named,
  left: Named,
});
const NOBODY = { userIds: [], autohosts: [] };
const membersChanged = {
  room: 'duel talk',
  memberCount: 3,
  isWhole: false,
  joined: { userIds: ['44'], autohosts: [] },
  left: NOBODY,
};
export type RoomMembers = Static<typeof Members>;

export const chatMembersChanged = defineCommand(
  {
    commandId: 'chat/membersChanged',
    direction: 'server→user',
    kind: 'event',
    what: 'Who came into a room that the connection joined, or left it. First, and where it is not known who came and went meanwhile, everybody (`isWhole`).',
    only: MUSTER_SUBPROTOCOL,
    data: Members,
    source: 'chat-room',
  },
  { data: membersChanged },
);

export const chatLeft = defineCommand(
  {
    commandId: 'chat/left',
    direction: 'server→user',
    kind: 'event',
    what: 'You are in this room no longer, and did not leave: it was lost.',
    only: MUSTER_SUBPROTOCOL,
    data: Left,
    source: 'player',
  },
  { data: { room: 'duel talk' } },
);

export const autohostJoinRoom = defineCommand(
  {
    commandId: 'autohost/joinRoom',
    direction: 'autohost→server',
    kind: 'request',
    what: 'As `chat/join`: the autohost hears what is said in a room. It is in it until it leaves, or is gone for longer than it keeps updates.',
    only: MUSTER_SUBPROTOCOL,
    data: chatJoin.data,
    reply: Entered,
    reasons: chatJoin.reasons,
    target: own('joinRoom'),
  },
  { data: { room: 'duel talk' }, reply: entered },
);

export const autohostLeaveRoom = defineCommand(
  {
    commandId: 'autohost/leaveRoom',
    direction: 'autohost→server',
    kind: 'request',
    what: 'Leaves a room.',
    only: MUSTER_SUBPROTOCOL,
    data: chatLeave.data,
    reasons: chatLeave.reasons,
    target: own('leaveRoom'),
  },
  { data: { room: 'duel talk' } },
);

export const autohostRoomMessage = defineCommand(
  {
    commandId: 'autohost/roomMessage',
    direction: 'server→autohost',
    kind: 'event',
    what: 'A player said this in a room that the connection joined.',
    only: MUSTER_SUBPROTOCOL,
    data: Said,
    source: 'chat-room',
  },
  { data: said },
);

export const autohostRoomMembersChanged = defineCommand(
  {
    commandId: 'autohost/roomMembersChanged',
    direction: 'server→autohost',
    kind: 'event',
    what: 'As `chat/membersChanged`.',
    only: MUSTER_SUBPROTOCOL,
    data: Members,
    source: 'chat-room',
  },
  { data: membersChanged },
);

export const autohostLeftRoom = defineCommand(
  {
    commandId: 'autohost/leftRoom',
    direction: 'server→autohost',
    kind: 'event',
    what: 'The autohost is in this room no longer, and did not leave: it was lost.',
    only: MUSTER_SUBPROTOCOL,
    data: Left,
    source: 'autohost',
  },
  { data: { room: 'duel talk' } },
);

export const ROOM_COMMANDS = [
  chatCreate,
  chatJoin,
  chatLeave,
  chatSend,
  chatMembers,
  chatList,
  chatReceived,
  chatMembersChanged,
  chatLeft,
  autohostJoinRoom,
  autohostLeaveRoom,
  autohostRoomMessage,
  autohostRoomMembersChanged,
  autohostLeftRoom,
] as const;
