import {
  type Ban,
  type Clock,
  type Millis,
  type Moderation,
  MusterError,
  type Operation,
  type PlayerId,
  playerId,
  type Report,
} from '@muster/ports';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Calls } from './calls.js';
import type { BansTable, Schema } from './schema.js';
import type { SqlOperations } from './sql-operations.js';
import { checkBan, checkReport, FOR_GOOD, rowId } from './storable.js';

export class SqlModeration implements Moderation {
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;
  private readonly operations: SqlOperations;
  private readonly clock: Clock;

  constructor(db: Kysely<Schema>, calls: Calls, operations: SqlOperations, clock: Clock) {
    this.db = db;
    this.calls = calls;
    this.operations = operations;
    this.clock = clock;
  }

  async file(
    operation: Operation,
    report: Omit<Report, 'id'>,
    limit: { readonly max: number; readonly since: number },
  ): ReturnType<Moderation['file']> {
    checkReport(report);
    const ids = [report.reporter, ...report.users].map((id) => rowId(id) ?? 0);
    const { type, message, at } = report;
    return this.operations.once('moderation.file', operation, async (trx) => {
      const { rows } = await sql<{ readonly known: boolean; readonly filed: number }>`select
        not exists (select from unnest(${ids}::int8[]) as w(id) where not exists (
          select from accounts a where a.id = w.id)) as known,
        (select count(*) from reports where reporter_id = ${ids[0]} and at >= ${limit.since}) as filed`.execute(trx);
      const { known, filed } = rows[0]!;
      if (!known) return 'unknown_user';
      if (filed >= limit.max) return 'too_many';
      const values = { reporter_id: ids[0]!, type, message, at };
      const { id } = await trx.insertInto('reports').values(values).returning('id').executeTakeFirstOrThrow();
      const users = ids.slice(1).map((user, place) => ({ report_id: id, user_id: user, place }));
      await trx.insertInto('reported_users').values(users).execute();
      return 'filed';
    });
  }

  async reports({ max, before, about }: Parameters<Moderation['reports']>[0]): Promise<readonly Report[]> {
    const below = before === undefined ? Number.MAX_SAFE_INTEGER : (rowId(before) ?? 0);
    const named = about === undefined ? null : (rowId(about) ?? 0);
    const query = sql<ReportRow>`select r.id, r.reporter_id, r.type, r.message, r.at,
        (select json_agg(u.user_id order by u.place) from reported_users u where u.report_id = r.id) as users
      from reports r
      where r.id < ${below} and (${named}::int8 is null
        or exists (select from reported_users u where u.report_id = r.id and u.user_id = ${named}))
      order by r.id desc limit ${max}`;
    const { rows } = await this.calls.run('moderation.reports', () => query.execute(this.db));
    return rows.map(({ id, reporter_id, type, message, at, users }) => ({
      id: String(id),
      reporter: playerId(String(reporter_id)),
      users: users.map((user) => playerId(String(user))),
      type,
      message,
      at,
    }));
  }

  async ban(ban: Parameters<Moderation['ban']>[0]): Promise<Ban> {
    checkBan(ban);
    const row = rowId(ban.userId);
    const at = Math.floor(this.clock.now());
    const { reason, by, until } = ban;
    const banned = await this.calls.run('moderation.ban', () =>
      this.db.transaction().execute(async (trx) => {
        const end = until ?? FOR_GOOD;
        const account = await trx
          .updateTable('accounts')
          .set({ banned_until: sql<number>`greatest(coalesce(banned_until, 0), ${end}::int8)` })
          .where('id', '=', row ?? 0)
          .returning('id')
          .executeTakeFirst();
        if (!account) return undefined;
        const values = { user_id: account.id, reason, decided_by: by, at, until };
        return trx.insertInto('bans').values(values).returningAll().executeTakeFirstOrThrow();
      }),
    );
    if (!banned) throw new MusterError('NOT_FOUND', { what: `user ${ban.userId}` });
    return asBan(banned);
  }

  async lift(id: PlayerId, by: string): Promise<number> {
    const row = rowId(id) ?? 0;
    const at = Math.floor(this.clock.now());
    return this.calls.run('moderation.lift', () =>
      this.db.transaction().execute(async (trx) => {
        await trx.updateTable('accounts').set({ banned_until: null }).where('id', '=', row).execute();
        const lifted = await trx
          .updateTable('bans')
          .set({ lifted_at: at, lifted_by: by })
          .where('user_id', '=', row)
          .where('lifted_at', 'is', null)
          .where((eb) => eb.or([eb('until', 'is', null), eb('until', '>', at)]))
          .executeTakeFirst();
        return Number(lifted.numUpdatedRows);
      }),
    );
  }

  async standing(since: Millis, max: number): Promise<readonly Ban[]> {
    const query = this.db
      .selectFrom('bans')
      .selectAll()
      .where('at', '>=', since)
      .where('lifted_at', 'is', null)
      .where((eb) => eb.or([eb('until', 'is', null), eb('until', '>', Math.floor(this.clock.now()))]))
      .orderBy('id', 'desc')
      .limit(max);
    return (await this.calls.run('moderation.standing', () => query.execute())).map(asBan);
  }

  async bansOf(id: PlayerId, max: number): Promise<readonly Ban[]> {
    const query = this.db
      .selectFrom('bans')
      .selectAll()
      .where('user_id', '=', rowId(id) ?? 0)
      .orderBy('id', 'desc')
      .limit(max);
    return (await this.calls.run('moderation.bansOf', () => query.execute())).map(asBan);
  }
}

interface ReportRow {
  readonly id: number;
  readonly reporter_id: number;
  readonly type: string;
  readonly message: string;
  readonly at: number;
  readonly users: readonly number[];
}

function asBan({ id, user_id, reason, decided_by, at, until, lifted_at, lifted_by }: Selectable<BansTable>): Ban {
  return {
    id: String(id),
    userId: playerId(String(user_id)),
    reason,
    by: decided_by,
    at,
    until,
    liftedAt: lifted_at,
    liftedBy: lifted_by,
  };
}
