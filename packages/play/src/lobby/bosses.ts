// A boss decides alone. Where there is none, whoever plays alone decides; several players vote.
import type { Refusal } from '@muster/runtime';
import {
  type Details,
  invalid,
  isMember,
  isPlayer,
  type Lobby,
  type Ruling,
  refusal,
  withDetails,
  without,
} from './state.js';

export function isBoss({ bosses }: Details, userId: string): boolean {
  return Object.hasOwn(bosses, userId);
}

export function hasBoss({ bosses }: Details): boolean {
  return Object.keys(bosses).length > 0;
}

/** Whether this member's word is enough, is one vote of several, or counts for nothing. */
export function sayOf(details: Details, userId: string): 'decides' | 'votes' | Refusing {
  if (hasBoss(details)) return isBoss(details, userId) ? 'decides' : { refuse: 'only a boss may' };
  if (!isPlayer(details, userId)) return { refuse: 'only a player may' };
  return Object.keys(details.players).length > 1 ? 'votes' : 'decides';
}

interface Refusing {
  readonly refuse: string;
}

/** Why nobody can make this user a boss, or undefined. */
export function mayNotBeBoss(details: Details, userId: string): Refusal | undefined {
  if (!details.areBossesEnabled) return refusal('bosses_not_allowed');
  return isMember(details, userId) ? undefined : invalid('this user is not in the lobby');
}

export function appointed(lobby: Lobby, userId: string): Lobby {
  const { bosses } = lobby.details;
  return isBoss(lobby.details, userId) ? lobby : withDetails(lobby, { bosses: { ...bosses, [userId]: {} } });
}

/** A boss makes a boss an ordinary member. */
export function unboss(lobby: Lobby, by: string, userId: string): Ruling {
  if (!isBoss(lobby.details, by) || !isBoss(lobby.details, userId)) return refusal('not_a_boss');
  return withDetails(lobby, { bosses: without(lobby.details.bosses, userId) });
}
