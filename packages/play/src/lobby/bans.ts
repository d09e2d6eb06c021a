import { unixTime } from '@muster/tachyon';
import type { Lobby } from './state.js';
import { withInside } from './state.js';

/** End of this user's ban in microseconds, or undefined where it may come in. */
export function bannedUntil({ inside }: Lobby, userId: string, now: number): number | undefined {
  const until = inside.bans[userId];
  return until !== undefined && until > unixTime(now) ? until : undefined;
}

/** Keeps the user out until then. Bans that are over go; of more than `max` the one that ends first. A time that has passed is no ban. */
export function banned(lobby: Lobby, userId: string, until: number | undefined, now: number, max: number): Lobby {
  if (until === undefined || until <= unixTime(now)) return lobby;
  const others = Object.entries(lobby.inside.bans).filter(([id, end]) => id !== userId && end > unixTime(now));
  const kept = others.sort(([, a], [, b]) => b - a).slice(0, max - 1);
  return withInside(lobby, { bans: Object.fromEntries([...kept, [userId, until]]) });
}
