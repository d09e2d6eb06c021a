import { expect, test } from '@jest/globals';
import { entity, type PeerId, peerId, shardId, term } from '@muster/ports';
import { emptyRow, RoutingTable, type ShardRow, type TableUpdate } from './routing-table.js';

const [a, b] = [peerId('a', '1'), peerId('b', '1')];

function row(owner: PeerId, inTerm: number): ShardRow {
  return { ...emptyRow(shardId(7)), owner, term: term(inTerm) };
}

function update(changes: Partial<TableUpdate>): TableUpdate {
  return { revision: 1, full: false, rows: [], overrides: [], ...changes };
}

test('fence 3: a row of an older term is passed over, also in a whole table', () => {
  const table = new RoutingTable();
  table.apply(update({ rows: [row(a, 4)] }));
  table.apply(update({ rows: [row(b, 3)] }));
  table.apply(update({ rows: [row(b, 2)], full: true }));
  expect(table.row(shardId(7))).toMatchObject({ owner: a, term: 4 });
});

test('K4: who listens hears what a whole table knows less of than is known here, with each whole table', () => {
  const table = new RoutingTable();
  const heard: unknown[] = [];
  table.listen({
    passedOver: (older) => heard.push(older.map(({ row: { shard, term: of }, known }) => [shard, of, known])),
  });
  table.apply(update({ rows: [row(a, 4)] }));
  // One that is late tells nothing of the store.
  table.apply(update({ rows: [row(b, 3)] }));
  expect(heard).toEqual([]);
  table.apply(update({ rows: [row(b, 2)], full: true }));
  table.apply(update({ rows: [row(b, 5)], full: true }));
  expect(heard).toEqual([[[7, 2, 4]], []]);
});

test('listeners hear of a change when all of the update stands, and not of what is as it was', () => {
  const table = new RoutingTable();
  const heard: string[] = [];
  table.listen({
    rowChanged: (now, before) => heard.push(`${before.owner || 'nobody'} → ${now.owner}, ${table.members().length}`),
  });
  const members = [{ role: 'node', peer: a, address: 'h:1', state: 'up', zone: '', build: '' }] as const;
  table.apply(update({ rows: [row(a, 1)], members }));
  table.apply(update({ rows: [row(a, 1)] }));
  expect(heard).toEqual(['nobody → a#1, 1']);
});

test('K4: the revision follows a whole table down, so that a store set up anew is not taken for one left behind', () => {
  const table = new RoutingTable();
  table.apply(update({ revision: 900, full: true }));
  table.apply(update({ revision: 850 }));
  expect(table.revision).toBe(900);
  table.apply(update({ revision: 12, full: true }));
  expect(table.revision).toBe(12);
});

test('an override decides where an entity is, until it is taken back or a whole table comes without it', () => {
  const table = new RoutingTable();
  const ship = entity('ship', '1');
  const hashed = table.shardOf(ship);
  const override = { entity: 'ship/1', shard: shardId(1_030) };
  table.apply(update({ overrides: [override] }));
  expect(table.shardOf(ship)).toBe(1_030);
  table.apply(update({ overrides: [{ ...override, shard: null }] }));
  expect(table.shardOf(ship)).toBe(hashed);
  table.apply(update({ overrides: [override] }));
  table.apply(update({ full: true }));
  expect(table.shardOf(ship)).toBe(hashed);
});

test('who listens hears which entities are elsewhere before it hears of the rows that came with that', () => {
  const table = new RoutingTable();
  const heard: unknown[] = [];
  table.listen({
    entitiesMoved: (moved) => heard.push(...moved.map(({ entity, to }) => [entity.id, to])),
    rowChanged: (row) => heard.push(row.shard),
  });
  const home = table.shardOf({ kind: 'ship', id: '1' });
  const row = { ...emptyRow(shardId(1_030)), owner: 'n1#a' as PeerId, term: term(3) };
  const there = { entity: 'ship/1', shard: row.shard };
  table.apply(update({ rows: [row], overrides: [there] }));
  table.apply(update({ overrides: [there] }));
  table.apply(update({ full: true, overrides: [there, { entity: 'ship/2', shard: shardId(1_031) }] }));
  table.apply(update({ full: true }));
  expect(heard).toEqual([
    ['1', 1_030],
    1_030,
    ['2', 1_031],
    ['1', home],
    ['2', table.shardOf({ kind: 'ship', id: '2' })],
  ]);
});
