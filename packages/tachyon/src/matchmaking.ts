import { Type } from '@sinclair/typebox';
import { Id, OneOf } from './bounds.js';
import { defineCommand } from './definition.js';
import { LIMITS } from './limits.js';
import { AssetStatus, SpringName, UnixTime, Version } from './shapes.js';

const QueueVersion = Type.Object({ id: Id(), version: Id() });

/** Where a user stands in matchmaking. From 1.23 on; older clients pass over it. */
export const MatchmakingState = Type.Union(
  [
    Type.Object({ state: Type.Literal('no_matchmaking') }),
    Type.Object({ state: Type.Literal('queuing'), queues: Type.Array(QueueVersion) }),
    Type.Object({
      state: Type.Literal('found'),
      queue: Type.Object({ id: Id(), version: Id(), timeoutAt: UnixTime, hasAlreadyReadied: Type.Boolean() }),
      otherQueues: Type.Array(QueueVersion),
    }),
  ],
  { title: 'MatchmakingState' },
);

const version = 'a1f5c09d';

export const matchmakingList = defineCommand(
  {
    commandId: 'matchmaking/list',
    direction: 'user→server',
    kind: 'request',
    what: 'All queues, each with what a client must have installed. A version stands for exactly that.',
    reply: Type.Object({
      playlists: Type.Array(
        Type.Object({
          id: Type.String(),
          version: Type.String(),
          name: Type.String(),
          numOfTeams: Type.Integer(),
          teamSize: Type.Integer(),
          ranked: Type.Boolean(),
          engines: Type.Array(Version),
          games: Type.Array(SpringName),
          maps: Type.Array(SpringName),
        }),
      ),
    }),
    target: 'gateway',
    unserved: true,
  },
  {
    reply: {
      playlists: [
        {
          id: '1v1',
          version,
          name: 'Duel',
          numOfTeams: 2,
          teamSize: 1,
          ranked: true,
          engines: [{ version: '2026.02.15' }],
          games: [{ springName: 'Beyond All Reason test-27000' }],
          maps: [{ springName: 'Quicksilver Remake 1.24' }],
        },
      ],
    },
  },
);

export const matchmakingQueue = defineCommand(
  {
    commandId: 'matchmaking/queue',
    direction: 'user→server',
    kind: 'request',
    what: 'Joins all of these queues or none, with your whole party.',
    data: Type.Object({
      queues: Type.Array(QueueVersion, { minItems: 1, maxItems: LIMITS.queuesMax, oursAlone: ['maxItems'] }),
    }),
    reasons: [
      'invalid_queue_specified',
      'already_queued',
      'already_in_battle',
      'version_mismatch',
      'party_missing_asset',
    ],
    target: { kind: 'player', id: 'caller', command: 'queue' },
    unserved: true,
  },
  { data: { queues: [{ id: '1v1', version }] } },
);

export const matchmakingCancel = defineCommand(
  {
    commandId: 'matchmaking/cancel',
    direction: 'user→server',
    kind: 'request',
    what: 'Leaves all queues, or declines the match that was found; your party leaves with you.',
    reasons: ['not_queued'],
    target: { kind: 'player', id: 'caller', command: 'cancelQueue' },
    unserved: true,
  },
  {},
);

export const matchmakingReady = defineCommand(
  {
    commandId: 'matchmaking/ready',
    direction: 'user→server',
    kind: 'request',
    what: 'You are ready for the match that was found.',
    reasons: ['no_match'],
    target: { kind: 'match', id: 'place', command: 'ready', outside: 'no_match' },
    unserved: true,
  },
  {},
);

export const matchmakingQueueUpdate = defineCommand(
  {
    commandId: 'matchmaking/queueUpdate',
    direction: 'server→user',
    kind: 'event',
    what: 'How many players wait in your queue.',
    data: Type.Object({ playersQueued: Type.Integer() }),
    source: 'queue',
    unserved: true,
  },
  { data: { playersQueued: 12 } },
);

export const matchmakingQueuesJoined = defineCommand(
  {
    commandId: 'matchmaking/queuesJoined',
    direction: 'server→user',
    kind: 'event',
    what: 'A member of your party joined these queues, and you with it.',
    data: Type.Object({ queues: Type.Array(Id(), { minItems: 1 }) }),
    source: 'player',
    unserved: true,
  },
  { data: { queues: ['1v1'] } },
);

export const matchmakingFound = defineCommand(
  {
    commandId: 'matchmaking/found',
    direction: 'server→user',
    kind: 'event',
    what: 'There is a match for you. Send `matchmaking/ready` within the time, or you are out of the queue.',
    data: Type.Object({ queueId: Id(), timeoutMs: Type.Integer() }),
    source: 'player',
    unserved: true,
  },
  { data: { queueId: '1v1', timeoutMs: 20_000 } },
);

export const matchmakingFoundUpdate = defineCommand(
  {
    commandId: 'matchmaking/foundUpdate',
    direction: 'server→user',
    kind: 'event',
    what: 'How many players of the match that was found are ready.',
    data: Type.Object({ readyCount: Type.Integer() }),
    source: 'match',
    unserved: true,
  },
  { data: { readyCount: 1 } },
);

export const matchmakingLost = defineCommand(
  {
    commandId: 'matchmaking/lost',
    direction: 'server→user',
    kind: 'event',
    what: 'The match that was found comes to nothing: somebody declined or was not ready. If you were, you keep your place.',
    source: 'player',
    unserved: true,
  },
  {},
);

export const matchmakingCancelled = defineCommand(
  {
    commandId: 'matchmaking/cancelled',
    direction: 'server→user',
    kind: 'event',
    what: 'You are in no queue any more.',
    data: Type.Object({
      reason: OneOf('intentional', 'server_error', 'party_user_left', 'ready_timeout', 'version_changed'),
    }),
    source: 'player',
    unserved: true,
  },
  { data: { reason: 'party_user_left' } },
);

export const matchmakingCheckAssets = defineCommand(
  {
    commandId: 'matchmaking/checkAssets',
    direction: 'server→user',
    kind: 'request',
    what: 'Does this client have what the queue needs? Asked of a party before it is queued. From 1.23 on.',
    data: Type.Object({
      queueId: Id(),
      version: Id(),
      engines: Type.Array(Type.String()),
      game: Type.String(),
      maps: Type.Array(Type.String()),
    }),
    reply: Type.Object({ assetStatus: AssetStatus }),
    source: 'player',
    unserved: true,
  },
  {
    data: {
      queueId: '1v1',
      version,
      engines: ['2026.02.15'],
      game: 'Beyond All Reason test-27000',
      maps: ['Quicksilver Remake 1.24'],
    },
    reply: { assetStatus: 'complete' },
  },
);

export const MATCHMAKING_COMMANDS = [
  matchmakingList,
  matchmakingQueue,
  matchmakingCancel,
  matchmakingReady,
  matchmakingQueueUpdate,
  matchmakingQueuesJoined,
  matchmakingFound,
  matchmakingFoundUpdate,
  matchmakingLost,
  matchmakingCancelled,
  matchmakingCheckAssets,
] as const;
