import type { Moved } from '@muster/play';
import type { EntityRef } from '@muster/ports';
import type { Places as PlaceIds } from '@muster/tachyon';
import type { PlaceClient, PlaceFeeds } from './place-feeds.js';

export const NOWHERE: PlaceIds = {};

/**
 * Where one client is, as its player's actor said last. May be old: every place looks itself whether a client is its member. Requests go to where
 * the actor says; of what happens there the client hears once it has been told that it is there, by a reply or by the actor's stream (K16).
 */
export class Places {
  private readonly feeds: PlaceFeeds;
  private readonly client: PlaceClient;
  private readonly changed: (ids: PlaceIds) => void;
  /** As far as the client was told. */
  private ids: PlaceIds = NOWHERE;
  /** As the actor's stream said last. */
  private heard: PlaceIds = NOWHERE;
  /** As the actor answered, perhaps ahead of its stream: where requests go. */
  private routes: PlaceIds = NOWHERE;
  /** By kind, how often the client was told all of a place: frames of before then may still wait for a reply. */
  private readonly told = new Map<string, number>();

  /** `changed`: the client is elsewhere now. */
  constructor(feeds: PlaceFeeds, client: PlaceClient, changed: (ids: PlaceIds) => void) {
    this.feeds = feeds;
    this.client = client;
    this.changed = changed;
  }

  get current(): PlaceIds {
    return this.ids;
  }

  /** Where requests go. */
  get forRequests(): PlaceIds {
    return this.routes;
  }

  /** All that the actor knows, as its stream says. */
  set(ids: PlaceIds): void {
    this.heard = ids;
    for (const kind of kindsIn(this.ids, ids)) {
      const id = ids[kind];
      const stays = id !== undefined && id === this.ids[kind];
      this.move(kind, id ?? null);
      // The place may have thought that it was gone.
      if (stays) this.feeds.join(this.client, kind, id);
    }
  }

  /** The actor's stream says so of one kind. */
  placed(kind: string, id: string | null): void {
    this.heard = withPlace(this.heard, kind, id);
    this.move(kind, id);
  }

  /** All that the actor knew as it was attached to: ahead of its stream, perhaps, or behind a reply. Its stream tells what is news of that. */
  attached(ids: PlaceIds): void {
    for (const [kind, id] of Object.entries(ids))
      if (id !== undefined && id === this.ids[kind]) this.feeds.join(this.client, kind, id);
    this.routes = ids;
  }

  /** All that the actor knows, as it was asked for: where its stream says the same, and a reply said something else, the reply was older. */
  asked(ids: PlaceIds): void {
    for (const kind of kindsIn(this.ids, ids)) if (ids[kind] === this.heard[kind]) this.move(kind, ids[kind] ?? null);
    this.attached(ids);
  }

  /** In this place of its kind now, or in none. `came`: with what it was told as it came in. */
  move(kind: string, id: string | null, came?: { readonly stream: number; readonly data: unknown }): void {
    const before = this.ids[kind];
    this.routes = withPlace(this.routes, kind, id);
    if (before !== undefined && before !== id) this.feeds.leave(this.client, kind, before);
    if (before !== (id ?? undefined)) {
      this.ids = withPlace(this.ids, kind, id);
      this.changed(this.ids);
    }
    if (id !== null && came) this.told.set(kind, this.toldOf(kind) + 1);
    if (id !== null && (before !== id || came)) this.feeds.join(this.client, kind, id, came);
  }

  /** The reply of a command that moved the player; it has reached the client. */
  moved({ moved: { kind, id, stream }, data }: Moved): void {
    this.move(kind, id, stream === undefined ? undefined : { stream, data });
  }

  /** How often the client has been told all of a place of this kind. */
  toldOf(kind: string): number {
    return this.told.get(kind) ?? 0;
  }

  /** The client has left the place, or was told all of it since: what it lacked then it has got by itself, however much of that was on its way. */
  isOld({ kind, id }: EntityRef, told: number): boolean {
    return this.ids[kind] !== id || this.toldOf(kind) !== told;
  }

  /** The connection is over. */
  end(): void {
    this.set(NOWHERE);
  }
}

function kindsIn(...some: readonly PlaceIds[]): ReadonlySet<string> {
  return new Set(some.flatMap((ids) => Object.keys(ids)));
}

function withPlace(ids: PlaceIds, kind: string, id: string | null): PlaceIds {
  const { [kind]: _, ...others } = ids;
  return id === null ? others : { ...others, [kind]: id };
}
