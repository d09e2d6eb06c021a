import type { BattleParticipant } from '@muster/ports';
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
  readonly changed_at: Generated<number>;
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
  readonly revision: Generated<number>;
}

/** Exactly one row, written by the migration. */
export interface StorageIdentityTable {
  readonly only_row: Generated<true>;
  readonly id: ColumnType<string, string, never>;
}

/** Primary key (sender, receiver): what was done last. */
export interface OperationsTable {
  readonly sender: string;
  readonly receiver: string;
  readonly number: number;
  /** JSON; null within the transaction that does it. */
  readonly result: string | null;
  readonly at: number;
}

/** Of each player's friends, and of each player's clan. */
export interface VersionsTable {
  readonly user_id: number;
  readonly version: number;
}

/** Primary key (user_id, friend_id); each friendship has two. */
export interface FriendshipsTable {
  readonly user_id: number;
  readonly friend_id: number;
  readonly since: number;
}

export interface FriendRequestsTable {
  readonly from_id: number;
  readonly to_id: number;
  readonly sent_at: number;
}

export interface IgnoresTable {
  readonly user_id: number;
  readonly ignored_id: number;
  readonly at: number;
}

export interface ClansTable {
  readonly id: string;
  readonly name: string;
  /** `usernameKey(name)`, unique; the same of the tag. */
  readonly name_key: string;
  readonly tag: string;
  readonly tag_key: string;
  readonly language: string;
  readonly description: string | null;
  readonly created_at: ColumnType<number, number, never>;
}

export interface ClanMembersTable {
  readonly user_id: number;
  readonly clan_id: string;
  readonly role: 'member' | 'coLeader' | 'leader';
  readonly joined_at: number;
  /** Grows with each row. */
  readonly number: GeneratedAlways<number>;
}

export interface ClanInvitesTable {
  readonly clan_id: string;
  readonly user_id: number;
  readonly at: number;
  readonly number: GeneratedAlways<number>;
}

export interface ReportsTable {
  readonly id: GeneratedAlways<number>;
  readonly reporter_id: number;
  readonly type: string;
  readonly message: string;
  readonly at: number;
}

export interface ReportedUsersTable {
  readonly report_id: number;
  readonly user_id: number;
  readonly place: number;
}

export interface BansTable {
  readonly id: GeneratedAlways<number>;
  readonly user_id: number;
  readonly reason: string;
  readonly decided_by: string;
  readonly at: number;
  /** null: for good. */
  readonly until: number | null;
  readonly lifted_at: Generated<number | null>;
  readonly lifted_by: Generated<string | null>;
}

export interface BattlesTable {
  readonly id: string;
  readonly host_id: string | null;
  readonly engine_version: string;
  readonly game_name: string;
  readonly map_name: string;
  readonly tags: JSONColumnType<readonly string[]>;
  readonly started_at: number;
  readonly ended_at: number;
  readonly how: string;
  readonly winning_ally_teams: JSONColumnType<readonly string[]>;
  readonly players: JSONColumnType<readonly BattleParticipant[]>;
}

export interface BattlePlayersTable {
  readonly user_id: number;
  readonly ended_at: number;
  readonly battle_id: string;
}

export interface Schema {
  readonly accounts: AccountsTable;
  readonly bots: BotsTable;
  readonly grants: GrantsTable;
  readonly signing_keys: SigningKeysTable;
  readonly regime: RegimeTable;
  readonly storage_identity: StorageIdentityTable;
  readonly operations: OperationsTable;
  readonly friend_versions: VersionsTable;
  readonly friendships: FriendshipsTable;
  readonly friend_requests: FriendRequestsTable;
  readonly ignores: IgnoresTable;
  readonly clans: ClansTable;
  readonly clan_members: ClanMembersTable;
  readonly clan_invites: ClanInvitesTable;
  readonly clan_versions: VersionsTable;
  readonly reports: ReportsTable;
  readonly reported_users: ReportedUsersTable;
  readonly bans: BansTable;
  readonly battles: BattlesTable;
  readonly battle_players: BattlePlayersTable;
}
