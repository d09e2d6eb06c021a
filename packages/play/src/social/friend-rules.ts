// What players may do about being friends, and what becomes of it: pure, ruled on where the facts are, in storage.
//
//   strangers ── request ──► requested ── accept, or a request back ──► friends
//       ▲                      │    │                                      │
//       └──── cancel, reject ──┘    └────────────── remove ◄───────────────┘
//
// Ignoring ends what there is between the two, and no request of the ignored one comes through.
import type { Millis, PairChange, PairFacts, Ruling } from '@muster/ports';
import type { Refusal } from '@muster/runtime';
import type { SocialOptions } from './options.js';

export const FRIEND_ACTIONS = ['request', 'cancel', 'accept', 'reject', 'remove', 'ignore', 'heed'] as const;
/** `heed`: ignore no longer. */
export type FriendAction = (typeof FRIEND_ACTIONS)[number];

/** Client events about the other player: their data is `{ from }`. */
export type FriendWord =
  | 'friend/requestReceived'
  | 'friend/requestCancelled'
  | 'friend/requestAccepted'
  | 'friend/requestRejected'
  | 'friend/removed';

/** What both are told, beside the answer. */
export interface FriendOutcome {
  readonly refuse?: Refusal;
  /** Something changed: both have other lists than before. */
  readonly changed: boolean;
  readonly toMe?: FriendWord;
  readonly toThem?: FriendWord;
}

type FriendRuling = Ruling<PairChange, FriendOutcome>;

/** `facts`: undefined where the other is nobody, or oneself. Only `request` may be asked of somebody who ignores one. */
export function ruleOnFriends(
  action: FriendAction,
  facts: PairFacts | undefined,
  at: Millis,
  options: SocialOptions,
): FriendRuling {
  if (!facts) return refused('invalid_user');
  switch (action) {
    case 'request':
      return request(facts, at, options);
    case 'cancel':
      if (facts.requestedAt === null) return NOTHING;
      return done({ requestedAt: null }, { toThem: 'friend/requestCancelled' });
    case 'accept':
      if (facts.requestedByThemAt === null) return refused('no_pending_request');
      return befriend(facts, at, options, { toThem: 'friend/requestAccepted' });
    case 'reject':
      if (facts.requestedByThemAt === null) return refused('no_pending_request');
      return done({ requestedByThemAt: null }, { toThem: 'friend/requestRejected' });
    case 'remove':
      if (facts.friendsSince === null) return refused('not_in_friendlist');
      return done({ friendsSince: null }, { toThem: 'friend/removed' });
    case 'ignore':
      return ignore(facts, at, options);
    case 'heed':
      return facts.isIgnored ? done({ ignoredAt: null }, {}) : NOTHING;
  }
}

function request(facts: PairFacts, at: Millis, options: SocialOptions): FriendRuling {
  const { mine, theirs } = facts;
  // Who is ignored is not told so: the other might as well not exist.
  if (facts.ignoresMe) return refused('invalid_user');
  if (facts.friendsSince !== null) return refused('already_in_friendlist');
  if (facts.requestedAt !== null) return NOTHING;
  if (facts.requestedByThemAt !== null)
    return befriend(facts, at, options, { toMe: 'friend/requestAccepted', toThem: 'friend/requestAccepted' });
  if (mine.outgoing >= options.outgoingRequestsMax) return refused('outgoing_capacity_reached');
  // Asking for what could not be accepted helps nobody.
  if (mine.friends >= options.friendsMax) return refused('outgoing_capacity_reached', 'your friend list is full');
  if (theirs.incoming >= options.incomingRequestsMax) return refused('incoming_capacity_reached');
  return done({ requestedAt: at }, { toThem: 'friend/requestReceived' });
}

function befriend(
  { mine, theirs }: PairFacts,
  at: Millis,
  { friendsMax }: SocialOptions,
  words: Pick<FriendOutcome, 'toMe' | 'toThem'>,
): FriendRuling {
  if (mine.friends >= friendsMax) return refused('invalid_request', 'your friend list is full');
  if (theirs.friends >= friendsMax) return refused('invalid_request', "the other player's friend list is full");
  return done({ friendsSince: at, requestedAt: null, requestedByThemAt: null }, words);
}

/** What the other hears is what it would hear of somebody who only went away. */
function ignore(facts: PairFacts, at: Millis, { ignoredMax }: SocialOptions): FriendRuling {
  if (facts.isIgnored) return NOTHING;
  if (facts.mine.ignored >= ignoredMax) return refused('invalid_request', `you can ignore ${ignoredMax} players`);
  const change = { ignoredAt: at, friendsSince: null, requestedAt: null, requestedByThemAt: null };
  if (facts.friendsSince !== null) return done(change, { toThem: 'friend/removed' });
  if (facts.requestedAt !== null) return done(change, { toThem: 'friend/requestCancelled' });
  if (facts.requestedByThemAt !== null) return done(change, { toThem: 'friend/requestRejected' });
  return done({ ignoredAt: at }, {});
}

const NOTHING: FriendRuling = { changes: [], result: { changed: false } };

function done(change: PairChange, words: Pick<FriendOutcome, 'toMe' | 'toThem'>): FriendRuling {
  return { changes: [change], result: { changed: true, ...words } };
}

function refused(reason: string, details?: string): FriendRuling {
  return { changes: [], result: { changed: false, refuse: { reason, ...(details && { details }) } } };
}
