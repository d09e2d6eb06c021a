import { type Static, Type } from '@sinclair/typebox';
import { defineCommand, type Failure } from './definition.js';
import { isUserId, PrivateUser, User, UserId } from './shapes.js';

/** Users whose changes one session may follow at a time. */
export const USER_SUBSCRIPTIONS_MAX = 100;

const UserIds = Type.Object({ userIds: Type.Array(UserId, { minItems: 1, maxItems: USER_SUBSCRIPTIONS_MAX }) });

export const userSelf = defineCommand({
  commandId: 'user/self',
  direction: 'server→user',
  kind: 'event',
  what: 'Your own state; first on every connection, and whenever the server must start your view afresh.',
  data: Type.Object({ user: PrivateUser }),
});

export const userInfo = defineCommand({
  commandId: 'user/info',
  direction: 'user→server',
  kind: 'request',
  what: 'What is known of a user.',
  data: Type.Object({ userId: UserId }),
  reply: User,
  reasons: ['unknown_user'],
  check: (data: { userId: string }) =>
    isUserId(data.userId) ? undefined : { reason: 'unknown_user', details: 'a user id is a decimal number' },
  target: { kind: 'player', id: (data: { userId: string }) => data.userId, command: 'info' },
});

export const userUpdated = defineCommand({
  commandId: 'user/updated',
  direction: 'server→user',
  kind: 'event',
  what: 'Users that you follow have changed: whole when first sent, then only what changed.',
  data: Type.Object({ users: Type.Array(Type.Intersect([Type.Object({ userId: UserId }), Type.Partial(User)])) }),
});
export type UserUpdatedData = Static<typeof userUpdated.data>;

export const userSubscribeUpdates = defineCommand({
  commandId: 'user/subscribeUpdates',
  direction: 'user→server',
  kind: 'request',
  what: 'Follow users: all of them or, where one does not exist, none. Each is sent whole after the response.',
  data: UserIds,
  reasons: ['subscription_limit_reached'],
  check: everyIdIsNumeric,
  target: { kind: 'player', id: 'caller', command: 'subscribeUpdates' },
});

export const userUnsubscribeUpdates = defineCommand({
  commandId: 'user/unsubscribeUpdates',
  direction: 'user→server',
  kind: 'request',
  what: 'Follow these users no longer. Ids that were not followed are passed over.',
  data: UserIds,
  check: everyIdIsNumeric,
  target: { kind: 'player', id: 'caller', command: 'unsubscribeUpdates' },
});

export const USER_COMMANDS = [userSelf, userInfo, userUpdated, userSubscribeUpdates, userUnsubscribeUpdates] as const;

function everyIdIsNumeric(data: { userIds: readonly string[] }): Failure | undefined {
  const at = data.userIds.findIndex((id) => !isUserId(id));
  return at < 0
    ? undefined
    : { reason: 'invalid_request', details: `/data/userIds/${at} must be a user id: a decimal number` };
}
