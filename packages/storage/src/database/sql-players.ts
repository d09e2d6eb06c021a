import type { PlayerId, PlayerRecord, Players } from '@muster/ports';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Calls } from './calls.js';
import type { DatabaseOptions } from './options.js';
import type { AccountsTable, Schema } from './schema.js';
import { asAccount } from './sql-accounts.js';
import { asClanTies, type ClanTiesRow, clanTiesOf } from './sql-clans.js';
import { asTies, type TiesRow, tiesOf } from './sql-friendships.js';
import { rowId } from './storable.js';
import { Together } from './together.js';

interface PlayerRow extends Selectable<AccountsTable> {
  readonly ties: TiesRow;
  readonly clan: ClanTiesRow;
}

/** What a player's actor begins with. At a sign-in it waits for this alone: three questions are three times the way and the planning. Of players who come at once, one statement reads many. */
export class SqlPlayers implements Players {
  private readonly calls: Calls;
  private readonly rows: Together<number, PlayerRow | undefined>;

  constructor(
    db: Kysely<Schema>,
    calls: Calls,
    options: Pick<DatabaseOptions, 'togetherMax' | 'togetherStatementsMax'>,
  ) {
    this.calls = calls;
    this.rows = new Together((ids) => readAll(db, ids), options);
  }

  async read(id: PlayerId): Promise<PlayerRecord | undefined> {
    const me = rowId(id);
    if (me === undefined) return undefined;
    const row = await this.calls.run('players.read', () => this.rows.ask(me));
    return row && { account: asAccount(row)!, ties: asTies(row.ties), clan: asClanTies(row.clan) };
  }
}

async function readAll(db: Kysely<Schema>, ids: readonly number[]): Promise<readonly (PlayerRow | undefined)[]> {
  const { rows } = await sql<PlayerRow>`select a.*,
      (select row_to_json(t) from (${tiesOf(sql`a.id`)}) t) as ties,
      (select row_to_json(c) from (${clanTiesOf(sql`array[a.id]`)}) c) as clan
    from accounts a where a.id = any(${ids}::int8[])`.execute(db);
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id));
}
