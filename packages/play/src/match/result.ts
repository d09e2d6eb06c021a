import { type BattleRecord, playerId } from '@muster/ports';
import type { BattleEnd, BattleEnded } from './contract.js';
import { allyTeamKeys } from './script.js';
import type { MatchState } from './state.js';

/**
 * Who won, as the lobby counts ally teams: what most players say, of equals what was said first. Each player counts once, by its last word;
 * spectators count where no player spoke. Nobody: no word, or the battle did not come to its end.
 */
export function winnersOf({ setup, votes }: Pick<MatchState, 'setup' | 'votes'>): readonly string[] {
  const keys = allyTeamKeys(setup!);
  const players = new Set(setup!.players.map(({ userId }) => userId));
  const ofPlayers = votes.filter(({ userId }) => players.has(userId));
  const last = new Map((ofPlayers.length > 0 ? ofPlayers : votes).map(({ userId, winners }) => [userId, winners]));
  const counts = new Map<string, number>();
  for (const winners of last.values()) {
    const named = [...new Set(winners)].sort((a, b) => a - b).join();
    counts.set(named, (counts.get(named) ?? 0) + 1);
  }
  let best: readonly [string, number] = ['', 0];
  for (const one of counts) if (one[1] > best[1]) best = one;
  return best[0] === '' ? [] : best[0].split(',').map((index) => keys[Number(index)]!);
}

/** Data of `battle/ended`, the same for all. */
export function battleEnded(battleId: string, state: MatchState): BattleEnded {
  const { players, spectators } = state.setup!;
  return {
    battleId,
    players: players.map(({ userId, allyTeam, team, player }) => ({ userId, allyTeam, team, player })),
    spectators: [...spectators, ...state.late].map(({ userId }) => ({ userId })),
    winningAllyTeamIds: winnersOf(state),
  };
}

/** What is kept of it for good. */
export function battleRecord(battleId: string, state: MatchState, how: BattleEnd, endedAt: number): BattleRecord {
  const { engineVersion, gameName, mapName, tags = [], players, spectators } = state.setup!;
  return {
    battleId,
    hostId: state.host!.autohost,
    engineVersion,
    gameName,
    mapName,
    tags,
    startedAt: state.hostedAt!,
    endedAt,
    how,
    winningAllyTeams: winnersOf(state),
    players: [
      ...players.map(({ userId, allyTeam, team }) => ({ userId: playerId(userId), allyTeam, team })),
      ...[...spectators, ...state.late].map(({ userId }) => ({ userId: playerId(userId), allyTeam: null, team: null })),
    ],
  };
}
