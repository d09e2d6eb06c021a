import type { StreamEvent, StreamHandle } from '@muster/cluster';
import {
  NOTICE_ENDED,
  NOTICE_PLACE,
  NOTICE_PREFIX,
  NOTICE_REQUEST,
  NOTICE_REQUEST_OVER,
  NOTICE_SUPERSEDED,
  NOTICE_UNWATCH,
  NOTICE_WATCH,
  type PlaceNotice,
  type RequestNotice,
  roomMember,
  SELF_TOPIC,
  type SelfSnapshot,
  type SessionNotice,
  type WatchNotice,
} from '@muster/play';
import type { EntityRef, ErrorCode } from '@muster/ports';
import { chatLeft, chatReceived, type EventData, messagingReceived, userSelf, userUpdated } from '@muster/tachyon';
import { isFor } from './audience.js';
import type { ClientWriter } from './client-writer.js';
import { EventOrder } from './event-order.js';
import { Following } from './following.js';
import { Hearing } from './hearing.js';
import { textOf } from './json-text.js';
import type { PlaceFrame } from './place-feeds.js';
import { RoomHearing } from './room-hearing.js';
import type { SessionContext } from './session-context.js';

/** What no request caused, for everybody. */
const OF_NOBODY = { cause: '', to: { only: [], except: [] } } as const;

type Notice = SessionNotice & Partial<WatchNotice> & Partial<PlaceNotice> & Partial<RequestNotice>;

/** What the session makes of what it hears. */
export interface SelfListener {
  isInFlight(request: number): boolean;
  /** Number of the client's unanswered request that leads to this request of the server. */
  leadingTo(commandId: string): number | undefined;
  /** `user/self` was sent. `session`: who holds the player. */
  told(snapshot: SelfSnapshot): void;
  /** The player is in that place now, or in none of its kind. */
  placed(kind: string, id: string | null): void;
  /** The actor asks the client. */
  asked(request: RequestNotice): void;
  /** Nobody waits for that answer any more. */
  requestOver(n: number): void;
  /** Another connection holds the player. */
  superseded(): void;
  /** The actor has ended the session. */
  ended(): void;
  lost(code: ErrorCode): void;
  /** More events wait for a reply than may. */
  tooMany(): void;
}

/** What one client hears: its own player's stream, the users it follows, and all of it behind the replies that caused it (K16). */
export class SelfStream {
  readonly following: Following;
  private readonly context: SessionContext;
  private readonly session: string;
  private readonly player: EntityRef;
  private readonly writer: ClientWriter;
  private readonly listener: SelfListener;
  private readonly order: EventOrder;
  readonly hearing: Hearing;
  readonly rooms: RoomHearing;
  private stream: StreamHandle | undefined;
  private over = false;

  constructor(
    context: SessionContext,
    session: string,
    player: EntityRef,
    writer: ClientWriter,
    listener: SelfListener,
  ) {
    this.context = context;
    this.session = session;
    this.player = player;
    this.writer = writer;
    this.listener = listener;
    this.order = new EventOrder(session, (request) => listener.isInFlight(request), context.options.heldEventsMax);
    const { streams } = context.cluster;
    this.following = new Following(streams, (event) => this.userEvent(event));
    this.hearing = new Hearing({
      streams,
      userId: player.id,
      hold: (event, release) => this.hold(event, release),
      write: (json) => writer.event(messagingReceived.commandId, json),
    });
    this.rooms = new RoomHearing({
      streams,
      member: roomMember('player', player.id),
      author: player.id,
      hold: (event, release) => this.hold(event, release),
      write: (json) => writer.event(chatReceived.commandId, json),
      lost: () => context.traffic.dropped('stream_lost'),
    });
  }

  /** Listens from now on. `user/self` comes first: what is followed is asked for when it was sent. */
  start(): void {
    this.stream ??= this.context.cluster.streams.subscribe(
      this.player,
      SELF_TOPIC,
      { snapshot: true },
      {
        snapshot: (event) => this.hold(event, () => this.snapshot(event)),
        event: (event) => {
          const behind = this.behindItsRequest(event);
          this.hold(behind, () => this.selfEvent(event, behind.cause !== event.cause));
        },
        lost: (code) => this.listener.lost(code),
      },
    );
  }

  /** A reply has left: what it caused may follow. */
  replied(): void {
    this.order.replied();
  }

  /** Hears nothing any more. */
  end(): void {
    this.over = true;
    this.stream?.close();
    this.following.set([]);
    this.hearing.end();
    this.rooms.end();
    this.order.clear();
  }

  /** A frame of a place where the client is; `isOld` is asked when its turn has come. */
  place({ commandId, json }: PlaceFrame, event: StreamEvent | undefined, isOld: (event: StreamEvent) => boolean): void {
    this.hold(event ?? OF_NOBODY, () => {
      if (!event || !isOld(event)) this.writer.event(commandId, json);
    });
  }

  /** What comes of a request by way of somebody else (`battle/start`: of an autohost; a message: of its author) does not name it as its cause. */
  private behindItsRequest(event: StreamEvent): StreamEvent {
    const { name, data } = event;
    const commandId = name === NOTICE_REQUEST ? (JSON.parse(textOf(data)) as RequestNotice).commandId : name;
    const cause = this.causeOf(commandId);
    return cause === '' ? event : { ...event, cause };
  }

  /** The client's unanswered request that leads to this; empty: none does. */
  private causeOf(commandId: string): string {
    const request = this.listener.leadingTo(commandId);
    return request === undefined ? '' : `${this.session}:${request}`;
  }

  /** K16 */
  private hold(event: Pick<StreamEvent, 'cause' | 'to'>, release: () => void): void {
    if (this.over || !isFor(event, this.player.id)) return;
    const held = this.order.push(event.cause, () => {
      if (!this.over) release();
    });
    if (!held) this.listener.tooMany();
  }

  private snapshot({ data }: StreamEvent): void {
    const snapshot = JSON.parse(textOf(data)) as SelfSnapshot;
    const { session, user, messages = [] } = snapshot;
    this.writer.event(userSelf.commandId, JSON.stringify({ user }));
    const cause = this.causeOf(messagingReceived.commandId);
    if (session === this.session) this.hold({ ...OF_NOBODY, cause }, () => this.hearing.kept(messages));
    this.listener.told(snapshot);
  }

  private userEvent(event: StreamEvent): void {
    const commandId = event.name === '' ? userUpdated.commandId : event.name;
    this.hold(event, () => this.writer.event(commandId, textOf(event.data)));
  }

  private roomLeft(json: string): void {
    this.rooms.leave((JSON.parse(json) as EventData<'chat/left'>).room);
    this.writer.event(chatLeft.commandId, json);
  }

  /** `isEarly`: it waited for the answer to a request that did not cause it. */
  private selfEvent({ name, data }: StreamEvent, isEarly: boolean): void {
    if (!name.startsWith(NOTICE_PREFIX)) {
      const json = textOf(data);
      if (name === messagingReceived.commandId) this.hearing.message(json, isEarly);
      else if (name === chatLeft.commandId) this.roomLeft(json);
      else this.writer.event(name, json);
      return;
    }
    const notice = JSON.parse(textOf(data)) as Notice;
    if (notice.session !== this.session) return;
    if (name === NOTICE_WATCH) this.following.add(notice.userIds ?? []);
    else if (name === NOTICE_UNWATCH) this.following.remove(notice.userIds ?? []);
    else if (name === NOTICE_PLACE) this.listener.placed(notice.kind!, notice.id ?? null);
    else if (name === NOTICE_REQUEST) this.listener.asked(notice as RequestNotice);
    else if (name === NOTICE_REQUEST_OVER) this.listener.requestOver(notice.n!);
    else if (name === NOTICE_SUPERSEDED) this.listener.superseded();
    else if (name === NOTICE_ENDED) this.listener.ended();
  }
}
