import { describe, expect, test } from '@jest/globals';
import { entity, entityKey, isEntity, parseEntity, parsePeerId, peerId } from './ids.js';
import { HASHED_SHARDS, murmur3, PAGE_COUNT, pageOf, SHARD_COUNT, SHARDS_PER_PAGE, shardOfKey } from './shards.js';

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
    expect(PAGE_COUNT * SHARDS_PER_PAGE).toBe(SHARD_COUNT);
    expect(pageOf(shardOfKey('lobby/1'))).toBeLessThan(PAGE_COUNT);
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
