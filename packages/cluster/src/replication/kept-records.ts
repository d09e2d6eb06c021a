import type { Position, TurnRecord } from '@muster/ports';
import { type Entry, encodeEntries } from '@muster/runtime';
import type { RecordInit } from '@muster/wire';
import type { ReplicationOptions } from './options.js';
import type { FollowerView } from './owner.js';
import { Tails } from './tails.js';

type Kept = RecordInit & { readonly chars: number };

/** The records of one shard's log that some copy may still need. */
export class KeptRecords {
  /** Position before the first of them, and of the last. */
  base: Position;
  last: Position;
  /** Characters of records that have no second place yet, and of all that are kept. */
  openChars = 0;
  chars = 0;
  private records: Kept[] = [];
  private readonly tails: Tails;
  private readonly options: ReplicationOptions;

  constructor(options: ReplicationOptions, start: Position) {
    this.options = options;
    this.tails = new Tails(options);
    this.base = start;
    this.last = start;
  }

  /** One that nobody needs: there is no copy. */
  skip(): Position {
    this.last += 1;
    return this.last;
  }

  add({ entity, seq, entries, text: encoded, whole }: TurnRecord): Position {
    this.last += 1;
    const text = encoded ?? (entries.length === 0 ? '' : encodeEntries(entries as readonly Entry[]));
    const told = this.tails.add(entity, text.length, whole);
    const chars = text.length + told.length + entity.length;
    this.records.push({ entity, seq, entries: text, whole: told, chars });
    this.openChars += chars;
    this.chars += chars;
    return this.last;
  }

  /** What comes after `after`, as much as an envelope holds. */
  batch(after: Position): readonly RecordInit[] {
    const batch: RecordInit[] = [];
    let chars = 0;
    for (let i = after - this.base; i < this.records.length; i += 1) {
      const record = this.records[i]!;
      chars += record.chars;
      if (batch.length > 0 && chars > this.options.envelopeCharsMax) break;
      batch.push(record);
    }
    return batch;
  }

  /** More may have left than up to `durableBefore`: records that every copy has, or that no copy will be sent, are not kept. */
  forget(
    durableBefore: Position,
    durable: Position,
    followers: readonly FollowerView[],
    cursorOf: (peer: FollowerView['peer']) => Position | undefined,
  ): void {
    for (let position = Math.max(durableBefore, this.base); position < durable; position += 1)
      this.openChars -= this.records[position - this.base]?.chars ?? 0;
    let needed = this.last;
    // One that waits will begin with a snapshot.
    for (const { peer, phase, acked } of followers)
      if (phase !== 'waiting') needed = Math.min(needed, phase === 'seeding' ? (cursorOf(peer) ?? this.last) : acked);
    this.drop(Math.min(needed - this.base, this.records.length), durable);
    if (followers.length === 0) this.clear();
    this.base = this.last - this.records.length;
  }

  private drop(gone: number, durable: Position): void {
    if (gone <= 0) return;
    for (let i = 0; i < gone; i += 1) {
      const { chars } = this.records[i]!;
      this.chars -= chars;
      // Nobody is sent it: it is in the snapshot that its copy will begin with, and takes no room here until then.
      if (this.base + i >= durable) this.openChars -= chars;
    }
    this.records.splice(0, gone);
  }

  private clear(): void {
    this.records = [];
    // Whoever becomes a copy is told everybody whole: until then nobody counts how long tails become, nor who goes.
    this.tails.clear();
    this.openChars = 0;
    this.chars = 0;
  }
}
