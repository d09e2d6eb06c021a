// A lobby without an actor: rules one after the other, each concluded as a turn is, and what members were sent of it.
import type { AllyTeamConfig, LobbyPatch, RequestData } from '@muster/tachyon';
import { type Circumstances, concluded, voteTimedOut } from '../decisions.js';
import { enter, removed } from '../members.js';
import { type LobbyOptions, lobbyOptions } from '../options.js';
import { lobbyPatch } from '../patch.js';
import { RULES, type RuleData, type RuleName } from '../rules.js';
import { openLobby } from '../settings.js';
import { type Details, isMember, isRefusal, type Lobby, type Member, type Ruling } from '../state.js';
import { votesEnded } from '../votes.js';

export const BOX = { top: 0, bottom: 1, left: 0, right: 0.25 };

/** Ally teams with room for so many each. */
export function allyTeams(...rooms: readonly number[]): AllyTeamConfig {
  return rooms.map((maxTeams) => ({
    maxTeams,
    startBox: BOX,
    teams: Array.from({ length: maxTeams }, () => ({ maxPlayers: 1 })),
  }));
}

function memberNamed(userId: string): Member {
  return { op: '1.1', name: `user${userId}`, countryCode: '??' };
}

/** User 1 has opened it, two against two. Where bosses are wanted, user 1 is one. */
export class Room {
  lobby: Lobby;
  now = 1_700_000_000_000;
  readonly options: LobbyOptions;
  /** Why the last rule said no. */
  reason: string | undefined;
  /** What members were sent of the last turn. */
  patch: LobbyPatch | undefined;
  /** Votes that ended in the last turn: `vote-1 passed`. */
  ended: readonly string[] = [];

  constructor(settings: Partial<RequestData<'lobby/create'>> = {}, options: Partial<LobbyOptions> = {}) {
    this.options = lobbyOptions(options);
    const all = { name: 'All welcome', mapName: 'Comet', allyTeamConfig: allyTeams(2, 2), ...settings };
    const opened = openLobby('l1', '1', memberNamed('1'), { areBossesEnabled: false, ...all }, this.options);
    if (isRefusal(opened)) throw new Error(opened.details);
    this.lobby = opened;
  }

  get at(): Circumstances {
    return { now: this.now, options: this.options };
  }

  get details(): Details {
    return this.lobby.details;
  }

  /** Members of the lobby, seats as `ally team.team`, positions of who waits as `q<n>`. */
  get seats(): Readonly<Record<string, string>> {
    const { players, bots, spectators } = this.details;
    const seated = { ...players, ...bots };
    return {
      ...Object.fromEntries(Object.entries(seated).map(([id, { allyTeam, team }]) => [id, `${allyTeam}.${team}`])),
      ...Object.fromEntries(
        Object.entries(spectators).map(([id, { joinQueuePosition: at }]) => [
          id,
          at === undefined ? 'watches' : `q${at}`,
        ]),
      ),
    };
  }

  join(...users: readonly string[]): this {
    for (const user of users) this.turn(enter(this.lobby, user, memberNamed(user), this.at));
    return this;
  }

  /** They sit down in this ally team. */
  sit(allyTeam: string, ...users: readonly string[]): this {
    for (const user of users) this.ask(user, 'joinAllyTeam', { allyTeam });
    return this;
  }

  leave(user: string): this {
    return this.turn(removed(this.lobby, user, this.now));
  }

  voteTimesOut(): this {
    return this.turn(voteTimedOut(this.lobby, this.details.currentVote?.id ?? '', this.at));
  }

  ask<K extends RuleName>(user: string, rule: K, data: RuleData[K]): this {
    if (!isMember(this.details, user)) throw new Error(`${user} is not in the lobby`);
    return this.turn(RULES[rule](this.lobby, user, data, this.at));
  }

  private turn(ruling: Ruling): this {
    const before = this.details;
    this.reason = isRefusal(ruling) ? ruling.reason : undefined;
    if (!isRefusal(ruling)) this.lobby = concluded(ruling, this.at);
    this.patch = lobbyPatch(before, this.details);
    this.ended = votesEnded(before, this.details).map(({ id, outcome }) => `${id} ${outcome}`);
    return this;
  }
}
