import { type Clock, MusterError } from '@muster/ports';
import { type Kysely, sql } from 'kysely';
import type { Migration } from './migrations/index.js';

/** Advisory locks of this database, so that no two uses share a number. */
export const ADVISORY_LOCKS = { migrations: 7_687_001, signingKeys: 7_687_002, clans: 7_687_003 } as const;

interface AppliedRow {
  readonly number: number;
  readonly name: string;
}

/**
 * Brings the schema up to the last of `migrations`, in one transaction under an advisory lock: of several processes that start at
 * once one does the work, the others wait and then find it done.
 * @throws MusterError STORAGE_MISMATCH where the database is of a newer build, or its history is not ours.
 */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  migrations: readonly Migration[],
  clock: Clock,
): Promise<{ readonly from: number; readonly to: number }> {
  return db.transaction().execute(async (transaction) => {
    // Before the table is looked for: two transactions that both create it would not both succeed.
    await sql`select pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCKS.migrations)})`.execute(transaction);
    await sql`create table if not exists muster_migrations (
      number integer primary key, name text not null, applied_at bigint not null)`.execute(transaction);
    const { rows } = await sql<AppliedRow>`select number, name from muster_migrations order by number`.execute(
      transaction,
    );
    requireSameHistory(rows, migrations);
    for (const { number, name, statements } of migrations.slice(rows.length)) {
      for (const statement of statements) await sql.raw(statement).execute(transaction);
      await sql`insert into muster_migrations (number, name, applied_at)
        values (${number}, ${name}, ${Math.floor(clock.now())})`.execute(transaction);
    }
    return { from: rows.length, to: migrations.length };
  });
}

function requireSameHistory(applied: readonly AppliedRow[], migrations: readonly Migration[]): void {
  for (const [index, { number, name }] of applied.entries()) {
    const own = migrations[index];
    if (own?.number === number && own.name === name) continue;
    throw new MusterError('STORAGE_MISMATCH', {
      found: `migration ${number} (${name})`,
      expected: own ? `${own.number} (${own.name})` : `none after ${migrations.length}`,
    });
  }
}
