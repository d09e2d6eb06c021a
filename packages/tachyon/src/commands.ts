import type { CommandDefinition, DataOf, ReplyOf } from './definition.js';
import { MESSAGING_COMMANDS } from './messaging.js';
import { SYSTEM_COMMANDS } from './system.js';
import { USER_COMMANDS } from './user.js';

/** Every command that exists here. */
export const COMMANDS = [...SYSTEM_COMMANDS, ...USER_COMMANDS, ...MESSAGING_COMMANDS] as const;

type Known = (typeof COMMANDS)[number];

/** Ids of requests that a player may send. */
export type UserRequestId = Extract<Known, { kind: 'request'; direction: 'user→server' }>['commandId'];
/** Ids of events that a player gets. */
export type UserEventId = Extract<Known, { kind: 'event'; direction: 'server→user' }>['commandId'];

type Named<Id extends string> = Extract<Known, { commandId: Id }>;

export type RequestData<Id extends UserRequestId> = DataOf<Named<Id>>;
export type ResponseData<Id extends UserRequestId> = ReplyOf<Named<Id>>;
export type EventData<Id extends UserEventId> = DataOf<Named<Id>>;

/** By id, for look-ups with whatever a client wrote. @throws Error when two commands have one id: a mistake in this package. */
export function commandsById(
  commands: readonly CommandDefinition[] = COMMANDS,
): ReadonlyMap<string, CommandDefinition> {
  const byId = new Map(commands.map((command) => [command.commandId, command]));
  if (byId.size !== commands.length) throw new Error('two commands have one id');
  return byId;
}
