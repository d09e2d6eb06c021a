import { expect, test } from '@jest/globals';
import { shardId } from '@muster/ports';
import { checksum, readEntity, type StoredRow } from './rows.js';

const SHARD = shardId(7);

function row(position: number, seq: number, body: string, version: number | null = null): StoredRow {
  const said = { entity: 'a/1', position, seq, version, body };
  return { ...said, crc: checksum(said) } as StoredRow;
}

const read = (...rows: StoredRow[]) => readEntity(SHARD, 'a/1', rows);

test('records that a snapshot holds already mean nothing, even broken ones', () => {
  const left = { ...row(2, 2, '[2]'), crc: 0 };
  expect(read(row(3, 3, '{}', 1), row(1, 1, '[1]'), left, row(3, 3, '[3]'), row(5, 4, '[4]'))).toEqual({
    entity: 'a/1',
    text: '{}',
    version: 1,
    tail: '[4]',
    seq: 4,
  });
});

test('a snapshot is not what was written as soon as one of its numbers is another', () => {
  const written = row(3, 3, '{}', 1);
  expect(read(written)).not.toHaveProperty('error');
  for (const change of [{ position: 4 }, { seq: 4 }, { version: 2 }, { body: '{ }' }, { entity: 'a/2' }])
    expect(read({ ...written, ...change } as StoredRow)).toMatchObject({
      error: { code: 'STATE_DAMAGED', details: { shard: 7, entity: 'a/1' }, retryable: false },
    });
});

test('a record missing before the first, in the middle or after a snapshot is noticed', () => {
  for (const rows of [[row(2, 2, '[2]')], [row(1, 1, '[1]'), row(3, 3, '[3]')], [row(1, 1, '{}', 1), row(3, 3, '[3]')]])
    expect(read(...rows)).toMatchObject({ error: { details: { cause: expect.stringContaining('follows record') } } });
});

test('what was broken in a life that is over damages nothing', () => {
  const broken = { ...row(1, 1, '{}', 1), body: '{' };
  expect(read(broken, row(2, 2, '[2]'))).toHaveProperty('error');
  expect(read(broken, row(2, 2, '[2]'), row(3, 0, ''))).toBeUndefined();
  const reborn = { entity: 'a/1', text: '', version: 0, tail: '[1]', seq: 1 };
  expect(read(broken, row(2, 1, '[1]'))).toEqual(reborn);
  expect(read(row(1, 5, '[5]'), row(2, 0, ''), row(3, 1, '[1]'))).toEqual(reborn);
  expect(read(row(1, 1, '[1]'), row(2, 0, ''))).toBeUndefined();
});
