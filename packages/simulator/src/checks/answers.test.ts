import { expect, jest, test } from '@jest/globals';
import { simulate } from '../faults/simulation.js';

const QUIET = { seed: 5, coordinators: 1, nodes: 1, gateways: 1, players: 2, callers: 1 };

test('a router whose counts do not say yet what it knows is looked at again', async () => {
  const world = simulate(QUIET);
  await world.ready();
  const unbalanced = jest.spyOn(world.answers, 'unbalanced').mockReturnValueOnce(['a call that was not counted yet']);
  await world.calm();
  expect(unbalanced.mock.results.map(({ value }) => value)).toEqual([['a call that was not counted yet'], []]);
});

test('a call that has neither an outcome nor waits is never balanced', async () => {
  const world = simulate(QUIET);
  await world.ready();
  world.fleet.get('node-1')!.process.metrics.counter('muster_router_calls_total').add(1);
  await expect(world.calm()).rejects.toThrow(/sent = handled.*node-1/);
});
