import {
  type Friendships,
  type Operation,
  type PairChange,
  type PairFacts,
  type PlayerId,
  playerId,
  type Ruling,
  type Ties,
} from '@muster/ports';
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { Calls } from './calls.js';
import type { Schema } from './schema.js';
import type { SqlOperations } from './sql-operations.js';
import { noTies, rowId } from './storable.js';

type Trx = Transaction<Schema>;

interface PairRow {
  readonly friends_since: number | null;
  readonly requested_at: number | null;
  readonly requested_by_them_at: number | null;
  readonly is_ignored: boolean;
  readonly ignores_me: boolean;
  readonly counts: readonly (readonly [number, number, number, number])[];
}

export class SqlFriendships implements Friendships {
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;
  private readonly operations: SqlOperations;

  constructor(db: Kysely<Schema>, calls: Calls, operations: SqlOperations) {
    this.db = db;
    this.calls = calls;
    this.operations = operations;
  }

  async of(id: PlayerId): Promise<Ties> {
    const me = rowId(id);
    if (me === undefined) return noTies;
    const query = tiesOf(sql`${me}`);
    const { rows } = await this.calls.run('friendships.of', () => query.execute(this.db));
    return asTies(rows[0]!);
  }

  change<Result>(
    operation: Operation,
    me: PlayerId,
    other: PlayerId,
    decide: (facts: PairFacts | undefined) => Ruling<PairChange, Result>,
  ): Promise<Result> {
    const [mine, theirs] = [rowId(me), rowId(other)];
    return this.operations.once('friendships.change', operation, async (trx) => {
      const known = mine !== undefined && theirs !== undefined && (await lock(trx, mine, theirs));
      const { changes, result } = decide(known ? await facts(trx, mine, theirs) : undefined);
      if (known) for (const change of changes) await apply(trx, mine, theirs, change);
      return result;
    });
  }
}

export interface TiesRow {
  readonly version: number;
  readonly friends: readonly (readonly [number, number])[];
  readonly outgoing: TiesRow['friends'];
  readonly incoming: TiesRow['friends'];
  readonly ignored: readonly number[];
}

/** One statement, so that all of it is of one moment. `me`: an id, or an expression for one. */
export function tiesOf(me: RawBuilder<unknown>) {
  return sql<TiesRow>`select
    coalesce((select version from friend_versions where user_id = ${me}), 0) as version,
    coalesce((select json_agg(json_build_array(friend_id, since) order by friend_id)
      from friendships where user_id = ${me}), '[]') as friends,
    coalesce((select json_agg(json_build_array(to_id, sent_at) order by to_id)
      from friend_requests where from_id = ${me}), '[]') as outgoing,
    coalesce((select json_agg(json_build_array(from_id, sent_at) order by from_id)
      from friend_requests where to_id = ${me}), '[]') as incoming,
    coalesce((select json_agg(ignored_id order by ignored_id) from ignores where user_id = ${me}), '[]') as ignored`;
}

export function asTies({ version, friends, outgoing, incoming, ignored }: TiesRow): Ties {
  const id = (row: number): PlayerId => playerId(String(row));
  return {
    version,
    friends: friends.map(([friend, since]) => ({ userId: id(friend), since })),
    outgoing: outgoing.map(([to, sentAt]) => ({ to: id(to), sentAt })),
    incoming: incoming.map(([from, sentAt]) => ({ from: id(from), sentAt })),
    ignored: ignored.map(id),
  };
}

/** Both, always in the same order: nobody reads or changes what they are to anybody meanwhile. @returns whether both exist */
async function lock(trx: Trx, mine: number, theirs: number): Promise<boolean> {
  const both = sql`(${mine}, ${theirs})`;
  const locked = sql`select user_id from friend_versions where user_id in ${both} order by user_id for update`;
  if (mine === theirs || (await locked.execute(trx)).rows.length === 2) return mine !== theirs;
  await sql`insert into friend_versions (user_id, version)
    select id, 0 from accounts where id in ${both} order by id on conflict do nothing`.execute(trx);
  return (await locked.execute(trx)).rows.length === 2;
}

/** Apart from the lock: what it waited for is seen only by a later statement. */
async function facts(trx: Trx, mine: number, theirs: number): Promise<PairFacts> {
  const counts = (id: number) => sql`json_build_array(
    (select count(*) from friendships where user_id = ${id}),
    (select count(*) from friend_requests where from_id = ${id}),
    (select count(*) from friend_requests where to_id = ${id}),
    (select count(*) from ignores where user_id = ${id}))`;
  const { rows } = await sql<PairRow>`select
    (select since from friendships where user_id = ${mine} and friend_id = ${theirs}) as friends_since,
    (select sent_at from friend_requests where from_id = ${mine} and to_id = ${theirs}) as requested_at,
    (select sent_at from friend_requests where from_id = ${theirs} and to_id = ${mine}) as requested_by_them_at,
    exists (select from ignores where user_id = ${mine} and ignored_id = ${theirs}) as is_ignored,
    exists (select from ignores where user_id = ${theirs} and ignored_id = ${mine}) as ignores_me,
    json_build_array(${counts(mine)}, ${counts(theirs)}) as counts`.execute(trx);
  const row = rows[0]!;
  const [own, others] = row.counts.map(([friends, outgoing, incoming, ignored]) => ({
    friends,
    outgoing,
    incoming,
    ignored,
  }));
  return {
    mine: own!,
    theirs: others!,
    friendsSince: row.friends_since,
    requestedAt: row.requested_at,
    requestedByThemAt: row.requested_by_them_at,
    isIgnored: row.is_ignored,
    ignoresMe: row.ignores_me,
  };
}

async function apply(trx: Trx, mine: number, theirs: number, change: PairChange): Promise<void> {
  const { friendsSince, requestedAt, requestedByThemAt, ignoredAt } = change;
  if (friendsSince === null)
    await sql`delete from friendships where (user_id, friend_id) in ((${mine}, ${theirs}), (${theirs}, ${mine}))`.execute(
      trx,
    );
  else if (friendsSince !== undefined)
    await sql`insert into friendships (user_id, friend_id, since)
      values (${mine}, ${theirs}, ${friendsSince}), (${theirs}, ${mine}, ${friendsSince})
      on conflict (user_id, friend_id) do update set since = excluded.since`.execute(trx);
  if (requestedAt !== undefined) await request(trx, mine, theirs, requestedAt);
  if (requestedByThemAt !== undefined) await request(trx, theirs, mine, requestedByThemAt);
  if (ignoredAt === null)
    await sql`delete from ignores where user_id = ${mine} and ignored_id = ${theirs}`.execute(trx);
  else if (ignoredAt !== undefined)
    await sql`insert into ignores (user_id, ignored_id, at) values (${mine}, ${theirs}, ${ignoredAt})
      on conflict do nothing`.execute(trx);
  await sql`update friend_versions set version = version + 1 where user_id in (${mine}, ${theirs})`.execute(trx);
}

async function request(trx: Trx, from: number, to: number, at: number | null): Promise<void> {
  if (at === null) await sql`delete from friend_requests where from_id = ${from} and to_id = ${to}`.execute(trx);
  else
    await sql`insert into friend_requests (from_id, to_id, sent_at) values (${from}, ${to}, ${at})
      on conflict (from_id, to_id) do update set sent_at = excluded.sent_at`.execute(trx);
}
