import type { ShardId } from '@muster/ports';

/** Of one shard; a new owner says little before its row is everywhere. */
const WORDS_MAX = 32;

/**
 * What a new owner sent about a shard that this process owns as far as it knows: the row is on its way, and with it what this process has
 * becomes the copy that the new owner's log goes on from. Taken before, it would not fit, and a snapshot would have to be sent.
 */
export class EarlyWords {
  private readonly waiting = new Map<ShardId, (() => void)[]>();
  private readonly dropped: (words: number) => void;

  constructor(dropped: (words: number) => void) {
    this.dropped = dropped;
  }

  /** What is more than a few is dropped, all of it: the new owner finds out and begins with a snapshot. */
  add(shard: ShardId, take: () => void): void {
    const words = this.waiting.get(shard) ?? [];
    if (words.length >= WORDS_MAX) {
      this.dropped(words.length);
      words.length = 0;
    }
    this.waiting.set(shard, [...words, take]);
  }

  /** The row is here. */
  take(shard: ShardId): readonly (() => void)[] {
    const words = this.waiting.get(shard) ?? [];
    this.waiting.delete(shard);
    return words;
  }
}
