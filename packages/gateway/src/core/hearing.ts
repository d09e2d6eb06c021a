// What one client is given of messages: those to its player, from the player's own stream, and those of its lobby's and party's chats, each
// from the chat's stream. Every one goes out under a marker that says what was given of all sources, so that the client needs to keep one only.
//
// Direct messages are heard as the player's actor publishes them. Chats are followed from the reply to `messaging/subscribeReceived` on, for as
// long as the player is in the place. Where a state comes instead of the events after the last one, what the client has not been given yet is
// given to it before anything newer (K16): sources keep their newest messages under numbers. A number of another life says nothing: then all that
// is kept comes once more.
import type { EventStreams, StreamEvent, StreamHandle } from '@muster/cluster';
import {
  type ChatSaid,
  type ChatSnapshot,
  chatOf,
  HEARD_PLACES,
  type Heard,
  type HeardPlace,
  isNextAfter,
  MESSAGES_TOPIC,
  markerText,
  missedAfter,
  type SubscribedReply,
} from '@muster/play';
import type { MessageSource, Places, ReceivedMessage } from '@muster/tachyon';
import { sharedOf, textOf } from './json-text.js';
import { NOWHERE } from './places.js';

export interface HearingSetup {
  readonly streams: EventStreams;
  readonly userId: string;
  /** Runs it when the event's turn has come (K16). */
  hold(event: StreamEvent, release: () => void): void;
  /** Data of one `messaging/received` for the client. */
  write(json: string): void;
}

/** One chat that is followed. */
interface Listening {
  readonly id: string;
  readonly handle: StreamHandle;
}

/** Where the client is in a chat; undefined: at the beginning of its membership. */
type Position = Heard['chats'][HeardPlace];

export class Hearing {
  private readonly setup: HearingSetup;
  private places: Places = NOWHERE;
  /** The client asked for messages. */
  private subscribed = false;
  /** Marker of the last direct message, without the chats' part. */
  private direct: string | undefined;
  private readonly listening = new Map<HeardPlace, Listening>();
  private readonly positions = new Map<HeardPlace, Position>();

  constructor(setup: HearingSetup) {
    this.setup = setup;
  }

  /** The client asked for messages and was answered: it goes on from here in each source. */
  goOn({ direct, chats }: SubscribedReply['heard']): void {
    this.subscribed = true;
    this.direct = direct;
    for (const place of HEARD_PLACES) {
      const chat = chats[place];
      const before = this.listening.get(place);
      this.listening.delete(place);
      const id = this.places[place];
      const isKnown = chat && chat.id === id && chat.life !== '';
      this.positions.set(place, isKnown ? { life: chat.life, number: chat.after } : undefined);
      if (id !== undefined) this.listen(place, id);
      // The new one first: ending the only listener of a stream would end the stream.
      before?.handle.close();
    }
  }

  /** Where the player is now. */
  moved(places: Places): void {
    this.places = places;
    for (const place of HEARD_PLACES) {
      const id = places[place];
      const before = this.listening.get(place);
      if (before?.id === id) continue;
      before?.handle.close();
      this.listening.delete(place);
      this.positions.delete(place);
      if (id !== undefined && this.subscribed) this.listen(place, id);
    }
  }

  /** A direct message, as the player's actor published it: for whoever asked. On a connection that did not, another one of the player may have.
   *  `isEarly`: it came while the answer to who asked was awaited. */
  message(json: string, isEarly = false): void {
    if (!this.subscribed) return;
    const message = JSON.parse(json) as ReceivedMessage;
    if (missedAfter([message], this.direct).length === 0) return;
    // It was there before the client's wish to hear was: it comes again with all that the client asked for.
    if (isEarly && !isNextAfter(message.marker, this.direct)) return;
    this.direct = message.marker;
    const marker = this.marker();
    this.setup.write(marker === message.marker ? json : JSON.stringify({ ...message, marker }));
  }

  /** `kept`: all direct messages that the player still has of what this client may hear, oldest first. */
  kept(kept: readonly ReceivedMessage[]): void {
    for (const missed of missedAfter(kept, this.direct)) this.message(JSON.stringify(missed));
  }

  end(): void {
    this.subscribed = false;
    for (const { handle } of this.listening.values()) handle.close();
    this.listening.clear();
  }

  private listen(place: HeardPlace, id: string): void {
    const { streams, hold } = this.setup;
    const isCurrent = (): boolean => this.listening.get(place)?.handle === handle;
    const whileCurrent = (happens: () => void) => (): void => {
      if (isCurrent()) happens();
    };
    const handle: StreamHandle = streams.subscribe(
      chatOf(place, id),
      MESSAGES_TOPIC,
      { snapshot: true },
      {
        snapshot: (event) =>
          hold(
            event,
            whileCurrent(() => this.chatState(place, id, event)),
          ),
        event: (event) =>
          hold(
            event,
            whileCurrent(() => this.said(place, id, sharedOf<ChatSaid>(event.data))),
          ),
        lost: () => {
          if (isCurrent()) this.listening.delete(place);
        },
      },
    );
    this.listening.set(place, { id, handle });
  }

  private chatState(place: HeardPlace, id: string, { data }: StreamEvent): void {
    const { life, count, members, messages } = JSON.parse(textOf(data)) as ChatSnapshot;
    // Nobody has been named as a member there yet: all that is said is still to come, and a marker has nothing to say of it.
    if (life === '') {
      this.positions.delete(place);
      return;
    }
    const position = this.positions.get(place);
    // Who is not named yet has come in just now.
    const from = position?.life === life ? position.number : (members[this.setup.userId] ?? count);
    this.positions.set(place, { life, number: from });
    for (const message of messages) if (message.number > from) this.said(place, id, { ...message, life });
    this.positions.set(place, { life, number: count });
  }

  private said(place: HeardPlace, id: string, { life, number, author, message, timestamp }: ChatSaid): void {
    const position = this.positions.get(place);
    if (position?.life === life && number <= position.number) return;
    this.positions.set(place, { life, number });
    // Nobody is told what they said themselves.
    if (author === this.setup.userId) return;
    const source: MessageSource =
      place === 'lobby'
        ? { type: 'lobby', lobbyId: id, userId: author }
        : { type: 'party', partyId: id, userId: author };
    const received: ReceivedMessage = { message, source, timestamp, marker: this.marker() };
    this.setup.write(JSON.stringify(received));
  }

  private marker(): string {
    return markerText(this.direct ?? '', Object.fromEntries(this.positions));
  }
}
