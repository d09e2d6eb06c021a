import { PLAYER_DEFAULTS, readMarker } from '@muster/play';
import type { Millis } from '@muster/ports';
import type { Talk } from '../gathering/talk.js';

/** Data of `messaging/received`, as a client reads it. */
export interface Received {
  readonly message: string;
  readonly source: {
    readonly type: string;
    readonly userId: string;
    readonly lobbyId?: string;
    readonly partyId?: string;
  };
  readonly marker: string;
}

export interface ListeningSetup {
  /** Who listens. */
  readonly player: string;
  /** When this player's state was last lost, or may have been: its shard went to somebody who was not its backup. */
  readonly lostAt: (player: string) => Millis;
  readonly now: () => Millis;
  readonly heard: (message: string) => void;
  /** Messages of its places go there. */
  readonly talk: Talk;
}

/** After a loss a request that was repeated may have been executed twice: state, and with it K11's memory, was lost. */
const REPEATS_FOR_MS: Millis = 20_000;

/**
 * What one device knows of the messages it was sent: within one inbox their numbers have no gap and no repeat, over reconnects too,
 * and those of one sender come in the order in which they were sent.
 */
export class Listening {
  private readonly setup: ListeningSetup;
  private inbox = '';
  /** Of the last message, whatever its source. */
  private marker: string | undefined;
  /** Last number taken; undefined: whatever comes is taken. */
  private last: number | undefined;
  /** Highest number seen in this inbox: what is seen again after a reconnect says nothing about order. */
  private highest = 0;
  /** When this connection began, or the loss after which it heard of another inbox: what was lost until then excuses no further one. */
  private since: Millis = Number.NEGATIVE_INFINITY;
  /** Nothing was heard on this connection yet. */
  private isFresh = true;
  private askedAt: Millis = Number.NEGATIVE_INFINITY;
  /** When its player's actor last had a word with this device: what it did not hear of for the length of a grace may have ended. */
  private servedAt: Millis = Number.NEGATIVE_INFINITY;
  private bySender = new Map<string, number>();
  private readonly askedAfter = new Map<string, number | undefined>();
  count = 0;
  /** Since when nothing that came to this inbox can have been missed. */
  continuousSince: Millis = Number.POSITIVE_INFINITY;

  constructor(setup: ListeningSetup) {
    this.setup = setup;
  }

  /** Data of the next `messaging/subscribeReceived`. */
  subscription(): { readonly since: unknown } {
    if (this.marker === undefined) return { since: { type: 'latest' } };
    return { since: { type: 'marker', value: this.marker } };
  }

  /** The player's state was lost, or may have been, since this connection asked last. */
  mayBeDeaf(): boolean {
    const { player, lostAt } = this.setup;
    return lostAt(player) >= this.askedAt;
  }

  asked(messageId: string): void {
    this.askedAt = this.setup.now();
    this.askedAfter.set(messageId, this.last);
  }

  /** From here on messages come after the marker that was asked for, or, where they were missed, from anywhere. */
  subscribed(messageId: string, missed: boolean): void {
    this.last = missed ? undefined : this.askedAfter.get(messageId);
    if (this.last === undefined) this.continuousSince = this.setup.now();
    if (missed) this.setup.talk.missed();
    this.askedAfter.delete(messageId);
  }

  /** The player's own actor answered. */
  served(): void {
    this.servedAt = this.setup.now();
  }

  /** A connection begins: what the old one was still to be given does not come any more. */
  connecting(): void {
    this.askedAfter.clear();
    this.since = this.setup.now();
    this.isFresh = true;
  }

  /** @returns what is wrong with it, if anything. */
  received(received: Received): string | undefined {
    const { message, source, marker } = received;
    this.count += 1;
    const heard = readMarker(marker);
    if (!heard) return `the marker ${marker}`;
    this.marker = marker;
    const { life: inbox, number } = heard.direct;
    if (source.type !== 'player') return this.inPlace(received, inbox, number);
    this.setup.heard(message);
    if (inbox !== this.inbox) {
      // Its state was lost, or a new session began: another inbox, which counts from the beginning.
      const { player, lostAt, now } = this.setup;
      if (!this.isFresh) {
        const mayHaveEnded = now() - this.servedAt >= PLAYER_DEFAULTS.graceMs;
        if (lostAt(player) <= this.since && !mayHaveEnded)
          return `message ${marker} after ${this.inbox}.${this.last} on one connection`;
        this.since = Math.max(this.since, lostAt(player));
      }
      if (this.inbox !== '') this.continuousSince = this.setup.now();
      this.inbox = inbox;
      this.last = undefined;
      this.highest = 0;
      this.bySender = new Map();
    }
    this.isFresh = false;
    this.served();
    const { last } = this;
    this.last = number;
    if (last !== undefined && number !== last + 1) return `message ${marker} after ${inbox}.${last}`;
    if (number <= this.highest) return undefined;
    this.highest = number;
    return this.inOrder(source.userId, message);
  }

  /** Beside what was said in a place its marker speaks of the direct messages given so far. */
  private inPlace(received: Received, inbox: string, number: number): string | undefined {
    const { last } = this;
    if (inbox === this.inbox && last === undefined) this.last = number;
    if (inbox === this.inbox && last !== undefined && last !== number)
      return `the marker ${received.marker} after ${inbox}.${last}`;
    return this.setup.talk.received(received);
  }

  private inOrder(sender: string, message: string): string | undefined {
    const [from, , count] = message.split(':');
    if (from !== sender) return `a message of ${from} came from ${sender}`;
    const before = this.bySender.get(sender) ?? 0;
    const number = Number(count);
    if (number > before) {
      this.bySender.set(sender, number);
      return undefined;
    }
    if (this.setup.now() - this.setup.lostAt(sender) < REPEATS_FOR_MS) return undefined;
    return `${message} after number ${before} of the same sender`;
  }
}
