// One or more examples of everything that is sent and asked: the corners of each definition, and what each must refuse.

export interface Sample {
  readonly data: readonly unknown[];
  /** Of successful responses. */
  readonly replies: readonly unknown[];
  readonly invalid: readonly unknown[];
}

const user = {
  userId: '42',
  username: 'ann',
  displayName: 'Ann',
  clanId: null,
  clanBaseData: null,
  countryCode: '??',
  status: 'menu',
  roles: ['contributor', 'moderator'],
};

const privateUser = {
  ...user,
  party: null,
  invitedToParties: [],
  friendIds: [],
  outgoingFriendRequest: [],
  incomingFriendRequest: [],
  ignoreIds: [],
  currentLobby: null,
  clanInvites: [],
  matchmaking: { state: 'no_matchmaking' },
};

const partyState = { id: 'p', members: [{ userId: '1', joinedAt: 1 }], maxMembers: 3, invited: [] };
const clan = { clanId: '9', name: 'Clan', tag: 'CLN', language: 'en' };

export const samples: Readonly<Record<string, Sample>> = {
  'system/serverStats': { data: [undefined], replies: [{ userCount: 0 }], invalid: [] },
  'system/disconnect': { data: [undefined, { reason: 'bye' }], replies: [undefined], invalid: [{}, { reason: 1 }] },
  'system/moveOn': {
    data: [{ withinMs: 2_000 }, { url: 'http://127.0.0.1:8400', withinMs: 0 }],
    replies: [],
    invalid: [],
  },
  'user/self': {
    data: [
      { user: privateUser },
      {
        user: {
          ...privateUser,
          clanId: '9',
          clanBaseData: clan,
          rating: { value: 17.1 },
          party: partyState,
          currentLobby: 'l',
          matchmaking: { state: 'queuing', queues: [{ id: '1v1', version: 'a' }] },
        },
      },
    ],
    replies: [],
    invalid: [],
  },
  'user/info': {
    data: [{ userId: '42' }],
    replies: [user, { ...user, status: 'offline', roles: [] }],
    invalid: [{}, { userId: 42 }, [], 'x'],
  },
  'user/updated': {
    data: [{ users: [user] }, { users: [{ userId: '42', status: 'offline' }] }],
    replies: [],
    invalid: [],
  },
  'user/subscribeUpdates': {
    data: [{ userIds: ['42'] }, { userIds: ['42', '42'] }],
    replies: [undefined],
    invalid: [{}, { userIds: [] }, { userIds: [1] }, { userIds: Array.from({ length: 101 }, (_, i) => String(i)) }],
  },
  'user/unsubscribeUpdates': {
    data: [{ userIds: ['42'] }],
    replies: [undefined],
    invalid: [{}, { userIds: [] }, { userIds: 'x' }],
  },
  'messaging/send': {
    data: [
      { target: { type: 'player', userId: '42' }, message: 'hello' },
      { target: { type: 'party' }, message: '' },
      { target: { type: 'lobby' }, message: 'x'.repeat(512) },
    ],
    replies: [undefined],
    invalid: [
      { target: { type: 'player', userId: '42' } },
      { target: { type: 'player' }, message: 'a' },
      { target: { type: 'world' }, message: 'a' },
      { target: { type: 'party' }, message: 'x'.repeat(513) },
    ],
  },
  'messaging/subscribeReceived': {
    data: [
      {},
      { since: { type: 'latest' } },
      { since: { type: 'from_start' } },
      { since: { type: 'marker', value: 'm.1' } },
    ],
    replies: [{ hasMissedMessages: true }],
    invalid: [{ since: {} }, { since: { type: 'marker' } }, { since: 'latest' }],
  },
  'messaging/received': {
    data: [
      { message: 'a', source: { type: 'player', userId: '1' }, timestamp: 1_705_432_698_000_000, marker: 'm.1' },
      { message: 'a', source: { type: 'party', partyId: 'p', userId: '1' }, timestamp: 1, marker: 'm.2' },
      { message: 'a', source: { type: 'lobby', lobbyId: 'l', userId: '1' }, timestamp: 1, marker: 'm.3' },
    ],
    replies: [],
    invalid: [],
  },
};
