import type { StoredPosition, StoredRecord } from '@muster/ports';
import type { LogStart } from './log-start.js';

export interface Forgettable {
  readonly entity: string;
  /** Of the stored record that says it is gone. */
  readonly position: StoredPosition;
}

/**
 * Actors of which storage knows that they are gone: their rows, that record included, are worth nothing any more. They are removed up to
 * that record only when a later one is stored: whatever is stored of a next life stands after it then, also for a call that arrives late.
 */
export class Gone {
  private readonly saved: LogStart['saved'];
  private readonly max: number;
  /** By their last records' positions. */
  private storedEnd: StoredPosition = 0;
  private readonly ends = new Map<string, StoredPosition>();

  /** At most `max` are remembered; the rows of others stay. */
  constructor(saved: LogStart['saved'], max: number) {
    this.saved = saved;
    this.max = max;
  }

  /** These are stored, from `first` on. Returns how many were too many. */
  stored(records: readonly StoredRecord[], first: StoredPosition): number {
    let left = 0;
    this.storedEnd = first - 1 + records.length;
    for (const [n, { entity, text }] of records.entries()) {
      this.ends.delete(entity);
      if (text === '' && this.ends.size < this.max) this.ends.set(entity, first + n);
      else if (text === '') left += 1;
    }
    return left;
  }

  /** There is one whose rows may be removed. */
  get isDue(): boolean {
    const [oldest = Infinity] = this.ends.values();
    return oldest < this.storedEnd;
  }

  /** Those that may be removed now. Who lives again is not among them, and is left alone. */
  next(max: number): readonly Forgettable[] {
    const due: Forgettable[] = [];
    for (const [entity, position] of this.ends) {
      if (due.length >= max || position >= this.storedEnd) break;
      if (this.saved(entity) === undefined) due.push({ entity, position });
      else this.ends.delete(entity);
    }
    return due;
  }

  /** They are removed. */
  removed(entities: readonly Forgettable[]): void {
    for (const { entity, position } of entities) if (this.ends.get(entity) === position) this.ends.delete(entity);
  }

  clear(): void {
    this.ends.clear();
  }
}
