import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { SeededRandom, SystemClock } from '@muster/ports';
import { Kysely, sql } from 'kysely';
import { migrate } from './migrate.js';
import type { Migration } from './migrations/index.js';
import { migrations } from './migrations/index.js';
import { type OpenPglite, openPglite } from './open-pglite.js';
import { openStorage } from './open-storage.js';
import { DATABASE_DEFAULTS, databaseOptions } from './options.js';
import { PgliteDialect } from './pglite-dialect.js';
import { prepareSchema } from './sql-storage.js';

const clock = new SystemClock();
const random = new SeededRandom(5);
const parts = { clock, random, options: DATABASE_DEFAULTS };
const home = mkdtempSync(join(tmpdir(), 'muster-storage-'));
let pglite: OpenPglite;
let db: Kysely<unknown>;

beforeAll(async () => {
  pglite = await openPglite(undefined, random);
  db = new Kysely<unknown>({ dialect: new PgliteDialect(pglite.db) });
});
afterEach(async () => {
  await pglite.db.exec('drop schema public cascade; create schema public');
});
afterAll(async () => {
  await pglite.close();
  rmSync(home, { recursive: true, force: true });
});

test('what was stored in a folder is there when it is opened again, and no second opener gets in meanwhile', async () => {
  const url = `pglite:${join(home, 'deep', 'er')}`;
  // A storage that nobody has asked anything gives its folder up, too.
  await (await openStorage({ url, clock, random })).close();
  const first = await openStorage({ url, clock, random });
  const account = await first.accounts.create({ username: 'ada', displayName: 'Ada' });
  await expect(openStorage({ url, clock, random })).rejects.toMatchObject({ code: 'FOLDER_IN_USE' });
  await first.close();
  const second = await openStorage({ url, clock, random });
  expect(await second.accounts.byUsername('ADA')).toEqual(account);
  await second.close();
});

test('a url that names nothing is refused without repeating it', async () => {
  for (const url of ['', 'pglite:', 'mysql://root:geheim@host/x', 'postgres:/geheim', '/geheim']) {
    const refused = openStorage({ url, clock, random });
    await expect(refused).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    await expect(refused).rejects.not.toThrow(/geheim/);
  }
});

test('an option out of range is refused by name', () => {
  const bad = { callDeadlineMs: 0, callsMax: 1.5, connectionsMax: Number.NaN, secretCost: 1_000 };
  for (const [name, value] of Object.entries(bad)) {
    expect(() => databaseOptions({ [name]: value })).toThrow(`${name} is ${value}`);
  }
  expect(databaseOptions({ connectionsMax: 3 })).toEqual({ ...DATABASE_DEFAULTS, connectionsMax: 3 });
});

const table = (name: string): string => `create table ${name} (id int)`;
const one: Migration = { number: 1, name: 'one', statements: [table('a'), table('b')] };
const two: Migration = { number: 2, name: 'two', statements: [table('c')] };
const broken: Migration = { number: 2, name: 'two', statements: [table('c'), 'create table c (again int)'] };

async function tables(): Promise<readonly unknown[]> {
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = 'public' order by 1`.execute(db);
  return rows.map(({ name }) => name);
}

test('migrations run once each, in order', async () => {
  expect(await migrate(db, [one], clock)).toEqual({ from: 0, to: 1 });
  expect(await migrate(db, [one, two], clock)).toEqual({ from: 1, to: 2 });
  expect(await migrate(db, [one, two], clock)).toEqual({ from: 2, to: 2 });
  expect(await tables()).toEqual(['a', 'b', 'c', 'muster_migrations']);
});

test('a migration that fails leaves nothing of itself, and can be run again', async () => {
  await migrate(db, [one], clock);
  await expect(migrate(db, [one, broken], clock)).rejects.toThrow('already exists');
  expect(await tables()).toEqual(['a', 'b', 'muster_migrations']);
  expect(await migrate(db, [one, two], clock)).toEqual({ from: 1, to: 2 });
});

test('a database of a newer build, or of another history, is refused', async () => {
  await migrate(db, [one, two], clock);
  const mismatch = { code: 'STORAGE_MISMATCH', retryable: false };
  await expect(migrate(db, [one], clock)).rejects.toMatchObject(mismatch);
  await expect(migrate(db, [{ ...one, name: 'renamed' }, two], clock)).rejects.toMatchObject(mismatch);
  await expect(prepareSchema(new PgliteDialect(pglite.db), parts)).rejects.toMatchObject(mismatch);
});

test('what was migrated is logged', async () => {
  const lines: unknown[] = [];
  const log = { write: (...line: unknown[]) => lines.push(line), with: () => log };
  await prepareSchema(new PgliteDialect(pglite.db), { ...parts, log });
  await prepareSchema(new PgliteDialect(pglite.db), { ...parts, log });
  expect(lines).toEqual([['info', 'storage.migrated', { from: 0, to: migrations.length }]]);
});
