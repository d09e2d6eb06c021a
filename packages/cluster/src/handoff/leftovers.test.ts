import { expect, test } from '@jest/globals';
import { type EntityRef, term } from '@muster/ports';
import { book, books, World } from '../world.test-kit.js';
import { TestLeader } from './leader.test-kit.js';

test('a source that becomes the backup tells nobody as text while the new owner waits for it, and can be promoted at once', async () => {
  const [a] = books('a') as [EntityRef];
  const world = new World();
  let saves = 0;
  const save = (state: { lines: string[]; tickets: string[] }) => {
    saves += 1;
    return structuredClone(state);
  };
  const node = (id: string) => world.node(id, {}, [{ ...book, save }]);
  const [n1, n2] = [await node('n1'), await node('n2')];
  const g = await world.gateway('g');
  await world.protect(n1, n2, a);
  for (const text of ['1', '2']) await world.answer(g, a, 'write', { text });
  const leader = new TestLeader(world, n1.cable.sibling());
  await world.clock.advance(10);
  saves = 0;
  expect(await leader.moved(a, n2)).toBe('moved');
  expect(await world.answer(g, a, 'write', { text: '3' })).toBe(3);
  expect(saves).toBe(0);
  n2.cable.kill();
  await world.clock.advance(20);
  saves = 0;
  const { shard, term: of } = world.where(a);
  world.place([{ shard, owner: n1.peer, origin: 'promoted', term: term(of + 1), sure: true }]);
  // Whether it has timers or sends is known without that.
  expect(saves).toBe(0);
  expect(await world.answer(g, a, 'read')).toEqual(['1', '2', '3']);
});
