import type { SigningKey, SigningKeys } from '@muster/ports';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Calls } from './calls.js';
import { ADVISORY_LOCKS } from './migrate.js';
import type { Schema, SigningKeysTable } from './schema.js';
import { checkKey } from './storable.js';

export class SqlKeys implements SigningKeys {
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;

  constructor(db: Kysely<Schema>, calls: Calls) {
    this.db = db;
    this.calls = calls;
  }

  async list(): Promise<readonly SigningKey[]> {
    const rows = await this.calls.run('keys.list', () => newestFirst(this.db).execute());
    return rows.map(asKey);
  }

  async putFirst(key: SigningKey): Promise<SigningKey> {
    checkKey(key);
    const { kid, jwk, createdAt } = key;
    return this.calls.run('keys.putFirst', () =>
      this.db.transaction().execute(async (transaction) => {
        // Who comes second waits here, and its next statement sees what the first one stored.
        await sql`select pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCKS.signingKeys)})`.execute(transaction);
        const known = await newestFirst(transaction).limit(1).executeTakeFirst();
        if (known) return asKey(known);
        await transaction.insertInto('signing_keys').values({ kid, jwk, created_at: createdAt }).execute();
        return { kid, jwk, createdAt };
      }),
    );
  }
}

function newestFirst(db: Kysely<Schema>) {
  return db.selectFrom('signing_keys').selectAll().orderBy('created_at', 'desc').orderBy('kid', 'desc');
}

function asKey({ kid, jwk, created_at }: Selectable<SigningKeysTable>): SigningKey {
  return { kid, jwk, createdAt: created_at };
}
