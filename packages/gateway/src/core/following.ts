import type { EventStreams, StreamEvent, StreamHandle } from '@muster/cluster';
import { PLAYER_KIND, PUBLIC_TOPIC } from '@muster/play';
import { type ErrorCode, entity } from '@muster/ports';
import { USER_SUBSCRIPTIONS_MAX } from '@muster/tachyon';

/** The users one session follows: a subscription to each one's `public` topic. Bounded by the protocol's 100. */
export class Following {
  private readonly streams: EventStreams;
  private readonly deliver: (event: StreamEvent) => void;
  /** Made with the first one. */
  private handles: Map<string, StreamHandle> | undefined;

  constructor(streams: EventStreams, deliver: (event: StreamEvent) => void) {
    this.streams = streams;
    this.deliver = deliver;
  }

  get userIds(): readonly string[] {
    return this.handles ? [...this.handles.keys()] : [];
  }

  /** Follows exactly these from now on. Those that were followed already go on without being sent again. */
  set(userIds: readonly string[]): void {
    const wanted = new Set(userIds);
    this.remove(this.userIds.filter((id) => !wanted.has(id)));
    this.add(userIds.filter((id) => !this.handles?.has(id)));
  }

  /** Each of them is sent whole, also where it was followed already. */
  add(userIds: readonly string[]): void {
    if (userIds.length === 0) return;
    this.handles ??= new Map();
    for (const id of userIds) {
      const before = this.handles.get(id);
      if (!before && this.handles.size >= USER_SUBSCRIPTIONS_MAX) return;
      // The new one first: ending the only listener of a stream would end the stream.
      this.handles.set(id, this.subscribe(id));
      before?.close();
    }
  }

  remove(userIds: readonly string[]): void {
    for (const id of userIds) {
      this.handles?.get(id)?.close();
      this.handles?.delete(id);
    }
  }

  private subscribe(id: string): StreamHandle {
    const handle: StreamHandle = this.streams.subscribe(
      entity(PLAYER_KIND, id),
      PUBLIC_TOPIC,
      { snapshot: true },
      {
        event: this.deliver,
        snapshot: this.deliver,
        lost: (_: ErrorCode) => {
          if (this.handles?.get(id) === handle) this.handles.delete(id);
        },
      },
    );
    return handle;
  }
}
