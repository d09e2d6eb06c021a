import { type Epoch, epoch, type Regime, type RememberedRegime, type Term, term } from '@muster/ports';
import { type Kysely, sql } from 'kysely';
import type { Calls } from './calls.js';
import type { Schema } from './schema.js';
import { requireInstant } from './storable.js';

/** The highest epoch and term, in one row (K4). */
export class SqlRegime implements Regime {
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;

  constructor(db: Kysely<Schema>, calls: Calls) {
    this.db = db;
    this.calls = calls;
  }

  async highest(): Promise<RememberedRegime> {
    const query = this.db.selectFrom('regime').select(['epoch', 'term', 'revision']);
    const row = await this.calls.run('regime.highest', () => query.executeTakeFirst());
    return { epoch: epoch(row?.epoch ?? 0), term: term(row?.term ?? 0), revision: row?.revision ?? 0 };
  }

  async raise(newEpoch: Epoch, newTerm: Term, revision: number): Promise<void> {
    requireInstant('epoch', newEpoch);
    requireInstant('term', newTerm);
    requireInstant('revision', revision);
    // One statement: two coordinators that raise at once both win where each is higher.
    const query = this.db
      .insertInto('regime')
      .values({ epoch: newEpoch, term: newTerm, revision })
      .onConflict((conflict) =>
        conflict.column('only_row').doUpdateSet({
          epoch: sql`greatest(regime.epoch, excluded.epoch)`,
          term: sql`greatest(regime.term, excluded.term)`,
          // A newer epoch may have begun in a store that counts from further back.
          revision: sql`case when excluded.epoch > regime.epoch then excluded.revision
            when excluded.epoch = regime.epoch then greatest(regime.revision, excluded.revision)
            else regime.revision end`,
        }),
      );
    await this.calls.run('regime.raise', () => query.execute());
  }
}
