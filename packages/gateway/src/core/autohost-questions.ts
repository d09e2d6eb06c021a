import type { RoutedOutcome } from '@muster/cluster';
import { type RoomEntered, roomMember } from '@muster/play';
import type { EntityRef, ErrorDetails } from '@muster/ports';
import {
  type Accepted,
  autohostJoinRoom,
  autohostLeaveRoom,
  autohostLeftRoom,
  autohostRoomMembersChanged,
  autohostRoomMessage,
  type DataOf,
  type RequestData,
  type RequestMessage,
  roomIdOf,
} from '@muster/tachyon';
import type { ClientWriter } from './client-writer.js';
import { textOf } from './json-text.js';
import { RoomHearing } from './room-hearing.js';
import type { SharedContext } from './session-context.js';

export interface AutohostQuestionsSetup {
  readonly autohost: EntityRef;
  readonly context: SharedContext;
  readonly writer: ClientWriter;
  /** The actor knows the connection. */
  readonly mayAsk: () => boolean;
  readonly call: (command: string, data: unknown, done: (outcome: RoutedOutcome) => void) => void;
}

/**
 * What an autohost asks the server, which only `v0.muster` knows: to hear of chat rooms. What it hears of them it hears behind the answer, as
 * rooms are listened to from then on. While its actor has a new owner it is told to try again: it can.
 */
export class AutohostQuestions {
  private readonly setup: AutohostQuestionsSetup;
  private readonly rooms: RoomHearing;
  private unanswered = 0;

  constructor(setup: AutohostQuestionsSetup) {
    const { autohost, context, writer } = setup;
    this.setup = setup;
    this.rooms = new RoomHearing({
      streams: context.cluster.streams,
      member: roomMember('autohost', autohost.id),
      author: undefined,
      hold: (_, release) => release(),
      write: (json) => writer.event(autohostRoomMessage.commandId, json),
      writeMembers: (json) => writer.event(autohostRoomMembersChanged.commandId, json),
      lost: () => context.traffic.dropped('stream_lost'),
    });
  }

  take(message: RequestMessage): void {
    const { autohost, context, writer, mayAsk, call } = this.setup;
    const { protocol, options, traffic } = context;
    const accepted = protocol.accept(message, 'autohost→server', autohost.id);
    if (!accepted.ok) writer.fail(message, accepted);
    else if (!mayAsk()) writer.fail(message, { reason: 'internal_error', details: 'try again' });
    else if (this.unanswered >= options.requestsInFlightMax) {
      traffic.dropped('in_flight');
      const max = { max: options.requestsInFlightMax };
      writer.fail(message, protocol.failure('TOO_MANY_REQUESTS', max, accepted.definition));
    } else {
      this.unanswered += 1;
      call(accepted.command, accepted.data, (outcome) => {
        this.unanswered -= 1;
        this.answered(message, accepted, outcome);
      });
    }
  }

  /** The actor says that it is in a room no longer. */
  lost(json: string): void {
    this.rooms.leave((JSON.parse(json) as DataOf<typeof autohostLeftRoom>).room);
    this.setup.writer.event(autohostLeftRoom.commandId, json);
  }

  end(): void {
    this.rooms.end();
  }

  private answered(message: RequestMessage, { definition, data }: Accepted, outcome: RoutedOutcome): void {
    const { writer, context } = this.setup;
    if (!outcome.ok) {
      writer.fail(message, context.protocol.failure(outcome.code, outcome.details as ErrorDetails, definition));
      return;
    }
    if (definition === autohostJoinRoom) {
      const entered = JSON.parse(textOf(outcome.data)) as RoomEntered;
      const { heard: _, ...told } = entered;
      writer.reply(message.messageId, definition, JSON.stringify(told));
      this.rooms.enter(entered);
      return;
    }
    writer.reply(message.messageId, definition, undefined);
    if (definition === autohostLeaveRoom) this.rooms.leave(roomIdOf((data as RequestData<'autohost/leaveRoom'>).room));
  }
}
