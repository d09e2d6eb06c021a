// The list of lobbies, once for all clients of this gateway that show it.
//
//   nobody reads ── subscribe ──► gathering (16 parts) ── all have come, or time is up ──► live ── nobody reads for a while ──► nobody reads
//
// Live: every second what changed is one frame, printed once and sent to all; who comes gets the whole list as of the last such frame, so
// that the next one fits. A part of the list may be lost: it begins empty and fills as lobbies speak. What it does not have yet is kept for
// a while, so that nothing flickers. A part that cannot be followed is asked for again.
import type { ClusterAccess, StreamEvent, StreamHandle } from '@muster/cluster';
import { diffPatch, LIST_TOPIC, type ListedLobbies, listParts } from '@muster/play';
import type { Clock, EntityRef, Millis, Timer } from '@muster/ports';
import { type LobbyOverview, lobbyListReset, lobbyListUpdated } from '@muster/tachyon';
import { textOf } from './json-text.js';
import type { GatewayOptions } from './options.js';

/** A client that shows the list. */
export interface ListReader {
  /** `data`: JSON text. */
  event(commandId: string, data: string): void;
}

type Options = Pick<GatewayOptions, 'lobbyListEveryMs' | 'lobbyListGatherMs' | 'lobbyListKeepMs' | 'lobbyListLingerMs'>;

interface Line {
  readonly overview: LobbyOverview;
  readonly part: number;
  /** Its part does not know it (yet): until then. */
  readonly until?: Millis;
}

export class LobbyList {
  private readonly clock: Clock;
  private readonly cluster: ClusterAccess;
  private readonly options: Options;
  private readonly readers = new Set<ListReader>();
  /** Those who have not got the whole list yet. */
  private readonly waiting = new Set<ListReader>();
  private readonly parts: readonly EntityRef[] = listParts();
  private streams: (StreamHandle | undefined)[] = [];
  private readonly heard = new Set<number>();
  /** As the parts say. */
  private readonly lines = new Map<string, Line>();
  /** As readers have it. */
  private readonly shown = new Map<string, LobbyOverview>();
  private readonly changed = new Set<string>();
  /** Lines with an `until`. */
  private readonly doubted = new Set<string>();
  /** {@link shown}, printed. */
  private whole: string | undefined;
  private timer: Timer | undefined;
  private startedAt: Millis = 0;
  private idleSince: Millis | undefined;

  constructor(clock: Clock, cluster: ClusterAccess, options: Options) {
    this.clock = clock;
    this.cluster = cluster;
    this.options = options;
  }

  /** The whole list now, or as soon as it is there; then what changes. Again: nothing happens. */
  subscribe(reader: ListReader): void {
    if (this.readers.has(reader)) return;
    this.readers.add(reader);
    this.idleSince = undefined;
    if (!this.timer) this.start();
    if (this.isLive) this.welcome(reader);
    else this.waiting.add(reader);
  }

  unsubscribe(reader: ListReader): void {
    if (!this.readers.delete(reader)) return;
    this.waiting.delete(reader);
    if (this.readers.size === 0) this.idleSince = this.clock.monotonic();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    for (const stream of this.streams) stream?.close();
    this.streams = [];
    this.readers.clear();
    for (const each of [this.waiting, this.heard, this.lines, this.shown, this.changed, this.doubted]) each.clear();
    this.whole = undefined;
  }

  private get isLive(): boolean {
    if (this.heard.size === this.parts.length) return true;
    return this.clock.monotonic() - this.startedAt >= this.options.lobbyListGatherMs;
  }

  private start(): void {
    this.startedAt = this.clock.monotonic();
    this.parts.forEach((_, part) => {
      this.follow(part);
    });
    this.tickLater();
  }

  private follow(part: number): void {
    const { streams } = this.cluster;
    this.streams[part] = streams.subscribe(
      this.parts[part]!,
      LIST_TOPIC,
      { snapshot: true },
      {
        snapshot: (event) => this.snapshot(part, event),
        event: (event) => this.take(part, lobbiesIn(event)),
        // Asked for again by the next tick.
        lost: () => {
          this.streams[part] = undefined;
        },
      },
    );
  }

  private snapshot(part: number, event: StreamEvent): void {
    const lobbies = lobbiesIn(event);
    this.take(part, lobbies);
    const until = this.clock.monotonic() + this.options.lobbyListKeepMs;
    for (const [id, line] of this.lines) {
      if (line.part !== part || Object.hasOwn(lobbies, id) || line.until !== undefined) continue;
      this.lines.set(id, { ...line, until });
      this.doubted.add(id);
    }
    this.heard.add(part);
    if (this.waiting.size > 0 && this.isLive) this.tick();
  }

  private take(part: number, lobbies: ListedLobbies): void {
    for (const [id, overview] of Object.entries(lobbies)) {
      if (overview) this.lines.set(id, { overview, part });
      else this.lines.delete(id);
      this.doubted.delete(id);
      this.changed.add(id);
    }
  }

  private tickLater(): void {
    this.timer = this.clock.after(this.options.lobbyListEveryMs, () => {
      this.tickLater();
      this.tick();
    });
  }

  private tick(): void {
    const now = this.clock.monotonic();
    if (this.idleSince !== undefined && now - this.idleSince >= this.options.lobbyListLingerMs) {
      this.stop();
      return;
    }
    this.parts.forEach((_, part) => {
      if (!this.streams[part]) this.follow(part);
    });
    this.forget(now);
    if (!this.isLive) return;
    this.tell();
    for (const reader of [...this.waiting]) {
      this.waiting.delete(reader);
      this.welcome(reader);
    }
  }

  private forget(now: Millis): void {
    for (const id of [...this.doubted]) {
      if (this.lines.get(id)!.until! > now) continue;
      this.doubted.delete(id);
      this.lines.delete(id);
      this.changed.add(id);
    }
  }

  /** One frame's data for everybody who has the list. */
  private tell(): void {
    const lobbies: Record<string, unknown> = {};
    for (const id of this.changed) {
      const before = this.shown.get(id);
      const after = this.lines.get(id)?.overview;
      if (after) this.shown.set(id, after);
      else this.shown.delete(id);
      if (!after && before) lobbies[id] = null;
      if (!after) continue;
      const patch = before ? diffPatch(before, after) : after;
      if (patch) lobbies[id] = { ...patch, id };
    }
    this.changed.clear();
    if (Object.keys(lobbies).length === 0) return;
    this.whole = undefined;
    const data = JSON.stringify({ lobbies });
    for (const reader of [...this.readers])
      if (!this.waiting.has(reader)) reader.event(lobbyListUpdated.commandId, data);
  }

  private welcome(reader: ListReader): void {
    this.whole ??= JSON.stringify({ lobbies: Object.fromEntries(this.shown) });
    reader.event(lobbyListReset.commandId, this.whole);
  }
}

function lobbiesIn({ data }: StreamEvent): ListedLobbies {
  return JSON.parse(textOf(data)) as ListedLobbies;
}
