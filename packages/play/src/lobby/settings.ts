import type { AllyTeamConfig } from '@muster/tachyon';
import { hasBoss, isBoss } from './bosses.js';
import { atTheFront } from './join-queue.js';
import type { LobbyOptions } from './options.js';
import { allyTeamCount, keyOf, maxTeamsOf, seatedIn, settled } from './seats.js';
import {
  type Details,
  invalid,
  isPlayer,
  type Lobby,
  type Member,
  type Ruling,
  withDetails,
  without,
} from './state.js';
import { openVote } from './votes.js';

type GameOptions = Details['gameOptions'];
type Tags = NonNullable<Details['tags']>;

/** What a client opens a lobby with. */
export interface NewLobby {
  readonly name: string;
  readonly mapName: string;
  readonly allyTeamConfig: AllyTeamConfig;
  readonly areBossesEnabled?: boolean;
  readonly gameOptions?: GameOptions;
  readonly tags?: Tags;
}

/** Merge patches: null takes away. */
export interface SettingsChanges {
  readonly name?: string;
  readonly mapName?: string;
  readonly allyTeamConfig?: AllyTeamConfig;
  readonly gameOptions?: Readonly<Record<string, GameOptions[string] | null>>;
  readonly tags?: Readonly<Record<string, Tags[string] | null>>;
}

type Limits = Pick<LobbyOptions, 'gameOptionsMax' | 'gameOptionsCharsMax' | 'tagsMax' | 'participantsMax'>;

/** A new lobby with its creator on the first seat. */
export function openLobby(
  id: string,
  creator: string,
  member: Member,
  { areBossesEnabled = true, gameOptions = {}, tags = {}, ...settings }: NewLobby,
  options: Limits & Pick<LobbyOptions, 'engineVersion' | 'gameVersion'>,
): Ruling {
  const problem = problemOf({ ...settings, gameOptions, tags }, options);
  if (problem !== undefined) return invalid(problem);
  const { engineVersion, gameVersion } = options;
  const allyTeamConfig = keyed(settings.allyTeamConfig);
  const first = settings.allyTeamConfig[0]!;
  const seat = { allyTeam: keyOf(0, settings.allyTeamConfig.length), team: keyOf(0, first.maxTeams), player: '0' };
  return {
    details: {
      id,
      name: settings.name,
      mapName: settings.mapName,
      engineVersion,
      gameVersion,
      gameOptions,
      tags,
      allyTeamConfig,
      areBossesEnabled,
      bosses: areBossesEnabled ? { [creator]: {} } : {},
      players: { [creator]: { id: creator, ...seat, isReady: false, assetStatus: 'complete' } },
      spectators: {},
      bots: {},
      eventNumber: 0,
    },
    inside: { members: { [creator]: member }, bans: {}, bots: 0, votes: 0 },
  };
}

/** All of the changes or none. Another map is put to the vote where several play; the rest is done at once. */
export function updateSettings(
  lobby: Lobby,
  by: string,
  changes: SettingsChanges,
  { options, now }: { readonly options: Limits & Pick<LobbyOptions, 'voteMs'>; readonly now: number },
): Ruling {
  const { details } = lobby;
  if (hasBoss(details) && !isBoss(details, by)) return invalid('only a boss may');
  const gameOptions = patched(details.gameOptions, changes.gameOptions);
  const tags = patched(details.tags ?? {}, changes.tags);
  const problem = problemOf({ ...changes, gameOptions, tags }, options);
  if (problem !== undefined) return invalid(problem);
  const changed = withDetails(lobby, { gameOptions, tags, ...(changes.name !== undefined && { name: changes.name }) });
  const fitted = settled(changes.allyTeamConfig ? withAllyTeams(changed, changes.allyTeamConfig) : changed);
  const { mapName } = changes;
  if (mapName === undefined || mapName === details.mapName) return fitted;
  if (!isPlayer(fitted.details, by)) return invalid('only a player may change the map');
  if (Object.keys(fitted.details.players).length === 1) return withDetails(fitted, { mapName });
  return openVote(fitted, by, { type: 'changeMap', newMapName: mapName }, { now, voteMs: options.voteMs });
}

/** Who has no seat any more waits in front of everybody; bots without one go, before any player of their ally team has to. */
export function withAllyTeams(lobby: Lobby, config: AllyTeamConfig): Lobby {
  const before = lobby.details;
  const next = withDetails(lobby, { allyTeamConfig: keyed(config) });
  const waiting: string[] = [];
  const players = { ...before.players };
  let bots = before.bots;
  for (let allyTeam = 0; allyTeam < allyTeamCount(before); allyTeam += 1) {
    const room = allyTeam < config.length ? config[allyTeam]!.maxTeams : 0;
    const seats = seatedIn(before).filter((seat) => seat.allyTeam === allyTeam);
    const humans = seats.filter(({ type }) => type === 'players').map(({ id }) => id);
    const machines = seats.filter(({ type }) => type === 'bots').map(({ id }) => id);
    for (const id of machines.slice(Math.max(0, room - humans.length))) bots = without(bots, id);
    waiting.push(...humans.slice(room));
  }
  for (const id of waiting) delete players[id];
  const rekeyed = rekey(withDetails(next, { players, bots }));
  return atTheFront(rekeyed, waiting);
}

/** Seats in the form of the lobby's ally teams as they are now: with more of them, keys may have become longer. */
function rekey(lobby: Lobby): Lobby {
  const { details } = lobby;
  const count = allyTeamCount(details);
  const rename = <T extends { readonly allyTeam: string; readonly team: string }>(seat: T): T => {
    const allyTeam = Number(seat.allyTeam);
    const team = keyOf(Number(seat.team), maxTeamsOf(details, allyTeam));
    return { ...seat, allyTeam: keyOf(allyTeam, count), team };
  };
  const all = <T extends { readonly allyTeam: string; readonly team: string }>(seats: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(seats).map(([id, seat]) => [id, rename(seat)]));
  return withDetails(lobby, { players: all(details.players), bots: all(details.bots) });
}

/** Arrays as clients get them: objects whose keys are places. */
function keyed(config: AllyTeamConfig): Details['allyTeamConfig'] {
  return Object.fromEntries(
    config.map(({ startBox, maxTeams, teams }, i) => {
      const entries = teams.map(({ maxPlayers }, team) => [keyOf(team, teams.length), { maxPlayers }]);
      return [keyOf(i, config.length), { startBox, maxTeams, teams: Object.fromEntries(entries) }];
    }),
  );
}

function patched<T>(
  record: Readonly<Record<string, T>>,
  patch: Readonly<Record<string, T | null>> = {},
): Record<string, T> {
  const result = { ...record };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = value;
  }
  return result;
}

/** Why a lobby cannot have these settings, or undefined. What one message may hold says nothing of what many add up to. */
function problemOf(
  settings: SettingsChanges & { readonly gameOptions: GameOptions; readonly tags: Tags },
  { gameOptionsMax, gameOptionsCharsMax, tagsMax, participantsMax }: Limits,
): string | undefined {
  const { name, mapName, allyTeamConfig, gameOptions, tags } = settings;
  if (name?.trim() === '') return 'a lobby needs a name';
  if (mapName?.trim() === '') return 'a lobby needs a map';
  if (allyTeamConfig?.length === 0) return 'a lobby needs an ally team';
  const teams = allyTeamConfig?.map(({ maxTeams, teams }) => Math.max(maxTeams, teams.length)) ?? [];
  if (teams.reduce((sum, count) => sum + count, 0) > participantsMax)
    return `at most ${participantsMax} teams fit into a battle`;
  const options = Object.entries(gameOptions);
  if (options.length > gameOptionsMax) return `a lobby has at most ${gameOptionsMax} game options`;
  if (options.reduce((sum, [key, { value }]) => sum + key.length + value.length, 0) > gameOptionsCharsMax)
    return `game options have at most ${gameOptionsCharsMax} characters together`;
  if (Object.keys(tags).length > tagsMax) return `a lobby has at most ${tagsMax} tags`;
  return undefined;
}
