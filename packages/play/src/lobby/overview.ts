import type { LobbyOverview } from '@muster/tachyon';
import type { Details } from './state.js';

/** The lobby's line in the list of lobbies. */
export function overviewOf(details: Details): LobbyOverview {
  const { id, name, mapName, engineVersion, gameVersion, areBossesEnabled, tags = {}, currentBattle } = details;
  const rooms = Object.values(details.allyTeamConfig).map(({ maxTeams }) => maxTeams);
  return {
    id,
    name,
    playerCount: Object.keys(details.players).length,
    maxPlayerCount: rooms.reduce((sum, room) => sum + room, 0),
    mapName,
    engineVersion,
    gameVersion,
    currentBattle: currentBattle ? { startedAt: currentBattle.startedAt } : null,
    areBossesEnabled,
    tags,
  };
}

/** True where the line says the same of both. */
export function isSameLine(a: Details, b: Details): boolean {
  return a === b || JSON.stringify(overviewOf(a)) === JSON.stringify(overviewOf(b));
}
