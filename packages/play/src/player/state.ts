import type { ClanTies, Ties } from '@muster/ports';
import { type DecideContext, type EventRecord, event, type Refusal, type ReplyTicket } from '@muster/runtime';
import type { MessagesSince, PrivateBattle } from '@muster/tachyon';
import type { HeardPlace } from '../chat/marker.js';
import type { Membership } from '../membership/protocol.js';
import type { RequestTable } from '../requests/table.js';
import type { RoomsPart } from '../room/member.js';
import type { AccountView } from './account.js';
import {
  type PlaceKind,
  type PlayerEvents,
  REASON_SESSION_UNKNOWN,
  REASON_SUPERSEDED,
  type SubscribedReply,
} from './contract.js';
import type { Inbox } from './inbox.js';
import type { KnocksPart } from './knocks.js';
import type { PartyPart } from './party.js';

/** Every slice's part. Plain JSON; changed in place by `evolve` only. */
export interface PlayerState
  extends AccountPart,
    SessionPart,
    WatchingPart,
    MessagingPart,
    PlacesPart,
    BattlePart,
    PartyPart,
    RoomsPart,
    KnocksPart,
    ErrandsPart,
    FriendsPart,
    ClanPart {}

export interface BattlePart {
  /** The battle that the player was told to start last, while it runs. */
  battle: { readonly id: string; readonly access: PrivateBattle } | null;
  /** What the client was asked and has not answered. */
  requests: RequestTable;
}

/** What a client asked for and storage has not answered: names of those who wait. */
export interface ErrandsPart {
  errands: readonly ReplyTicket[];
}

export interface ClanPart {
  clan: ClanTies;
}

export interface FriendsPart {
  ties: Ties;
}

export interface AccountPart {
  /** null: no account has this id. */
  account: AccountView | null;
}

export interface SessionPart {
  /** The one session of this player in the whole cluster. */
  session: Session | null;
  /** Processes that listen to `self`: their loss is noticed. */
  listeners: string[];
  /** Sign-ins so far: the highest one holds the session. */
  logins: number;
}

export interface WatchingPart {
  watched: string[];
  checks: SubscriptionCheck[];
  checksStarted: number;
}

export interface MessagingPart {
  inbox: Inbox;
  /** Requests for messages that wait for chats, oldest first. */
  subscribing: Subscribing[];
  subscribings: number;
}

/** A `messaging/subscribeReceived` whose chats are being asked. */
export interface Subscribing {
  readonly number: number;
  readonly ticket: ReplyTicket;
  readonly since: MessagesSince;
  readonly waiting: readonly HeardPlace[];
  readonly chats: SubscribedReply['heard']['chats'];
}

export interface PlacesPart {
  places: Record<PlaceKind, Membership>;
  /** n of the last op given. */
  placeOps: number;
}

export interface Session {
  readonly id: string;
  readonly gateway: string;
  readonly login: number;
  /** End of the grace while nobody is known to listen for it, else null. */
  suspendedUntil: number | null;
  /** This connection asked for messages. */
  messaging: boolean;
  /** Number of the last one that it did not ask for; absent: none, or not known. */
  messagesAfter?: number;
}

/** A `user/subscribeUpdates` whose users are being looked up. */
export interface SubscriptionCheck {
  readonly check: number;
  readonly ticket: ReplyTicket;
  readonly userIds: readonly string[];
  /** Not yet known to exist. */
  readonly waiting: readonly string[];
}

/** K12: only the connection that holds the session may command the player. @returns why this sender may not, or undefined. */
export function refuseStranger(state: PlayerState, ctx: DecideContext): Refusal | undefined {
  const { origin } = ctx;
  if (origin.type !== 'client') return { reason: 'invalid_request', details: 'a client is expected' };
  if (origin.caller !== ctx.self.id) return { reason: 'unauthorized', details: 'this is another player' };
  if (!state.session) return { reason: REASON_SESSION_UNKNOWN };
  return state.session.id === origin.session ? undefined : { reason: REASON_SUPERSEDED };
}

/** Who speaks is there: a command of the session ends its grace, whatever made the runtime believe that the connection was lost. */
export function stillThere(state: PlayerState): {
  readonly events: readonly EventRecord<PlayerEvents>[];
  readonly timers: readonly { readonly name: string; readonly at: null }[];
} {
  if (!state.session || state.session.suspendedUntil === null) return { events: [], timers: [] };
  return {
    events: [event('resumed', { session: state.session.id })],
    timers: [{ name: GRACE_TIMER, at: null }],
  };
}

export const GRACE_TIMER = 'grace';
