// The statements of the SQL form. Each is one transaction and one round trip, whatever the number of shards, and begins by locking the
// heads of its shards in order: a claim and a write of one shard never overlap, and no two calls wait for each other in a circle. Under
// READ COMMITTED a lock that had to be waited for is had on the newest version of its row, so what is compared is never old (K5).
import type {
  ClaimAnswer,
  LogBatch,
  ShardClaim,
  ShardId,
  ShardMark,
  ShardSaves,
  StoredPosition,
  Term,
  Whereabout,
} from '@muster/ports';
import { type RawBuilder, sql } from 'kysely';
import type { Head, Wanted } from './admission.js';
import { checksum, type StoredRow } from './rows.js';

/** A head as it was when it was locked. */
export type LockedHead = Pick<Head, 'term' | 'position'> & { readonly shard: ShardId };

const ints = (values: readonly number[]) => sql`${values}::int4[]`;
const bigints = (values: readonly number[]) => sql`${values}::int8[]`;
const texts = (values: readonly (string | null)[]) => sql`${values}::text[]`;
const standings = (parts: readonly Pick<ShardSaves, 'standing'>[]) =>
  texts(parts.map(({ standing = null }) => standing));

/** Heads that let the write pass, as `accepted`; all that exist, as `locked`. */
function heads(wanted: readonly Wanted[]): RawBuilder<unknown> {
  const shards = ints(wanted.map(({ shard }) => shard));
  return sql`wanted as (
      select * from unnest(${shards}, ${bigints(wanted.map(({ term }) => term))}, ${bigints(wanted.map(({ needs }) => needs))})
        as w(shard, term, needs)),
    locked as materialized (
      select h.shard, h.term, h.position from shard_heads h where h.shard = any(${shards}) order by h.shard for update),
    accepted as materialized (
      select l.shard, l.term, l.position from locked l join wanted w on w.shard = l.shard
        where w.term = l.term and w.needs <= l.position)`;
}

export interface ClaimedRow {
  readonly shard: ShardId;
  readonly term: Term;
  readonly position: StoredPosition;
  readonly before_term: Term | null;
  readonly before_position: StoredPosition | null;
  readonly before_standing: NonNullable<ClaimAnswer['before']>['standing'] | null;
}

export function claimStatement(claims: readonly ShardClaim[]): RawBuilder<ClaimedRow> {
  const shards = ints(claims.map(({ shard }) => shard));
  const terms = bigints(claims.map(({ term }) => term));
  // The old owner's line is kept beside the new one's, so that a claim whose answer was lost can be asked again.
  return sql<ClaimedRow>`
    insert into shard_heads as h (shard, term, position, standing)
      select c.shard, c.term, 0, c.standing
        from unnest(${shards}, ${terms}, ${texts(claims.map(({ standing }) => standing))}) as c(shard, term, standing)
        order by c.shard
    on conflict (shard) do update set
      term = greatest(h.term, excluded.term),
      standing = case when h.term < excluded.term then excluded.standing else h.standing end,
      before_term = case when h.term < excluded.term then h.term else h.before_term end,
      before_position = case when h.term < excluded.term then h.position else h.before_position end,
      before_standing = case when h.term < excluded.term then h.standing else h.before_standing end
    returning shard, term, position, before_term, before_position, before_standing`;
}

export function appendStatement(batches: readonly LogBatch[], wanted: readonly Wanted[]): RawBuilder<LockedHead> {
  const shards: number[] = [];
  const rows: Omit<StoredRow, 'crc'>[] = [];
  for (const { shard, first, records } of batches)
    for (const [n, { entity, seq, text }] of records.entries()) {
      shards.push(shard);
      rows.push({ entity, position: first + n, seq, version: null, body: text });
    }
  const lasts = batches.map(({ first, records }) => first + records.length - 1);
  return sql<LockedHead>`
    with ${heads(wanted)},
    written as (
      insert into shard_log (shard, entity, position, term, seq, body, crc)
        select r.shard, r.entity, r.position, a.term, r.seq, r.body, r.crc
          from unnest(${ints(shards)}, ${texts(rows.map(({ entity }) => entity))}, ${bigints(rows.map(({ position }) => position))},
            ${bigints(rows.map(({ seq }) => seq))}, ${texts(rows.map(({ body }) => body))}, ${bigints(rows.map(checksum))})
            as r(shard, entity, position, seq, body, crc)
          join accepted a on a.shard = r.shard and r.position > a.position),
    moved as (
      update shard_heads h set position = greatest(h.position, b.last),
          standing = coalesce(b.standing, case when h.standing = 'parked' then 'behind' else h.standing end)
        from accepted a
        join unnest(${ints(batches.map(({ shard }) => shard))}, ${bigints(lasts)}, ${standings(batches)})
          as b(shard, last, standing) on b.shard = a.shard
        where h.shard = a.shard and (b.last > a.position or b.standing is not null))
    select * from locked`;
}

export function saveStatement(
  saves: readonly Omit<ShardSaves, 'term'>[],
  wanted: readonly Wanted[],
): RawBuilder<LockedHead> {
  const shards = saves.flatMap(({ shard, entities }) => entities.map(() => shard));
  const rows = saves.flatMap(({ entities }) => entities).map(({ text, ...rest }) => ({ ...rest, body: text }));
  const columns = sql`${ints(shards)}, ${texts(rows.map(({ entity }) => entity))}, ${bigints(rows.map(({ position }) => position))},
    ${bigints(rows.map(({ seq }) => seq))}, ${ints(rows.map(({ version }) => version))}, ${texts(rows.map(({ body }) => body))},
    ${bigints(rows.map(checksum))}`;
  return sql<LockedHead>`
    with ${heads(wanted)},
    given as materialized (
      select g.*, a.term from unnest(${columns}) as g(shard, entity, position, seq, version, body, crc)
        join accepted a on a.shard = g.shard),
    kept as (
      insert into shard_snapshots as s (shard, entity, position, term, seq, version, body, crc)
        select shard, entity, position, term, seq, version, body, crc from given
      on conflict (shard, entity) do update set
        position = excluded.position, term = excluded.term, seq = excluded.seq,
        version = excluded.version, body = excluded.body, crc = excluded.crc
        where (s.position, s.term, s.seq) <= (excluded.position, excluded.term, excluded.seq)),
    trimmed as (
      delete from shard_log l using given g where l.shard = g.shard and l.entity = g.entity and l.position <= g.position),
    ${marked(saves)}
    select * from locked`;
}

export function forgetStatement(
  losses: readonly {
    readonly shard: ShardId;
    readonly entities: readonly { readonly entity: string; readonly position: StoredPosition }[];
  }[],
  wanted: readonly Wanted[],
): RawBuilder<LockedHead> {
  const shards = losses.flatMap(({ shard, entities }) => entities.map(() => shard));
  const entities = losses.flatMap((loss) => loss.entities);
  return sql<LockedHead>`
    with ${heads(wanted)},
    given as materialized (
      select g.* from unnest(${ints(shards)}, ${texts(entities.map(({ entity }) => entity))},
        ${bigints(entities.map(({ position }) => position))}) as g(shard, entity, position)
        join accepted a on a.shard = g.shard),
    unkept as (
      delete from shard_snapshots s using given g where s.shard = g.shard and s.entity = g.entity and s.position <= g.position),
    trimmed as (
      delete from shard_log l using given g where l.shard = g.shard and l.entity = g.entity and l.position <= g.position)
    select * from locked`;
}

export function markStatement(marks: readonly ShardMark[], wanted: readonly Wanted[]): RawBuilder<LockedHead> {
  return sql<LockedHead>`
    with ${heads(wanted)},
    ${marked(marks)}
    select * from locked`;
}

/** What those that were accepted are called from now on, where somebody says so. */
function marked(parts: readonly Pick<ShardSaves, 'shard' | 'standing'>[]): RawBuilder<unknown> {
  const columns = sql`${ints(parts.map(({ shard }) => shard))}, ${standings(parts)}`;
  return sql`marked as (
      update shard_heads h set standing = m.standing
        from accepted a join unnest(${columns}) as m(shard, standing) on m.shard = a.shard
        where h.shard = a.shard and m.standing is not null)`;
}

/** The last row of an entity in a shard says whether it is gone there. */
export function whereaboutsStatement(first: ShardId, entities: readonly string[]): RawBuilder<Whereabout> {
  return sql<Whereabout>`
    with suspects as (
      select entity from shard_snapshots where shard >= ${first} union select entity from shard_log where shard >= ${first}
      union select unnest(${entities}::text[])),
    found as (
      select s.shard, s.entity, s.position, 0 as part, s.body from shard_snapshots s join suspects using (entity)
      union all
      select l.shard, l.entity, l.position, 1 as part, l.body from shard_log l join suspects using (entity)),
    last as (
      select distinct on (shard, entity) shard, entity, body from found order by shard, entity, position desc, part)
    select entity, shard from last where body <> '' order by entity, shard`;
}

export function termsStatement(): RawBuilder<{ readonly shard: ShardId; readonly term: Term }> {
  return sql`select shard, term from shard_heads order by shard`;
}

/** One row where the head is there: with `entity` null where the page is empty. */
export type PageRow = { readonly head_term: Term } & (
  | (StoredRow & { readonly found: number })
  | { readonly entity: null }
);

interface PageWanted {
  readonly shard: ShardId;
  /** Entities after this one, or this one alone. */
  readonly entity: string;
  readonly which: 'after' | 'only';
}

/** Rows in reading order, cut at whichever limit comes first; `found` is more than the rows that came where it was cut. */
export function pageStatement(
  { shard, entity, which }: PageWanted,
  { rows, bytes }: { readonly rows: number; readonly bytes: number },
): RawBuilder<PageRow> {
  const matches = which === 'only' ? sql`entity = ${entity}` : sql`entity > ${entity}`;
  return sql<PageRow>`
    with found as (
      (select entity, 0 as part, position, seq, version, body, crc from shard_snapshots
        where shard = ${shard} and ${matches} order by entity limit ${rows + 1})
      union all
      (select entity, 1 as part, position, seq, null, body, crc from shard_log
        where shard = ${shard} and ${matches} order by entity, position limit ${rows + 1})),
    measured as (
      select f.*, count(*) over () as found, row_number() over reading as number,
        sum(octet_length(body)) over (reading rows unbounded preceding) as upto
      from found f window reading as (order by entity, part, position))
    select h.term as head_term, m.entity, m.position, m.seq, m.version, m.body, m.crc, m.found
      from shard_heads h left join measured m on m.number = 1 or (m.number <= ${rows} and m.upto <= ${bytes})
      where h.shard = ${shard}
      order by m.number`;
}
