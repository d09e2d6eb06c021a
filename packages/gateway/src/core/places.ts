import type { StreamEvent } from '@muster/cluster';
import type { Moved } from '@muster/play';
import type { EntityRef } from '@muster/ports';
import type { Places as PlaceIds } from '@muster/tachyon';
import type { PlaceClient, PlaceFeeds } from './place-feeds.js';

export const NOWHERE: PlaceIds = {};

/** Where one client is, as its player's actor said last. May be old: every place looks itself whether a client is its member. */
export class Places {
  private readonly feeds: PlaceFeeds;
  private readonly client: PlaceClient;
  private readonly changed: (ids: PlaceIds) => void;
  private ids: PlaceIds = NOWHERE;
  /** What the client was told last as it came in: events of before may still wait for a reply. */
  private came: { readonly kind: string; readonly id: string; readonly stream: number } | undefined;

  /** `changed`: the client is elsewhere now. */
  constructor(feeds: PlaceFeeds, client: PlaceClient, changed: (ids: PlaceIds) => void) {
    this.feeds = feeds;
    this.client = client;
    this.changed = changed;
  }

  get current(): PlaceIds {
    return this.ids;
  }

  /** All that the actor knows. */
  set(ids: PlaceIds): void {
    const kinds = new Set([...Object.keys(this.ids), ...Object.keys(ids)]);
    for (const kind of kinds) {
      const id = ids[kind];
      const stays = id !== undefined && id === this.ids[kind];
      this.move(kind, id ?? null);
      // The place may have thought that it was gone.
      if (stays) this.feeds.join(this.client, kind, id);
    }
  }

  /** In this place of its kind now, or in none. `came`: with what it was told as it came in. */
  move(kind: string, id: string | null, came?: { readonly stream: number; readonly data: unknown }): void {
    const before = this.ids[kind];
    if (before !== undefined && before !== id) this.feeds.leave(this.client, kind, before);
    if (before !== (id ?? undefined)) {
      const { [kind]: _, ...others } = this.ids;
      this.ids = id === null ? others : { ...others, [kind]: id };
      this.changed(this.ids);
    }
    if (id !== null && came) this.came = { kind, id, stream: came.stream };
    if (id !== null && (before !== id || came)) this.feeds.join(this.client, kind, id, came);
  }

  /** The reply of a command that moved the player; it has reached the client. */
  moved({ moved: { kind, id, stream }, data }: Moved): void {
    this.move(kind, id, stream === undefined ? undefined : { stream, data });
  }

  /** The client has left the place, or knows what this event says: it was told later things since. */
  isOld({ kind, id }: EntityRef, event: StreamEvent | undefined): boolean {
    const { came } = this;
    if (this.ids[kind] !== id) return true;
    return came?.kind === kind && came.id === id && event !== undefined && event.number <= came.stream;
  }

  /** The connection is over. */
  end(): void {
    this.set(NOWHERE);
  }
}
