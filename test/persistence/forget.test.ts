// Rows of actors that are gone leave storage.
import { expect, test } from '@jest/globals';
import { SHARD, world } from './writers.test-kit.js';

function opened(options = {}) {
  const { clock, server, process } = world(options);
  const { open, metrics, store } = process();
  const owner = open(1);
  const go = (entity: string) => owner.log.append({ entity, seq: 0, entries: [] });
  const names = () => [...new Set(server.rowsIn(SHARD).map(({ entity }) => entity))];
  const forgotten = (rows: string) => metrics.value('muster_persistence_forgotten_total', { rows });
  return { ...owner, clock, server, store, go, names, forgotten };
}

test('rows of an actor that is gone are removed, its end included, once something later is stored', async () => {
  const { clock, server, turn, go, names, forgotten } = opened();
  turn('x', 'a/1');
  turn('x', 'a/2');
  go('a/1');
  await clock.advance(100);
  expect(names()).toEqual(['a/1', 'a/2']);
  turn('y', 'a/2');
  await clock.advance(100);
  expect(names()).toEqual(['a/2']);
  expect([forgotten('removed'), server.head(SHARD)]).toEqual([1, { term: 1, position: 4, standing: 'gated' }]);
});

test('an actor that lives again keeps all rows of its new life', async () => {
  const { clock, turn, go, log, whole, server } = opened();
  turn('x', 'a/1');
  go('a/1');
  log.append({ entity: 'a/1', seq: 1, entries: ['again'] });
  whole.set('a/1', { text: 'again', seq: 1, version: 1 });
  turn('y', 'a/2');
  await clock.advance(1_000);
  expect(server.rowsIn(SHARD).find(({ body }) => body.includes('again'))).toBeDefined();
});

test('removing is tried again while storage is away, and holds up nobody', async () => {
  const { clock, store, turn, go, names, left } = opened();
  const { forget } = store;
  let asked = 0;
  store.forget = () => {
    asked += 1;
    return Promise.reject(new Error('not yet'));
  };
  turn('x', 'a/1');
  go('a/1');
  turn('y', 'a/2');
  await clock.advance(500);
  turn('z', 'a/2');
  await clock.advance(2_000);
  expect(asked).toBeGreaterThan(1);
  expect(left).toEqual(['x', 'y', 'z']);
  store.forget = forget;
  await clock.advance(2_000);
  expect(names()).toEqual(['a/2']);
});

test('where more are gone than are remembered, the rows of the others stay and are counted', async () => {
  const { clock, turn, go, names, forgotten } = opened({ unsavedMax: 2 });
  for (const entity of ['a/1', 'a/2', 'a/3']) turn('x', entity);
  for (const entity of ['a/1', 'a/2', 'a/3']) go(entity);
  turn('y', 'a/4');
  await clock.advance(200);
  expect(names()).toEqual(['a/3', 'a/4']);
  expect([forgotten('removed'), forgotten('left')]).toEqual([2, 1]);
});
