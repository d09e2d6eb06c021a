import type { PlayerId, PlayerRecord, Players } from '@muster/ports';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Calls } from './calls.js';
import type { AccountsTable, Schema } from './schema.js';
import { asAccount } from './sql-accounts.js';
import { asClanTies, type ClanTiesRow, clanTiesOf } from './sql-clans.js';
import { asTies, type TiesRow, tiesOf } from './sql-friendships.js';
import { rowId } from './storable.js';

interface PlayerRow extends Selectable<AccountsTable> {
  readonly ties: TiesRow;
  readonly clan: ClanTiesRow;
}

/** What a player's actor begins with. At a sign-in it waits for this alone: three questions are three times the way and the planning. */
export class SqlPlayers implements Players {
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;

  constructor(db: Kysely<Schema>, calls: Calls) {
    this.db = db;
    this.calls = calls;
  }

  async read(id: PlayerId): Promise<PlayerRecord | undefined> {
    const me = rowId(id);
    if (me === undefined) return undefined;
    const query = sql<PlayerRow>`select a.*,
        (select row_to_json(t) from (${tiesOf(me)}) t) as ties,
        (select row_to_json(c) from (${clanTiesOf([me])}) c) as clan
      from accounts a where a.id = ${me}`;
    const { rows } = await this.calls.run('players.read', () => query.execute(this.db));
    const row = rows[0];
    return row && { account: asAccount(row)!, ties: asTies(row.ties), clan: asClanTies(row.clan) };
  }
}
