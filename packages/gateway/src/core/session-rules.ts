import type { Moved, RoomEntered, SubscribedReply } from '@muster/play';
import type { EntityRef } from '@muster/ports';
import type { CommandDefinition, Places, RequestMessage } from '@muster/tachyon';
import type { ClientWriter } from './client-writer.js';
import type { SessionContext } from './session-context.js';

/** What sessions decide for their commands: one for all of them, each is told of. */
export interface SessionRules<C> {
  /** Commands may go to actors now. */
  mayAsk(client: C): boolean;
  /** A command of the gateway itself. */
  own(client: C, message: RequestMessage, definition: CommandDefinition): void;
  /** The client asked for messages and has been answered. */
  hears(client: C, heard: SubscribedReply['heard']): void;
  /** The client is in a chat room, and has been answered. */
  entered(client: C, room: RoomEntered): void;
  /** It has left one. `room`: as its id. */
  leftRoom(client: C, room: string): void;
  /** Where the client is, as far as is known. */
  places(client: C): Places;
  /** The actor was asked where the client is. */
  placesTold(client: C, places: Places): void;
  /** The reply of a command that moved the player has left. */
  moved(client: C, moved: Moved, request: number): void;
  /** A reply has left, or there will be none. */
  replied(client: C): void;
  /** The actor does not know the session: attach, then {@link SessionCommands.goOn}. */
  unknown(client: C): void;
  /** Another connection holds the player (K12). */
  superseded(client: C): void;
}

export interface SessionCommandsSetup<C> {
  readonly context: SessionContext;
  readonly session: string;
  readonly player: EntityRef;
  readonly writer: ClientWriter;
  readonly rules: SessionRules<C>;
  readonly client: C;
}
