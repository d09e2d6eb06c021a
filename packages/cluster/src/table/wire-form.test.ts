import { expect, test } from '@jest/globals';
import { peerId, SHARDS, shardId, term } from '@muster/ports';
import { decodeEnvelope, encodeEnvelope } from '@muster/wire';
import { emptyRow, type TableUpdate } from './routing-table.js';
import { tableFromWire, tableToWire } from './wire-form.js';

function travel(update: TableUpdate): TableUpdate {
  const envelope = decodeEnvelope(encodeEnvelope({ type: 'table', epoch: 3, body: tableToWire(update) }));
  if (envelope.type !== 'table') throw new Error(envelope.type);
  return tableFromWire(envelope.body, SHARDS);
}

test('a table update arrives as it was sent', () => {
  const owner = peerId('node-1', 'a1');
  const update: TableUpdate = {
    revision: 77,
    full: true,
    rows: [
      {
        ...emptyRow(shardId(0)),
        owner,
        backup: peerId('n2', 'b'),
        term: term(4),
        since: term(3),
        state: 'moving',
        move: 'm1',
      },
      { ...emptyRow(shardId(1)), owner, origin: 'promoted', term: term(5), sure: true },
      { ...emptyRow(shardId(2)), owner, origin: 'promoted', term: term(5), atLarge: true },
      { ...emptyRow(shardId(2)), owner, origin: 'moved', term: term(6) },
      emptyRow(shardId(1279)),
    ],
    overrides: [
      { entity: 'lobby/1', shard: shardId(1030) },
      { entity: 'lobby/2', shard: null },
    ],
    members: [{ role: 'node', peer: owner, address: 'h:1', state: 'suspect', zone: 'z', build: '1' }],
  };
  expect(travel(update)).toEqual(update);
});

test('no members and an empty list of members are told apart', () => {
  const update = { revision: 1, full: false, rows: [], overrides: [] };
  expect(travel(update)).toEqual(update);
  expect(travel({ ...update, members: [] })).toEqual({ ...update, members: [] });
});

test('rows of shards that do not exist are left out', () => {
  const body = tableToWire({ revision: 1, full: false, rows: [emptyRow(shardId(1280))], overrides: [] });
  const envelope = decodeEnvelope(encodeEnvelope({ type: 'table', body }));
  if (envelope.type === 'table') expect(tableFromWire(envelope.body, SHARDS).rows).toEqual([]);
});
