import type { StreamEvent, StreamHandle, StreamListener } from '@muster/cluster';
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
import {
  chatLeft,
  chatMembersChanged,
  chatReceived,
  type EventData,
  messagingReceived,
  type PartyState,
  partyInvited,
  partyUpdated,
  userSelf,
  userUpdated,
} from '@muster/tachyon';
import { isFor } from './audience.js';
import type { ClientWriter } from './client-writer.js';
import { EventOrder, type RequestsInFlight } from './event-order.js';
import { Following } from './following.js';
import { Hearing } from './hearing.js';
import { textOf } from './json-text.js';
import type { PlaceFrame } from './place-feeds.js';
import { RoomHearing } from './room-hearing.js';
import type { SessionContext } from './session-context.js';

/** What no request caused, for everybody. */
const OF_NOBODY = { cause: '', to: { only: [], except: [] } } as const;

/** What the player's whole state says, too, and better: of an event that waits while that comes nothing is told any more. */
const IN_SNAPSHOT = 'snapshot';
const OF_SNAPSHOT: readonly string[] = [IN_SNAPSHOT];
const NOTHING: readonly string[] = [];

type Notice = SessionNotice & Partial<WatchNotice> & Partial<PlaceNotice> & Partial<RequestNotice>;

/** What sessions make of what they hear: one for all of them, each is told of. */
export interface SelfRules<C> {
  /** `user/self` was sent. `session`: who holds the player. */
  told(client: C, snapshot: SelfSnapshot): void;
  /** The player is in that place now, or in none of its kind. */
  placed(client: C, kind: string, id: string | null): void;
  /** The actor asks the client. */
  asked(client: C, request: RequestNotice): void;
  /** Nobody waits for that answer any more. */
  requestOver(client: C, n: number): void;
  /** Another connection holds the player. */
  superseded(client: C): void;
  /** The actor has ended the session. */
  ended(client: C): void;
  lost(client: C, code: ErrorCode): void;
  /** More events wait for a reply than may. */
  tooMany(client: C): void;
}

/** The client's own requests, as far as what it hears may have come of them. */
export interface OwnRequests extends RequestsInFlight {
  /** Number of the client's unanswered request that leads to this request of the server. */
  leadingTo(commandId: string): number | undefined;
}

export interface SelfStreamSetup<C> {
  readonly context: SessionContext;
  readonly session: string;
  readonly player: EntityRef;
  readonly writer: ClientWriter;
  readonly requests: OwnRequests;
  readonly rules: SelfRules<C>;
  readonly client: C;
}

/** What one client hears: its own player's stream, the users it follows, and all of it behind the replies that caused it (K16). */
export class SelfStream<C> implements StreamListener {
  private readonly context: SessionContext;
  private readonly session: string;
  private readonly player: EntityRef;
  private readonly writer: ClientWriter;
  private readonly requests: OwnRequests;
  private readonly rules: SelfRules<C>;
  private readonly client: C;
  private readonly order: EventOrder;
  /** Most clients follow nobody, and hear nobody: made when they do. */
  private follows: Following | undefined;
  private hears: Hearing | undefined;
  private inRooms: RoomHearing | undefined;
  private stream: StreamHandle | undefined;
  /** Parties that the client is out of by an answer, with its cause: where the stream is behind, what it tells of them is of before. */
  private departed: Map<string, string> | undefined;
  private over = false;

  constructor({ context, session, player, writer, requests, rules, client }: SelfStreamSetup<C>) {
    this.context = context;
    this.session = session;
    this.player = player;
    this.writer = writer;
    this.requests = requests;
    this.rules = rules;
    this.client = client;
    this.order = new EventOrder(session, requests, context.options.heldEventsMax);
  }

  get following(): Following {
    this.follows ??= new Following(this.context.cluster.streams, (event) => this.userEvent(event));
    return this.follows;
  }

  get hearing(): Hearing {
    this.hears ??= new Hearing({
      streams: this.context.cluster.streams,
      userId: this.player.id,
      hold: (event, release) => this.hold(event, release),
      write: (json) => this.writer.event(messagingReceived.commandId, json),
    });
    return this.hears;
  }

  get rooms(): RoomHearing {
    this.inRooms ??= new RoomHearing({
      streams: this.context.cluster.streams,
      member: roomMember('player', this.player.id),
      author: this.player.id,
      hold: (event, release) => this.hold(event, release),
      write: (json) => this.writer.event(chatReceived.commandId, json),
      writeMembers: (json) => this.writer.event(chatMembersChanged.commandId, json),
      lost: () => this.context.traffic.dropped('stream_lost'),
    });
    return this.inRooms;
  }

  /** Whom the client follows now. */
  get followed(): readonly string[] {
    return this.follows?.userIds ?? [];
  }

  /** Follows exactly these from now on. */
  follow(userIds: readonly string[]): void {
    if (this.follows || userIds.length > 0) this.following.set(userIds);
  }

  /** Listens from now on. `user/self` comes first: what is followed is asked for when it was sent. `isNew`: the session that is listened to has
   *  begun, whatever the client was told of the one before: it is told its whole state again, though it may have missed no event. */
  start(isNew: boolean): void {
    const before = this.stream;
    if (before && !isNew) return;
    this.stream = this.context.cluster.streams.subscribe(this.player, SELF_TOPIC, { snapshot: true }, this);
    before?.close();
  }

  /** Waits for nothing: behind a reply that brings the client elsewhere it would take that back. */
  snapshot(event: StreamEvent): void {
    if (this.over) return;
    this.order.forget(IN_SNAPSHOT);
    this.whole(event);
  }

  event(event: StreamEvent): void {
    const behind = this.behindItsRequest(event);
    this.hold(behind, () => this.selfEvent(event, behind.cause !== event.cause), aboutOf(event, this.player.id));
  }

  lost(code: ErrorCode): void {
    this.rules.lost(this.client, code);
  }

  /** A reply has left: what it caused may follow. */
  replied(): void {
    this.order.replied();
  }

  /** The reply to this request has left, and says that the client is out of this place: what waits for another reply and is of before says
   *  nothing any more, nor does what comes of it until the stream says so too. A new owner may have answered before it could be listened to. */
  left(kind: string, id: string, request: number): void {
    const place = `${kind}/${id}`;
    this.order.forget(place);
    this.came(kind, id);
    this.departed ??= new Map();
    this.departed.set(place, `${this.session}:${request}`);
    const [oldest] = this.departed.keys();
    if (this.departed.size > this.context.options.heldEventsMax) this.departed.delete(oldest!);
  }

  /** The reply has left that says that the client is in this place: what waits for another reply and invites it there is of before. */
  came(kind: string, id: string): void {
    this.order.forget(`to ${kind}/${id}`);
    this.departed?.delete(`${kind}/${id}`);
  }

  /** Hears nothing any more. */
  end(): void {
    this.over = true;
    this.stream?.close();
    this.follows?.set([]);
    this.hears?.end();
    this.inRooms?.end();
    this.order.clear();
  }

  /** A frame of a place where the client is; `isOld` is asked when its turn has come. */
  place({ commandId, json }: PlaceFrame, event: StreamEvent | undefined, isOld: () => boolean): void {
    this.hold(event ?? OF_NOBODY, () => {
      if (!isOld()) this.writer.event(commandId, json);
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
    const request = this.requests.leadingTo(commandId);
    return request === undefined ? '' : `${this.session}:${request}`;
  }

  /** K16 */
  private hold(event: Pick<StreamEvent, 'cause' | 'to'>, release: () => void, about = NOTHING): void {
    if (this.over || !isFor(event, this.player.id)) return;
    const run = (): void => {
      if (!this.over) release();
    };
    const held = this.order.push(event.cause, run, about);
    if (!held) this.rules.tooMany(this.client);
  }

  private whole({ data }: StreamEvent): void {
    const snapshot = JSON.parse(textOf(data)) as SelfSnapshot;
    const { session, user, messages = [] } = snapshot;
    this.departed = undefined;
    this.writer.event(userSelf.commandId, JSON.stringify({ user }));
    const cause = this.causeOf(messagingReceived.commandId);
    if (session === this.session) this.hold({ ...OF_NOBODY, cause }, () => this.hears?.kept(messages));
    this.rules.told(this.client, snapshot);
  }

  private userEvent(event: StreamEvent): void {
    const commandId = event.name === '' ? userUpdated.commandId : event.name;
    this.hold(event, () => this.writer.event(commandId, textOf(event.data)));
  }

  private roomLeft(json: string): void {
    this.inRooms?.leave((JSON.parse(json) as EventData<'chat/left'>).room);
    this.writer.event(chatLeft.commandId, json);
  }

  /** `isEarly`: it waited for the answer to a request that did not cause it. */
  private selfEvent(event: StreamEvent, isEarly: boolean): void {
    const { name, data } = event;
    if (this.departed && this.isOfBefore(event, this.departed)) return;
    if (!name.startsWith(NOTICE_PREFIX)) {
      const json = textOf(data);
      if (name === messagingReceived.commandId) this.hears?.message(json, isEarly);
      else if (name === chatLeft.commandId) this.roomLeft(json);
      else this.writer.event(name, json);
      return;
    }
    const notice = JSON.parse(textOf(data)) as Notice;
    if (notice.session !== this.session) return;
    if (name === NOTICE_WATCH) this.following.add(notice.userIds ?? []);
    else if (name === NOTICE_UNWATCH) this.follows?.remove(notice.userIds ?? []);
    else if (name === NOTICE_PLACE) this.rules.placed(this.client, notice.kind!, notice.id ?? null);
    else if (name === NOTICE_REQUEST) this.rules.asked(this.client, notice as RequestNotice);
    else if (name === NOTICE_REQUEST_OVER) this.rules.requestOver(this.client, notice.n!);
    else if (name === NOTICE_SUPERSEDED) this.rules.superseded(this.client);
    else if (name === NOTICE_ENDED) this.rules.ended(this.client);
  }

  /** K16: the stream has not got to where the client left the party that this is about. */
  private isOfBefore(event: StreamEvent, departed: Map<string, string>): boolean {
    if (event.name === NOTICE_PLACE) {
      for (const [place, cause] of departed) if (cause === event.cause) departed.delete(place);
    } else if (event.name === partyInvited.commandId) {
      const { party } = JSON.parse(textOf(event.data)) as EventData<'party/invited'>;
      departed.delete(`party/${party.id}`);
    }
    if (departed.size === 0) this.departed = undefined;
    return departed.has(placeOf(event, this.player.id) ?? '');
  }
}

function aboutOf(event: StreamEvent, user: string): readonly string[] {
  const { name } = event;
  if (name === chatLeft.commandId || (name.startsWith(NOTICE_PREFIX) && name !== NOTICE_PLACE)) return NOTHING;
  const place = placeOf(event, user);
  return place === undefined ? OF_SNAPSHOT : [IN_SNAPSHOT, place];
}

/** `kind/id` of the place whose state the event tells; of one that invites this user `to kind/id`. */
function placeOf({ name, data }: StreamEvent, user: string): string | undefined {
  if (name !== partyUpdated.commandId) return undefined;
  const { id, invited } = JSON.parse(textOf(data)) as PartyState;
  return invited.some(({ userId }) => userId === user) ? `to party/${id}` : `party/${id}`;
}
