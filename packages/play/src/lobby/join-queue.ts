// Spectators who wait for a place. Positions grow towards the back; what is between two of them says nothing.
import type { Details, Lobby, Spectator } from './state.js';
import { withDetails } from './state.js';

/** Who waits, the first one first. */
export function waiting({ spectators }: Details): readonly string[] {
  const positions = Object.values(spectators).flatMap(({ id, joinQueuePosition: at }) =>
    at === undefined ? [] : [{ id, at }],
  );
  return positions.sort((a, b) => a.at - b.at).map(({ id }) => id);
}

export function firstWaiting(details: Details): string | undefined {
  return waiting(details)[0];
}

export function isWaiting({ spectators }: Details, userId: string): boolean {
  return Object.hasOwn(spectators, userId) && spectators[userId]!.joinQueuePosition !== undefined;
}

/** A spectator takes the last position. */
export function atTheBack(lobby: Lobby, userId: string): Lobby {
  const { details } = lobby;
  const last = waiting(details).at(-1);
  return withSpectator(lobby, {
    id: userId,
    joinQueuePosition: last === undefined ? 1 : details.spectators[last]!.joinQueuePosition! + 1,
  });
}

/** Spectators take the first positions, in this order. */
export function atTheFront(lobby: Lobby, userIds: readonly string[]): Lobby {
  const { details } = lobby;
  const first = firstWaiting(details);
  const from = first === undefined ? 1 : details.spectators[first]!.joinQueuePosition! - userIds.length;
  return userIds.reduce((after, id, i) => withSpectator(after, { id, joinQueuePosition: from + i }), lobby);
}

/** A spectator who does not wait. */
export function watching(lobby: Lobby, userId: string): Lobby {
  return withSpectator(lobby, { id: userId });
}

function withSpectator(lobby: Lobby, spectator: Spectator): Lobby {
  return withDetails(lobby, { spectators: { ...lobby.details.spectators, [spectator.id]: spectator } });
}
