import { Type } from '@sinclair/typebox';
import { type ActorTarget, type CommandDefinition, defineCommand, MUSTER_SUBPROTOCOL } from './definition.js';
import { UnixTime, UserId } from './shapes.js';

const To = Type.Object({ to: UserId });
const From = Type.Object({ from: UserId });

const self = (command: string): ActorTarget => ({ kind: 'player', id: 'caller', command });
/** A text that names nobody is `invalid_user`, as a number that names nobody is. */
const invalidUser = (field: string): NonNullable<CommandDefinition['violations']> => ({
  [`/${field} pattern`]: 'invalid_user',
});

export const friendList = defineCommand(
  {
    commandId: 'friend/list',
    direction: 'user→server',
    kind: 'request',
    what: 'Your friends, and the requests that wait for an answer, both ways.',
    reply: Type.Object({
      friends: Type.Array(Type.Object({ userId: UserId, addedAt: UnixTime })),
      outgoingPendingRequests: Type.Array(Type.Object({ to: UserId, sentAt: UnixTime })),
      incomingPendingRequests: Type.Array(Type.Object({ from: UserId, sentAt: UnixTime })),
    }),
    target: self('friends'),
    again: true,
  },
  {
    reply: {
      friends: [{ userId: '43', addedAt: 1_705_432_698_000_000 }],
      outgoingPendingRequests: [{ to: '44', sentAt: 1_705_432_698_000_000 }],
      incomingPendingRequests: [{ from: '45', sentAt: 1_705_432_698_000_000 }],
    },
  },
);

export const friendSendRequest = defineCommand(
  {
    commandId: 'friend/sendRequest',
    direction: 'user→server',
    kind: 'request',
    what: 'Asks a player to be your friend. Where that player asked you before, you are friends at once.',
    data: To,
    reasons: ['invalid_user', 'already_in_friendlist', 'outgoing_capacity_reached', 'incoming_capacity_reached'],
    violations: invalidUser('to'),
    target: self('sendFriendRequest'),
  },
  { data: { to: '43' } },
);

export const friendCancelRequest = defineCommand(
  {
    commandId: 'friend/cancelRequest',
    direction: 'user→server',
    kind: 'request',
    what: 'Takes your request back. Where there is none it succeeds.',
    data: To,
    reasons: ['invalid_user'],
    violations: invalidUser('to'),
    target: self('cancelFriendRequest'),
  },
  { data: { to: '43' } },
);

export const friendAcceptRequest = defineCommand(
  {
    commandId: 'friend/acceptRequest',
    direction: 'user→server',
    kind: 'request',
    what: 'Says yes to a request.',
    data: From,
    reasons: ['invalid_user', 'no_pending_request'],
    violations: invalidUser('from'),
    target: self('acceptFriendRequest'),
  },
  { data: { from: '45' } },
);

export const friendRejectRequest = defineCommand(
  {
    commandId: 'friend/rejectRequest',
    direction: 'user→server',
    kind: 'request',
    what: 'Says no to a request.',
    data: From,
    reasons: ['invalid_user', 'no_pending_request'],
    violations: invalidUser('from'),
    target: self('rejectFriendRequest'),
  },
  { data: { from: '45' } },
);

export const friendRemove = defineCommand(
  {
    commandId: 'friend/remove',
    direction: 'user→server',
    kind: 'request',
    what: 'Ends a friendship, for both.',
    data: Type.Object({ userId: UserId }),
    reasons: ['invalid_user', 'not_in_friendlist'],
    violations: invalidUser('userId'),
    target: self('removeFriend'),
  },
  { data: { userId: '43' } },
);

export const friendIgnore = defineCommand(
  {
    commandId: 'friend/ignore',
    direction: 'user→server',
    kind: 'request',
    only: MUSTER_SUBPROTOCOL,
    what: 'Ignores a player: what there is between you ends, and no friend request, no invitation and no direct message of theirs comes through. They are not told. Where you do already it succeeds.',
    data: Type.Object({ userId: UserId }),
    reasons: ['invalid_user'],
    violations: invalidUser('userId'),
    target: self('ignore'),
  },
  { data: { userId: '46' } },
);

export const friendUnignore = defineCommand(
  {
    commandId: 'friend/unignore',
    direction: 'user→server',
    kind: 'request',
    only: MUSTER_SUBPROTOCOL,
    what: 'Ignores a player no longer. Where you did not it succeeds.',
    data: Type.Object({ userId: UserId }),
    reasons: ['invalid_user'],
    violations: invalidUser('userId'),
    target: self('heed'),
  },
  { data: { userId: '46' } },
);

export const friendRequestReceived = defineCommand(
  {
    commandId: 'friend/requestReceived',
    direction: 'server→user',
    kind: 'event',
    what: 'A player asks you to be friends.',
    data: From,
    source: 'player',
  },
  { data: { from: '45' } },
);

export const friendRequestCancelled = defineCommand(
  {
    commandId: 'friend/requestCancelled',
    direction: 'server→user',
    kind: 'event',
    what: 'A player took the request back.',
    data: From,
    source: 'player',
  },
  { data: { from: '45' } },
);

export const friendRequestAccepted = defineCommand(
  {
    commandId: 'friend/requestAccepted',
    direction: 'server→user',
    kind: 'event',
    what: 'A player said yes to your request; both get it where two requests crossed.',
    data: From,
    source: 'player',
  },
  { data: { from: '43' } },
);

export const friendRequestRejected = defineCommand(
  {
    commandId: 'friend/requestRejected',
    direction: 'server→user',
    kind: 'event',
    what: 'A player said no to your request.',
    data: From,
    source: 'player',
  },
  { data: { from: '43' } },
);

export const friendRemoved = defineCommand(
  {
    commandId: 'friend/removed',
    direction: 'server→user',
    kind: 'event',
    what: 'A player is no longer your friend.',
    data: From,
    source: 'player',
  },
  { data: { from: '43' } },
);

export const FRIEND_COMMANDS = [
  friendList,
  friendSendRequest,
  friendCancelRequest,
  friendAcceptRequest,
  friendRejectRequest,
  friendRemove,
  friendIgnore,
  friendUnignore,
  friendRequestReceived,
  friendRequestCancelled,
  friendRequestAccepted,
  friendRequestRejected,
  friendRemoved,
] as const;
