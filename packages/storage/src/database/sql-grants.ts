import { type Grants, MusterError, type StoredGrant } from '@muster/ports';
import type { Kysely } from 'kysely';
import type { Calls } from './calls.js';
import type { Schema } from './schema.js';
import { checkGrant, isStorable, requireInstant } from './storable.js';

export class SqlGrants implements Grants {
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;
  private readonly sweepBatchRows: number;

  constructor(db: Kysely<Schema>, calls: Calls, sweepBatchRows: number) {
    this.db = db;
    this.calls = calls;
    this.sweepBatchRows = sweepBatchRows;
  }

  async put(grant: StoredGrant): Promise<void> {
    checkGrant(grant);
    const { clientId, expiresAt, detail, ...same } = grant;
    const query = this.db
      .insertInto('grants')
      .values({ ...same, client_id: clientId, expires_at: expiresAt, detail: JSON.stringify(detail) })
      .onConflict((conflict) => conflict.columns(['kind', 'hash']).doNothing())
      .returning('kind');
    const inserted = await this.calls.run('grants.put', () => query.executeTakeFirst());
    if (!inserted) throw new MusterError('ALREADY_EXISTS', { what: `${grant.kind} grant` });
  }

  async take(kind: StoredGrant['kind'], hash: string): Promise<StoredGrant | undefined> {
    if (!isStorable(hash)) return undefined;
    // One statement: the row's lock makes the second taker wait, and then it finds nothing.
    const query = this.db.deleteFrom('grants').where('kind', '=', kind).where('hash', '=', hash).returningAll();
    const row = await this.calls.run('grants.take', () => query.executeTakeFirst());
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
