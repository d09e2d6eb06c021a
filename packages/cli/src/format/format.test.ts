import { describe, expect, test } from '@jest/globals';
import { ranges } from '../views/shards.js';
import { coloured, plain } from './paint.js';
import { facts, table } from './table.js';
import { bytes, count, counted, duration, instant, percent, since } from './units.js';

describe('units', () => {
  test.each([
    [0, '0 ms'],
    [-5, '0 ms'],
    [999.6, '1.0 s'],
    [1_000, '1.0 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min'],
    [725_000, '12 min 5 s'],
    [3_599_600, '1 h'],
    [12_000_000, '3 h 20 min'],
    [86_400_000 * 5 + 7_200_000, '5 d 2 h'],
  ])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '0.98 KiB'],
    [1_536, '1.50 KiB'],
    [90_600_000, '86.4 MiB'],
    [125_829_120, '120 MiB'],
    [1_288_490_188, '1.20 GiB'],
    [2 ** 50, '1024 TiB'],
  ])('%d bytes are %s', (value, text) => expect(bytes(value)).toBe(text));

  test('counts have separators and their noun', () => {
    expect([count(1_234_567), counted(1, 'shard'), counted(0, 'shard'), percent(0.996)]).toEqual([
      '1,234,567',
      '1 shard',
      '0 shards',
      '100 %',
    ]);
  });

  test('an instant that is none stays as it is', () => {
    expect([instant(''), since('soon', 0)]).toEqual(['', 'soon']);
    expect(since('2026-11-21T10:00:00.000Z', Date.parse('2026-11-21T09:59:59Z'))).toBe(
      '2026-11-21 10:00:00 UTC (0 ms ago)',
    );
  });
});

describe('tables', () => {
  const columns = [
    { title: 'ID', cell: ({ id }: { id: string }) => id },
    { title: 'N', cell: ({ n }: { n: number }) => String(n), align: 'right' as const },
    { title: 'ZONE', cell: () => '', optional: true as const },
    { title: 'NOTE', cell: ({ note }: { note: string }) => note },
  ];
  const rows = [
    { id: 'ä', n: 7, note: 'a\nb' },
    { id: 'longer', n: 1_000, note: '' },
  ];

  test('text stands left, numbers right, empty cells are dashes, and empty columns are left out', () => {
    expect(table(columns, rows, plain)).toEqual(['ID         N  NOTE', 'ä          7  a\ufffdb', 'longer  1000  –']);
  });

  test('colours do not move anything', () => {
    const painted = table([{ ...columns[0]!, tone: () => 'bad' as const }, columns[1]!], rows, coloured);
    expect(painted[1]).toBe('\x1b[31;1mä\x1b[0m          7');
    expect(table([], [], coloured)).toEqual(['']);
  });

  test('facts stand under each other', () => {
    expect(
      facts(
        [
          ['A', '1'],
          ['Long', '', 'bad'],
        ],
        plain,
      ),
    ).toEqual(['A     1', 'Long  –']);
  });
});

test('neighbours among shards are written as ranges', () => {
  expect(ranges([9, 1, 2, 3, 7, 8, 20])).toEqual(['1–3', '7–9', '20']);
  expect(ranges([])).toEqual([]);
});
