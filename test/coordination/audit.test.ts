import { expect, test } from '@jest/globals';
import type { AuditEntry } from '@muster/coordinator';
import { ClusterWorld } from './cluster-world.js';

/** The store's entries, oldest first. */
function entries(world: ClusterWorld): { readonly key: string; readonly entry: AuditEntry }[] {
  return world.server
    .range(world.keys.audit)
    .entries.map(({ key, value }) => ({ key, entry: JSON.parse(value) as AuditEntry }));
}

test('who told the cluster to do what stands in the store, refusals too; what only looks does not', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  await world.answer(operator.ask('status', {}));
  await world.answer(operator.ask('node.cordon', { node: 'n2' }));
  await world.answer(operator.ask('shard.move', { shard: 1, to: 'n9' }));
  await world.clock.advance(50);
  const found = entries(world);
  expect(found.map(({ entry }) => entry)).toEqual([
    {
      who: expect.stringMatching(/^test at op\d+#x$/),
      command: 'node.cordon',
      arguments: { node: 'n2' },
      epoch: 1,
      result: 'accepted',
    },
    expect.objectContaining({ command: 'shard.move', arguments: { shard: 1, to: 'n9' }, result: 'NOT_FOUND' }),
  ]);
  expect(found[0]!.key).toMatch(/\/audit\/\d{4}-\d\d-\d\dT[\d:.]+Z-0$/);
  // Who does not lead is told nothing.
  await world.answer((await world.operator('c2')).ask('node.cordon', { node: 'n2' }));
  await world.clock.advance(50);
  expect(entries(world).length).toBe(2);
});

test('nothing is done that cannot be written down: while the store is away commands that change something are refused', async () => {
  const world = await ClusterWorld.running();
  const operator = await world.operator('c1');
  world.server.stop();
  const { code } = await world.answer(operator.ask('node.cordon', { node: 'n2' }));
  expect(code).toBe('STORE_UNAVAILABLE');
  await world.clock.advance(500);
  expect(world.membersAt('g1').find(({ peer }) => peer.startsWith('n2#'))?.state).toBe('up');
});

test('only so many entries are kept, the newest', async () => {
  const world = await ClusterWorld.running({ options: { auditMax: 3 } });
  const { store } = world.coordinators.get('c1')!;
  for (let n = 0; n < 250; n += 1) {
    const key = `${world.keys.audit}2020-01-01T00:00:00.000Z-${n}`;
    await world.answer(store.transact({ compare: [], writes: [{ type: 'put', key, value: '{}' }] }));
  }
  const operator = await world.operator('c1');
  await world.answer(operator.ask('node.cordon', { node: 'n2' }));
  await world.clock.advance(100);
  const kept = world.server.range(world.keys.audit).entries.map(({ key }) => key);
  expect(kept.length).toBe(3);
  expect(kept.at(-1)).not.toContain('/2020-');
});
