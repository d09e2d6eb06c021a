import { type Grants, MusterError, type StoredGrant } from '@muster/ports';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Calls } from './calls.js';
import type { DatabaseOptions } from './options.js';
import type { GrantsTable, Schema } from './schema.js';
import { checkGrant, isStorable, requireInstant } from './storable.js';
import { Together } from './together.js';

type GrantRow = Selectable<GrantsTable>;
/** Primary key. */
type GrantKey = Pick<GrantRow, 'kind' | 'hash'>;

export class SqlGrants implements Grants {
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;
  private readonly sweepBatchRows: number;
  private readonly puts: Together<StoredGrant, boolean>;
  private readonly takes: Together<GrantKey, GrantRow | undefined>;

  constructor(
    db: Kysely<Schema>,
    calls: Calls,
    options: Pick<DatabaseOptions, 'sweepBatchRows' | 'togetherMax' | 'togetherStatementsMax'>,
  ) {
    this.db = db;
    this.calls = calls;
    this.sweepBatchRows = options.sweepBatchRows;
    this.puts = new Together((grants) => putAll(db, grants), options);
    this.takes = new Together((keys) => takeAll(db, keys), options);
  }

  async put(grant: StoredGrant): Promise<void> {
    checkGrant(grant);
    const inserted = await this.calls.run('grants.put', () => this.puts.ask(grant));
    if (!inserted) throw new MusterError('ALREADY_EXISTS', { what: `${grant.kind} grant` });
  }

  async take(kind: StoredGrant['kind'], hash: string): Promise<StoredGrant | undefined> {
    if (!isStorable(hash)) return undefined;
    const row = await this.calls.run('grants.take', () => this.takes.ask({ kind, hash }));
    if (!row) return undefined;
    const { client_id, expires_at, ...same } = row;
    return { ...same, clientId: client_id, expiresAt: expires_at };
  }

  async revokeAll(subject: string, clientId: string): Promise<number> {
    if (!isStorable(subject) || !isStorable(clientId)) return 0;
    const query = this.db.deleteFrom('grants').where('subject', '=', subject).where('client_id', '=', clientId);
    const result = await this.calls.run('grants.revokeAll', () => query.executeTakeFirst());
    return Number(result.numDeletedRows);
  }

  async sweep(now: number): Promise<number> {
    requireInstant('now', now);
    let removed = 0;
    for (;;) {
      const batch = await this.calls.run('grants.sweep', () => this.sweepBatch(now));
      removed += batch;
      if (batch < this.sweepBatchRows) return removed;
    }
  }

  private async sweepBatch(now: number): Promise<number> {
    const result = await this.db
      .deleteFrom('grants')
      .where(({ eb, refTuple, selectFrom }) =>
        eb(
          refTuple('kind', 'hash'),
          'in',
          selectFrom('grants')
            .select(['kind', 'hash'])
            .where('expires_at', '<', now)
            .limit(this.sweepBatchRows)
            .$asTuple('kind', 'hash'),
        ),
      )
      .executeTakeFirst();
    return Number(result.numDeletedRows);
  }
}

/** @returns for each whether it was written; not: there is one of its kind and hash, be it another one here */
async function putAll(db: Kysely<Schema>, grants: readonly StoredGrant[]): Promise<readonly boolean[]> {
  const first = new Map<string, StoredGrant>();
  for (const grant of grants) if (!first.has(keyOf(grant))) first.set(keyOf(grant), grant);
  // In one order everywhere, so that no two statements wait for each other in a circle.
  const rows = [...first.keys()].sort().map((key) => {
    const { clientId, expiresAt, detail, ...same } = first.get(key)!;
    return { ...same, client_id: clientId, expires_at: expiresAt, detail: JSON.stringify(detail) };
  });
  const query = db.insertInto('grants').values(rows);
  const done = await query
    .onConflict((conflict) => conflict.columns(['kind', 'hash']).doNothing())
    .returning(['kind', 'hash'])
    .execute();
  const written = new Set(done.map(keyOf));
  return grants.map((grant) => first.get(keyOf(grant)) === grant && written.has(keyOf(grant)));
}

/**
 * One statement: a row's lock makes a second taker wait, and then it finds nothing. Locks are taken in one order everywhere. Who asks twice
 * here for one grant gets it once.
 */
async function takeAll(db: Kysely<Schema>, keys: readonly GrantKey[]): Promise<readonly (GrantRow | undefined)[]> {
  const { rows } = await sql<GrantRow>`with locked as materialized (
      select g.kind, g.hash from grants g
        join unnest(${keys.map(({ kind }) => kind)}::text[], ${keys.map(({ hash }) => hash)}::text[]) as w(kind, hash)
          on g.kind = w.kind and g.hash = w.hash
        order by g.kind, g.hash for update of g)
    delete from grants g where (g.kind, g.hash) in (select kind, hash from locked) returning g.*`.execute(db);
  const taken = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => {
    const row = taken.get(keyOf(key));
    taken.delete(keyOf(key));
    return row;
  });
}

function keyOf({ kind, hash }: GrantKey): string {
  return `${kind} ${hash}`;
}
