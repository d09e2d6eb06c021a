import {
  type Account,
  type Ban,
  type BattleParticipant,
  type BattleRecord,
  type ClanText,
  MusterError,
  type Operation,
  type Report,
  type SigningKey,
  type StoredGrant,
  type Ties,
} from '@muster/ports';

/** Longest name, client id, hash or other text that is looked up by. */
export const SHORT_TEXT_CHARS_MAX = 256;
/** Longest text that is only kept: scopes, keys, details of a grant. */
export const LONG_TEXT_CHARS_MAX = 16_384;
/** Most roles of an account, most details of a grant. */
export const LIST_ITEMS_MAX = 64;

// Postgres refuses NUL in text, and half a surrogate pair would come back as another character: both forms refuse them here.
const unstorable = /\0|\p{Surrogate}/u;

/** True where `text` comes back from every form of storage as it went in. */
export function isStorable(text: string, charsMax = SHORT_TEXT_CHARS_MAX): boolean {
  return text.length <= charsMax && !unstorable.test(text);
}

/** @throws MusterError INVALID_REQUEST */
function requireText(what: string, text: string, charsMax = SHORT_TEXT_CHARS_MAX): void {
  if (text.length > 0 && isStorable(text, charsMax)) return;
  throw new MusterError('INVALID_REQUEST', {
    details: `${what} must have 1 to ${charsMax} characters, none of them NUL`,
  });
}

/** Two usernames with one key are the same: case and compatibility forms of letters do not count. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}

export function checkAccount(account: Pick<Account, 'username' | 'displayName' | 'countryCode' | 'roles'>): void {
  requireText('username', account.username);
  requireText('username', usernameKey(account.username));
  requireText('displayName', account.displayName);
  if (!/^([A-Z]{2}|\?\?)$/.test(account.countryCode)) {
    throw new MusterError('INVALID_REQUEST', {
      details: 'countryCode must be two capital letters, or ?? where unknown',
    });
  }
  checkRoles(account.roles);
}

export function checkRoles(roles: readonly string[]): void {
  requireCount('roles', roles.length);
  for (const role of roles) requireText('role', role);
}

export function checkBot(bot: { readonly clientId: string; readonly secret: string; readonly name: string }): void {
  requireText('clientId', bot.clientId);
  requireText('secret', bot.secret);
  requireText('name', bot.name);
}

export function checkGrant(grant: StoredGrant): void {
  requireText('hash', grant.hash);
  requireText('subject', grant.subject);
  requireText('clientId', grant.clientId);
  if (!isStorable(grant.scope, LONG_TEXT_CHARS_MAX)) requireText('scope', grant.scope, LONG_TEXT_CHARS_MAX);
  requireInstant('expiresAt', grant.expiresAt);
  const details = Object.entries(grant.detail);
  requireCount('detail', details.length);
  for (const [name, value] of details) {
    requireText('a name in detail', name);
    if (!isStorable(value, LONG_TEXT_CHARS_MAX)) requireText(name, value, LONG_TEXT_CHARS_MAX);
  }
}

export function checkKey(key: SigningKey): void {
  requireText('kid', key.kid);
  requireText('jwk', key.jwk, LONG_TEXT_CHARS_MAX);
  requireInstant('createdAt', key.createdAt);
}

/** @throws MusterError INVALID_REQUEST unless `value` is a whole number that int8 and a JavaScript number agree on. */
export function requireInstant(what: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new MusterError('INVALID_REQUEST', { details: `${what} must be a whole number below 2^53` });
}

function requireCount(what: string, count: number): void {
  if (count <= LIST_ITEMS_MAX) return;
  throw new MusterError('INVALID_REQUEST', { details: `${what} may have at most ${LIST_ITEMS_MAX} entries` });
}

/** The number of a decimal id, or undefined where no row can have it. */
export function rowId(text: string): number | undefined {
  if (!/^[1-9]\d{0,15}$/.test(text)) return undefined;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : undefined;
}

/** An int8 as Postgres writes it. @throws MusterError STORAGE_MISMATCH where a number would not be exact. */
export function parseInt8(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new MusterError('STORAGE_MISMATCH', { found: `the integer ${text}`, expected: 'one below 2^53' });
}

/** What stands for the end of a ban that has none. */
export const FOR_GOOD = 253_402_300_799_000;
/** Most members of a battle, users of a report. */
const USERS_MAX = 1_024;

/** Of somebody who knows nobody. */
export const noTies: Ties = { version: 0, friends: [], outgoing: [], incoming: [], ignored: [] };

export function checkOperation({ sender, receiver, number }: Operation): void {
  requireText('sender', sender);
  requireText('receiver', receiver);
  requireInstant('number', number);
}

export function checkClanText({ name, tag, language, description = '' }: ClanText): void {
  requireText('name', name);
  requireText('tag', tag);
  requireText('language', language);
  requireProse('description', description);
}

export function checkReport({ reporter, users, type, message, at }: Omit<Report, 'id'>): void {
  requireText('reporter', reporter);
  requireUsers(users);
  requireText('type', type);
  requireProse('message', message);
  requireInstant('at', at);
}

export function checkBan({ reason, by, until }: Pick<Ban, 'reason' | 'by' | 'until'>): void {
  requireProse('reason', reason);
  requireText('by', by);
  if (until !== null) requireInstant('until', until);
}

export function checkBattle(battle: BattleRecord): void {
  for (const name of ['battleId', 'engineVersion', 'gameName', 'mapName', 'how'] as const)
    requireText(name, battle[name]);
  if (battle.hostId !== null) requireText('hostId', battle.hostId);
  requireInstant('startedAt', battle.startedAt);
  requireInstant('endedAt', battle.endedAt);
  requireUsers(battle.players.map(({ userId }) => userId));
  const texts = [...battle.tags, ...battle.winningAllyTeams, ...battle.players.flatMap(seatOf)];
  for (const text of texts) requireProse('a tag or team', text);
}

function seatOf({ allyTeam, team }: BattleParticipant): readonly string[] {
  return [allyTeam ?? '', team ?? ''];
}

function requireUsers(users: readonly string[]): void {
  if (users.length <= USERS_MAX && users.every((id) => rowId(id) !== undefined)) return;
  throw new MusterError('INVALID_REQUEST', { details: `at most ${USERS_MAX} user ids are expected` });
}

function requireProse(what: string, text: string): void {
  if (isStorable(text, LONG_TEXT_CHARS_MAX)) return;
  requireText(what, text, LONG_TEXT_CHARS_MAX);
}
