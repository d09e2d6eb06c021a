import { expect, test } from '@jest/globals';
import { peerId, shardId, term } from '@muster/ports';
import { emptyPage, formatPage, parsePage } from './layout.js';
import type { ShardRow } from './routing-table.js';

const owner = peerId('node-1', 'a1');

function pageWith(changes: Partial<ShardRow>): ShardRow[] {
  return emptyPage(2).map((row) => (row.shard === 65 ? { ...row, ...changes } : row));
}

test('a page reads as it was written, one line for each shard', () => {
  for (const origin of ['placed', 'promoted', 'moved'] as const) {
    const rows = pageWith({
      owner,
      origin,
      backup: peerId('node-2', 'b1'),
      term: term(4),
      since: term(2),
      state: 'moving',
      move: '7.1',
    });
    const text = formatPage(rows);
    expect(parsePage(2, text)).toEqual(rows);
    expect(text.split('\n')).toHaveLength(34);
  }
});

test('an owner of whom a page does not say how it came to be that was placed: no copy may be adopted by mistake', () => {
  const text = formatPage(pageWith({ owner, origin: 'promoted', term: term(4) }));
  expect(parsePage(2, text.replace(',"origin":"promoted"', ''))[1]).toMatchObject({ owner, origin: 'placed' });
  expect(parsePage(2, text.replace('"promoted"', '"adopted"'))[1]).toMatchObject({ owner, origin: 'placed' });
});

test('what is not a page of this cluster is refused', () => {
  expect(() => parsePage(2, 'x')).toThrow('not JSON');
  expect(() => parsePage(2, '[]')).toThrow('without 32 rows');
  expect(() => parsePage(3, formatPage(pageWith({ shard: shardId(65) })))).toThrow('page 3, row 0');
});
