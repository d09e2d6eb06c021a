import { expect, test } from '@jest/globals';
import { term } from '@muster/ports';
import { SHARD, world } from './writers.test-kit.js';

test('storage was emptied under an owner that has its actors: nothing leaves before they are all stored whole again', async () => {
  const { clock, server, process, stored } = world();
  const { store, open, ended, metrics } = process();
  const names = ['a/1', 'a/2', 'a/3'];
  const { turn, read, left, whole } = open(3, SHARD, { whole: () => names });
  for (const name of names) turn(name, name);
  for (const [i, name] of names.entries()) whole.set(name, { text: name, seq: i + 1, version: 1 });
  await clock.advance(10);
  server.wipe();
  turn('later', 'a/1');
  whole.set('a/1', { text: 'a/1 later', seq: 4, version: 1 });
  const { save } = store;
  store.save = () => Promise.reject(new Error('not yet'));
  await clock.advance(100);
  read('read');
  expect(left).toEqual(names);
  expect(server.head(SHARD)).toMatchObject({ term: 3, standing: 'behind' });
  store.save = save;
  await clock.advance(2_000);
  expect(left).toEqual([...names, 'later', 'read']);
  expect(server.rowsIn(SHARD).flatMap(({ version, body }) => (version === 1 ? body : []))).toEqual([
    'a/1 later',
    'a/2',
    'a/3',
  ]);
  expect(server.head(SHARD)).toMatchObject({ standing: 'gated' });
  expect([ended, metrics.value('muster_persistence_lost_total', { reason: 'NOT_CLAIMED' })]).toEqual([[], 1]);
  turn('after', 'a/2');
  await clock.advance(10);
  expect([left.at(-1), stored().at(-2)]).toEqual(['after', 5]);
});

test.each([
  ['whoever is gone since is gone there', 'a/gone'],
  ['an older life does not stay for a newer one', 'a/new'],
])('storage was put back: %s', async (_, older) => {
  const { clock, server, process } = world();
  const { store, open } = process();
  const { log, turn, left, whole } = open(3, SHARD, { whole: () => whole.keys() });
  turn();
  await clock.advance(10);
  const entities = [{ entity: older, position: 1, seq: 9, version: 1, text: 'older' }];
  await Promise.all([store.save([{ shard: SHARD, term: term(3), entities }]), clock.advance(10)]);
  const putBack = server.backup();
  log.append({ entity: older, seq: 0, entries: [] });
  await clock.advance(10);
  putBack();
  whole.set('a/1', { text: 'a/1', seq: 1, version: 1 });
  whole.set('a/new', { text: 'newer', seq: 1, version: 1 });
  log.append({ entity: 'a/new', seq: 1, entries: ['newer'] });
  log.onDurable(log.end, () => left.push('newer'));
  await clock.advance(100);
  expect(left.at(-1)).toBe('newer');
  const loading = store.load(SHARD, term(3));
  await clock.advance(10);
  const page = await loading;
  expect(page.entities.map((each) => [each.entity, 'text' in each && each.text])).toEqual([
    ['a/1', 'a/1'],
    ['a/new', 'newer'],
  ]);
});
