import {
  type CommandDefinition,
  lobbySubscribeList,
  lobbyUnsubscribeList,
  type RequestMessage,
  systemDisconnect,
  systemServerStats,
} from '@muster/tachyon';
import type { ClientWriter } from './client-writer.js';
import type { LobbyList } from './lobby-list.js';

/** What commands of the gateway itself need of the session that sent them. */
export interface OwnCommandTools {
  readonly writer: ClientWriter;
  readonly lobbies: LobbyList;
  /** Players connected to the whole cluster. */
  readonly userCount: () => number;
  /** The client goes for good. `told`: the actor has heard of it, or will: the client may be answered. */
  readonly leave: (told: () => void) => void;
}

type OwnCommand = (tools: OwnCommandTools, message: RequestMessage, definition: CommandDefinition) => void;

/** The requests that no actor answers, by their command. */
export const OWN_COMMANDS: Readonly<Record<string, OwnCommand>> = {
  [systemServerStats.commandId]: ({ writer, userCount }, { messageId }, definition) =>
    writer.reply(messageId, definition, JSON.stringify({ userCount: userCount() })),
  // The list comes after the response.
  [lobbySubscribeList.commandId]: ({ writer, lobbies }, { messageId }, definition) => {
    writer.reply(messageId, definition, undefined);
    lobbies.subscribe(writer);
  },
  [lobbyUnsubscribeList.commandId]: ({ writer, lobbies }, { messageId }, definition) => {
    lobbies.unsubscribe(writer);
    writer.reply(messageId, definition, undefined);
  },
  // Answered whatever the actor says: a client that wants to go must be able to.
  [systemDisconnect.commandId]: ({ writer, leave }, { messageId }, definition) =>
    leave(() => writer.reply(messageId, definition, undefined)),
};
