import { type Static, Type } from '@sinclair/typebox';
import { PrivateBattle } from './battle.js';
import { Id, Name, Nullable, OneOf, Prose } from './bounds.js';
import { ClanBaseData } from './clan.js';
import { defineCommand } from './definition.js';
import { LIMITS } from './limits.js';
import { MatchmakingState } from './matchmaking.js';
import { PartyState } from './party.js';
import { UnixTime, UserId } from './shapes.js';

/** Users whose changes one session may follow at a time. */
export const USER_SUBSCRIPTIONS_MAX = 100;

export const USER_ROLES = ['contributor', 'admin', 'moderator', 'tournament_winner', 'tournament_caster'] as const;
export const UserRole = OneOf(...USER_ROLES);
export type UserRole = Static<typeof UserRole>;

export const UserStatus = OneOf('offline', 'menu', 'playing', 'lobby');
export type UserStatus = Static<typeof UserStatus>;

/** What everybody may know of a user. `clanId` is what servers before 1.22 sent for `clanBaseData`: both are sent, so that every client version is served. */
export const User = Type.Object(
  {
    userId: UserId,
    username: Type.String(),
    displayName: Type.String(),
    clanId: Nullable(Type.String()),
    clanBaseData: Nullable(ClanBaseData),
    countryCode: Type.Optional(Type.String()),
    status: UserStatus,
    rating: Type.Optional(Type.Object({ value: Type.Number() })),
    roles: Type.Optional(Type.Array(UserRole, { uniqueItems: true })),
  },
  { title: 'User', oursAlone: ['properties/clanId'] },
);
export type User = Static<typeof User>;

/** What a user alone may know of itself: enough to rebuild a client's whole view. */
export const PrivateUser = Type.Intersect(
  [
    User,
    Type.Object(
      {
        party: Nullable(PartyState),
        invitedToParties: Type.Array(PartyState),
        friendIds: Type.Array(UserId),
        outgoingFriendRequest: Type.Array(Type.Object({ to: UserId, sentAt: UnixTime })),
        incomingFriendRequest: Type.Array(Type.Object({ from: UserId, sentAt: UnixTime })),
        ignoreIds: Type.Array(UserId),
        currentBattle: Type.Optional(PrivateBattle),
        currentLobby: Nullable(Type.String()),
        clanInvites: Type.Array(Id()),
        matchmaking: MatchmakingState,
      },
      { oursAlone: ['properties/matchmaking'] },
    ),
  ],
  { title: 'PrivateUser' },
);
export type PrivateUser = Static<typeof PrivateUser>;

const UserIds = Type.Object({ userIds: Type.Array(UserId, { minItems: 1, maxItems: USER_SUBSCRIPTIONS_MAX }) });

const ann: User = {
  userId: '42',
  username: 'ann',
  displayName: 'Ann',
  clanId: null,
  clanBaseData: null,
  countryCode: 'SE',
  status: 'menu',
  roles: ['contributor'],
};

export const userSelf = defineCommand(
  {
    commandId: 'user/self',
    direction: 'server→user',
    kind: 'event',
    what: 'Your own state; first on every connection, and whenever the server must start your view afresh.',
    data: Type.Object({ user: PrivateUser }),
    source: 'player',
  },
  {
    data: {
      user: {
        ...ann,
        party: null,
        invitedToParties: [],
        friendIds: ['43'],
        outgoingFriendRequest: [],
        incomingFriendRequest: [{ from: '45', sentAt: 1_705_432_698_000_000 }],
        ignoreIds: [],
        currentLobby: null,
        clanInvites: [],
        matchmaking: { state: 'no_matchmaking' },
      },
    },
  },
);

export const userInfo = defineCommand(
  {
    commandId: 'user/info',
    direction: 'user→server',
    kind: 'request',
    what: 'What is known of a user.',
    data: Type.Object({ userId: UserId }),
    reply: User,
    reasons: ['unknown_user'],
    violations: { '/userId pattern': 'unknown_user' },
    target: { kind: 'player', id: (data: { userId: string }) => data.userId, command: 'info' },
  },
  { data: { userId: '42' }, reply: ann },
);

export const userUpdated = defineCommand(
  {
    commandId: 'user/updated',
    direction: 'server→user',
    kind: 'event',
    what: 'Users that you follow have changed: whole when first sent, then only what changed.',
    data: Type.Object({
      users: Type.Array(
        Type.Intersect([
          Type.Object({ userId: UserId }, { oursAlone: ['required/userId'] }),
          Type.Partial(User, { title: 'PartialUser', oursAlone: ['properties/clanId'] }),
        ]),
      ),
    }),
    source: 'player',
  },
  { data: { users: [{ userId: '42', status: 'lobby' }] } },
);
export type UserUpdatedData = Static<typeof userUpdated.data>;

export const userSubscribeUpdates = defineCommand(
  {
    commandId: 'user/subscribeUpdates',
    direction: 'user→server',
    kind: 'request',
    what: 'Follow users: all of them or, where one does not exist, none. Each is sent whole after the response.',
    data: UserIds,
    reasons: ['subscription_limit_reached'],
    target: { kind: 'player', id: 'caller', command: 'subscribeUpdates' },
  },
  { data: { userIds: ['43', '44'] } },
);

export const userUnsubscribeUpdates = defineCommand(
  {
    commandId: 'user/unsubscribeUpdates',
    direction: 'user→server',
    kind: 'request',
    what: 'Follow these users no longer. Ids that were not followed are passed over.',
    data: UserIds,
    target: { kind: 'player', id: 'caller', command: 'unsubscribeUpdates' },
  },
  { data: { userIds: ['44'] } },
);

export const userReport = defineCommand(
  {
    commandId: 'user/report',
    direction: 'user→server',
    kind: 'request',
    what: 'Tells the moderators of users who misbehaved: one report about all of them.',
    data: Type.Object({
      userIds: Type.Array(UserId, {
        minItems: 1,
        maxItems: LIMITS.reportedUsersMax,
        oursAlone: ['minItems', 'maxItems'],
      }),
      reason: Type.Object({ type: Name(LIMITS.idLengthMax) }),
      message: Type.Optional(Prose({ maxLength: LIMITS.reportLengthMax, oursAlone: ['maxLength'] })),
    }),
    reasons: ['unknown_user'],
    target: { kind: 'player', id: 'caller', command: 'report' },
  },
  { data: { userIds: ['43'], reason: { type: 'cheating' }, message: 'Saw through the fog.' } },
);

export const USER_COMMANDS = [
  userSelf,
  userInfo,
  userUpdated,
  userSubscribeUpdates,
  userUnsubscribeUpdates,
  userReport,
] as const;
