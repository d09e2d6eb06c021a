// One contract for every form of ShardStore. Postgres is spoken in each run, to PGlite behind a socket; a real server
// (MUSTER_POSTGRES_BIN, or one installed on this machine) is asked the same questions where there is one.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  SeededRandom,
  type ShardId,
  type ShardPage,
  type ShardStore,
  type StoredRecord,
  SystemClock,
  shardId,
  type Term,
  term,
} from '@muster/ports';
import { openPglite } from '../database/open-pglite.js';
import { postgresBinaries } from '../database/system-postgres-server.js';
import { PgliteServer } from '../pglite-server/server.js';
import { addressForm, type Form, memoryForm, pgliteForm, postgresForm } from './forms-under-test.js';

const limits = {
  batchRecordsMax: 7_000,
  batchCharsMax: 2_000_000,
  textCharsMax: 100_000,
  pageRowsMax: 5,
  pageBytesMax: 2_000,
  entityRowsMax: 40,
  entityBytesMax: 100_000,
};

describe('in memory', () => contract(() => memoryForm(limits)));
describe('on PGlite', () => contract(() => pgliteForm(limits)));
describe('on pg, speaking to a PGlite behind a socket', () => contract(socketForm));

const binaries = postgresBinaries();
if ('folder' in binaries) describe('on a real Postgres', () => contract(() => postgresForm(binaries.folder, limits)));
else
  describe('on a real Postgres', () => {
    test.skip(`keeps the same contract (${binaries.missing})`, () => undefined);
  });

/** The driver of Postgres, speaking to a PGlite behind a socket. */
async function socketForm(): Promise<Form> {
  const { db, close } = await openPglite(undefined, new SeededRandom(1));
  const server = await PgliteServer.start({ db, clock: new SystemClock() });
  const url = `postgres://postgres:postgres@${server.address}/postgres?sslmode=disable`;
  return addressForm(url, limits, async () => {
    await server.stop();
    await close();
  });
}

const record = (entity: string, seq: number, text = `[{"n":${seq}}]`): StoredRecord => ({ entity, seq, text });
const snapshot = (entity: string, position: number, seq: number, text = `{"seq":${seq}}`, version = 1) => ({
  entity,
  position,
  seq,
  version,
  text,
});

async function loadAll(store: ShardStore, shard: ShardId, asTerm: Term): Promise<ShardPage['entities'][number][]> {
  const entities: ShardPage['entities'][number][] = [];
  let after: string | undefined;
  do {
    const page: ShardPage = await store.load(shard, asTerm, after);
    entities.push(...page.entities);
    after = page.next;
  } while (after !== undefined);
  return entities;
}

function contract(start: () => Promise<Form>): void {
  let form: Form;
  let store: ShardStore;
  let other: ShardStore;
  let shards = 0;

  beforeAll(async () => {
    form = await start();
    store = form.connect();
    other = form.connect();
  });
  afterAll(() => form.end());

  /** A shard of the test's own, claimed in term 1. */
  async function claimed(): Promise<ShardId> {
    const shard = shardId(shards++);
    await store.claim([{ shard, term: term(1), standing: 'gated' }]);
    return shard;
  }
  const append = async (shard: ShardId, asTerm: number, first: number, records: readonly StoredRecord[], by = store) =>
    (await by.append([{ shard, term: term(asTerm), first, records }]))[0]!;
  const claim = async (shard: ShardId, asTerm: number, by = store) =>
    (await by.claim([{ shard, term: term(asTerm), standing: 'gated' }]))[0]!;
  const load = (shard: ShardId, asTerm = 1) => loadAll(store, shard, term(asTerm));

  test('records come back by entity, in order, as they went in', async () => {
    const shard = await claimed();
    const nasty = '[{"t":"a\\\\b {\\"x\\"} NULL, \'q\' 👩‍💻 \\u0000"}]';
    await append(shard, 1, 1, [record('player/2', 1, nasty), record('player/1', 1), record('player/2', 2)]);
    await append(shard, 1, 4, [record('NULL/"{},', 1, '[]')]);
    expect(await load(shard)).toEqual([
      { entity: 'NULL/"{},', text: '', version: 0, tail: '[]', seq: 1 },
      { entity: 'player/1', text: '', version: 0, tail: '[{"n":1}]', seq: 1 },
      { entity: 'player/2', text: '', version: 0, tail: `${nasty},[{"n":2}]`, seq: 2 },
    ]);
  });

  test('K5: what is raised stays raised, and says again what it found', async () => {
    const shard = shardId(shards++);
    expect(await claim(shard, 3)).toEqual({ shard, refused: undefined, term: 3, position: 0, before: undefined });
    await append(shard, 3, 1, [record('a/1', 1)]);
    const found = { term: 3, position: 1, standing: 'gated' };
    for (const by of [store, other])
      expect(await claim(shard, 5, by)).toEqual({ shard, refused: undefined, term: 5, position: 1, before: found });
    expect(await claim(shard, 4, other)).toMatchObject({ refused: 'STALE_TERM', term: 5, position: 1 });
  });

  test('K5: nothing that an older term sends changes anything, and only that shard is refused', async () => {
    const shard = await claimed();
    const healthy = await claimed();
    await append(shard, 1, 1, [record('a/1', 1)]);
    await claim(shard, 2, other);
    const late = { shard, term: term(1) };
    const fine = { shard: healthy, term: term(1) };
    const records = [record('a/1', 2)];
    expect(
      await store.append([
        { ...late, first: 2, records },
        { ...fine, first: 1, records: [record('h/1', 1)] },
      ]),
    ).toEqual([
      { shard, refused: 'STALE_TERM', term: 2, position: 1 },
      { shard: healthy, refused: undefined, term: 1, position: 1 },
    ]);
    const entities = [snapshot('a/1', 1, 9)];
    expect((await store.save([{ ...late, entities }]))[0]).toMatchObject({ refused: 'STALE_TERM', term: 2 });
    expect((await store.mark([{ ...late, standing: 'parked', through: 1 }]))[0]).toMatchObject({
      refused: 'STALE_TERM',
    });
    expect((await store.forget([{ ...late, entities }]))[0]).toMatchObject({ refused: 'STALE_TERM' });
    await expect(store.load(shard, term(1))).rejects.toMatchObject({ code: 'STALE_TERM', details: { current: 2 } });
    expect(await load(shard, 2)).toEqual([{ entity: 'a/1', text: '', version: 0, tail: '[{"n":1}]', seq: 1 }]);
    expect(await load(healthy)).toHaveLength(1);
  });

  test('K5: a shard is read and written under a claimed term only', async () => {
    const shard = shardId(shards++);
    const none = { shard, refused: 'NOT_CLAIMED', term: 0, position: 0 };
    expect(await append(shard, 1, 1, [record('a/1', 1)])).toEqual(none);
    await expect(store.load(shard, term(1))).rejects.toMatchObject({ code: 'STALE_TERM', details: { current: 0 } });
    await claim(shard, 1);
    expect(await append(shard, 2, 1, [record('a/1', 1)])).toMatchObject({ refused: 'NOT_CLAIMED', term: 1 });
    await expect(store.load(shard, term(2))).rejects.toMatchObject({ code: 'STALE_TERM' });
    expect(await load(shard)).toEqual([]);
  });

  test('a batch sent again is written once, also where only part of it had arrived', async () => {
    const shard = await claimed();
    const all = [1, 2, 3, 4].map((seq) => record('a/1', seq));
    await append(shard, 1, 1, all.slice(0, 2));
    expect(await append(shard, 1, 1, all)).toMatchObject({ refused: undefined, position: 4 });
    expect(await append(shard, 1, 1, all.slice(0, 3), other)).toMatchObject({ refused: undefined, position: 4 });
    expect(await form.records(shard)).toBe(4);
    expect(await load(shard)).toMatchObject([{ seq: 4, tail: all.map(({ text }) => text).join(',') }]);
  });

  test('of one batch sent twice at once one is written, and both succeed', async () => {
    const shard = await claimed();
    for (let round = 0; round < 10; round += 1) {
      const records = Array.from({ length: 20 }, (_, n) => record('a/1', round * 20 + n + 1));
      const twice = [store, other].map((by) => append(shard, 1, round * 20 + 1, records, by));
      for (const each of await Promise.all(twice))
        expect(each).toMatchObject({ refused: undefined, position: (round + 1) * 20 });
    }
    expect(await form.records(shard)).toBe(200);
  });

  test('K5: of appends and claims at once, what a claim did not find is never stored', async () => {
    const shard = await claimed();
    let position = 0;
    for (let round = 1; round <= 20; round += 1) {
      const records = [record('a/1', position + 1), record('a/1', position + 2)];
      const [written, raised] = await Promise.all([
        append(shard, round, position + 1, records),
        claim(shard, round + 1, other),
      ]);
      expect(raised.before?.position).toBe(raised.position);
      expect(raised.position).toBe(written.refused === undefined ? position + 2 : position);
      position = raised.position;
    }
    expect(await form.records(shard)).toBe(position);
  });

  test('records that do not follow what is there are refused', async () => {
    const shard = await claimed();
    expect(await append(shard, 1, 2, [record('a/1', 2)])).toMatchObject({ refused: 'GAP', position: 0 });
    expect(await load(shard)).toEqual([]);
  });

  test('a batch without records says whether the term still holds', async () => {
    const shard = await claimed();
    expect(await append(shard, 1, 1, [])).toMatchObject({ refused: undefined, position: 0 });
    await claim(shard, 2, other);
    expect(await append(shard, 1, 1, [])).toMatchObject({ refused: 'STALE_TERM', term: 2 });
  });

  test('a snapshot takes the place of the records it holds, in the version it was written in', async () => {
    const shard = await claimed();
    await append(shard, 1, 1, [record('a/1', 1), record('b/1', 1), record('a/1', 2), record('a/1', 3)]);
    const entities = [snapshot('a/1', 3, 2, '{"old":true}', 7)];
    expect((await store.save([{ shard, term: term(1), entities }]))[0]).toMatchObject({
      refused: undefined,
      position: 4,
    });
    expect(await form.records(shard)).toBe(2);
    expect(await load(shard)).toEqual([
      { entity: 'a/1', text: '{"old":true}', version: 7, tail: '[{"n":3}]', seq: 3 },
      { entity: 'b/1', text: '', version: 0, tail: '[{"n":1}]', seq: 1 },
    ]);
  });

  test('an older snapshot that comes late is not kept; one ahead of the log is refused', async () => {
    const shard = await claimed();
    await append(
      shard,
      1,
      1,
      [1, 2, 3].map((seq) => record('a/1', seq)),
    );
    const save = async (position: number) =>
      (await store.save([{ shard, term: term(1), entities: [snapshot('a/1', position, position)] }]))[0];
    expect(await save(3)).toMatchObject({ refused: undefined });
    expect(await save(2)).toMatchObject({ refused: undefined });
    expect(await save(4)).toMatchObject({ refused: 'GAP' });
    expect(await load(shard)).toEqual([{ entity: 'a/1', text: '{"seq":3}', version: 1, tail: '', seq: 3 }]);
  });

  test('a new life leaves nothing of the one before; an actor that is gone is not there', async () => {
    const shard = await claimed();
    await append(shard, 1, 1, [record('a/1', 1), record('b/1', 1), record('c/1', 1)]);
    await store.save([{ shard, term: term(1), entities: [snapshot('a/1', 3, 1), snapshot('b/1', 3, 1)] }]);
    await append(shard, 1, 4, [
      record('a/1', 0, ''),
      record('b/1', 0, ''),
      record('b/1', 1),
      record('c/1', 1, '["again"]'),
    ]);
    expect(await load(shard)).toEqual([
      { entity: 'b/1', text: '', version: 0, tail: '[{"n":1}]', seq: 1 },
      { entity: 'c/1', text: '', version: 0, tail: '["again"]', seq: 1 },
    ]);
  });

  test('what is forgotten is gone up to its position', async () => {
    const shard = await claimed();
    await append(shard, 1, 1, [record('a/1', 1), record('b/1', 1), record('b/1', 2)]);
    await store.save([{ shard, term: term(1), entities: [snapshot('a/1', 1, 1)] }]);
    await append(shard, 1, 4, [record('a/1', 0, '')]);
    const entities = [
      { entity: 'a/1', position: 4 },
      { entity: 'b/1', position: 0 },
      { entity: 'nobody/1', position: 4 },
    ];
    expect((await store.forget([{ shard, term: term(1), entities }]))[0]).toMatchObject({
      refused: undefined,
      position: 4,
    });
    expect(await load(shard)).toMatchObject([{ entity: 'b/1', seq: 2 }]);
    expect(await form.records(shard)).toBe(2);
  });

  test('the next owner hears whether something may be missing', async () => {
    const shard = await claimed();
    const mark = async (standing: 'gated' | 'behind' | 'parked', through: number, asTerm = 1) =>
      (await store.mark([{ shard, term: term(asTerm), standing, through }]))[0];
    await append(shard, 1, 1, [record('a/1', 1)]);
    expect(await mark('parked', 2)).toMatchObject({ refused: 'GAP', position: 1 });
    expect(await mark('parked', 1)).toMatchObject({ refused: undefined });
    expect((await claim(shard, 2)).before).toEqual({ term: 1, position: 1, standing: 'parked' });
    await mark('behind', 0, 2);
    expect((await claim(shard, 3)).before).toEqual({ term: 2, position: 1, standing: 'behind' });
    await mark('parked', 1, 3);
    await append(shard, 3, 2, [record('a/1', 2)]);
    expect((await claim(shard, 4)).before).toMatchObject({ standing: 'behind' });
  });

  test('a shard is read in bounded pages of whole entities', async () => {
    const shard = await claimed();
    const names = ['a/1', 'a/2', 'b/1', 'é/1', 'z/1', '￼/1', '👩/1'];
    const records = names.flatMap((name) => [1, 2].map((seq) => record(name, seq)));
    await append(shard, 1, 1, records);
    const pages: string[][] = [];
    let after: string | undefined;
    do {
      const page: ShardPage = await store.load(shard, term(1), after);
      pages.push(page.entities.map(({ entity }) => entity));
      after = page.next;
    } while (after !== undefined);
    expect(pages).toEqual([['a/1', 'a/2'], ['b/1', 'z/1'], ['é/1', '￼/1'], ['👩/1']]);
  });

  test('an entity larger than a page is a page of its own; one beyond all bounds is damaged', async () => {
    const shard = await claimed();
    const long = (name: string, count: number) => Array.from({ length: count }, (_, n) => record(name, n + 1));
    const wide = `["${'x'.repeat(5_000)}"]`;
    await append(shard, 1, 1, [record('a/1', 1), ...long('b/1', 40), ...long('c/1', 41), record('d/1', 1, wide)]);
    expect(await load(shard)).toEqual([
      expect.objectContaining({ entity: 'a/1', seq: 1 }),
      expect.objectContaining({ entity: 'b/1', seq: 40 }),
      {
        entity: 'c/1',
        error: expect.objectContaining({
          code: 'STATE_DAMAGED',
          details: expect.objectContaining({ shard, entity: 'c/1' }),
        }),
      },
      expect.objectContaining({ entity: 'd/1', tail: wide }),
    ]);
  });

  test('what is corrupt, truncated or missing costs its entity and nothing else, and a new snapshot repairs it', async () => {
    const shard = await claimed();
    const names = ['a/1', 'b/1', 'c/1', 'd/1'];
    await append(
      shard,
      1,
      1,
      names.flatMap((name) => [1, 2, 3].map((seq) => record(name, seq))),
    );
    await store.save([{ shard, term: term(1), entities: [snapshot('a/1', 12, 3)] }]);
    await form.corrupt(shard, 'a/1', '{"seq":');
    await form.corrupt(shard, 'b/1', '[{"n":1}');
    await form.lose(shard, 'c/1', 2);
    const damaged = (entity: string) => ({
      entity,
      error: expect.objectContaining({ code: 'STATE_DAMAGED', details: expect.objectContaining({ shard, entity }) }),
    });
    expect(await load(shard)).toEqual([
      damaged('a/1'),
      damaged('b/1'),
      damaged('c/1'),
      expect.objectContaining({ entity: 'd/1', seq: 3 }),
    ]);
    await store.save([{ shard, term: term(1), entities: names.map((name) => snapshot(name, 12, 3)) }]);
    expect((await load(shard)).map((entity) => 'error' in entity)).toEqual([false, false, false, false]);
  });

  test('what could not be given back costs its shard only; a call beyond its limits is refused whole', async () => {
    const [shard, healthy] = [await claimed(), await claimed()];
    const good = { shard: healthy, term: term(1), first: 1, records: [record('a/1', 1)] };
    for (const bad of [
      record('a/\0', 1),
      record('a/\ud800', 1),
      record('a/1', 1, '\0'),
      record('a/1', 1, 'x'.repeat(100_001)),
    ])
      expect(await store.append([{ shard, term: term(1), first: 1, records: [bad] }, good])).toMatchObject([
        { shard, refused: 'UNSTORABLE', unstorable: [bad.entity] },
        { shard: healthy, refused: undefined, position: 1 },
      ]);
    const batch = (changes: object) => store.append([{ shard, term: term(1), first: 1, records: [], ...changes }]);
    const many = Array.from({ length: 7_001 }, () => record('a/1', 1));
    const wide = Array.from({ length: 21 }, () => record('a/1', 1, 'x'.repeat(99_999)));
    for (const wrong of [
      { shard: 1_280 },
      { term: 0 },
      { first: 0 },
      { first: 1.5 },
      { records: many },
      { records: wide },
    ])
      await expect(batch(wrong)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await expect(store.append([good, good])).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    expect(await load(shard)).toEqual([]);
  });

  test('64 shards with 100 records each are one call', async () => {
    const own = Array.from({ length: 64 }, (_, n) => shardId(1_000 + n));
    await store.claim(own.map((shard) => ({ shard, term: term(2), standing: 'behind' })));
    const batches = own.map((shard) => ({
      shard,
      term: term(2),
      first: 1,
      records: Array.from({ length: 100 }, (_, n) => record(`player/${n % 10}`, Math.floor(n / 10) + 1)),
    }));
    const answers = await store.append(batches);
    expect(answers).toEqual(own.map((shard) => ({ shard, refused: undefined, term: 2, position: 100 })));
    expect((await load(own[63]!, 2)).map((entity) => ('seq' in entity ? entity.seq : 0))).toEqual(Array(10).fill(10));
  });

  test('nothing asked is nothing done', async () => {
    expect(
      await Promise.all([store.claim([]), store.append([]), store.save([]), store.mark([]), store.forget([])]),
    ).toEqual([[], [], [], [], []]);
  });
}
