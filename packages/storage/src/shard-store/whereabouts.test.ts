import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ShardId, type ShardStore, type StoredRecord, shardId, term } from '@muster/ports';
import { type Form, memoryForm, pgliteForm } from './forms-under-test.js';

describe('in memory', () => contract(() => memoryForm({})));
describe('on PGlite', () => contract(() => pgliteForm({})));

function contract(start: () => Promise<Form>): void {
  let form: Form;
  let store: ShardStore;

  beforeAll(async () => {
    form = await start();
    store = form.connect();
  });
  afterAll(() => form.end());

  const record = (entity: string, seq = 1): StoredRecord => ({ entity, seq, text: `[{"n":${seq}}]` });
  const end = (entity: string): StoredRecord => ({ entity, seq: 0, text: '' });

  async function filled(number: number, ...records: readonly StoredRecord[]): Promise<ShardId> {
    const shard = shardId(number);
    await store.claim([{ shard, term: term(1), standing: 'gated' }]);
    await store.append([{ shard, term: term(1), first: 1, records }]);
    return shard;
  }

  test('K4: without a claim it is told where entities are of which something is in a high shard, where they are not gone', async () => {
    const [home, solo] = [7, 1_024];
    await filled(home, ...['came-home', 'both', 'stays'].map((entity) => record(entity)), record('left'), end('left'));
    await filled(
      solo,
      record('left'),
      record('both'),
      record('came-home'),
      record('saved'),
      end('came-home'),
      record('left', 2),
    );
    await filled(solo + 1, record('over'), end('over'));
    const saved = { entity: 'saved', position: 6, seq: 1, version: 1, text: '{}' };
    await store.save([{ shard: shardId(solo), term: term(1), entities: [saved] }]);
    expect(await form.connect().whereabouts(shardId(solo))).toEqual([
      { entity: 'both', shard: home },
      { entity: 'both', shard: solo },
      { entity: 'came-home', shard: home },
      { entity: 'left', shard: solo },
      { entity: 'saved', shard: solo },
    ]);
    expect(await store.whereabouts(shardId(solo + 2))).toEqual([]);
    expect(await store.whereabouts(shardId(solo + 2), ['came-home', 'nobody'])).toEqual([
      { entity: 'came-home', shard: home },
    ]);
    const terms = await form.connect().terms();
    expect([terms.get(shardId(solo)), terms.get(shardId(solo + 2))]).toEqual([1, undefined]);
  });
}
