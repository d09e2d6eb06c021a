import type { Millis } from './clock.js';
import type { Epoch, PlayerId, Term } from './ids.js';
import type { ShardStore } from './shard-store.js';
import type { Battles, Clans, ClanTies, Friendships, Moderation, Ties } from './social.js';

/** A person's account. Live state (session, status) is the player actor's, not here. */
export interface Account {
  readonly id: PlayerId;
  readonly username: string;
  readonly displayName: string;
  /** ISO 3166-1 alpha-2, or `??` where unknown. */
  readonly countryCode: string;
  readonly roles: readonly string[];
  readonly createdAt: Millis;
  /** Until when this account may not sign in, or null: the end of its last ban. */
  readonly bannedUntil: Millis | null;
}

/** A machine's account: an autohost. It signs in with client credentials. */
export interface Bot {
  readonly id: string;
  readonly clientId: string;
  readonly name: string;
  readonly createdAt: Millis;
}

export interface Accounts {
  byId(id: PlayerId): Promise<Account | undefined>;
  /** Case does not count. */
  byUsername(username: string): Promise<Account | undefined>;
  /** Ids grow. @throws MusterError ALREADY_EXISTS, INVALID_REQUEST */
  create(account: {
    readonly username: string;
    readonly displayName: string;
    readonly countryCode?: string;
    readonly roles?: readonly string[];
  }): Promise<Account>;
  /** Replaces them. @returns the account as it is then; undefined where there is none. @throws MusterError INVALID_REQUEST */
  setRoles(id: PlayerId, roles: readonly string[]): Promise<Account | undefined>;
  /** Accounts that {@link setRoles} changed at `since` or later, the last change first. */
  changedSince(since: Millis, max: number): Promise<readonly Account[]>;
  botById(id: string): Promise<Bot | undefined>;
  /** The bot whose client id and secret these are, or undefined; compared in constant time against a salted hash. */
  verifyBot(clientId: string, secret: string): Promise<Bot | undefined>;
  /** Creates the bot, or replaces its secret and name. */
  putBot(bot: { readonly clientId: string; readonly secret: string; readonly name: string }): Promise<Bot>;
}

/** One-time and rotating OAuth2 artefacts, by the hash of what the client holds. */
export interface StoredGrant {
  readonly kind: 'code' | 'refresh';
  readonly hash: string;
  readonly subject: string;
  readonly clientId: string;
  readonly scope: string;
  readonly expiresAt: Millis;
  /** Whatever else the issuer must find again (challenge, redirect uri, family). */
  readonly detail: Readonly<Record<string, string>>;
}

export interface Grants {
  put(grant: StoredGrant): Promise<void>;
  /** Removes and returns it: exactly one of several concurrent callers gets it, the others undefined. It may have expired. */
  take(kind: StoredGrant['kind'], hash: string): Promise<StoredGrant | undefined>;
  /** Removes every grant of a subject (a reused refresh token revokes its family). Returns how many. */
  revokeAll(subject: string, clientId: string): Promise<number>;
  /** Removes what expired before `now`. Returns how many. */
  sweep(now: Millis): Promise<number>;
}

/** A signing key, as a private JSON Web Key in text. */
export interface SigningKey {
  readonly kid: string;
  readonly jwk: string;
  readonly createdAt: Millis;
}

export interface SigningKeys {
  /** Newest first. */
  list(): Promise<readonly SigningKey[]>;
  /** Stores the key unless another process stored one first; returns the newest, so that two gateways agree. */
  putFirst(key: SigningKey): Promise<SigningKey>;
}

/** Zeros where nothing was ever remembered. */
export interface RememberedRegime {
  readonly epoch: Epoch;
  readonly term: Term;
  /** Of the newest page of the shard table that was known to be written. */
  readonly revision: number;
}

/** The highest epoch and term ever seen, so that a memory, wiped or restored cluster store is noticed and starts above them (K4). */
export interface Regime {
  highest(): Promise<RememberedRegime>;
  /** Raises epoch and term, never lowers them. The revision is raised within its epoch; one of a newer epoch takes its place, one of an older is left. */
  raise(epoch: Epoch, term: Term, revision: number): Promise<void>;
}

/** All of a player that outlives the cluster, as its actor begins with it. */
export interface PlayerRecord {
  readonly account: Account;
  readonly ties: Ties;
  readonly clan: ClanTies;
}

export interface Players {
  /** One question, so that all of it is of one moment. undefined: no account has this id. */
  read(id: PlayerId): Promise<PlayerRecord | undefined>;
}

/** What outlives the cluster: Postgres, or PGlite embedded. Every call ends within its deadline; a write that missed it may still happen. @throws MusterError STORAGE_UNAVAILABLE */
export interface Storage {
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly keys: SigningKeys;
  readonly regime: Regime;
  readonly shards: ShardStore;
  readonly friendships: Friendships;
  readonly clans: Clans;
  readonly moderation: Moderation;
  readonly battles: Battles;
  readonly players: Players;
  /** Which storage this is: a random text, written once when it was made. Whoever has another belongs to another cluster. */
  readonly identity: string;
  /** Resolves when a trivial query was answered. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
