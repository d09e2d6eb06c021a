import { type Static, Type } from '@sinclair/typebox';
import { Count, Dictionary, Id, List, Name, Nullable, OneOf, PublishedName, Text } from './bounds.js';
import { LIMITS } from './limits.js';
import { AssetStatus, StartBox, UnixTime, UserId } from './shapes.js';

const optionText = () => Text(LIMITS.optionLengthMax);
/** As the published schemas bound a bot's names. */
export const BotName = PublishedName({ maxLength: 20 });

// What clients send.

/** Ally teams in order: the published schemas have an array here and an object in what the server sends. */
export const AllyTeamConfig = List(
  Type.Object({
    maxTeams: Count(1, LIMITS.playersMax),
    startBox: StartBox,
    teams: List(Type.Object({ maxPlayers: Count(1, LIMITS.playersMax) }), LIMITS.playersMax),
  }),
  LIMITS.allyTeamsMax,
  { title: 'AllyTeamConfig', bytesMax: LIMITS.allyTeamsBytesMax },
);
export type AllyTeamConfig = Static<typeof AllyTeamConfig>;

const GameOption = Type.Object({ value: optionText() });
const gameOptionsBytes = { bytesMax: LIMITS.gameOptionsBytesMax };
export const GameOptions = Dictionary(GameOption, LIMITS.gameOptionsMax, gameOptionsBytes);
/** null takes an option away. */
export const GameOptionsPatch = Dictionary(Nullable(GameOption), LIMITS.gameOptionsMax, gameOptionsBytes);

const Tag = Type.Object({});
export const Tags = Dictionary(Tag, LIMITS.tagsMax);
export const TagsPatch = Dictionary(Nullable(Tag), LIMITS.tagsMax);

const botOptionsBytes = { bytesMax: LIMITS.botOptionsBytesMax };
export const BotOptions = Dictionary(optionText(), LIMITS.botOptionsMax, botOptionsBytes);
export const BotOptionsPatch = Dictionary(Nullable(optionText()), LIMITS.botOptionsMax, botOptionsBytes);

// What the server sends: objects for arrays, so that a merge patch can change one entry. Keys of ally teams, teams and players are
// their numbers as text and sort as text.

export const VoteAction = Type.Union(
  [
    Type.Object({ type: Type.Literal('start') }),
    Type.Object({ type: Type.Literal('changeMap'), newMapName: Name() }),
    Type.Object({ type: Type.Literal('appointBoss'), bossId: UserId }),
    Type.Object({ type: Type.Literal('kickban'), userId: UserId, banUntil: Type.Optional(UnixTime) }),
  ],
  { title: 'VoteAction' },
);
export type VoteAction = Static<typeof VoteAction>;

export const VoteOutcome = OneOf('passed', 'failed', 'cancelled', 'timeout');
export type VoteOutcome = Static<typeof VoteOutcome>;

const Record = <T extends Parameters<typeof Type.Array>[0]>(value: T) => Type.Record(Type.String(), value);
const Voters = Record(Type.Object({ vote: OneOf('pending', 'yes', 'no', 'abstain') }));
const AtLeastOne = Type.Integer({ minimum: 1 });
const PastVote = Type.Object({ vote: VoteAction, outcome: VoteOutcome, finishedAt: UnixTime });
const CurrentBattle = Type.Object({ id: Type.String(), startedAt: UnixTime });

/** Of the last `lobby/updated`: each has the next number, so a client sees whether it has missed one. */
const EventNumber = Type.Optional(Type.Integer({ minimum: 0 }));

/** Where a player sits. */
const Seat = { allyTeam: Type.String(), team: Type.String(), player: Type.String() };
const Player = { ...Seat, isReady: Type.Boolean(), assetStatus: AssetStatus };
const Bot = { hostUserId: UserId, ...Seat, shortName: Type.String() };

/** A lobby's whole state. The published schema leaves out `tags`, quorum and majority, which `lobby/updated` has. */
export const LobbyDetails = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    mapName: Type.String(),
    engineVersion: Type.String(),
    gameVersion: Type.String(),
    gameOptions: Record(Type.Object({ value: Type.String() })),
    tags: Type.Optional(Record(Tag)),
    allyTeamConfig: Record(
      Type.Object({ startBox: StartBox, maxTeams: AtLeastOne, teams: Record(Type.Object({ maxPlayers: AtLeastOne })) }),
    ),
    areBossesEnabled: Type.Boolean(),
    bosses: Record(Type.Object({})),
    players: Record(Type.Object({ id: UserId, ...Player })),
    spectators: Record(Type.Object({ id: UserId, joinQueuePosition: Type.Optional(Type.Number()) })),
    bots: Record(
      Type.Object({
        id: Type.String(),
        ...Bot,
        name: Type.Optional(Type.String({ maxLength: 20 })),
        shortName: Type.String({ maxLength: 20 }),
        version: Type.Optional(Type.String()),
        options: Type.Optional(Record(Type.String())),
      }),
    ),
    currentBattle: Type.Optional(CurrentBattle),
    currentVote: Type.Optional(
      Type.Object(
        {
          id: Id(),
          action: VoteAction,
          initiator: UserId,
          voters: Voters,
          until: UnixTime,
          quorum: Type.Optional(AtLeastOne),
          majority: Type.Optional(AtLeastOne),
        },
        { oursAlone: ['properties/quorum', 'properties/majority'] },
      ),
    ),
    voteHistory: Type.Optional(Record(PastVote)),
    eventNumber: EventNumber,
    /** In no list: see `lobby/createPrivate`. */
    isPrivate: Type.Optional(Type.Boolean()),
  },
  {
    title: 'LobbyDetails',
    oursAlone: ['properties/tags', 'properties/eventNumber', 'properties/isPrivate'],
  },
);
export type LobbyDetails = Static<typeof LobbyDetails>;

const Partial = Type.Partial;

/** A merge patch (RFC 7386) of the details: null takes away. A bot is always sent with version and options, a vote always with its id. */
export const LobbyPatch = Type.Object(
  {
    id: Type.String(),
    name: Type.Optional(Type.String()),
    mapName: Type.Optional(Type.String()),
    engineVersion: Type.Optional(Type.String()),
    gameVersion: Type.Optional(Type.String()),
    gameOptions: Type.Optional(Record(Nullable(Type.Object({ value: Type.String() })))),
    tags: Type.Optional(Record(Nullable(Tag))),
    allyTeamConfig: Type.Optional(
      Record(
        Nullable(
          Type.Object({
            startBox: Type.Optional(StartBox),
            maxTeams: Type.Optional(AtLeastOne),
            teams: Record(Nullable(Type.Object({ maxPlayers: Type.Optional(AtLeastOne) }))),
          }),
        ),
      ),
    ),
    bosses: Type.Optional(Record(Nullable(Type.Object({})))),
    players: Type.Optional(Record(Nullable(Type.Object({ id: UserId, ...Partial(Type.Object(Player)).properties })))),
    spectators: Type.Optional(
      Record(Nullable(Type.Object({ id: UserId, joinQueuePosition: Type.Optional(Nullable(Type.Number())) }))),
    ),
    bots: Type.Optional(
      Record(
        Nullable(
          Type.Object({
            id: Type.String(),
            ...Partial(Type.Object(Bot)).properties,
            name: Type.Optional(Nullable(Type.String())),
            version: Nullable(Type.String()),
            options: Nullable(Record(Nullable(Type.String()))),
          }),
        ),
      ),
    ),
    currentBattle: Type.Optional(Nullable(CurrentBattle)),
    currentVote: Type.Optional(
      Nullable(
        Type.Object({
          id: Id(),
          action: Type.Optional(VoteAction),
          initiator: Type.Optional(UserId),
          voters: Type.Optional(Voters),
          until: Type.Optional(UnixTime),
          quorum: Type.Optional(AtLeastOne),
          majority: Type.Optional(AtLeastOne),
        }),
      ),
    ),
    voteHistory: Type.Optional(Record(Nullable(PastVote))),
    eventNumber: EventNumber,
    /** How many events this patch stands for, where it is not one: the number is so much higher than the last. */
    events: Type.Optional(Type.Integer({ minimum: 2 })),
    isPrivate: Type.Optional(Nullable(Type.Boolean())),
  },
  { title: 'LobbyPatch', oursAlone: ['properties/eventNumber', 'properties/events', 'properties/isPrivate'] },
);
export type LobbyPatch = Static<typeof LobbyPatch>;

const Overview = {
  name: Type.String(),
  playerCount: Type.Integer(),
  maxPlayerCount: Type.Integer(),
  mapName: Type.String(),
  engineVersion: Type.String(),
  gameVersion: Type.String(),
  currentBattle: Nullable(Type.Object({ startedAt: UnixTime })),
};

/** A line of the list of lobbies. The published schema leaves out what `lobby/listUpdated` may change: tags and whether there are bosses. */
export const LobbyOverview = Type.Object(
  {
    id: Type.String(),
    ...Overview,
    areBossesEnabled: Type.Optional(Type.Boolean()),
    tags: Type.Optional(Record(Tag)),
  },
  { title: 'LobbyOverview', oursAlone: ['properties/areBossesEnabled', 'properties/tags'] },
);
export type LobbyOverview = Static<typeof LobbyOverview>;

export const LobbyOverviewPatch = Type.Object(
  {
    id: Type.String(),
    ...Partial(Type.Object(Overview)).properties,
    areBossesEnabled: Type.Optional(Type.Boolean()),
    tags: Type.Optional(Record(Nullable(Tag))),
  },
  { title: 'LobbyOverviewPatch' },
);
export type LobbyOverviewPatch = Static<typeof LobbyOverviewPatch>;
