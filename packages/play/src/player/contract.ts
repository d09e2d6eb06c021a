import type { Adopted, Answer, ReplyTicket } from '@muster/runtime';
import type {
  EventData,
  MessageSource,
  MessagesSince,
  MessageTarget,
  Places,
  PrivateUser,
  ReceivedMessage,
  RequestData,
  User,
} from '@muster/tachyon';
import type { HeardPlace } from '../chat/marker.js';
import type { Confirmation, Membership, Op } from '../membership/protocol.js';
import type { RequestNotice } from '../requests/contract.js';
import type { RoomsEvents } from '../room/member.js';
import type { AccountView } from './account.js';
import type { BattleCommands, BattleEvents } from './battle.js';
import type { ClanCommands, ClanEvents } from './clan.js';
import type { FriendsCommands, FriendsEvents } from './friends.js';
import type { KnocksCommands, KnocksEvents } from './knocks.js';
import type { PartyMembershipCommands, PartyMembershipEvents } from './party.js';
import type { ReportCommands } from './reports.js';
import type { RoomsCommands } from './rooms.js';
import type { Subscribing, SubscriptionCheck } from './state.js';

/** `player/<userId>` */
export const PLAYER_KIND = 'player';

/** What the player's own connections see. Snapshot: {@link SelfSnapshot}. Publications: client frames, and notices for the gateway ({@link NOTICE_PREFIX}). */
export const SELF_TOPIC = 'self';
/** What others may see. Snapshot: data of `user/updated` with the whole user. Publications: `user/updated`. */
export const PUBLIC_TOPIC = 'public';

/** Publications on `self` whose name starts so are for the gateway, never for a client. */
export const NOTICE_PREFIX = 'muster:';
/** {@link WatchNotice}: follow these users' `public` topics for the session; send each one whole, followed already or not. */
export const NOTICE_WATCH = 'muster:watch';
/** {@link WatchNotice}: follow them no longer. */
export const NOTICE_UNWATCH = 'muster:unwatch';
/** {@link SessionNotice}: a newer connection took over. Close the session's socket with 1000. */
export const NOTICE_SUPERSEDED = 'muster:superseded';
/** {@link SessionNotice}: the session is over (signed out, or the grace ran out). A gateway that still holds its socket attaches again. */
export const NOTICE_ENDED = 'muster:ended';

/** The rest of it is the data of `user/self`. */
export interface SelfSnapshot {
  /** Who holds the player (K12); null: nobody. A gateway may begin to listen after its session was superseded: the notice never reached it. */
  readonly session: string | null;
  readonly user: PrivateUser | null;
  /** What is kept of the messages that the session asked for, oldest first; absent: it asked for none. */
  readonly messages?: readonly ReceivedMessage[];
  /** Where the player is. */
  readonly places: Places;
  /** What this connection is asked. */
  readonly requests?: readonly RequestNotice[];
}

export interface SessionNotice {
  readonly session: string;
}

export interface WatchNotice {
  readonly session: string;
  readonly userIds: readonly string[];
}

/** Refusal: a newer connection holds the session (K12). The gateway closes with 1000. */
export const REASON_SUPERSEDED = 'superseded';
/** Refusal: the actor has no session (its state was lost, or the grace ran out). The gateway attaches with `resume` and asks again, once. */
export const REASON_SESSION_UNKNOWN = 'session_unknown';
/** Refusal: no account has this id. */
export const REASON_UNKNOWN_USER = 'unknown_user';

/** A gateway's socket becomes the player's one connection. */
export interface AttachData {
  /** `<gateway peer>/<n>`: never used twice. */
  readonly session: string;
  /** `id#incarnation`: whose loss ends the connection. */
  readonly gateway: string;
  /** False: a new sign-in, which takes over whatever there is. True: this socket was attached before; it loses against a newer sign-in. */
  readonly resume: boolean;
  /** From the earlier attach's reply, with `resume`: says which of two sessions is the newer one after the actor's state was lost. */
  readonly login?: number;
  /** The account as the gateway read it at sign-in: fresher than what the actor loaded. */
  readonly account?: AccountView;
  /** With `resume`: what the gateway knows of the session, taken where the actor has lost it. */
  readonly held?: { readonly userIds: readonly string[]; readonly messaging: boolean };
}

export interface AttachReply {
  /** Sign-ins of this player so far; give it back with `resume`. */
  readonly login: number;
  /** The session went on: parties, subscriptions and messages are as they were. */
  readonly resumed: boolean;
  /** Users the session follows: subscribe to their `public` topics. */
  readonly watch: readonly string[];
  /** Where the player is. */
  readonly places: Places;
}

// What `player` understands, part by part. The client's commands have the data of their Tachyon definitions.

export interface AccountCommands {
  info: { data: unknown; reply: User };
  exists: { data: unknown; reply: { readonly exists: boolean } };
  /** From the session's gateway: the account as storage has it now. */
  accountChanged: { data: { readonly account: AccountView }; reply: null };
}

export interface AccountEvents {
  accountRead: { readonly account: AccountView };
}

export interface SessionCommands {
  attach: { data: AttachData; reply: AttachReply };
  /** The socket is gone. `clean`: for good (`system/disconnect`), else the grace begins. Another session's detach does nothing. */
  detach: { data: { readonly session: string; readonly clean: boolean }; reply: null };
  /** From the runtime: that process listens to `self`. Only from then on is its loss noticed, so only that ends a grace. */
  connected: { data: { readonly subscriber: string }; reply: null };
  /** From the runtime: nobody listens to `self` from that process any more. */
  connectionLost: { data: { readonly subscriber: string }; reply: null };
  /** From the runtime: this process goes on in place of one that died. Who listened there, and who still holds a connection, is to be seen. */
  adopted: { data: Adopted; reply: null };
  graceOver: { data: { readonly session: string }; reply: null };
  /** Whether a session stands here that a connection would go on with: somebody who comes back, not somebody new. */
  isAwaited: { data: unknown; reply: { readonly isAwaited: boolean } };
}

export interface SessionEvents {
  attached: {
    readonly session: string;
    readonly gateway: string;
    readonly login: number;
    /** End of the grace unless the gateway listens by then; null: it does. */
    readonly until: number | null;
    /** Prefix of the markers, where a new session begins. */
    readonly inbox: string | null;
    readonly watched: readonly string[];
    readonly messaging: boolean;
  };
  listening: { readonly process: string };
  listensNoLonger: { readonly process: string };
  /** `inbox`: prefix of the markers from here on, where messages that had their numbers may be gone; null: it stays. */
  adopted: { readonly until: number; readonly inbox: string | null };
  superseded: { readonly session: string };
  suspended: { readonly session: string; readonly until: number };
  resumed: { readonly session: string };
  ended: { readonly session: string };
}

export interface WatchingCommands {
  subscribeUpdates: { data: { readonly userIds: readonly string[] }; reply: null };
  unsubscribeUpdates: { data: { readonly userIds: readonly string[] }; reply: null };
  existsAnswered: { data: Answer; reply: null };
  checkTimedOut: { data: { readonly check: number }; reply: null };
}

export interface WatchingEvents {
  checkStarted: SubscriptionCheck;
  userFound: { readonly check: number; readonly userId: string };
  checkEnded: { readonly check: number };
  watched: { readonly userIds: readonly string[] };
  unwatched: { readonly userIds: readonly string[] };
}

export interface MessagingCommands {
  send: { data: { readonly target: MessageTarget; readonly message: string }; reply: null };
  receive: { data: { readonly message: string; readonly source: MessageSource }; reply: null };
  subscribeReceived: { data: { readonly since?: MessagesSince }; reply: SubscribedReply };
  positionAnswered: { data: Answer; reply: null };
  positionsLate: { data: { readonly number: number }; reply: null };
}

export interface MessagingEvents {
  received: Omit<ReceivedMessage, 'marker'>;
  messagingSubscribed: { readonly after: number };
  subscribingStarted: Subscribing;
  positionTold: { readonly number: number; readonly place: HeardPlace; readonly chat: HeardChat };
  subscribingEnded: { readonly number: number };
}

/** What the client is told, and what its gateway needs to go on from there. */
export interface SubscribedReply {
  readonly hasMissedMessages: boolean;
  readonly heard: {
    /** Marker of the last direct message that need not come again. */
    readonly direct: string;
    readonly chats: { readonly [K in HeardPlace]?: HeardChat };
  };
}

/** Where a client goes on in the chat of a place. */
export interface HeardChat {
  /** Of the lobby or party. */
  readonly id: string;
  /** Empty: not known; read from where the member began. */
  readonly life: string;
  readonly after: number;
  readonly missed: boolean;
}

/** Kinds of places whose members own their membership ({@link PlacesCommands}); the kind of their actors, too. */
export const PLACE_KINDS = ['party', 'lobby'] as const;
export type PlaceKind = (typeof PLACE_KINDS)[number];

/** {@link PlaceNotice}: the player is in that place now, or in none of its kind. */
export const NOTICE_PLACE = 'muster:place';

export interface PlaceNotice {
  readonly session: string;
  /** As in a definition's target: `lobby`, `party`, `clan`, `match`. */
  readonly kind: string;
  readonly id: string | null;
}

/** Reply of whatever command moves the player; the client gets `data` alone. */
export interface Moved {
  /** `stream`: number of the place's event stream that `data` is of. What comes after it is news. */
  readonly moved: { readonly kind: string; readonly id: string | null; readonly stream?: number };
  readonly data: unknown;
}

/** Data of `admit`: what a place is told of who wants in. `data`: for its own rules. */
export interface AdmitData {
  readonly op: Op;
  readonly user: { readonly userId: string; readonly username: string; readonly countryCode: string };
  readonly data: unknown;
}

/** What every place understands. `admit` is answered at once, never deferred; with `stream`, where gateways follow the place. */
export interface PlaceCommands {
  admit: { data: AdmitData; reply: unknown };
  leave: { data: { readonly op: Op }; reply: null };
  /** From the player: am I (still) a member? */
  confirm: { data: { readonly op: Op }; reply: { readonly member: boolean } };
}

/** Refusal of a place that a client asked which is no member. The gateway asks `places` and, once, again. The chat's word for it is the same. */
export const REASON_NOT_A_MEMBER_OF_PLACE = 'not_a_member';

export interface PlacesCommands {
  admitAnswered: { data: Answer; reply: null };
  leaveAnswered: { data: Answer; reply: null };
  confirmAnswered: { data: Answer; reply: null };
  /** From a place: it has thrown out whoever was there under this op. `reason`: what its kind says of it. */
  dismissed: { data: { readonly op: Op; readonly reason: unknown }; reply: null };
  /** From a place: is this player there? */
  confirm: { data: { readonly op: Op }; reply: Confirmation };
  /** From the session's gateway: where is it? `doubt`: a place of that kind does not know it. */
  places: { data: { readonly doubt?: string }; reply: Places };
  auditPlaces: { data: unknown; reply: null };
}

export interface LobbyMembershipCommands {
  createLobby: { data: RequestData<'lobby/create'>; reply: Moved };
  /** Where the player is in it already: its details once more. */
  joinLobby: { data: RequestData<'lobby/join'>; reply: Moved };
  createPrivateLobby: { data: RequestData<'lobby/createPrivate'>; reply: Moved };
  joinPrivateLobby: { data: RequestData<'lobby/joinPrivate'>; reply: Moved };
  leaveLobby: { data: unknown; reply: Moved };
  /** A request that brought the player in, or did not, was answered, and the answer is kept no more: what it would be now. Refused: `internal_error`
   *  where the player is in none. */
  lobbyAgain: { data: unknown; reply: Moved };
  /** The same of a private lobby that was opened: its token too. */
  privateLobbyAgain: { data: unknown; reply: Moved };
}

export interface LobbyMembershipEvents {
  /** Data of `lobby/left`: out, and it was not the player who left. */
  lobbyLeft: EventData<'lobby/left'>;
}

export interface PlacesEvents {
  /** `at`: where everybody is told that it is, where that changes. `n`: of a new op. */
  placeChanged: {
    readonly kind: PlaceKind;
    readonly membership: Membership;
    readonly n: number;
    readonly at?: { readonly id: string | null };
  };
  /** It came in, and no client waits for that any more. */
  foundElsewhere: { readonly kind: PlaceKind; readonly id: string | null };
}

/** `ticket`: of a client that waits for storage. */
export interface ErrandsEvents {
  errandBegun: { readonly ticket: ReplyTicket };
  errandEnded: { readonly ticket: ReplyTicket };
}

// A slice of its own file declares its commands and events there; here they are named once.

export interface PlayerCommands
  extends AccountCommands,
    SessionCommands,
    WatchingCommands,
    MessagingCommands,
    PlacesCommands,
    LobbyMembershipCommands,
    PartyMembershipCommands,
    RoomsCommands,
    KnocksCommands,
    BattleCommands,
    FriendsCommands,
    ClanCommands,
    ReportCommands {}

/** What happens to a player. */
export interface PlayerEvents
  extends AccountEvents,
    SessionEvents,
    WatchingEvents,
    MessagingEvents,
    PlacesEvents,
    LobbyMembershipEvents,
    PartyMembershipEvents,
    RoomsEvents,
    KnocksEvents,
    BattleEvents,
    ErrandsEvents,
    FriendsEvents,
    ClanEvents {}
