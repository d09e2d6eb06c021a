// The forms of Storage that contracts are held by. Postgres is spoken in each run, to PGlite behind a socket; a real server
// (MUSTER_POSTGRES_BIN, or one installed on this machine) is asked the same questions where there is one.
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import {
  type Clock,
  type Millis,
  type Operation,
  type PlayerId,
  SeededRandom,
  type Storage,
  SystemClock,
} from '@muster/ports';
import { PgliteServer } from '../pglite-server/server.js';
import { MemoryStorage } from './memory-storage.js';
import { type OpenPglite, openPglite } from './open-pglite.js';
import { openStorage } from './open-storage.js';
import { DATABASE_DEFAULTS } from './options.js';
import { PgliteDialect } from './pglite-dialect.js';
import { prepareSchema, SqlStorage } from './sql-storage.js';
import { type PostgresServer, postgresBinaries, startPostgres } from './system-postgres-server.js';

/** Real timers, so that deadlines end; a wall clock that says what the test says. */
export class TestClock extends SystemClock implements Clock {
  wall: Millis = 1_700_000_000_000;

  override now(): Millis {
    return this.wall;
  }
}

export interface Form {
  /** Another process's view of the same storage. */
  open(): Promise<Storage>;
  close(): Promise<void>;
}

export const clock = new TestClock();
const random = new SeededRandom(1);
const options = { ...DATABASE_DEFAULTS, secretCost: 16, sweepBatchRows: 3 };
export const parts = { clock, random, options };
let pglite: OpenPglite;

async function memoryForm(): Promise<Form> {
  const storage = new MemoryStorage(parts);
  return { open: async () => storage, close: () => storage.close() };
}

async function pgliteForm(): Promise<Form> {
  await pglite.db.exec('drop schema public cascade; create schema public');
  const prepared = await prepareSchema(new PgliteDialect(pglite.db), parts);
  const storage = new SqlStorage(new PgliteDialect(pglite.db), { ...parts, ...prepared });
  return { open: async () => storage, close: () => storage.close() };
}

async function socketForm(): Promise<Form> {
  await pglite.db.exec('drop schema public cascade; create schema public');
  const server = await PgliteServer.start({ db: pglite.db, clock });
  const url = `postgres://postgres:postgres@${server.address}/postgres?sslmode=disable`;
  return postgresForm(url, () => server.stop());
}

async function postgresForm(url: string, stop: () => Promise<void>): Promise<Form> {
  const opened: Storage[] = [];
  return {
    open: async () => {
      const storage = await openStorage({ url, clock, random, options: { ...options, connectionsMax: 4 } });
      opened.push(storage);
      return storage;
    },
    close: async () => {
      await Promise.all(opened.map((storage) => storage.close()));
      await stop();
    },
  };
}

/** Declares the contract's tests once for each form. */
export function eachForm(contract: (start: () => Promise<Form>) => void): void {
  beforeAll(async () => {
    pglite = await openPglite(undefined, random);
  });

  afterAll(async () => {
    await pglite.close();
  });

  describe('in memory', () => contract(memoryForm));
  describe('on PGlite', () => contract(pgliteForm));
  describe('on pg, speaking to a PGlite behind a socket', () => contract(socketForm));

  const binaries = postgresBinaries();
  if ('folder' in binaries) {
    describe('on a real Postgres', () => {
      let server: PostgresServer;
      contract(async () => {
        server = await startPostgres({ binaries: binaries.folder, clock });
        return postgresForm(server.url, () => server.stop());
      });
    });
  } else {
    describe('on a real Postgres', () => {
      test.skip(`keeps the same contract (${binaries.missing})`, () => undefined);
    });
  }
}

let names = 0;
/** Accounts that nobody has used. */
export async function newcomers({ accounts }: Storage, count: number): Promise<readonly PlayerId[]> {
  const ids: PlayerId[] = [];
  for (let i = 0; i < count; i += 1) {
    names += 1;
    ids.push((await accounts.create({ username: `newcomer${names}`, displayName: 'x' })).id);
  }
  return ids;
}

export interface FourPlayers {
  readonly storage: Storage;
  /** Another process's view of it. */
  readonly other: Storage;
  readonly players: readonly [PlayerId, PlayerId, PlayerId, PlayerId];
}

/** Declares that this form of storage, with four accounts in it, is there for the tests beside this call. */
export function fourPlayers(start: () => Promise<Form>, are: (town: FourPlayers) => void): void {
  let form: Form;
  beforeAll(async () => {
    form = await start();
    const [storage, other] = await Promise.all([form.open(), form.open()]);
    are({ storage, other, players: (await newcomers(storage, 4)) as unknown as FourPlayers['players'] });
  });
  afterAll(async () => {
    await form.close();
  });
}

let numbers = 0;
/** The next operation of a sender. */
export function next(sender: string, receiver = 'service/1'): Operation {
  numbers += 1;
  return { sender: `player/${sender}`, receiver, number: numbers };
}
