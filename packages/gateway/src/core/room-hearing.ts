// What one connection is given of what is said in chat rooms, each from the room's stream: from the answer on with which it came in or asked to hear,
// as long as it is there. Where a state comes instead of the events after the last one, what the client has not been given yet comes first (K16).
// The marker of a message names its room's numbering and its number there.
import type { EventStreams, StreamEvent, StreamHandle } from '@muster/cluster';
import { type ChatSaid, type ChatSnapshot, MESSAGES_TOPIC, type RoomEntered, roomOf } from '@muster/play';
import type { RoomMessage } from '@muster/tachyon';
import { sharedOf, textOf } from './json-text.js';

export interface RoomHearingSetup {
  readonly streams: EventStreams;
  /** Who listens, as rooms name their members. */
  readonly member: string;
  /** Who is not told what it said itself; undefined: it says nothing. */
  readonly author: string | undefined;
  /** Runs it when the event's turn has come (K16). */
  hold(event: StreamEvent, release: () => void): void;
  write(json: string): void;
  /** There is no such stream any more. */
  lost(): void;
}

interface Listening {
  handle: StreamHandle;
  life: string;
  /** The last message that was given, or need not be. */
  number: number;
}

export class RoomHearing {
  private readonly setup: RoomHearingSetup;
  /** Made with the first room: most connections are in none. */
  private rooms: Map<string, Listening> | undefined;

  constructor(setup: RoomHearingSetup) {
    this.setup = setup;
  }

  /** The client was answered that it is in the room: it goes on from there. */
  enter({ room, heard }: RoomEntered): void {
    this.rooms ??= new Map();
    const before = this.rooms.get(room);
    this.rooms.set(room, this.listen(room, heard.life, heard.after));
    // The new one first: ending the only listener of a stream would end the stream.
    before?.handle.close();
  }

  leave(room: string): void {
    this.rooms?.get(room)?.handle.close();
    this.rooms?.delete(room);
  }

  end(): void {
    for (const { handle } of this.rooms?.values() ?? []) handle.close();
    this.rooms = undefined;
  }

  private listen(room: string, life: string, number: number): Listening {
    const { streams, hold } = this.setup;
    const isCurrent = (): boolean => this.rooms?.get(room) === listening;
    const inTurn = (event: StreamEvent, happens: () => void): void =>
      hold(event, () => {
        if (isCurrent()) happens();
      });
    const handle = streams.subscribe(
      roomOf(room),
      MESSAGES_TOPIC,
      { snapshot: true },
      {
        snapshot: (event) =>
          inTurn(event, () => this.state(room, listening, JSON.parse(textOf(event.data)) as ChatSnapshot)),
        event: (event) => inTurn(event, () => this.said(room, listening, sharedOf<ChatSaid>(event.data))),
        lost: () => {
          if (!isCurrent()) return;
          this.rooms?.delete(room);
          this.setup.lost();
        },
      },
    );
    const listening: Listening = { handle, life, number };
    return listening;
  }

  private state(room: string, listening: Listening, { life, count, members, messages }: ChatSnapshot): void {
    // Another life than the one that is known: all that this member may read and that is kept.
    if (listening.life !== life) Object.assign(listening, { life, number: members[this.setup.member] ?? count });
    for (const message of messages) this.said(room, listening, { ...message, life });
    listening.number = Math.max(listening.number, count);
  }

  private said(room: string, listening: Listening, { life, number, author, message, timestamp }: ChatSaid): void {
    if (listening.life === life && number <= listening.number) return;
    Object.assign(listening, { life, number });
    if (author === this.setup.author) return;
    const said: RoomMessage = { room, userId: author, message, timestamp, marker: `${life}.${number}` };
    this.setup.write(JSON.stringify(said));
  }
}
