import {
  type Accounts,
  type Battles,
  type Clans,
  type Clock,
  type Friendships,
  type Grants,
  type Log,
  type Metrics,
  type Moderation,
  MusterError,
  type Players,
  type Random,
  type Regime,
  type ShardStore,
  type SigningKeys,
  type Storage,
} from '@muster/ports';
import { type Dialect, Kysely, sql } from 'kysely';
import { SqlShardStore } from '../shard-store/sql-shard-store.js';
import { asStorageError, Calls, within } from './calls.js';
import { migrate } from './migrate.js';
import { migrations } from './migrations/index.js';
import type { DatabaseOptions } from './options.js';
import type { Schema } from './schema.js';
import { SqlAccounts } from './sql-accounts.js';
import { SqlBattles } from './sql-battles.js';
import { SqlClans } from './sql-clans.js';
import { SqlFriendships } from './sql-friendships.js';
import { SqlGrants } from './sql-grants.js';
import { SqlKeys } from './sql-keys.js';
import { SqlModeration } from './sql-moderation.js';
import { SqlOperations } from './sql-operations.js';
import { SqlPlayers } from './sql-players.js';
import { SqlRegime } from './sql-regime.js';

export interface SqlStorageParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly options: DatabaseOptions;
  readonly metrics?: Metrics | undefined;
  readonly log?: Log | undefined;
}

/** What {@link prepareSchema} found or made. */
export interface PreparedSchema {
  /** Which storage this is. */
  readonly identity: string;
}

/** {@link Storage} over any kysely dialect that speaks Postgres. It owns the dialect's connections. */
export class SqlStorage implements Storage {
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
  readonly identity: string;
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;
  private readonly parts: SqlStorageParts;
  private readonly closeDatabase: () => Promise<void>;
  private closing: Promise<void> | undefined;

  /** `closeDatabase` runs last: the dialect's own end would not do, for kysely ends no driver that nobody has asked anything. */
  constructor(
    dialect: Dialect,
    parts: SqlStorageParts & PreparedSchema,
    closeDatabase: () => Promise<void> = async () => undefined,
  ) {
    const { options } = parts;
    const db = new Kysely<Schema>({ dialect });
    const calls = new Calls(parts.clock, options, parts.metrics);
    this.accounts = new SqlAccounts({ ...parts, db, calls });
    this.grants = new SqlGrants(db, calls, options);
    this.keys = new SqlKeys(db, calls);
    this.regime = new SqlRegime(db, calls);
    this.shards = new SqlShardStore({ db, calls, metrics: parts.metrics });
    const operations = new SqlOperations(db, calls, parts.clock);
    this.friendships = new SqlFriendships(db, calls, operations);
    this.clans = new SqlClans(db, calls, operations);
    this.moderation = new SqlModeration(db, calls, operations, parts.clock);
    this.battles = new SqlBattles(db, calls);
    this.players = new SqlPlayers(db, calls, options);
    this.identity = parts.identity;
    this.db = db;
    this.calls = calls;
    this.parts = parts;
    this.closeDatabase = closeDatabase;
  }

  async ping(): Promise<void> {
    await this.calls.run('ping', () => sql`select 1`.execute(this.db));
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    const { clock, options } = this.parts;
    await this.calls.close(options.closeDeadlineMs);
    await within(clock, options.closeDeadlineMs, this.leave()).catch(() => undefined);
  }

  private async leave(): Promise<void> {
    try {
      await this.db.destroy();
    } finally {
      await this.closeDatabase();
    }
  }
}

/**
 * Runs the migrations through a dialect of its own, whose connection has the long deadline that a migration may need, and ends it.
 * @throws MusterError STORAGE_UNAVAILABLE, STORAGE_MISMATCH
 */
export async function prepareSchema(
  dialect: Dialect,
  { clock, options, log }: SqlStorageParts,
): Promise<PreparedSchema> {
  const db = new Kysely<Schema>({ dialect });
  try {
    const { from, to } = await within(clock, options.migrateDeadlineMs, migrate(db, migrations, clock));
    if (from !== to) log?.write('info', 'storage.migrated', { from, to });
    const query = db.selectFrom('storage_identity').select('id');
    const row = await within(clock, options.migrateDeadlineMs, query.executeTakeFirst());
    if (row) return { identity: row.id };
    throw new MusterError('STORAGE_MISMATCH', { found: 'no identity', expected: 'one row in storage_identity' });
  } catch (error) {
    throw asStorageError(error);
  } finally {
    await within(clock, options.closeDeadlineMs, db.destroy()).catch(() => undefined);
  }
}
