import {
  type Account,
  type Accounts,
  type Bot,
  type Clock,
  type Millis,
  MusterError,
  type PlayerId,
  playerId,
  type Random,
} from '@muster/ports';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Calls } from './calls.js';
import type { DatabaseOptions } from './options.js';
import type { AccountsTable, BotsTable, Schema } from './schema.js';
import { hashSecret, SALT_BYTES, secretMatches } from './secrets.js';
import { checkAccount, checkBot, checkRoles, isStorable, rowId, usernameKey } from './storable.js';
import { Together } from './together.js';

export interface SqlAccountsParts {
  readonly db: Kysely<Schema>;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: Pick<DatabaseOptions, 'secretCost' | 'secretChecksMax' | 'togetherMax' | 'togetherStatementsMax'>;
}

type AccountRow = Selectable<AccountsTable>;
type NewAccount = Pick<AccountRow, 'username' | 'username_key' | 'display_name' | 'country_code' | 'created_at'> & {
  /** As JSON. */
  readonly roles: string;
};

const botColumns = ['id', 'client_id', 'name', 'created_at'] as const;

export class SqlAccounts implements Accounts {
  private readonly parts: SqlAccountsParts;
  private readonly byRow: Together<number, AccountRow | undefined>;
  private readonly byKey: Together<string, AccountRow | undefined>;
  private readonly creations: Together<NewAccount, AccountRow | undefined>;
  private secretChecks = 0;

  constructor(parts: SqlAccountsParts) {
    const { db, options } = parts;
    this.parts = parts;
    this.byRow = new Together((rows) => accountsByRow(db, rows), options);
    this.byKey = new Together((keys) => accountsByKey(db, keys), options);
    this.creations = new Together((accounts) => createAccounts(db, accounts), options);
  }

  async byId(id: PlayerId): Promise<Account | undefined> {
    const row = rowId(id);
    if (row === undefined) return undefined;
    return asAccount(await this.parts.calls.run('accounts.byId', () => this.byRow.ask(row)));
  }

  async byUsername(username: string): Promise<Account | undefined> {
    const key = usernameKey(username);
    if (!isStorable(key)) return undefined;
    return asAccount(await this.parts.calls.run('accounts.byUsername', () => this.byKey.ask(key)));
  }

  async create(account: Parameters<Accounts['create']>[0]): Promise<Account> {
    const { username, displayName, countryCode = '??', roles = [] } = account;
    checkAccount({ username, displayName, countryCode, roles });
    const { calls, clock } = this.parts;
    const row: NewAccount = {
      username,
      username_key: usernameKey(username),
      display_name: displayName,
      country_code: countryCode,
      roles: JSON.stringify(roles),
      created_at: Math.floor(clock.now()),
    };
    const created = asAccount(await calls.run('accounts.create', () => this.creations.ask(row)));
    if (!created) throw new MusterError('ALREADY_EXISTS', { what: `user ${username}` });
    return created;
  }

  async setRoles(id: PlayerId, roles: readonly string[]): Promise<Account | undefined> {
    checkRoles(roles);
    const { db, calls, clock } = this.parts;
    const changed = { roles: JSON.stringify(roles), changed_at: Math.floor(clock.now()) };
    const query = db
      .updateTable('accounts')
      .set(changed)
      .where('id', '=', rowId(id) ?? 0)
      .returningAll();
    return asAccount(await calls.run('accounts.setRoles', () => query.executeTakeFirst()));
  }

  async changedSince(since: Millis, max: number): Promise<readonly Account[]> {
    const { db, calls } = this.parts;
    // The partial index is of those that were ever changed.
    const query = db
      .selectFrom('accounts')
      .selectAll()
      .where('changed_at', '>', 0)
      .where('changed_at', '>=', since)
      .orderBy('changed_at', 'desc')
      .limit(max);
    return (await calls.run('accounts.changedSince', () => query.execute())).flatMap((row) => asAccount(row) ?? []);
  }

  async botById(id: string): Promise<Bot | undefined> {
    const row = rowId(id);
    if (row === undefined) return undefined;
    const { db, calls } = this.parts;
    const query = db.selectFrom('bots').select(botColumns).where('id', '=', row);
    return asBot(await calls.run('bots.byId', () => query.executeTakeFirst()));
  }

  async verifyBot(clientId: string, secret: string): Promise<Bot | undefined> {
    if (!isStorable(clientId) || !isStorable(secret)) return undefined;
    const { db, calls } = this.parts;
    const query = db.selectFrom('bots').selectAll().where('client_id', '=', clientId);
    const row = await calls.run('bots.verify', () => query.executeTakeFirst());
    const matches = await this.checkSecret(secret, row?.secret_hash);
    return matches ? asBot(row) : undefined;
  }

  async putBot(bot: Parameters<Accounts['putBot']>[0]): Promise<Bot> {
    checkBot(bot);
    const { db, calls, clock, random, options } = this.parts;
    const changed = {
      name: bot.name,
      secret_hash: await hashSecret(bot.secret, random.bytes(SALT_BYTES), options.secretCost),
    };
    const query = db
      .insertInto('bots')
      .values({ client_id: bot.clientId, created_at: Math.floor(clock.now()), ...changed })
      .onConflict((conflict) => conflict.column('client_id').doUpdateSet(changed))
      .returning(botColumns);
    return asBot(await calls.run('bots.put', () => query.executeTakeFirstOrThrow()))!;
  }

  private async checkSecret(secret: string, stored: string | undefined): Promise<boolean> {
    const { secretChecksMax, secretCost } = this.parts.options;
    if (this.secretChecks >= secretChecksMax) {
      throw new MusterError('STORAGE_UNAVAILABLE', { cause: `${secretChecksMax} secrets are being checked` });
    }
    this.secretChecks += 1;
    try {
      if (stored !== undefined) return await secretMatches(secret, stored);
      // An unknown client costs the same time, so that nobody learns which client ids exist.
      await hashSecret(secret, new Uint8Array(SALT_BYTES), secretCost);
      return false;
    } finally {
      this.secretChecks -= 1;
    }
  }
}

type Db = Kysely<Schema>;

async function accountsByRow(db: Db, ids: readonly number[]): Promise<readonly (AccountRow | undefined)[]> {
  const rows = await db.selectFrom('accounts').selectAll().where('id', '=', sql<number>`any(${ids}::int8[])`).execute();
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id));
}

async function accountsByKey(db: Db, keys: readonly string[]): Promise<readonly (AccountRow | undefined)[]> {
  const any = sql<string>`any(${keys}::text[])`;
  const rows = await db.selectFrom('accounts').selectAll().where('username_key', '=', any).execute();
  const found = new Map(rows.map((row) => [row.username_key, row]));
  return keys.map((key) => found.get(key));
}

/** Undefined for a name that is taken, be it by another one here. */
async function createAccounts(db: Db, accounts: readonly NewAccount[]): Promise<readonly (AccountRow | undefined)[]> {
  const first = new Map<string, NewAccount>();
  for (const account of accounts) if (!first.has(account.username_key)) first.set(account.username_key, account);
  // In one order everywhere: of two statements with the same names, one waits for the other, and neither for each other.
  const keys = [...first.keys()].sort();
  const rows = await db
    .insertInto('accounts')
    .values(keys.map((key) => first.get(key)!))
    .onConflict((conflict) => conflict.column('username_key').doNothing())
    .returningAll()
    .execute();
  const created = new Map(rows.map((row) => [row.username_key, row]));
  return accounts.map((account) =>
    first.get(account.username_key) === account ? created.get(account.username_key) : undefined,
  );
}

export function asAccount(row: Selectable<AccountsTable> | undefined): Account | undefined {
  if (!row) return undefined;
  return {
    id: playerId(String(row.id)),
    username: row.username,
    displayName: row.display_name,
    countryCode: row.country_code,
    roles: row.roles,
    createdAt: row.created_at,
    bannedUntil: row.banned_until,
  };
}

function asBot(row: Pick<Selectable<BotsTable>, (typeof botColumns)[number]> | undefined): Bot | undefined {
  return row && { id: String(row.id), clientId: row.client_id, name: row.name, createdAt: row.created_at };
}
