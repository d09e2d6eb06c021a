import { Type } from '@sinclair/typebox';
import { Id, Nullable } from './bounds.js';
import { defineCommand } from './definition.js';
import { LobbyOverview, LobbyOverviewPatch, LobbyPatch, VoteOutcome } from './lobby-shapes.js';
import { UnixTime } from './shapes.js';

const id = '1882f6b2e3a4d14f24acb7aa';

export const lobbyUpdated = defineCommand(
  {
    commandId: 'lobby/updated',
    direction: 'server→user',
    kind: 'event',
    what: 'What changed in your lobby, as a merge patch of its details.',
    data: LobbyPatch,
    source: 'lobby',
  },
  {
    data: {
      id,
      name: 'Beginners only',
      spectators: { 43: null },
      players: { 43: { id: '43', allyTeam: '1', team: '0', player: '0', isReady: false, assetStatus: 'complete' } },
      currentVote: {
        id: 'vote-1',
        action: { type: 'changeMap', newMapName: 'Comet Catcher Redux' },
        initiator: '42',
        voters: { 42: { vote: 'yes' }, 43: { vote: 'pending' } },
        until: 1_705_432_758_000_000,
        quorum: 2,
        majority: 2,
      },
    },
  },
);

export const lobbyVoteEnded = defineCommand(
  {
    commandId: 'lobby/voteEnded',
    direction: 'server→user',
    kind: 'event',
    what: 'A vote is over.',
    data: Type.Object({ id: Id(), outcome: VoteOutcome }),
    source: 'lobby',
  },
  { data: { id: 'vote-1', outcome: 'passed' } },
);

export const lobbyLeft = defineCommand(
  {
    commandId: 'lobby/left',
    direction: 'server→user',
    kind: 'event',
    what: 'You are no longer in the lobby, and it was not you who left: kicked, banned, or the lobby is gone.',
    data: Type.Object({ id: Type.String(), reason: Type.String(), bannedUntil: Type.Optional(UnixTime) }),
    source: 'player',
  },
  { data: { id, reason: 'banned', bannedUntil: 1_705_436_298_000_000 } },
);

export const lobbyListReset = defineCommand(
  {
    commandId: 'lobby/listReset',
    direction: 'server→user',
    kind: 'event',
    what: 'All lobbies: forget what you had.',
    data: Type.Object({ lobbies: Type.Record(Type.String(), LobbyOverview) }),
    source: 'lobby-list',
  },
  {
    data: {
      lobbies: {
        [id]: {
          id,
          name: 'All welcome',
          playerCount: 1,
          maxPlayerCount: 2,
          mapName: 'Quicksilver Remake 1.24',
          engineVersion: '2026.02.15',
          gameVersion: 'Beyond All Reason test-27000',
          currentBattle: null,
        },
      },
    },
  },
);

export const lobbyListUpdated = defineCommand(
  {
    commandId: 'lobby/listUpdated',
    direction: 'server→user',
    kind: 'event',
    what: 'What changed in the list of lobbies, as a merge patch: null is a lobby that is gone.',
    data: Type.Object({ lobbies: Type.Record(Type.String(), Nullable(LobbyOverviewPatch)) }),
    source: 'lobby-list',
  },
  { data: { lobbies: { [id]: { id, playerCount: 2 }, '1882f6b2e3a4d14f24acb7ab': null } } },
);

export const LOBBY_EVENTS = [lobbyUpdated, lobbyVoteEnded, lobbyLeft, lobbyListReset, lobbyListUpdated] as const;
