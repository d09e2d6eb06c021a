// What one connection is given of what is said in chat rooms, and of who is there, each from the room's stream: from the answer on with which it came
// in or asked to hear, as long as it is there. Where a state comes instead of the events after the last one, what the client has not been given yet
// comes first (K16), and who is there is told anew.
// The marker of a message names its room's numbering and its number there.
import type { EventStreams, StreamEvent, StreamHandle } from '@muster/cluster';
import {
  type ChatSaid,
  type ChatSnapshot,
  MEMBERS_NEWS,
  MESSAGES_TOPIC,
  namedMembers,
  type RoomEntered,
  type RoomMembersNews,
  roomOf,
} from '@muster/play';
import { murmur3 } from '@muster/ports';
import type { RoomMembers, RoomMessage } from '@muster/tachyon';
import { sharedOf, textOf } from './json-text.js';

export interface RoomHearingSetup {
  readonly streams: EventStreams;
  /** Who listens, as rooms name their members. */
  readonly member: string;
  /** Who is not told what it said itself; undefined: it says nothing. */
  readonly author: string | undefined;
  /** Runs it when the event's turn has come (K16). */
  hold(event: StreamEvent, release: () => void): void;
  /** Somebody said something. */
  write(json: string): void;
  /** Somebody came or went. */
  writeMembers(json: string): void;
  /** There is no such stream any more. */
  lost(): void;
}

/** A sum over a set of members, whatever their order: to know of two lists that they are the same, at four bytes for each connection. */
function withOrWithout(sum: number, member: string): number {
  return sum ^ murmur3(member);
}

const NOBODY: RoomMembers['left'] = namedMembers([]);

interface Listening {
  handle: StreamHandle;
  life: string;
  /** The last message that was given, or need not be. */
  number: number;
  /** Of those whom the client knows to be there; undefined: it was not told yet. */
  members: number | undefined;
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
        event: (event) => inTurn(event, () => this.happened(room, listening, event)),
        lost: () => {
          if (!isCurrent()) return;
          this.rooms?.delete(room);
          this.setup.lost();
        },
      },
    );
    const listening: Listening = { handle, life, number, members: undefined };
    return listening;
  }

  private happened(room: string, listening: Listening, { name, data }: StreamEvent): void {
    if (name === MEMBERS_NEWS) this.moved(room, listening, sharedOf<RoomMembersNews>(data));
    else this.said(room, listening, sharedOf<ChatSaid>(data));
  }

  private state(room: string, listening: Listening, { life, count, members, messages }: ChatSnapshot): void {
    this.whole(room, listening, Object.keys(members));
    // Another life than the one that is known: all that this member may read and that is kept.
    if (listening.life !== life) Object.assign(listening, { life, number: members[this.setup.member] ?? count });
    for (const message of messages) this.said(room, listening, { ...message, life });
    listening.number = Math.max(listening.number, count);
  }

  private whole(room: string, listening: Listening, members: readonly string[]): void {
    const sum = members.reduce(withOrWithout, 0);
    // Mostly nobody came or went between the events that were missed.
    if (listening.members === sum) return;
    listening.members = sum;
    this.tellMembers({ room, memberCount: members.length, isWhole: true, joined: namedMembers(members), left: NOBODY });
  }

  private moved(room: string, listening: Listening, { member, came, memberCount }: RoomMembersNews): void {
    // Of before the state that says who is there; and who goes itself is answered, or told so by its actor.
    if (listening.members === undefined || member === this.setup.member) return;
    listening.members = withOrWithout(listening.members, member);
    const named = namedMembers([member]);
    const who = came ? { joined: named, left: NOBODY } : { joined: NOBODY, left: named };
    this.tellMembers({ room, memberCount, isWhole: false, ...who });
  }

  private tellMembers(members: RoomMembers): void {
    this.setup.writeMembers(JSON.stringify(members));
  }

  private said(room: string, listening: Listening, { life, number, author, message, timestamp }: ChatSaid): void {
    if (listening.life === life && number <= listening.number) return;
    Object.assign(listening, { life, number });
    if (author === this.setup.author) return;
    const said: RoomMessage = { room, userId: author, message, timestamp, marker: `${life}.${number}` };
    this.setup.write(JSON.stringify(said));
  }
}
