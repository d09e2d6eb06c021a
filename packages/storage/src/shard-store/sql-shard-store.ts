import {
  type ClaimAnswer,
  type Metrics,
  MusterError,
  type ShardAnswer,
  type ShardClaim,
  type ShardId,
  type ShardPage,
  type ShardSaves,
  type ShardStore,
  type ShardStoreLimits,
  type Term,
  term,
  type Whereabout,
} from '@muster/ports';
import type { Kysely, RawBuilder } from 'kysely';
import type { Calls } from '../database/calls.js';
import type { Schema } from '../database/schema.js';
import {
  Admission,
  answer,
  NOTHING_UNSTORABLE,
  refusalOf,
  type Unstorable,
  unstorableAnswer,
  type Wanted,
} from './admission.js';
import { ShardCounters } from './counters.js';
import { limitsOf, type ShardStoreOptions, shardStoreOptions } from './options.js';
import { type RowLimits, type RowPage, readPage } from './pages.js';
import type { StoredRow } from './rows.js';
import {
  appendStatement,
  type ClaimedRow,
  claimStatement,
  forgetStatement,
  type LockedHead,
  markStatement,
  pageStatement,
  saveStatement,
  termsStatement,
  whereaboutsStatement,
} from './sql-statements.js';

/** {@link ShardStore} in any Postgres: one statement, and so one round trip and one transaction, for each call. */
export class SqlShardStore implements ShardStore {
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;
  private readonly options: ShardStoreOptions;
  readonly limits: ShardStoreLimits;
  private readonly admission: Admission;
  private readonly counters: ShardCounters;

  constructor(given: {
    readonly db: Kysely<Schema>;
    readonly calls: Calls;
    readonly options?: Partial<ShardStoreOptions>;
    readonly metrics?: Metrics | undefined;
  }) {
    this.db = given.db;
    this.calls = given.calls;
    this.options = shardStoreOptions(given.options);
    this.limits = limitsOf(this.options);
    this.admission = new Admission(this.options);
    this.counters = new ShardCounters(given.metrics);
  }

  async claim(claims: readonly ShardClaim[]): Promise<readonly ClaimAnswer[]> {
    this.admission.shards(claims);
    if (claims.length === 0) return [];
    const rows = await this.ask('claim', claimStatement(claims));
    const found = new Map(rows.map((row) => [row.shard, row]));
    const answers = claims.map((claim) => claimAnswer(claim.term, found.get(claim.shard)!));
    return this.counters.answered('claim', answers);
  }

  async append(batches: Parameters<ShardStore['append']>[0]): Promise<readonly ShardAnswer[]> {
    const unstorable = this.admission.batches(batches);
    const wanted = batches.map(({ shard, term: asTerm, first }) => ({ shard, term: asTerm, needs: first - 1 }));
    for (const { records } of batches) this.counters.sent('record', records.length);
    const ends = batches.map(({ first, records }) => first + records.length - 1);
    return this.write('append', { wanted, unstorable, ends }, (open) => {
      const accepted = batches.filter(({ shard }) => !unstorable.has(shard));
      return appendStatement(accepted, open);
    });
  }

  async save(saves: readonly ShardSaves[]): Promise<readonly ShardAnswer[]> {
    const unstorable = this.admission.saves(saves);
    const wanted = saves.map(({ shard, term: asTerm, entities }) => ({
      shard,
      term: asTerm,
      needs: entities.reduce((top, { position }) => Math.max(top, position), 0),
    }));
    for (const { entities } of saves) this.counters.sent('snapshot', entities.length);
    return this.write('save', { wanted, unstorable }, (open) =>
      saveStatement(
        saves.filter(({ shard }) => !unstorable.has(shard)),
        open,
      ),
    );
  }

  async load(shard: ShardId, asTerm: Term, after = ''): Promise<ShardPage> {
    this.admission.shards([{ shard, term: asTerm }]);
    const { pageRowsMax, pageBytesMax, entityRowsMax, entityBytesMax } = this.options;
    const read = (entity: string, which: 'after' | 'only', limits: RowLimits) =>
      this.rows(shard, asTerm, { entity, which, limits });
    const page = await read(after, 'after', { rows: pageRowsMax, bytes: pageBytesMax });
    const whole = { rows: entityRowsMax, bytes: entityBytesMax };
    return readPage(shard, page, (entity) => read(entity, 'only', whole), this.counters);
  }

  async mark(marks: Parameters<ShardStore['mark']>[0]): Promise<readonly ShardAnswer[]> {
    this.admission.shards(marks);
    const wanted = marks.map(({ shard, term: asTerm, through }) => ({ shard, term: asTerm, needs: through }));
    return this.write('mark', { wanted, unstorable: NOTHING_UNSTORABLE }, (open) => markStatement(marks, open));
  }

  async forget(losses: Parameters<ShardStore['forget']>[0]): Promise<readonly ShardAnswer[]> {
    const unstorable = this.admission.losses(losses);
    const wanted = losses.map(({ shard, term: asTerm }) => ({ shard, term: asTerm, needs: 0 }));
    return this.write('forget', { wanted, unstorable }, (open) =>
      forgetStatement(
        losses.filter(({ shard }) => !unstorable.has(shard)),
        open,
      ),
    );
  }

  /** What the statement said of the heads, as answers. `ends`: where the positions are if it is accepted, by index. */
  whereabouts(first: ShardId, entities: readonly string[] = []): Promise<readonly Whereabout[]> {
    return this.ask('whereabouts', whereaboutsStatement(first, entities));
  }

  async terms(): Promise<ReadonlyMap<ShardId, Term>> {
    const rows = await this.ask('terms', termsStatement());
    return new Map(rows.map(({ shard, term: known }) => [shard, known]));
  }

  private async write(
    call: string,
    asked: {
      readonly wanted: readonly Wanted[];
      readonly unstorable: Unstorable;
      readonly ends?: readonly number[];
    },
    statement: (open: readonly Wanted[]) => RawBuilder<LockedHead>,
  ): Promise<readonly ShardAnswer[]> {
    const { wanted, unstorable, ends } = asked;
    const open = unstorable.size === 0 ? wanted : wanted.filter(({ shard }) => !unstorable.has(shard));
    const rows = open.length === 0 ? [] : await this.ask(call, statement(open));
    const found = new Map(rows.map((row) => [row.shard, row]));
    const answers = wanted.map((want, i) => {
      const entities = unstorable.get(want.shard);
      if (entities) return unstorableAnswer(want.shard, entities);
      const head = found.get(want.shard);
      const refused = refusalOf(want, head);
      if (refused || !head) return answer(want.shard, head, refused);
      return answer(want.shard, { term: head.term, position: Math.max(head.position, ends?.[i] ?? 0) }, undefined);
    });
    return this.counters.answered(call, answers);
  }

  private async rows(
    shard: ShardId,
    asTerm: Term,
    {
      entity,
      which,
      limits,
    }: { readonly entity: string; readonly which: 'after' | 'only'; readonly limits: RowLimits },
  ): Promise<RowPage> {
    const found = await this.ask('load', pageStatement({ shard, entity, which }, limits));
    const current = found[0]?.head_term ?? term(0);
    // K5: who reads without having raised the term could read what the old owner is still writing.
    if (current !== asTerm) throw new MusterError('STALE_TERM', { shard, term: asTerm, current });
    const rows: StoredRow[] = [];
    let all = 0;
    for (const row of found)
      if (row.entity !== null) {
        rows.push(row);
        all = row.found;
      }
    return { rows, cut: all > rows.length };
  }

  private async ask<Row>(call: string, statement: RawBuilder<Row>): Promise<readonly Row[]> {
    const { rows } = await this.calls.run(`shards.${call}`, () => statement.execute(this.db));
    return rows;
  }
}

function claimAnswer(asked: Term, row: ClaimedRow): ClaimAnswer {
  const { shard, before_term, before_position, before_standing } = row;
  const before =
    before_term === null || before_position === null || before_standing === null
      ? undefined
      : { term: before_term, position: before_position, standing: before_standing };
  return { ...answer(shard, row, row.term > asked ? 'STALE_TERM' : undefined), before };
}
