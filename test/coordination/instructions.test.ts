import { expect, test } from '@jest/globals';
import { shardOfKey } from '@muster/ports';
import { ClusterWorld } from './cluster-world.js';

test('an operator’s order reaches the actor at its owner, once, and what it answers comes back', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  const order = { entity: 'tally/x', command: 'add', data: null };
  const { code, result } = await world.answer(operator.ask('entity.tell', order));
  expect(code).toBe('');
  const { owner } = world.rows().find(({ shard }) => shard === shardOfKey('tally/x'))!;
  expect(result).toMatchObject({ entity: 'tally/x', owner, value: 1 });
  const again = await world.answer(operator.ask('entity.tell', order));
  expect(again.result.value).toBe(2);
  const shown = await world.answer(operator.ask('entity.show', { entity: 'tally/x' }));
  expect(JSON.stringify(shown.result.actor)).toContain('"count":2');
});

test('what cannot be obeyed says why', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  const codeOf = async (order: { entity: string; command: string }) =>
    (await world.answer(operator.ask('entity.tell', order))).code;
  expect(await codeOf({ entity: 'tally/x', command: 'levitate' })).toBe('UNKNOWN_COMMAND');
  expect(await codeOf({ entity: 'nothing/x', command: 'add' })).toBe('UNKNOWN_KIND');
  expect(await codeOf({ entity: 'tally', command: 'add' })).toBe('INVALID_ENTITY');
  expect(await codeOf({ entity: 'tally/x', command: '' })).toBe('INVALID_REQUEST');
});
