import { token } from '@muster/ports';
import type { DecideContext } from '@muster/runtime';
import type { autohostStart, DataOf } from '@muster/tachyon';
import type { BattleMember, BattleSetup, Seat } from './contract.js';

/** Data of `autohost/start` without the battle's id. */
export type StartScript = Omit<DataOf<typeof autohostStart>, 'battleId'>;
type ScriptAllyTeam = StartScript['allyTeams'][number];
type ScriptTeam = ScriptAllyTeam['teams'][number];
type ScriptBot = NonNullable<ScriptTeam['bots']>[number];

/** The engine's limit. */
export const PARTICIPANTS_MAX = 254;

/**
 * Everything that the engine needs to know. Ally teams and teams that nobody sits in are left out, so the engine's numbers are positions among
 * those that are left, in the order of the lobby's keys: {@link allyTeamKeys} translates back. Passwords by user id.
 */
export function startScript(setup: BattleSetup, passwords: Readonly<Record<string, string>>): StartScript {
  const member = (one: BattleMember) => ({
    userId: one.userId,
    name: one.name,
    password: passwords[one.userId]!,
    ...(one.countryCode === undefined ? {} : { countryCode: one.countryCode }),
  });
  const { engineVersion, gameName, mapName, startPosType = 'ingame', spectators, gameOptions, mapOptions } = setup;
  return {
    engineVersion,
    gameName,
    mapName,
    startPosType,
    allyTeams: allyTeamKeys(setup).map((key) => allyTeam(setup, key, member)),
    ...(spectators.length > 0 && { spectators: spectators.map(member) }),
    ...(mapOptions && { mapOptions: { ...mapOptions } }),
    gameOptions: { ...gameOptions },
  };
}

/** Keys of the ally teams that are in the script, in the engine's order. */
export function allyTeamKeys({ players, bots }: BattleSetup): readonly string[] {
  return inOrder([...players, ...bots].map((seat) => seat.allyTeam));
}

function allyTeam(
  { allyTeams, players, bots }: BattleSetup,
  key: string,
  member: (one: BattleMember) => NonNullable<ScriptTeam['players']>[number],
): ScriptAllyTeam {
  const startBox = allyTeams[key]?.startBox;
  const here = (seat: Seat): boolean => seat.allyTeam === key;
  const teams = inOrder([...players, ...bots].filter(here).map(({ team }) => team));
  return {
    teams: teams.map((team) => {
      const there = (seat: Seat): boolean => here(seat) && seat.team === team;
      const [seated, ai] = [bySeat(players.filter(there)), bySeat(bots.filter(there))];
      return {
        ...(seated.length > 0 && { players: seated.map(member) }),
        ...(ai.length > 0 && { bots: ai.map(scriptBot) }),
      };
    }),
    ...(startBox && { startBox }),
  };
}

/** What is not known is left out: autohosts refuse null. */
function scriptBot({ hostUserId, name, shortName, version, options }: BattleSetup['bots'][number]): ScriptBot {
  return {
    hostUserId,
    ...(name === undefined ? {} : { name }),
    aiShortName: shortName,
    ...(version === undefined ? {} : { aiVersion: version }),
    ...(options && { aiOptions: { ...options } }),
  };
}

/** Keys are numbers as text; "10" comes after "9". */
function inOrder(keys: readonly string[]): readonly string[] {
  return [...new Set(keys)].sort((a, b) => Number(a) - Number(b));
}

function bySeat<T extends Seat>(seats: readonly T[]): readonly T[] {
  return [...seats].sort((a, b) => Number(a.player) - Number(b.player));
}

/** Bytes of a player's password for one battle. */
const PASSWORD_BYTES = 16;

export function newPassword({ random }: DecideContext): string {
  return token(random, PASSWORD_BYTES);
}

/** Why no engine could be started with this; undefined: it can. */
export function setupFault({ players, bots, spectators }: BattleSetup): string | undefined {
  if (players.length === 0) return 'nobody plays';
  const users = [...players, ...spectators].map(({ userId }) => userId);
  if (new Set(users).size < users.length) return 'somebody is in it twice';
  if (users.length + bots.length > PARTICIPANTS_MAX) return `at most ${PARTICIPANTS_MAX} can take part`;
  const strange = bots.find(({ hostUserId }) => !users.includes(hostUserId));
  return strange && `the bot ${strange.shortName} is run by somebody who is not in it`;
}
