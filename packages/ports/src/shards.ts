import { MusterError } from './errors.js';
import { type ShardId, shardId } from './ids.js';

/** Shards that entities hash to. Fixed for a cluster's life: written once in the store, compared by everybody who joins. */
export const HASHED_SHARDS = 1_024;
/** Shards for entities that are pinned or moved alone (K1). */
export const SOLO_SHARDS = 256;
export const SHARD_COUNT = HASHED_SHARDS + SOLO_SHARDS;
/** Rows in one page of the shard table: 40 pages, so that a dead node is one store transaction. */
export const SHARDS_PER_PAGE = 32;
export const SHARD_HASH = 'murmur3-32';

/** Into how many shards a cluster is cut: hashed ones first, then solo ones. */
export interface ShardLayout {
  readonly hashed: number;
  readonly count: number;
  readonly pages: number;
  /** The shard of a placement key (usually `kind/id`). */
  of(key: string): ShardId;
  isHashed(shard: number): boolean;
  /** True for the number of a shard that exists. */
  has(shard: unknown): shard is ShardId;
}

/** @param hashed multiple of 32 @param solo multiple of 32 @throws MusterError BAD_CONFIG */
export function shardLayout(hashed: number, solo: number): ShardLayout {
  const isWhole = (shards: number): boolean => shards > 0 && shards % SHARDS_PER_PAGE === 0;
  if (!isWhole(hashed) || !isWhole(solo))
    throw new MusterError('BAD_CONFIG', { details: `${hashed} and ${solo} shards do not fill pages of 32` });
  const count = hashed + solo;
  return {
    hashed,
    count,
    pages: count / SHARDS_PER_PAGE,
    of: (key) => shardId(murmur3(key) % hashed),
    isHashed: (shard) => shard < hashed,
    has: (shard): shard is ShardId => Number.isInteger(shard) && (shard as number) >= 0 && (shard as number) < count,
  };
}

/** Every cluster of processes has it. The simulator cuts its clusters smaller: so many empty shards show nothing and cost time. */
export const SHARDS = shardLayout(HASHED_SHARDS, SOLO_SHARDS);

/** The shard of a placement key (usually `kind/id`) in a cluster of full size. */
export function shardOfKey(key: string): ShardId {
  return SHARDS.of(key);
}

export function pageOf(shard: ShardId): number {
  return Math.floor(shard / SHARDS_PER_PAGE);
}

/** MurmurHash3, 32 bit, seed 0, over UTF-8 (Austin Appleby, public domain). Returns an unsigned integer. */
export function murmur3(text: string): number {
  const bytes = isAscii(text) ? undefined : Buffer.from(text, 'utf8');
  const length = bytes?.length ?? text.length;
  const at = (i: number): number => (bytes ? bytes[i]! : text.charCodeAt(i));
  let h = 0;
  const blocks = length & ~3;
  for (let i = 0; i < blocks; i += 4) {
    const k = at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24);
    h ^= scramble(k);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  let k = 0;
  const rest = length & 3;
  if (rest === 3) k ^= at(blocks + 2) << 16;
  if (rest >= 2) k ^= at(blocks + 1) << 8;
  if (rest >= 1) h ^= scramble(k ^ at(blocks));
  h ^= length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function scramble(k: number): number {
  const mixed = Math.imul(k, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
