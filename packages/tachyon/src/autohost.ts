import { type Static, Type } from '@sinclair/typebox';
import { AutohostStatus, BattleUpdate, startScript } from './autohost-shapes.js';
import { defineCommand } from './definition.js';
import { BattleId, UnixTime, UserId } from './shapes.js';

const battleId = '75bfc493-2b9d-495d-a453-06722fdca2ea';
const WhichBattle = Type.Object({ battleId: BattleId });

export const autohostStatus = defineCommand(
  {
    commandId: 'autohost/status',
    direction: 'autohost→server',
    kind: 'event',
    what: 'How many battles this autohost may run and runs, and its engines. Its first message, and sent again whenever that changes.',
    data: AutohostStatus,
    target: { kind: 'autohost', id: 'caller', command: 'status' },
  },
  { data: { maxBattles: 8, currentBattles: 1, availableEngines: ['2026.02.15'] } },
);

export const autohostUpdate = defineCommand(
  {
    commandId: 'autohost/update',
    direction: 'autohost→server',
    kind: 'event',
    what: 'Something happened in a battle. Times grow and are unique per autohost.',
    data: Type.Object({ battleId: BattleId, time: UnixTime, update: BattleUpdate }),
    target: { kind: 'autohost', id: 'caller', command: 'update' },
  },
  {
    data: {
      battleId,
      time: 1_705_432_698_000_000,
      update: { type: 'finished', userId: '42', winningAllyTeams: [0] },
    },
  },
);
export type AutohostUpdate = Static<typeof autohostUpdate.data>;

export const autohostSubscribeUpdates = defineCommand(
  {
    commandId: 'autohost/subscribeUpdates',
    direction: 'server→autohost',
    kind: 'request',
    what: 'Send every update later than this time, old ones first, then each as it comes. Once per connection.',
    data: Type.Object({ since: UnixTime }),
    source: 'autohost',
  },
  { data: { since: 1_705_432_698_000_000 } },
);

export const autohostStart = defineCommand(
  {
    commandId: 'autohost/start',
    direction: 'server→autohost',
    kind: 'request',
    what: 'Start an engine with this script. Answered once the engine takes players.',
    data: Type.Object({ battleId: BattleId, ...startScript }),
    reply: Type.Object({
      ips: Type.Array(Type.Union([Type.String({ format: 'ipv4' }), Type.String({ format: 'ipv6' })]), {
        maxItems: 16,
        oursAlone: ['maxItems'],
      }),
      port: Type.Integer({ minimum: 1_024, maximum: 65_535 }),
    }),
    reasons: ['battle_already_exists', 'engine_version_not_available'],
    source: 'autohost',
  },
  {
    data: {
      battleId,
      engineVersion: '2026.02.15',
      gameName: 'Beyond All Reason test-27000',
      mapName: 'Quicksilver Remake 1.24',
      startPosType: 'ingame',
      allyTeams: [
        {
          startBox: { top: 0, bottom: 1, left: 0, right: 0.25 },
          teams: [{ players: [{ userId: '42', name: 'ann', password: '9f1c2b7a64d05e83' }] }],
        },
        { teams: [{ bots: [{ hostUserId: '42', name: 'Barb', aiShortName: 'BARb', aiVersion: 'stable' }] }] },
      ],
    },
    reply: { ips: ['192.0.2.7', '2001:db8::7'], port: 20_001 },
  },
);

export const autohostAddPlayer = defineCommand(
  {
    commandId: 'autohost/addPlayer',
    direction: 'server→autohost',
    kind: 'request',
    what: 'Let this user join a battle that runs.',
    data: Type.Object({ battleId: BattleId, userId: UserId, name: Type.String(), password: Type.String() }),
    source: 'autohost',
  },
  { data: { battleId, userId: '44', name: 'eve', password: '04d2c8a1b6f7e935' } },
);

export const autohostKickPlayer = defineCommand(
  {
    commandId: 'autohost/kickPlayer',
    direction: 'server→autohost',
    kind: 'request',
    what: 'Remove a player from a battle.',
    data: Type.Object({ battleId: BattleId, userId: UserId }),
    source: 'autohost',
  },
  { data: { battleId, userId: '44' } },
);

export const autohostMutePlayer = defineCommand(
  {
    commandId: 'autohost/mutePlayer',
    direction: 'server→autohost',
    kind: 'request',
    what: 'Take away, or give back, a player’s chat and drawing.',
    data: Type.Object({ battleId: BattleId, userId: UserId, chat: Type.Boolean(), draw: Type.Boolean() }),
    source: 'autohost',
  },
  { data: { battleId, userId: '44', chat: true, draw: true } },
);

export const autohostSpecPlayers = defineCommand(
  {
    commandId: 'autohost/specPlayers',
    direction: 'server→autohost',
    kind: 'request',
    what: 'Make players spectators.',
    data: Type.Object({ battleId: BattleId, userIds: Type.Array(UserId) }),
    source: 'autohost',
  },
  { data: { battleId, userIds: ['44'] } },
);

export const autohostSendMessage = defineCommand(
  {
    commandId: 'autohost/sendMessage',
    direction: 'server→autohost',
    kind: 'request',
    what: 'Show the players a message.',
    data: Type.Object({ battleId: BattleId, message: Type.String({ maxLength: 127 }) }),
    source: 'autohost',
  },
  { data: { battleId, message: 'The server restarts; your battle goes on.' } },
);

export const autohostSendCommand = defineCommand(
  {
    commandId: 'autohost/sendCommand',
    direction: 'server→autohost',
    kind: 'request',
    what: 'Run a command of the autohost’s own.',
    data: Type.Object({
      battleId: BattleId,
      command: Type.String(),
      arguments: Type.Optional(Type.Array(Type.String())),
    }),
    source: 'autohost',
  },
  { data: { battleId, command: 'pause', arguments: ['1'] } },
);

export const autohostKill = defineCommand(
  {
    commandId: 'autohost/kill',
    direction: 'server→autohost',
    kind: 'request',
    what: 'End a battle at once.',
    data: WhichBattle,
    source: 'autohost',
  },
  { data: { battleId } },
);

export const autohostInstallEngine = defineCommand(
  {
    commandId: 'autohost/installEngine',
    direction: 'server→autohost',
    kind: 'request',
    what: 'Install this engine. `autohost/status` says when it is there.',
    data: Type.Object({ version: Type.String() }),
    source: 'autohost',
  },
  { data: { version: '2026.02.15' } },
);

export const AUTOHOST_COMMANDS = [
  autohostStatus,
  autohostUpdate,
  autohostSubscribeUpdates,
  autohostStart,
  autohostAddPlayer,
  autohostKickPlayer,
  autohostMutePlayer,
  autohostSpecPlayers,
  autohostSendMessage,
  autohostSendCommand,
  autohostKill,
  autohostInstallEngine,
] as const;
