// Friends as a player's actor knows them: a copy of what storage has, read when the actor came to life and replaced with every change, of either side's
// making. Copies have versions, so news that comes late changes nothing. What clients are told besides (`friend/requestReceived` …) reaches
// those who are online; the others find it in `user/self`.
import type { Ties } from '@muster/ports';
import { type Answer, type DecideContext, event } from '@muster/runtime';
import { type friendList, isUserId, type ReplyOf, unixTime } from '@muster/tachyon';
import type { FriendAction, FriendWord } from '../social/friend-rules.js';
import { FRIENDSHIPS_KIND, type FriendshipsCommands } from '../social/friendships.js';
import { PLAYER_KIND } from './contract.js';
import { errand, errandEnd } from './errands.js';
import { toSelf } from './publishing.js';
import type { Decided, PlayerSlice, SliceTools } from './slice.js';
import { type FriendsPart, type PlayerState, refuseStranger, stillThere } from './state.js';

export interface FriendsCommands {
  friends: { data: unknown; reply: ReplyOf<typeof friendList> };
  sendFriendRequest: { data: { readonly to: string }; reply: null };
  cancelFriendRequest: { data: { readonly to: string }; reply: null };
  acceptFriendRequest: { data: { readonly from: string }; reply: null };
  rejectFriendRequest: { data: { readonly from: string }; reply: null };
  removeFriend: { data: { readonly userId: string }; reply: null };
  ignore: { data: { readonly userId: string }; reply: null };
  heed: { data: { readonly userId: string }; reply: null };
  friendshipAnswered: { data: Answer; reply: null };
  friendshipsRead: { data: Answer; reply: null };
  /** From another player's actor: it changed what the two are to each other. */
  friendNews: { data: { readonly ties: Ties; readonly word?: FriendWord }; reply: null };
}

export interface FriendsEvents {
  /** `ties`: where they are news. `word`: what the client is told, of whom. */
  tied: { readonly ties?: Ties; readonly word?: { readonly name: FriendWord; readonly from: string } };
}

type ChangeReply = FriendshipsCommands['change']['reply'];
/** Not read yet: nobody's version is below it. */
export const NO_TIES: Ties = { version: -1, friends: [], outgoing: [], incoming: [], ignored: [] };

export function friendsSlice({ options }: SliceTools): PlayerSlice<FriendsCommands, FriendsEvents, FriendsPart> {
  const ask =
    <D>(action: FriendAction, other: (data: D) => string) =>
    (state: PlayerState, data: D, ctx: DecideContext): Decided<null> => {
      if (!isUserId(other(data))) return { refuse: { reason: 'invalid_user' } };
      const change = { action, other: other(data) };
      const asked = { service: FRIENDSHIPS_KIND, command: 'change', data: change, answer: 'friendshipAnswered' };
      return errand(state, { ...asked, context: { other: change.other } }, ctx, options);
    };
  return {
    name: 'friends',
    version: 1,
    initial: () => ({ ties: NO_TIES }),
    decide: {
      friends,
      sendFriendRequest: ask('request', ({ to }) => to),
      cancelFriendRequest: ask('cancel', ({ to }) => to),
      acceptFriendRequest: ask('accept', ({ from }) => from),
      rejectFriendRequest: ask('reject', ({ from }) => from),
      removeFriend: ask('remove', ({ userId }) => userId),
      ignore: ask('ignore', ({ userId }) => userId),
      heed: ask('heed', ({ userId }) => userId),
      friendshipAnswered,
      friendshipsRead: (state, answer) => (answer.ok ? tied(state, answer.value as Ties) : {}),
      friendNews,
    },
    evolve: {
      tied: (state, { ties }) => {
        if (ties) state.ties = ties;
      },
    },
    publish: {
      tied: (_, { word }) => (word ? [toSelf(word.name, { from: word.from })] : []),
    },
    // News may be lost with what the actor forgot; and an actor that an older build saved has none yet.
    onAdopted: ({ ties }, { mayLack }, { self }) =>
      mayLack || ties.version < 0
        ? {
            sends: [
              { to: { kind: FRIENDSHIPS_KIND, id: self.id }, command: 'read', data: {}, answer: 'friendshipsRead' },
            ],
          }
        : {},
    selfView: ({ ties }) => ({
      friendIds: ties.friends.map(({ userId }) => userId),
      outgoingFriendRequest: outgoing(ties),
      incomingFriendRequest: incoming(ties),
      ignoreIds: [...ties.ignored],
    }),
    blank: () => true,
  };
}

function friends(state: PlayerState, _: unknown, ctx: DecideContext): Decided<FriendsCommands['friends']['reply']> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const back = stillThere(state);
  const { ties } = state;
  return {
    events: back.events,
    timers: back.timers,
    reply: {
      friends: ties.friends.map(({ userId, since }) => ({ userId, addedAt: unixTime(since) })),
      outgoingPendingRequests: outgoing(ties),
      incomingPendingRequests: incoming(ties),
    },
  };
}

function friendshipAnswered(state: PlayerState, answer: Answer): Decided<null> {
  const { ticket, events, refuse } = errandEnd(answer);
  if (refuse || !answer.ok) return { events, resolve: [{ ticket, ...(refuse && { refuse }) }] };
  const { other } = answer.context as { readonly other: string };
  const { mine, toMe, news } = answer.value as ChangeReply;
  const told = tied(state, mine, toMe && { name: toMe, from: other });
  return {
    events: [...events, ...(told.events ?? [])],
    resolve: [{ ticket, reply: null }],
    sends: news ? [{ to: { kind: PLAYER_KIND, id: other }, command: 'friendNews', data: news }] : [],
  };
}

function friendNews(
  state: PlayerState,
  { ties, word }: FriendsCommands['friendNews']['data'],
  { origin }: DecideContext,
): Decided<null> {
  if (origin.type !== 'entity' || origin.from.kind !== PLAYER_KIND)
    return { refuse: { reason: 'unauthorized', details: "only players' actors say so" } };
  return tied(state, ties, word && { name: word, from: origin.from.id });
}

/** Old news is none; but what the client is to be told it is told, in whatever order it comes. */
function tied(state: PlayerState, ties: Ties, word?: FriendsEvents['tied']['word']): Decided<null> {
  const isNews = ties.version > state.ties.version;
  if (!word && !isNews) return {};
  return { events: [event('tied', { ...(isNews && { ties }), ...(word && { word }) })] };
}

function outgoing({ outgoing: requests }: Ties) {
  return requests.map(({ to, sentAt }) => ({ to, sentAt: unixTime(sentAt) }));
}

function incoming({ incoming: requests }: Ties) {
  return requests.map(({ from, sentAt }) => ({ from, sentAt: unixTime(sentAt) }));
}
