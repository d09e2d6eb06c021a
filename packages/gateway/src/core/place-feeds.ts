// What a place tells everybody who is in it (a lobby's changes), to those of its members whose clients are here.
//
// A place is followed once per gateway, however many of its members are here: the feed holds the place's state as of its last number. A client
// learns that state from the reply with which it came in (as of the number `stream` of that reply), or before this connection began. What makes
// its view complete from there on is decided when both are known: changes up to the reply's number are in it already, later ones that the feed
// has passed are made up for by the difference (K16). Where events were lost, all get the difference too.
//
// Who is not in it any more hears nothing else of the place: its own actor says so, perhaps much later, and the event with which it went was not
// for it. Should it be in there again, it gets the difference to what it knew once its actor has confirmed that.
import type { EventStreams, StreamEvent, StreamHandle } from '@muster/cluster';
import { type EntityRef, entity } from '@muster/ports';
import { textOf } from './json-text.js';

/** A client frame. */
export interface PlaceFrame {
  readonly commandId: string;
  /** Its data. */
  readonly json: string;
}

/** How the states of one kind of place are read. `S` is plain JSON and never changed in place. */
export interface PlaceView<S> {
  readonly topic: string;
  /** From what a client gets that comes in (`data` of its reply), and from the topic's snapshot. */
  read(json: unknown): S;
  /** What the event makes of it. */
  after(state: S, name: string, data: unknown): S;
  /** Frames that bring a client from one state to the other. */
  between(before: S, after: S): readonly PlaceFrame[];
  /** False where this user is not in it: its client's actor is asked. */
  has(state: S, userId: string): boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: variance — views of unrelated states have no other type.
export type AnyPlaceView = PlaceView<any>;

/** One client in a place. */
export interface PlaceClient {
  readonly userId: string;
  /** A frame of the place; `event`: what brought it, where something did. */
  placeFrame(frame: PlaceFrame, place: EntityRef, event: StreamEvent | undefined): void;
  /** The place does not seem to have this user. */
  placeDoubted(kind: string): void;
  /** Nothing is heard of the place any more, for good. */
  placeLost(kind: string): void;
}

/** What a client knows of the place. */
interface Baseline {
  readonly number: number;
  readonly state: unknown;
}

interface Standing extends Baseline {
  /** It went after this; else it came in as of this, and the feed has not got there yet. */
  readonly isOut: boolean;
}

interface Feed {
  readonly place: EntityRef;
  readonly view: AnyPlaceView;
  readonly handle: StreamHandle;
  /** As of `number`; absent: the first snapshot has not come. */
  known: Baseline | undefined;
  /** undefined: up to date. */
  readonly clients: Map<PlaceClient, Standing | undefined>;
}

export class PlaceFeeds {
  private readonly streams: EventStreams;
  private readonly views: Readonly<Record<string, AnyPlaceView>>;
  private readonly feeds = new Map<string, Feed>();

  constructor(streams: EventStreams, views: Readonly<Record<string, AnyPlaceView>>) {
    this.streams = streams;
    this.views = views;
  }

  get size(): number {
    return this.feeds.size;
  }

  /**
   * The client is in the place from now on. `came`: what it was told as it came in, or once more; absent: it was there before this connection,
   * or still is, and hears what is new.
   */
  join(
    client: PlaceClient,
    kind: string,
    id: string,
    came?: { readonly stream: number; readonly data: unknown },
  ): void {
    const view = this.views[kind];
    if (!view) return;
    const feed = this.feeds.get(`${kind}/${id}`) ?? this.open(view, kind, id);
    if (came) this.from(feed, client, { number: came.stream, state: view.read(came.data) });
    else this.still(feed, client);
  }

  leave(client: PlaceClient, kind: string, id: string): void {
    const key = `${kind}/${id}`;
    const feed = this.feeds.get(key);
    if (!feed?.clients.delete(client) || feed.clients.size > 0) return;
    this.feeds.delete(key);
    feed.handle.close();
  }

  private open(view: AnyPlaceView, kind: string, id: string): Feed {
    const place = entity(kind, id);
    const handle = this.streams.subscribe(
      place,
      view.topic,
      { snapshot: true },
      {
        snapshot: (event) => this.snapshot(feed, event),
        event: (event) => this.event(feed, event),
        lost: () => this.lost(feed, `${kind}/${id}`),
      },
    );
    const feed: Feed = { place, view, handle, known: undefined, clients: new Map() };
    this.feeds.set(`${kind}/${id}`, feed);
    return feed;
  }

  /** The client knows this much, and the feed less, or more. */
  private from(feed: Feed, client: PlaceClient, baseline: Baseline): void {
    const { known, view, clients } = feed;
    const isAhead = !known || known.number < baseline.number;
    if (isAhead) clients.set(client, { ...baseline, isOut: false });
    else if (!view.has(known.state, client.userId)) clients.set(client, { ...baseline, isOut: true });
    else this.catchUp(feed, client, baseline, known);
  }

  private catchUp({ view, place, clients }: Feed, client: PlaceClient, before: Baseline, known: Baseline): void {
    clients.set(client, undefined);
    if (known.number === before.number) return;
    for (const frame of view.between(before.state, known.state)) client.placeFrame(frame, place, undefined);
  }

  /** Its actor says that it is in there. */
  private still(feed: Feed, client: PlaceClient): void {
    const { known, view, clients } = feed;
    const standing = clients.get(client);
    if (!clients.has(client)) clients.set(client, undefined);
    else if (standing?.isOut && known && view.has(known.state, client.userId))
      this.catchUp(feed, client, standing, known);
  }

  private snapshot(feed: Feed, { number, data }: StreamEvent): void {
    const { view, place, clients, known: before } = feed;
    const known = { number, state: view.read(JSON.parse(textOf(data))) as unknown };
    feed.known = known;
    const missed = before ? view.between(before.state, known.state) : [];
    for (const [client, standing] of [...clients]) {
      const isOut = standing?.isOut === true;
      // Of before it came in: that says nothing about it.
      if (standing && !isOut && number < standing.number) continue;
      if (isOut || !view.has(known.state, client.userId)) {
        clients.set(client, { ...(standing ?? before ?? known), isOut: true });
        client.placeDoubted(place.kind);
      } else if (standing) this.catchUp(feed, client, standing, known);
      else for (const frame of missed) client.placeFrame(frame, place, undefined);
    }
  }

  private event(feed: Feed, event: StreamEvent): void {
    const { view, place, clients, known: before } = feed;
    const { name, number } = event;
    const json = textOf(event.data);
    const known = before && { number, state: view.after(before.state, name, JSON.parse(json)) as unknown };
    feed.known = known;
    for (const [client, standing] of [...clients]) {
      if (standing && !standing.isOut && number <= standing.number) continue;
      const from = standing ?? before;
      const isIn = !known || view.has(known.state, client.userId);
      if (standing?.isOut) {
        if (isIn) client.placeDoubted(place.kind);
      } else if (!isIn && from && view.has(from.state, client.userId)) clients.set(client, { ...from, isOut: true });
      else {
        clients.set(client, undefined);
        client.placeFrame({ commandId: name, json }, place, event);
      }
    }
  }

  /** No such topic, or no such entity: whoever is there is not there. */
  private lost(feed: Feed, key: string): void {
    if (this.feeds.get(key) === feed) this.feeds.delete(key);
    for (const client of feed.clients.keys()) client.placeLost(feed.place.kind);
    feed.clients.clear();
  }
}
