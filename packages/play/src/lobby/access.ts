// A private lobby (seed 001): in no list, entered with its token or its password.
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Random, token } from '@muster/ports';
import type { RequestData } from '@muster/tachyon';
import { hasBoss, isBoss } from './bosses.js';
import type { LobbyOptions } from './options.js';
import { invalid, isMember, isPlayer, type Lobby, type Ruling, withDetails, withInside } from './state.js';

/** What keeps a lobby private. */
export interface Access {
  readonly secret: string;
  readonly password?: { readonly salt: string; readonly hash: string };
}

/** What somebody brings who wants in. */
export interface Key {
  readonly secret?: string;
  readonly password?: string;
}

/** Wrong passwords of one user. */
export interface Guesses {
  readonly count: number;
  /** Wall clock of the first. */
  readonly since: number;
}

type Limits = Pick<LobbyOptions, 'guessesMax' | 'guessesMs' | 'guessersMax'>;

const SECRET_BYTES = 16;
const SALT_BYTES = 8;

/** The token that members hand on: it names the lobby, so nothing else need be told. */
export function tokenOf({ details, inside }: Lobby): string | null {
  return inside.access ? `${details.id}.${inside.access.secret}` : null;
}

/** What a token says: the lobby and its secret. */
export function readToken(text: string): { readonly id: string; readonly secret: string } {
  const dot = text.lastIndexOf('.');
  return { id: text.slice(0, Math.max(0, dot)), secret: text.slice(dot + 1) };
}

export function madePrivate(lobby: Lobby, password: string | undefined, random: Random): Lobby {
  const access: Access = {
    secret: token(random, SECRET_BYTES),
    ...(password !== undefined && { password: hashed(password, token(random, SALT_BYTES)) }),
  };
  return withDetails(withInside(lobby, { access, guesses: {} }), { isPrivate: true });
}

/** Whoever may change the settings may. */
export function setAccess(
  lobby: Lobby,
  by: string,
  { isPrivate, password }: RequestData<'lobby/setAccess'>,
  random: Random,
): Ruling {
  if (hasBoss(lobby.details) && !isBoss(lobby.details, by)) return invalid('only a boss may');
  if (!hasBoss(lobby.details) && !isPlayer(lobby.details, by)) return invalid('only a player may');
  if (isPrivate) return madePrivate(lobby, password, random);
  const { access: _, guesses: __, ...inside } = lobby.inside;
  const { isPrivate: ___, ...details } = lobby.details;
  return { details, inside };
}

/** Whether the key fits; whoever is in it needs none. `wrong`: it was guessed, and counts. */
export function admits(
  lobby: Lobby,
  userId: string,
  { secret, password }: Key,
  now: number,
  { guessesMax, guessesMs }: Limits,
): 'yes' | 'no' | 'wrong' | 'waits' {
  const { access, guesses = {} } = lobby.inside;
  if (!access || isMember(lobby.details, userId)) return 'yes';
  if (secret !== undefined) return isSame(secret, access.secret) ? 'yes' : 'no';
  if (password === undefined || !access.password) return 'no';
  const tried = guesses[userId];
  if (tried && tried.count >= guessesMax && now < tried.since + guessesMs) return 'waits';
  return isSame(hashed(password, access.password.salt).hash, access.password.hash) ? 'yes' : 'wrong';
}

/** One more wrong password of this user. Of too many users the one who began first is forgotten. */
export function guessed(lobby: Lobby, userId: string, now: number, { guessesMs, guessersMax }: Limits): Lobby {
  const recent = Object.entries(lobby.inside.guesses ?? {}).filter(([, { since }]) => now < since + guessesMs);
  const others = recent.filter(([id]) => id !== userId).sort(([, a], [, b]) => b.since - a.since);
  const own = recent.find(([id]) => id === userId)?.[1] ?? { count: 0, since: now };
  const kept = others.slice(0, guessersMax - 1);
  return withInside(lobby, { guesses: Object.fromEntries([...kept, [userId, { ...own, count: own.count + 1 }]]) });
}

/** A fast hash: it is a word among friends and no account's password, and a slow one would hold up everybody on this node. */
function hashed(password: string, salt: string): { readonly salt: string; readonly hash: string } {
  return { salt, hash: createHash('sha256').update(salt).update('\0').update(password).digest('base64url') };
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
