import type { LobbyOverview } from '@muster/tachyon';
import type { Details, Lobby } from './state.js';

/** The lobby's line in the list of lobbies. */
function overviewOf(details: Details): LobbyOverview {
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

/** What the list says of the lobby; null: it is private. */
export function lineOf({ details, inside }: Lobby): LobbyOverview | null {
  return inside.access ? null : overviewOf(details);
}

/** True where the line says the same of both. */
export function isSameLine(a: Lobby, b: Lobby): boolean {
  return a === b || JSON.stringify(lineOf(a)) === JSON.stringify(lineOf(b));
}
