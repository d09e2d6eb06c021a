import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { SeededRandom, SystemClock } from '@muster/ports';
import pg from 'pg';
import { type OpenPglite, openPglite } from '../database/open-pglite.js';
import { PgliteServer } from './server.js';

const IDLE_MS = 300;

let pglite: OpenPglite;
let server: PgliteServer;
const clients: pg.Client[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  pglite = await openPglite(undefined, new SeededRandom(1));
  await pglite.db.exec('create table seen (who text)');
});
afterAll(() => pglite.close());
beforeEach(async () => {
  const options = { idleInTransactionMs: IDLE_MS, requestBytesMax: 100_000 };
  server = await PgliteServer.start({ db: pglite.db, clock: new SystemClock(), options });
  await pglite.db.exec('delete from seen');
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)));
  await server.stop();
});

async function client(): Promise<pg.Client> {
  const [host, port] = server.address.split(':');
  const one = new pg.Client({ host: host!, port: Number(port), user: 'postgres', database: 'postgres' });
  one.on('error', () => undefined);
  await one.connect();
  clients.push(one);
  return one;
}

/** The kernel's end of a killed process: the socket goes, whatever was under way. */
function kill(one: pg.Client): void {
  (one as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}

async function seen(one: pg.Client): Promise<string[]> {
  const { rows } = await one.query<{ who: string }>('select who from seen order by who');
  return rows.map(({ who }) => who);
}

test('a client that is killed inside a transaction leaves nothing behind, and nobody waits for it', async () => {
  const [killed, other] = [await client(), await client()];
  await killed.query('begin');
  await killed.query("insert into seen values ('killed')");
  const waiting = seen(other);
  kill(killed);
  expect(await waiting).toEqual([]);
});

test('a client that is killed while its statements are under way leaves nothing behind, at whatever moment that is', async () => {
  const other = await client();
  for (let n = 0; n < 40; n += 1) {
    const killed = await client();
    const begun = killed.query('begin').then(() => killed.query("insert into seen values ('killed')"));
    begun.catch(() => undefined);
    for (let turns = 0; turns < n % 8; turns += 1) await new Promise(setImmediate);
    kill(killed);
    expect(await seen(other)).toEqual([]);
  }
});

test('a client that waits for another’s transaction and is killed meanwhile does not get its turn', async () => {
  const [first, killed, third] = [await client(), await client(), await client()];
  await first.query('begin');
  killed.query("insert into seen values ('killed')").catch(() => undefined);
  const waiting = third.query("insert into seen values ('third')");
  await new Promise(setImmediate);
  kill(killed);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await first.query("insert into seen values ('first')");
  await first.query('commit');
  await waiting;
  expect(await seen(third)).toEqual(['first', 'third']);
});

test('many clients with parameters and transactions at once get each their own answers', async () => {
  const many = await Promise.all(Array.from({ length: 8 }, client));
  const answers = await Promise.all(
    many.map(async (one, n) => {
      for (let i = 0; i < 20; i += 1) {
        const { rows } = await one.query<{ a: number; b: string }>('select $1::int as a, $2::text as b', [n, `${i}`]);
        if (rows[0]?.a !== n || rows[0].b !== `${i}`) return false;
      }
      return true;
    }),
  );
  expect(answers.every(Boolean)).toBe(true);
  await Promise.all(
    many.map(async (one, n) => {
      await one.query('begin');
      await one.query('insert into seen values ($1)', [`${n}`]);
      await one.query(n % 2 === 0 ? 'commit' : 'rollback');
    }),
  );
  expect(await seen(many[0]!)).toEqual(['0', '2', '4', '6']);
});

test('a statement that fails is its client’s own matter', async () => {
  const [one, other] = [await client(), await client()];
  await expect(one.query('select $1::int', ['none'])).rejects.toMatchObject({ code: '22P02' });
  await one.query('begin');
  await expect(one.query('select nothing')).rejects.toMatchObject({ code: '42703' });
  const waiting = seen(other);
  await expect(one.query('select 1')).rejects.toMatchObject({ code: '25P02' });
  await one.query('rollback');
  expect(await waiting).toEqual([]);
});

test('who says nothing inside a transaction is told why and cut off, and the next one is served', async () => {
  const [silent, other] = [await client(), await client()];
  const told = once(silent, 'error');
  await silent.query('begin');
  await silent.query("insert into seen values ('silent')");
  expect(await seen(other)).toEqual([]);
  const [error] = (await told) as [Error & { code?: string }];
  expect(error).toMatchObject({ code: '25P03' });
});

test('outside a transaction a client may be silent for as long as it likes', async () => {
  const one = await client();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS * 2));
  expect(await seen(one)).toEqual([]);
});

test('a request that is too long, and bytes that are no message, end their connection and no other', async () => {
  const [long, other] = [await client(), await client()];
  await expect(long.query('select $1::text', ['x'.repeat(200_000)])).rejects.toBeInstanceOf(Error);
  const [host, port] = server.address.split(':');
  for (const garbage of [Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]), Buffer.alloc(64, 0xff)]) {
    const socket = connect(Number(port), host!);
    sockets.push(socket);
    socket.write(garbage);
    await once(socket.resume(), 'close');
  }
  expect(await seen(other)).toEqual([]);
});

test('a long answer comes whole to a client that reads slowly, while others are served', async () => {
  const [slow, other] = [await client(), await client()];
  const answer = slow.query<{ text: string }>("select repeat('x', 20000000) as text");
  expect(await seen(other)).toEqual([]);
  expect((await answer).rows[0]!.text).toHaveLength(20_000_000);
});
