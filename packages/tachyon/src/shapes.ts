import { type Static, Type } from '@sinclair/typebox';

// Shapes that several commands share. Objects stay open: clients of other minor versions send more than we know.

export const UserId = Type.String({ description: 'Decimal number as text.' });
export const UnixTime = Type.Integer({ description: 'Microseconds since the Unix epoch.' });
export const HistoryMarker = Type.String({ description: 'Opaque; later markers are not comparable.' });

/** A canonical user id: two texts never name one account. Fits a double, so that storage may keep a number. */
const USER_ID = /^(?:0|[1-9][0-9]{0,14})$/;

export function isUserId(text: string): boolean {
  return USER_ID.test(text);
}

/** Milliseconds to what Tachyon calls a time. */
export function unixTime(ms: number): number {
  return Math.round(ms * 1_000);
}

export const USER_ROLES = ['contributor', 'admin', 'moderator', 'tournament_winner', 'tournament_caster'] as const;
export const UserRole = Type.Union(USER_ROLES.map((role) => Type.Literal(role)));
export type UserRole = (typeof USER_ROLES)[number];

export const UserStatus = Type.Union([
  Type.Literal('offline'),
  Type.Literal('menu'),
  Type.Literal('playing'),
  Type.Literal('lobby'),
]);
export type UserStatus = Static<typeof UserStatus>;

const ClanBaseData = Type.Object({
  clanId: Type.String(),
  name: Type.String({ maxLength: 30 }),
  tag: Type.String({ minLength: 3, maxLength: 10 }),
  language: Type.String(),
});

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** What everybody may know of a user. `clanId` is what servers before 1.22 sent for `clanBaseData`: both are sent, so that every client version is served. */
export const User = Type.Object({
  userId: UserId,
  username: Type.String(),
  displayName: Type.String(),
  clanId: Nullable(Type.String()),
  clanBaseData: Nullable(ClanBaseData),
  countryCode: Type.Optional(Type.String()),
  status: UserStatus,
  rating: Type.Optional(Type.Object({ value: Type.Number() })),
  roles: Type.Optional(Type.Array(UserRole, { uniqueItems: true })),
});
export type User = Static<typeof User>;

export const PartyState = Type.Object({
  id: Type.String(),
  members: Type.Array(Type.Object({ userId: UserId, joinedAt: UnixTime })),
  maxMembers: Type.Integer({ minimum: 1 }),
  invited: Type.Array(Type.Object({ userId: UserId, invitedAt: UnixTime })),
});
export type PartyState = Static<typeof PartyState>;

const QueueVersion = Type.Object({ id: Type.String(), version: Type.String() });

/** From 1.23 on; older clients pass over it. */
export const MatchmakingState = Type.Union([
  Type.Object({ state: Type.Literal('no_matchmaking') }),
  Type.Object({ state: Type.Literal('queuing'), queues: Type.Array(QueueVersion) }),
  Type.Object({
    state: Type.Literal('found'),
    queue: Type.Object({
      id: Type.String(),
      version: Type.String(),
      timeoutAt: UnixTime,
      hasAlreadyReadied: Type.Boolean(),
    }),
    otherQueues: Type.Array(QueueVersion),
  }),
]);

/** What a user alone may know of itself: enough to rebuild a client's whole view. */
export const PrivateUser = Type.Intersect([
  User,
  Type.Object({
    party: Nullable(PartyState),
    invitedToParties: Type.Array(PartyState),
    friendIds: Type.Array(UserId),
    outgoingFriendRequest: Type.Array(Type.Object({ to: UserId, sentAt: UnixTime })),
    incomingFriendRequest: Type.Array(Type.Object({ from: UserId, sentAt: UnixTime })),
    ignoreIds: Type.Array(UserId),
    currentLobby: Nullable(Type.String()),
    clanInvites: Type.Array(Type.String()),
    matchmaking: MatchmakingState,
  }),
]);
export type PrivateUser = Static<typeof PrivateUser>;
