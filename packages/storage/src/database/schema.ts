import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely';

// The tables as the newest migration leaves them, but for those of shards, which only shard-store/sql-statements.ts knows. Instants are int8 milliseconds since the Unix epoch, read as numbers.

export interface AccountsTable {
  readonly id: GeneratedAlways<number>;
  readonly username: string;
  /** `usernameKey(username)`, unique. */
  readonly username_key: string;
  readonly display_name: string;
  readonly country_code: string;
  readonly roles: JSONColumnType<readonly string[]>;
  readonly created_at: number;
  readonly banned_until: Generated<number | null>;
}

export interface BotsTable {
  readonly id: GeneratedAlways<number>;
  /** Unique. */
  readonly client_id: string;
  readonly name: string;
  readonly secret_hash: string;
  readonly created_at: ColumnType<number, number, never>;
}

/** Primary key (kind, hash). */
export interface GrantsTable {
  readonly kind: 'code' | 'refresh';
  readonly hash: string;
  readonly subject: string;
  readonly client_id: string;
  readonly scope: string;
  readonly expires_at: number;
  readonly detail: JSONColumnType<Readonly<Record<string, string>>>;
}

export interface SigningKeysTable {
  readonly kid: string;
  readonly jwk: string;
  readonly created_at: number;
}

/** At most one row. */
export interface RegimeTable {
  readonly only_row: Generated<true>;
  readonly epoch: number;
  readonly term: number;
}

/** Exactly one row, written by the migration. */
export interface StorageIdentityTable {
  readonly only_row: Generated<true>;
  readonly id: ColumnType<string, string, never>;
}

export interface Schema {
  readonly accounts: AccountsTable;
  readonly bots: BotsTable;
  readonly grants: GrantsTable;
  readonly signing_keys: SigningKeysTable;
  readonly regime: RegimeTable;
  readonly storage_identity: StorageIdentityTable;
}
