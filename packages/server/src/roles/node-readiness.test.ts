import { expect, test } from '@jest/globals';
import { type NodeStanding, nodeChecks } from './node-readiness.js';

const storage = { awayMs: 0, behindMs: 400, waitingChars: 90, loadingShards: 0 };
const well: NodeStanding = { knowsTable: true, owned: 341, state: 'up', frozen: false, storage };

const failing = (standing: Partial<NodeStanding>): string[] =>
  nodeChecks({ ...well, ...standing }).flatMap(({ name, ok, detail }) => (ok ? [] : [`${name}: ${detail}`]));

test('a node is ready that knows its shards, has them loaded, and is not on its way out', () => {
  expect(failing({})).toEqual([]);
  expect(failing({ state: 'cordoned' })).toEqual([]);
  expect(failing({ storage: undefined })).toEqual([]);
});

test.each<[Partial<NodeStanding>, string]>([
  [{ knowsTable: false }, 'table: no whole table yet, or no leader'],
  [{ state: 'draining' }, 'member: draining: it hands off what it has'],
  [{ frozen: true }, 'member: frozen: no coordinator has acknowledged it for too long'],
  [{ storage: { ...storage, loadingShards: 12 } }, 'state: 12 shards are being loaded'],
  [
    { storage: { ...storage, awayMs: 3_100 } },
    'shard storage: has not answered for 3.1 s; 0.4 s behind, 90 characters wait',
  ],
  [{ storage: { ...storage, behindMs: 6_000 } }, 'shard storage: 6.0 s behind, 90 characters wait'],
])('%j is not ready', (standing, why) => expect(failing(standing)).toEqual([why]));
