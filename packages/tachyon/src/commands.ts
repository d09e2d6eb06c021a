import { AUTOHOST_COMMANDS } from './autohost.js';
import { BATTLE_COMMANDS } from './battle.js';
import { CLAN_COMMANDS } from './clan.js';
import type { CommandDefinition, DataOf, ReplyOf } from './definition.js';
import { FRIEND_COMMANDS } from './friend.js';
import { LOBBY_COMMANDS } from './lobby.js';
import { MATCHMAKING_COMMANDS } from './matchmaking.js';
import { MESSAGING_COMMANDS } from './messaging.js';
import { MUSTER_LOBBY_COMMANDS } from './muster-lobby.js';
import { PARTY_COMMANDS } from './party.js';
import { ROOM_COMMANDS } from './rooms.js';
import { SYSTEM_COMMANDS } from './system.js';
import { USER_COMMANDS } from './user.js';

/** Every command that exists here. */
export const COMMANDS = [
  ...SYSTEM_COMMANDS,
  ...USER_COMMANDS,
  ...FRIEND_COMMANDS,
  ...CLAN_COMMANDS,
  ...MESSAGING_COMMANDS,
  ...PARTY_COMMANDS,
  ...LOBBY_COMMANDS,
  ...MUSTER_LOBBY_COMMANDS,
  ...ROOM_COMMANDS,
  ...MATCHMAKING_COMMANDS,
  ...BATTLE_COMMANDS,
  ...AUTOHOST_COMMANDS,
] as const;

type Known = (typeof COMMANDS)[number];

/** Ids of requests that a player may send. */
export type UserRequestId = Extract<Known, { kind: 'request'; direction: 'user→server' }>['commandId'];
/** Ids of events that a player gets. */
export type UserEventId = Extract<Known, { kind: 'event'; direction: 'server→user' }>['commandId'];
/** Ids of requests that a player's client has to answer. */
export type ServerRequestId = Extract<Known, { kind: 'request'; direction: 'server→user' }>['commandId'];
/** Ids of requests that an autohost has to answer. */
export type AutohostRequestId = Extract<Known, { kind: 'request'; direction: 'server→autohost' }>['commandId'];
/** Ids of requests that an autohost may send. */
export type AutohostQuestionId = Extract<Known, { kind: 'request'; direction: 'autohost→server' }>['commandId'];
/** Ids of events that an autohost sends. */
export type AutohostEventId = Extract<Known, { kind: 'event'; direction: 'autohost→server' }>['commandId'];

type Named<Id extends string> = Extract<Known, { commandId: Id }>;

export type RequestData<Id extends UserRequestId | ServerRequestId | AutohostRequestId | AutohostQuestionId> = DataOf<
  Named<Id>
>;
export type ResponseData<Id extends UserRequestId | ServerRequestId | AutohostRequestId> = ReplyOf<Named<Id>>;
export type EventData<Id extends UserEventId | AutohostEventId> = DataOf<Named<Id>>;

/** By id, for look-ups with whatever a client wrote. @throws Error when two commands have one id: a mistake in this package. */
export function commandsById(
  commands: readonly CommandDefinition[] = COMMANDS,
): ReadonlyMap<string, CommandDefinition> {
  const byId = new Map(commands.map((command) => [command.commandId, command]));
  if (byId.size !== commands.length) throw new Error('two commands have one id');
  return byId;
}
