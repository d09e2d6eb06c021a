import { expect, test } from '@jest/globals';
import type { AuditEntry, BreakGlass } from '@muster/coordinator';
import { ADMIN_EPOCH } from '@muster/ports';
import { ClusterWorld } from './cluster-world.js';

const CREDENTIAL = 'only for the night shift';
const GLASS: BreakGlass = { credential: CREDENTIAL, reason: 'its rack is on fire' };
const SHAPE = { breakGlass: CREDENTIAL } as const;

const ordered = (world: ClusterWorld) =>
  world.metrics.value('muster_coordinator_given_up_total', { role: 'node', cause: 'ordered' });
const owned = (world: ClusterWorld, peer: string) => world.rows().filter(({ owner }) => owner === peer).length;
const audit = (world: ClusterWorld) => world.server.range(world.keys.audit).entries.map(({ value }) => value);

/** Two of three nodes hang: silence that is waited for for ten seconds, as the leader may be to blame. */
async function waiting(world: ClusterWorld) {
  const [n1, n2] = [world.nodes.get('n1')!, world.nodes.get('n2')!];
  n1.process.pause();
  n2.process.pause();
  await world.clock.advance(1_500);
  return { n1, n2 };
}

test('nodes that are silent together are waited for; who breaks the glass ends that for one, and its backups that are well take over', async () => {
  const world = await ClusterWorld.running(SHAPE);
  const { n1 } = await waiting(world);
  const [before, rows] = [owned(world, n1.peer), world.rows()];
  const operator = await world.operator('c1');
  const { code, result } = await world.answer(operator.ask('node.give-up', { node: n1.peer, breakGlass: GLASS }));
  const backed = rows.filter(({ owner, backup }) => owner === n1.peer && backup.startsWith('n3#')).length;
  expect({ code, result }).toMatchObject({ code: '', result: { backed, waiting: before - backed } });
  expect(backed).toBeGreaterThan(100);
  expect(await world.until(() => owned(world, n1.peer) === before - backed, 300)).toBe(true);
  expect(ordered(world)).toBe(1);
  // Nobody has acted at the admin epoch itself: what was written stands in the leader's own epoch, under the next terms.
  const promoted = world
    .rows()
    .filter(({ shard }) => rows[shard]!.owner === n1.peer && rows[shard]!.backup.startsWith('n3#'));
  expect(promoted.every(({ shard, term, sure }) => term === rows[shard]!.term + 1 && sure === undefined)).toBe(true);
  expect((await world.answer(operator.ask('epoch.show', {}))).result.epoch).toBe(1);
  expect(JSON.parse(world.server.range(world.keys.epoch).entries[0]!.value)).toMatchObject({ epoch: 1 });
  // It lives: its next beat takes it back, and nobody tells it to end.
  n1.process.resume();
  await world.clock.advance(1_000);
  expect(n1.replacedBy).toEqual([]);
});

test('one that is heard is not given up, and neither is a gateway, nor another run', async () => {
  const world = await ClusterWorld.running(SHAPE);
  const operator = await world.operator('c1');
  const ask = async (node: string) =>
    (await world.answer(operator.ask('node.give-up', { node, breakGlass: GLASS }))).code;
  expect(await ask(world.nodes.get('n1')!.peer)).toBe('REFUSED');
  expect(await ask(world.gateways.get('g1')!.peer)).toBe('NOT_FOUND');
  expect(await ask('n1#other')).toBe('NOT_FOUND');
  expect(ordered(world)).toBe(0);
});

test('without the credential or without a reason nothing is done, and nothing can be tried where no credential is named', async () => {
  const world = await ClusterWorld.running(SHAPE);
  const { n1 } = await waiting(world);
  const operator = await world.operator('c1');
  const given = [
    undefined,
    { credential: 'another', reason: 'x' },
    { credential: CREDENTIAL, reason: ' ' },
    { credential: CREDENTIAL, reason: 'x'.repeat(501) },
  ];
  for (const breakGlass of given) {
    const args = { node: n1.peer, ...(breakGlass && { breakGlass }) };
    expect((await world.answer(operator.ask('node.give-up', args))).code).toBe('BREAK_GLASS_REFUSED');
  }
  const drain = { node: 'n3', breakGlass: GLASS };
  expect((await world.answer(operator.ask('node.drain', drain))).code).toBe('BREAK_GLASS_REFUSED');
  expect([ordered(world), audit(world)]).toEqual([0, []]);

  const without = await ClusterWorld.running();
  const other = await without.operator('c1');
  const asked = other.ask('node.give-up', { node: 'n1', breakGlass: { credential: '', reason: 'x' } });
  expect((await without.answer(asked)).code).toBe('BREAK_GLASS_REFUSED');
});

test('it stands in the audit with its reason and the admin epoch, without the credential; what cannot be written is not done', async () => {
  const world = await ClusterWorld.running(SHAPE);
  const { n1, n2 } = await waiting(world);
  const operator = await world.operator('c1');
  await world.answer(operator.ask('node.give-up', { node: n1.peer, breakGlass: GLASS }));
  await world.clock.advance(50);
  const listed = await world.answer(operator.ask('audit.list', {}));
  const entry = { command: 'node.give-up', arguments: { node: n1.peer }, epoch: ADMIN_EPOCH, result: 'accepted' };
  expect(listed.result.entries).toEqual([expect.objectContaining({ ...entry, reason: GLASS.reason })]);
  expect(audit(world).join()).not.toContain(CREDENTIAL);
  world.server.stop();
  const { code } = await world.answer(operator.ask('node.give-up', { node: n2.peer, breakGlass: GLASS }));
  expect([code, ordered(world)]).toEqual(['STORE_UNAVAILABLE', 1]);
});

test('a process is asked to end by a coordinator that does not lead, and no epoch changes by it', async () => {
  const world = await ClusterWorld.running(SHAPE);
  const operator = await world.operator('c2');
  const restart = (breakGlass?: BreakGlass) =>
    world.answer(operator.ask('process.restart', { peer: 'n2', ...(breakGlass && { breakGlass }) }));
  expect((await restart()).code).toBe('NOT_LEADER');
  expect(await restart(GLASS)).toMatchObject({ code: '', result: { role: 'node' } });
  await world.clock.advance(200);
  expect(world.retired).toEqual(['n2']);
  const entries = audit(world).map((value) => JSON.parse(value) as AuditEntry);
  expect(entries).toEqual([expect.objectContaining({ command: 'process.restart', epoch: ADMIN_EPOCH })]);
  const leader = await world.operator('c1');
  const { result } = await world.answer(leader.ask('epoch.show', {}));
  expect(result.epoch).toBe(1);
  // Nodes still go by the leader's own epoch: its acknowledgements count, and nobody is frozen.
  await world.clock.advance(3_000);
  const { nodes } = (await world.answer(leader.ask('node.list', {}))).result;
  expect(nodes.map(({ frozen, state }) => [frozen, state])).toEqual(nodes.map(() => [false, 'up']));
});
