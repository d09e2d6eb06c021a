import { type Static, Type } from '@sinclair/typebox';
import { Base64, List, Name, OneOf, Text } from './bounds.js';
import { LIMITS } from './limits.js';
import { StartBox, UserId } from './shapes.js';

// The start script of a battle, as the server sends it.

const Texts = Type.Record(Type.String(), Type.String());
/** Further entries of the engine's script. The published schema allows keys of one character only; what is meant is any number of them. */
const CustomProperties = Type.Record(Type.String({ pattern: '^[a-zA-Z0-9_-]+$' }), Type.String(), {
  additionalProperties: false,
  oursAlone: ['additionalProperties'],
});
const custom = { customProperties: Type.Optional(CustomProperties) };

const Player = Type.Object(
  {
    userId: UserId,
    name: Type.String({ description: 'Unique, as the user id is.' }),
    password: Type.String(),
    rank: Type.Optional(Type.Integer()),
    countryCode: Type.Optional(Type.String()),
    ...custom,
  },
  { title: 'ScriptPlayer' },
);

/** Real autohosts refuse a bot whose name is null: without one, leave it out. */
const Bot = Type.Object(
  {
    hostUserId: UserId,
    name: Type.Optional(Type.String()),
    aiShortName: Type.String(),
    aiVersion: Type.Optional(Type.String()),
    aiOptions: Type.Optional(Texts),
    ...custom,
  },
  { title: 'ScriptBot' },
);

const share = Type.Number({ minimum: 0, maximum: 1 });
const Team = Type.Object(
  {
    players: Type.Optional(Type.Array(Player)),
    bots: Type.Optional(Type.Array(Bot)),
    advantage: Type.Optional(Type.Number({ minimum: -1 })),
    incomeMultiplier: Type.Optional(Type.Number({ minimum: 0 })),
    faction: Type.Optional(Type.String()),
    color: Type.Optional(Type.Object({ r: share, g: share, b: share })),
    startPos: Type.Optional(Type.Object({ x: Type.Integer(), y: Type.Integer() })),
    ...custom,
  },
  { title: 'ScriptTeam' },
);

const AllyTeam = Type.Object(
  {
    teams: Type.Array(Team, { minItems: 1 }),
    startBox: Type.Optional(StartBox),
    allies: Type.Optional(Type.Array(Type.Integer())),
    ...custom,
  },
  { title: 'ScriptAllyTeam' },
);

export const EngineVersion = Type.String({ pattern: '^[0-9a-zA-Z .+-]+$', says: 'must be an engine version' });
const ArchiveHash = Type.String({ pattern: '^[a-fA-F0-9]{128}$', says: 'must be 128 hexadecimal digits' });

/** Everything that the engine needs to know, beside the battle's id. */
export const startScript = {
  engineVersion: EngineVersion,
  gameName: Type.String(),
  mapName: Type.String(),
  gameArchiveHash: Type.Optional(ArchiveHash),
  mapArchiveHash: Type.Optional(ArchiveHash),
  startDelay: Type.Optional(Type.Integer()),
  startPosType: OneOf('fixed', 'random', 'ingame', 'beforegame'),
  allyTeams: Type.Array(AllyTeam, { minItems: 1 }),
  spectators: Type.Optional(Type.Array(Player)),
  mapOptions: Type.Optional(Texts),
  gameOptions: Type.Optional(Texts),
  restrictions: Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 0 }))),
  luamsgRegexp: Type.Optional(Type.String({ format: 'regex' })),
};

// What an autohost says of its battles. It may lie: whether it has such a battle, and such a player in it, is the actor's to judge.

const EngineText = () => Text(LIMITS.engineTextLengthMax);
const tag = <const T extends string>(type: T) => ({ type: Type.Literal(type) });

export const BattleUpdate = Type.Union(
  [
    Type.Object(tag('start')),
    Type.Object({
      ...tag('finished'),
      userId: UserId,
      winningAllyTeams: Type.Array(Type.Integer(), {
        minItems: 1,
        maxItems: LIMITS.playersMax,
        oursAlone: ['maxItems'],
      }),
    }),
    Type.Object({ ...tag('engine_message'), message: EngineText() }),
    Type.Object({ ...tag('engine_warning'), message: EngineText() }),
    Type.Object(tag('engine_quit')),
    Type.Object({ ...tag('engine_crash'), details: Type.Optional(EngineText()) }),
    Type.Object({ ...tag('player_joined'), userId: UserId, playerNumber: Type.Integer() }),
    Type.Object({ ...tag('player_left'), userId: UserId, reason: OneOf('lost_connection', 'left', 'kicked') }),
    Type.Object({
      ...tag('player_chat'),
      userId: UserId,
      message: EngineText(),
      destination: OneOf('allies', 'all', 'spectators'),
    }),
    Type.Object({
      ...tag('player_chat'),
      userId: UserId,
      message: EngineText(),
      destination: Type.Literal('player'),
      toUserId: UserId,
    }),
    Type.Object({ ...tag('player_defeated'), userId: UserId }),
    Type.Object({
      ...tag('luamsg'),
      userId: UserId,
      script: OneOf('ui', 'game', 'rules'),
      uiMode: Type.Optional(OneOf('all', 'allies', 'spectators')),
      data: Base64(LIMITS.luaMessageLengthMax),
    }),
  ],
  { title: 'BattleUpdate' },
);
export type BattleUpdate = Static<typeof BattleUpdate>;

export const AutohostStatus = Type.Object({
  maxBattles: Type.Integer({ minimum: 0 }),
  currentBattles: Type.Integer({ minimum: 0 }),
  availableEngines: List(Name(), LIMITS.enginesMax, { bytesMax: LIMITS.enginesBytesMax }),
});
export type AutohostStatus = Static<typeof AutohostStatus>;
