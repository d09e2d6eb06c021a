// The forms of ShardStore as their tests use them. Not part of the package's face.
import { SeededRandom, type ShardId, type ShardStore, SystemClock } from '@muster/ports';
import { Kysely, sql } from 'kysely';
import { Calls } from '../database/calls.js';
import { openPglite } from '../database/open-pglite.js';
import { DATABASE_DEFAULTS } from '../database/options.js';
import { PgliteDialect } from '../database/pglite-dialect.js';
import { postgresDialect } from '../database/postgres-dialect.js';
import type { Schema } from '../database/schema.js';
import { prepareSchema } from '../database/sql-storage.js';
import { startPostgres } from '../database/system-postgres-server.js';
import { MemoryShardServer } from './memory-shard-server.js';
import { MemoryShardStore } from './memory-shard-store.js';
import type { ShardStoreOptions } from './options.js';
import { SqlShardStore } from './sql-shard-store.js';

/** A storage that several processes share. */
export interface Form {
  /** Another process's view of it. */
  connect(): ShardStore;
  /** Puts other text into an entity's snapshot and records. */
  corrupt(shard: ShardId, entity: string, body: string): Promise<void>;
  /** Takes an entity's record away. */
  lose(shard: ShardId, entity: string, seq: number): Promise<void>;
  /** Records stored of the shard. */
  records(shard: ShardId): Promise<number>;
  end(): Promise<void>;
}

const clock = new SystemClock();
const random = new SeededRandom(1);
const parts = { clock, random, options: DATABASE_DEFAULTS };

export async function memoryForm(options: Partial<ShardStoreOptions>): Promise<Form> {
  const server = new MemoryShardServer({ clock });
  return {
    connect: () => new MemoryShardStore({ clock, server, options }),
    corrupt: async (shard, entity, body) => server.tamper(shard, entity, (row) => ({ ...row, body })),
    lose: async (shard, entity, seq) =>
      server.tamper(shard, entity, (row) => (row.version === null && row.seq === seq ? undefined : row)),
    records: async (shard) => server.rowsIn(shard).filter(({ version }) => version === null).length,
    end: async () => undefined,
  };
}

export async function pgliteForm(options: Partial<ShardStoreOptions>): Promise<Form> {
  const { db: pglite, close } = await openPglite(undefined, random);
  await prepareSchema(new PgliteDialect(pglite), parts);
  return sqlForm([new Kysely<Schema>({ dialect: new PgliteDialect(pglite) })], options, close);
}

/** Through the driver of Postgres, at an address. */
export async function addressForm(
  url: string,
  options: Partial<ShardStoreOptions>,
  stop: () => Promise<void>,
): Promise<Form> {
  await prepareSchema(dialect(url), parts);
  return sqlForm([connection(url), connection(url)], options, stop);
}

export async function postgresForm(binaries: string, options: Partial<ShardStoreOptions>): Promise<Form> {
  const server = await startPostgres({ binaries, clock });
  return addressForm(server.url, options, () => server.stop());
}

function dialect(url: string) {
  const { connectionsMax, idleConnectionMs, callDeadlineMs } = DATABASE_DEFAULTS;
  const deadlines = { deadlineMs: callDeadlineMs, connectDeadlineMs: callDeadlineMs };
  return postgresDialect({ url, connectionsMax, idleConnectionMs, ...deadlines });
}

function connection(url: string): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: dialect(url) });
}

function sqlForm(dbs: readonly Kysely<Schema>[], options: Partial<ShardStoreOptions>, stop: () => Promise<void>): Form {
  const db = dbs[0]!;
  let connected = 0;
  return {
    connect: () => {
      connected += 1;
      return new SqlShardStore({
        db: dbs[connected % dbs.length]!,
        calls: new Calls(clock, DATABASE_DEFAULTS),
        options,
      });
    },
    corrupt: async (shard, entity, body) => {
      await sql`update shard_snapshots set body = ${body} where shard = ${shard} and entity = ${entity}`.execute(db);
      await sql`update shard_log set body = ${body} where shard = ${shard} and entity = ${entity}`.execute(db);
    },
    lose: async (shard, entity, seq) => {
      await sql`delete from shard_log where shard = ${shard} and entity = ${entity} and seq = ${seq}`.execute(db);
    },
    records: async (shard) => {
      const { rows } = await sql<{
        n: number;
      }>`select count(*)::int as n from shard_log where shard = ${shard}`.execute(db);
      return rows[0]!.n;
    },
    end: async () => {
      for (const each of dbs) await each.destroy();
      await stop();
    },
  };
}
