import {
  type ClanBase,
  type ClanChange,
  type ClanFacts,
  type ClanMember,
  type ClanQuestion,
  type ClanRecord,
  type Clans,
  type ClanTies,
  type Millis,
  type Operation,
  type PlayerId,
  playerId,
  type Ruling,
} from '@muster/ports';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Calls } from './calls.js';
import { touchedBy } from './clan-changes.js';
import { ADVISORY_LOCKS } from './migrate.js';
import type { Schema } from './schema.js';
import type { SqlOperations } from './sql-operations.js';
import { checkClanText, isStorable, rowId, usernameKey } from './storable.js';

type Db = Kysely<Schema>;

export class SqlClans implements Clans {
  private readonly db: Db;
  private readonly calls: Calls;
  private readonly operations: SqlOperations;

  constructor(db: Db, calls: Calls, operations: SqlOperations) {
    this.db = db;
    this.calls = calls;
    this.operations = operations;
  }

  async byId(clanId: string): Promise<ClanRecord | undefined> {
    if (!isStorable(clanId)) return undefined;
    return this.calls.run('clans.byId', () => clanOf(this.db, clanId));
  }

  async list(max: number): Promise<readonly ClanBase[]> {
    const query = this.db
      .selectFrom('clans')
      .select(['id as clanId', 'name', 'tag', 'language'])
      .orderBy('name_key')
      .limit(max);
    return this.calls.run('clans.list', () => query.execute());
  }

  async of(ids: readonly PlayerId[]): Promise<readonly ClanTies[]> {
    if (ids.length === 0) return [];
    const rows = ids.map((id) => rowId(id) ?? 0);
    const found = await this.calls.run('clans.of', () => clanTiesOf(sql`${rows}::int8[]`).execute(this.db));
    return found.rows.map(asClanTies);
  }

  change<Result>(
    operation: Operation,
    question: ClanQuestion,
    at: Millis,
    decide: (facts: ClanFacts) => Ruling<ClanChange, Result>,
  ): Promise<Result> {
    return this.operations.once('clans.change', operation, async (trx) => {
      // One at a time: they are few, and names, members and invitations of several clans hang together.
      await sql`select pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCKS.clans)})`.execute(trx);
      const facts = await factsOf(trx, question);
      const { changes, result } = decide(facts);
      for (const change of changes) {
        await apply(trx, change, at);
        await touch(trx, touchedBy(change, facts.clan));
      }
      return result;
    });
  }
}

export interface ClanTiesRow {
  readonly version: number;
  readonly clan_id: string | null;
  readonly name: string | null;
  readonly tag: string | null;
  readonly language: string | null;
  readonly invites: readonly string[];
}

/** One statement, so that all of it is of one moment: a row for each, in their order. */
export function clanTiesOf(rows: RawBuilder<unknown>) {
  return sql<ClanTiesRow>`select coalesce(v.version, 0) as version, c.id as clan_id, c.name, c.tag, c.language,
      coalesce((select json_agg(i.clan_id order by i.number) from clan_invites i where i.user_id = w.id), '[]') as invites
    from unnest(${rows}) with ordinality as w(id, place)
      left join clan_versions v on v.user_id = w.id
      left join clan_members m on m.user_id = w.id
      left join clans c on c.id = m.clan_id
    order by w.place`;
}

export function asClanTies({ version, clan_id: clanId, name, tag, language, invites }: ClanTiesRow): ClanTies {
  return { version, clan: clanId === null ? null : { clanId, name: name!, tag: tag!, language: language! }, invites };
}

interface ClanRow extends ClanBase {
  readonly description: string | null;
  readonly createdAt: Millis;
  readonly members: readonly (readonly [number, ClanMember['role'], Millis])[];
  readonly invited: readonly number[];
}

async function clanOf(db: Db, clanId: string): Promise<ClanRecord | undefined> {
  const { rows } =
    await sql<ClanRow>`select c.id as "clanId", c.name, c.tag, c.language, c.description, c.created_at as "createdAt",
      coalesce((select json_agg(json_build_array(m.user_id, m.role, m.joined_at) order by m.number)
        from clan_members m where m.clan_id = c.id), '[]') as members,
      coalesce((select json_agg(i.user_id order by i.number) from clan_invites i where i.clan_id = c.id), '[]') as invited
    from clans c where c.id = ${clanId}`.execute(db);
  const row = rows[0];
  if (!row) return undefined;
  const { description, members, invited, ...same } = row;
  return {
    ...same,
    ...(description !== null && { description }),
    members: members.map(([id, role, joinedAt]) => ({ userId: playerId(String(id)), role, joinedAt })),
    invited: invited.map((id) => playerId(String(id))),
  };
}

async function factsOf(db: Db, { me, clanId, other, text }: ClanQuestion): Promise<ClanFacts> {
  const mine = rowId(me) ?? 0;
  const theirs = (other !== undefined && rowId(other)) || 0;
  const { rows } = await sql<FactsRow>`select
    (select clan_id from clan_members where user_id = ${mine}) as my_clan,
    exists (select from accounts where id = ${theirs}) as exists,
    (select clan_id from clan_members where user_id = ${theirs}) as their_clan,
    (select count(*) from clan_invites where user_id = ${theirs}) as invites,
    exists (select from ignores where user_id = ${theirs} and ignored_id = ${mine}) as ignores_me`.execute(db);
  const row = rows[0]!;
  const wanted = clanId ?? row.my_clan;
  const clan = wanted !== null && isStorable(wanted) ? await clanOf(db, wanted) : undefined;
  return {
    clan,
    myClanId: row.my_clan ?? undefined,
    other: row.exists
      ? { clanId: row.their_clan ?? undefined, invites: row.invites, ignoresMe: row.ignores_me }
      : undefined,
    ...(await taken(db, text, clan?.clanId)),
  };
}

interface FactsRow {
  readonly my_clan: string | null;
  readonly exists: boolean;
  readonly their_clan: string | null;
  readonly invites: number;
  readonly ignores_me: boolean;
}

async function taken(
  db: Db,
  text: ClanQuestion['text'],
  own: string | undefined,
): Promise<Pick<ClanFacts, 'nameTaken' | 'tagTaken'>> {
  if (!text) return { nameTaken: false, tagTaken: false };
  const others = sql`select from clans where id is distinct from ${own ?? null}::text`;
  const { rows } = await sql<Pick<ClanFacts, 'nameTaken' | 'tagTaken'>>`select
    exists (${others} and name_key = ${usernameKey(text.name)}) as "nameTaken",
    exists (${others} and tag_key = ${usernameKey(text.tag)}) as "tagTaken"`.execute(db);
  return rows[0]!;
}

async function apply(db: Db, change: ClanChange, at: Millis): Promise<void> {
  const { clanId } = change;
  switch (change.type) {
    case 'found':
      await db
        .insertInto('clans')
        .values({ id: clanId, created_at: at, ...columns(change.text) })
        .execute();
      await join(db, clanId, change.leader, 'leader', at);
      return;
    case 'rename':
      await db.updateTable('clans').set(columns(change.text)).where('id', '=', clanId).execute();
      return;
    case 'disband':
      await db.deleteFrom('clans').where('id', '=', clanId).execute();
      return;
    case 'join':
      await uninvite(db, clanId, change.userId);
      await join(db, clanId, change.userId, 'member', at);
      return;
    case 'leave':
      await sql`delete from clan_members where clan_id = ${clanId} and user_id = ${rowId(change.userId)}`.execute(db);
      return;
    case 'rank':
      await sql`update clan_members set role = ${change.role}
        where clan_id = ${clanId} and user_id = ${rowId(change.userId)}`.execute(db);
      return;
    case 'invite':
      await sql`insert into clan_invites (clan_id, user_id, at) values (${clanId}, ${rowId(change.userId)}, ${at})
        on conflict do nothing`.execute(db);
      return;
    case 'uninvite':
      await uninvite(db, clanId, change.userId);
  }
}

function columns(text: Parameters<typeof checkClanText>[0]) {
  checkClanText(text);
  const { name, tag, language, description } = text;
  const keys = { name_key: usernameKey(name), tag_key: usernameKey(tag) };
  return { name, tag, language, description: description ?? null, ...keys };
}

async function join(db: Db, clanId: string, userId: PlayerId, role: ClanMember['role'], at: Millis): Promise<void> {
  const row = { clan_id: clanId, user_id: rowId(userId)!, role, joined_at: at };
  await db.insertInto('clan_members').values(row).execute();
}

async function uninvite(db: Db, clanId: string, userId: PlayerId): Promise<void> {
  await sql`delete from clan_invites where clan_id = ${clanId} and user_id = ${rowId(userId)}`.execute(db);
}

async function touch(db: Db, ids: readonly PlayerId[]): Promise<void> {
  if (ids.length === 0) return;
  const rows = ids.map((id) => rowId(id)!);
  await sql`insert into clan_versions (user_id, version) select id, 1 from unnest(${rows}::int8[]) as w(id)
    on conflict (user_id) do update set version = clan_versions.version + 1`.execute(db);
}
