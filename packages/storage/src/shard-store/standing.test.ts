import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ShardStore, shardId, term } from '@muster/ports';
import { type Form, memoryForm, pgliteForm } from './forms-under-test.js';

describe('in memory', () => contract(() => memoryForm({})));
describe('on PGlite', () => contract(() => pgliteForm({})));

function contract(start: () => Promise<Form>): void {
  let form: Form;
  let store: ShardStore;
  const shard = shardId(7);

  beforeAll(async () => {
    form = await start();
    store = form.connect();
  });
  afterAll(() => form.end());

  const claim = async (asTerm: number) => (await store.claim([{ shard, term: term(asTerm), standing: 'gated' }]))[0]!;

  test('records and whole actors say with themselves what the shard is called once they are there', async () => {
    await claim(1);
    const written = { shard, term: term(1), records: [{ entity: 'a/1', seq: 1, text: '[]' }] };
    const [late] = await store.append([{ ...written, first: 2, standing: 'parked' }]);
    expect(late).toMatchObject({ refused: 'GAP' });
    await store.append([{ ...written, first: 1, standing: 'behind' }]);
    expect((await claim(2)).before).toEqual({ term: 1, position: 1, standing: 'behind' });
    // The same again, and nothing new.
    await store.append([{ ...written, term: term(2), first: 1, standing: 'parked' }]);
    expect((await claim(3)).before).toEqual({ term: 2, position: 1, standing: 'parked' });
    const entities = [{ entity: 'a/1', position: 1, seq: 1, version: 1, text: '{}' }];
    const [old] = await store.save([{ shard, term: term(2), entities, standing: 'parked' }]);
    expect(old).toMatchObject({ refused: 'STALE_TERM' });
    await store.save([{ shard, term: term(3), entities, standing: 'behind' }]);
    expect((await claim(4)).before).toEqual({ term: 3, position: 1, standing: 'behind' });
    await store.save([{ shard, term: term(4), entities }]);
    expect((await claim(5)).before).toEqual({ term: 4, position: 1, standing: 'gated' });
  });
}
