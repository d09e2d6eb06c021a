import { describe, expect, test } from '@jest/globals';
import { entity, entityKey, isEntity, parseEntity, parsePeerId, peerId } from './ids.js';
import { HASHED_SHARDS, murmur3, pageOf, SHARDS, SHARDS_PER_PAGE, shardLayout, shardOfKey } from './shards.js';

describe('shards', () => {
  test('murmur3 agrees with the published 32-bit test vectors', () => {
    expect(murmur3('')).toBe(0);
    expect(murmur3('test')).toBe(0xba6bd213);
    expect(murmur3('Hello, world!')).toBe(0xc0363e43);
    expect(murmur3('The quick brown fox jumps over the lazy dog')).toBe(0x2e4ff723);
  });

  test('a key outside ASCII is hashed over its UTF-8 bytes', () => {
    expect(murmur3('player/å')).toBe(0x36a9508c);
    expect(murmur3('ππππππππ')).toBe(0xec72b6e8);
  });

  test('10,000 player ids spread over all hashed shards without a crowded one', () => {
    const counts = new Array<number>(HASHED_SHARDS).fill(0);
    for (let id = 0; id < 10_000; id += 1) {
      const shard = shardOfKey(`player/${id}`);
      counts[shard] = counts[shard]! + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(Math.max(...counts)).toBeLessThan(30);
  });

  test('every shard has its page, and pages are full', () => {
    expect(SHARDS.pages * SHARDS_PER_PAGE).toBe(SHARDS.count);
    expect(pageOf(shardOfKey('lobby/1'))).toBeLessThan(SHARDS.pages);
  });

  test('a smaller layout has hashed shards first, then solo ones, in full pages', () => {
    const small = shardLayout(64, 32);
    expect(small).toMatchObject({ hashed: 64, count: 96, pages: 3 });
    expect([63, 64].map((shard) => small.isHashed(shard))).toEqual([true, false]);
    expect([0, 95, 96, -1, 1.5, '3', undefined].map((shard) => small.has(shard))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    const keys = Array.from({ length: 500 }, (_, id) => small.of(`player/${id}`));
    expect([Math.min(...keys), Math.max(...keys)]).toEqual([0, 63]);
  });

  test.each([
    [0, 32],
    [1_000, 256],
    [64, 33],
  ])('%i hashed and %i solo shards fill no pages, and are refused', (hashed, solo) => {
    expect(() => shardLayout(hashed, solo)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  });
});

describe('ids', () => {
  test('an entity is written kind/id and read back, slashes in the id included', () => {
    expect(parseEntity('player/42')).toEqual(entity('player', '42'));
    expect(parseEntity('cell/1/2')).toEqual(entity('cell', '1/2'));
    expect(entityKey(entity('player', '42'))).toBe('player/42');
  });

  test.each(['', 'player', '/1', 'player/', 'Player/1', 'player/\u0001', `player/${'x'.repeat(129)}`])(
    '%j is no entity',
    (text) => {
      expect(() => parseEntity(text)).toThrow(expect.objectContaining({ code: 'INVALID_ENTITY' }));
    },
  );

  test('control characters never get into an id', () => {
    expect(isEntity('player', 'a\u007f')).toBe(false);
    expect(isEntity('player', 'a\nb')).toBe(false);
    expect(isEntity('player', 'half\ud83d')).toBe(false);
    expect(isEntity('player', 'whole\u{1f600}')).toBe(true);
    expect(isEntity('player', 'ünïcode')).toBe(true);
  });

  test('two incarnations under one id are two peers', () => {
    expect(peerId('node-1', 'a1')).not.toBe(peerId('node-1', 'a2'));
    expect(parsePeerId('node-1#a1')).toEqual({ id: 'node-1', incarnation: 'a1' });
    expect(parsePeerId('node-1')).toEqual({ id: 'node-1', incarnation: '' });
  });
});
