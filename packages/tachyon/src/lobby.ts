import { Type } from '@sinclair/typebox';
import { Id, Name } from './bounds.js';
import { type ActorTarget, defineCommand } from './definition.js';
import { LOBBY_EVENTS } from './lobby-events.js';
import { LOBBY_RULE_COMMANDS } from './lobby-rules.js';
import { AllyTeamConfig, GameOptions, GameOptionsPatch, LobbyDetails, Tags, TagsPatch } from './lobby-shapes.js';
import { AssetStatus } from './shapes.js';

const self = (command: string): ActorTarget => ({ kind: 'player', id: 'caller', command });
const lobby = (command: string, outside?: string): ActorTarget => ({
  kind: 'lobby',
  id: 'place',
  command,
  ...(outside === undefined ? {} : { outside }),
});

const quarters = { top: 0, bottom: 1, left: 0, right: 0.25 };

export const lobbyExample: LobbyDetails = {
  id: '1882f6b2e3a4d14f24acb7aa',
  name: 'All welcome',
  mapName: 'Quicksilver Remake 1.24',
  engineVersion: '2026.02.15',
  gameVersion: 'Beyond All Reason test-27000',
  gameOptions: { deathmode: { value: 'com' } },
  tags: { noob: {} },
  allyTeamConfig: { 0: { startBox: quarters, maxTeams: 1, teams: { 0: { maxPlayers: 1 } } } },
  areBossesEnabled: true,
  bosses: { 42: {} },
  players: { 42: { id: '42', allyTeam: '0', team: '0', player: '0', isReady: false, assetStatus: 'complete' } },
  spectators: { 43: { id: '43' } },
  bots: {},
};

export const lobbyCreateExample = {
  name: 'All welcome',
  mapName: 'Quicksilver Remake 1.24',
  allyTeamConfig: [{ maxTeams: 1, startBox: quarters, teams: [{ maxPlayers: 1 }] }],
};

export const lobbyCreate = defineCommand(
  {
    commandId: 'lobby/create',
    direction: 'user→server',
    kind: 'request',
    what: 'Opens a lobby with you as its first player, and as its boss where bosses are enabled (they are unless you say no).',
    data: Type.Object({
      name: Name(),
      mapName: Name(),
      allyTeamConfig: AllyTeamConfig,
      areBossesEnabled: Type.Optional(Type.Boolean()),
      gameOptions: Type.Optional(GameOptions),
      tags: Type.Optional(Tags),
    }),
    reply: LobbyDetails,
    target: self('createLobby'),
    moves: 'lobby',
    again: 'lobbyAgain',
  },
  {
    data: lobbyCreateExample,
    reply: lobbyExample,
  },
);

export const lobbyJoin = defineCommand(
  {
    commandId: 'lobby/join',
    direction: 'user→server',
    kind: 'request',
    what: 'Enters a lobby as a spectator. Where you are in it already: its state once more, which is how a client that came back catches up.',
    data: Type.Object({ id: Id() }),
    reply: LobbyDetails,
    reasons: ['lobby_full', 'banned'],
    target: self('joinLobby'),
    moves: 'lobby',
    again: 'lobbyAgain',
  },
  { data: { id: lobbyExample.id }, reply: lobbyExample },
);

export const lobbyLeave = defineCommand(
  {
    commandId: 'lobby/leave',
    direction: 'user→server',
    kind: 'request',
    what: 'Leaves the lobby, with the bots that you brought; outside of one it succeeds and does nothing.',
    target: self('leaveLobby'),
    moves: 'lobby',
    again: true,
  },
  {},
);

export const lobbyUpdate = defineCommand(
  {
    commandId: 'lobby/update',
    direction: 'user→server',
    kind: 'request',
    what: 'Changes settings, all of them or none; null takes an option or tag away. With several players another map is put to the vote.',
    data: Type.Object({
      name: Type.Optional(Name()),
      mapName: Type.Optional(Name()),
      allyTeamConfig: Type.Optional(AllyTeamConfig),
      gameOptions: Type.Optional(GameOptionsPatch),
      tags: Type.Optional(TagsPatch),
    }),
    target: lobby('update'),
  },
  { data: { name: 'Beginners only', tags: { noob: {}, rated: null } } },
);

export const lobbyJoinAllyTeam = defineCommand(
  {
    commandId: 'lobby/joinAllyTeam',
    direction: 'user→server',
    kind: 'request',
    what: 'Takes a free place in this ally team.',
    data: Type.Object({ allyTeam: Id() }),
    reasons: ['not_in_lobby', 'ally_team_full'],
    target: lobby('joinAllyTeam', 'not_in_lobby'),
  },
  { data: { allyTeam: '0' } },
);

export const lobbySpectate = defineCommand(
  {
    commandId: 'lobby/spectate',
    direction: 'user→server',
    kind: 'request',
    what: 'Gives up your place, or your place in the queue, and watches.',
    reasons: ['not_in_lobby'],
    target: lobby('spectate', 'not_in_lobby'),
  },
  {},
);

export const lobbyJoinQueue = defineCommand(
  {
    commandId: 'lobby/joinQueue',
    direction: 'user→server',
    kind: 'request',
    what: 'Waits for the next free place; takes it at once where there is one. A player lets the first who waits have the place.',
    reasons: ['not_in_lobby'],
    target: lobby('joinQueue', 'not_in_lobby'),
  },
  {},
);

export const lobbyUpdateClientStatus = defineCommand(
  {
    commandId: 'lobby/updateClientStatus',
    direction: 'user→server',
    kind: 'request',
    what: 'Tells whether you are ready and have what the battle needs.',
    data: Type.Object({ isReady: Type.Optional(Type.Boolean()), assetStatus: Type.Optional(AssetStatus) }),
    reasons: ['not_in_lobby', 'not_a_player'],
    target: lobby('updateClientStatus', 'not_in_lobby'),
  },
  { data: { isReady: true, assetStatus: 'complete' } },
);

export const lobbyStartBattle = defineCommand(
  {
    commandId: 'lobby/startBattle',
    direction: 'user→server',
    kind: 'request',
    what: 'Starts the battle: everybody in the lobby gets `battle/start`.',
    target: lobby('startBattle'),
    leadsTo: ['battle/start'],
  },
  {},
);

export const lobbyJoinBattle = defineCommand(
  {
    commandId: 'lobby/joinBattle',
    direction: 'user→server',
    kind: 'request',
    what: 'Joins the battle that runs, to watch: you get `battle/start`.',
    reasons: ['not_in_lobby', 'no_battle', 'battle_full'],
    target: lobby('joinBattle', 'not_in_lobby'),
    leadsTo: ['battle/start'],
  },
  {},
);

export const lobbySubscribeList = defineCommand(
  {
    commandId: 'lobby/subscribeList',
    direction: 'user→server',
    kind: 'request',
    what: 'From now on get the list of lobbies: all of it after the response, then changes. Ends with the connection.',
    target: 'gateway',
  },
  {},
);

export const lobbyUnsubscribeList = defineCommand(
  {
    commandId: 'lobby/unsubscribeList',
    direction: 'user→server',
    kind: 'request',
    what: 'Get the list of lobbies no longer.',
    target: 'gateway',
  },
  {},
);

export const LOBBY_COMMANDS = [
  lobbyCreate,
  lobbyJoin,
  lobbyLeave,
  lobbyUpdate,
  lobbyJoinAllyTeam,
  lobbySpectate,
  lobbyJoinQueue,
  lobbyUpdateClientStatus,
  lobbyStartBattle,
  lobbyJoinBattle,
  lobbySubscribeList,
  lobbyUnsubscribeList,
  ...LOBBY_RULE_COMMANDS,
  ...LOBBY_EVENTS,
] as const;
