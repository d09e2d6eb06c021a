import type { CommitLog, Position, Term, TurnRecord } from '@muster/ports';
import { type Entry, encodeEntries } from '@muster/runtime';
import type { StoredLog } from './stored-log.js';

/** A log whose copies are told how much of it is stored. */
export interface TellingLog extends CommitLog {
  /** Everything up to `position` is stored but for what is `unstorable`, and storage calls the shard `behind`; undefined: do not rely on it. */
  tell?(position: Position | undefined, unstorable: readonly string[]): void;
}

/**
 * One shard's log with both of its places in series: what leaves has passed the copies that the row names, then storage, which lets
 * everything through at once while there is a backup.
 */
export class LayeredLog implements CommitLog {
  private readonly copies: TellingLog;
  private readonly stored: StoredLog;

  constructor(copies: TellingLog, stored: StoredLog, go: () => void) {
    this.copies = copies;
    this.stored = stored;
    stored.go = go;
    stored.advanced = () => copies.tell?.(stored.toldThrough, stored.unsaved.excludedNames);
    stored.advanced();
    stored.held.from(copies.end);
  }

  /** Whichever is the second place, a self-fenced process can do no harm: a newer owner's term refuses its records there. */
  get gated(): boolean {
    return this.copies.gated === true || this.stored.isLone;
  }

  get full(): boolean {
    return this.copies.full === true || this.stored.full;
  }

  get end(): Position {
    return this.copies.end;
  }

  append(record: TurnRecord): Position {
    const { entity, seq, entries } = record;
    const text = entries.length === 0 ? '' : encodeEntries(entries as readonly Entry[]);
    const position = this.copies.append({ ...record, text });
    this.stored.append(position, { entity, seq, text });
    // Storage never has what a promoted backup would not (held.ts).
    this.copies.onDurable(position, () => this.stored.reached(position), true);
    return position;
  }

  onDurable(position: Position, run: () => void, recorded = false): void {
    this.copies.onDurable(position, () => this.stored.onDurable(position, run, recorded), recorded);
  }

  raise(term: Term): void {
    this.copies.raise?.(term);
  }

  close(): void {
    this.copies.close();
    this.stored.close();
  }
}
