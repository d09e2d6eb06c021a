import type { Millis, Position, StoredRecord } from '@muster/ports';
import type { Committer } from './committer.js';
import type { Held } from './held.js';

interface Waiting {
  readonly record: StoredRecord;
  readonly at: Millis;
  readonly position: Position;
}

export interface TakeLimits {
  readonly records: number;
  readonly chars: number;
  /** At least one, whatever its length. */
  readonly must: boolean;
}

/** What a record costs in memory beside its text, in characters. */
const RECORD_CHARS = 64;

/** Records of one shard that are not known to be stored. */
export class Backlog {
  /** So many, from the first, were in a call without an answer: they may be stored, so they can only be sent again as they are. */
  inDoubt = 0;
  chars = 0;
  private readonly committer: Pick<Committer, 'now' | 'waits' | 'overfull' | 'options'>;
  private waiting: Waiting[] = [];

  constructor(committer: Pick<Committer, 'now' | 'waits' | 'overfull' | 'options'>) {
    this.committer = committer;
  }

  get size(): number {
    return this.waiting.length;
  }

  get isMuch(): boolean {
    return this.committer.overfull || this.chars > this.committer.options.lagCharsMax;
  }

  /** Position of the oldest. */
  get from(): Position | undefined {
    return this.waiting[0]?.position;
  }

  /** There is something that copies have. */
  mayGo(held: Pick<Held, 'has'>): boolean {
    return this.from !== undefined && held.has(this.from);
  }

  /** Position of the first behind so many; Infinity: there is none. */
  after(count: number): Position {
    return this.waiting[count]?.position ?? Infinity;
  }

  /** When the oldest came. */
  get since(): Millis | undefined {
    return this.waiting[0]?.at;
  }

  push(record: StoredRecord, position: Position): void {
    this.waiting.push({ record, at: this.committer.now, position });
    this.count(charsOf(record));
  }

  /** That it is gone, before all others; `position` is not above theirs. */
  pushGone(entity: string, position: Position): void {
    const record = { entity, seq: 0, text: '' };
    this.waiting.unshift({ record, at: this.committer.now, position });
    this.count(charsOf(record));
  }

  /** The next records that copies have, within the limits, at least one where `must` and there is one; what is in doubt goes again as it went. */
  take(limits: TakeLimits, held: Pick<Held, 'has'>) {
    const records: StoredRecord[] = [];
    let chars = 0;
    const most = this.inDoubt || Math.max(limits.records, limits.must ? 1 : 0);
    for (const { record, position } of this.waiting.slice(0, most)) {
      if (!held.has(position)) break;
      const fits = chars + record.text.length <= limits.chars || (limits.must && records.length === 0);
      if (!fits && this.inDoubt === 0) break;
      chars += record.text.length;
      records.push(record);
    }
    this.inDoubt = records.length;
    return { records, chars };
  }

  /** So many, from the first, are stored; what else was sent is not. */
  arrived(count: number): readonly StoredRecord[] {
    const done = this.waiting.splice(0, count);
    this.inDoubt = 0;
    this.count(-done.reduce((sum, { record }) => sum + charsOf(record), 0));
    return done.map(({ record }) => record);
  }

  /** Actors with records. */
  names(): ReadonlySet<string> {
    return new Set(this.waiting.map(({ record }) => record.entity));
  }

  /** Actors with records that were never sent. */
  merging(): ReadonlySet<string> {
    return new Set(this.waiting.slice(this.inDoubt).map(({ record }) => record.entity));
  }

  /** Drops records of these actors that were never sent, each told to `dropped`. Returns how many. */
  drop(entities: ReadonlySet<string>, dropped: (entity: string, position: Position) => void): number {
    const before = this.waiting.length;
    let chars = 0;
    this.waiting = this.waiting.filter(({ record, position }, i) => {
      if (i < this.inDoubt || !entities.has(record.entity)) return true;
      dropped(record.entity, position);
      chars += charsOf(record);
      return false;
    });
    this.count(-chars);
    return before - this.waiting.length;
  }

  /** Nothing that is there of these was or will be stored; none of the last call was. Returns the position of each one's first. */
  exclude(entities: ReadonlySet<string>): ReadonlyMap<string, Position> {
    this.inDoubt = 0;
    const first = new Map<string, Position>();
    this.drop(entities, (entity, position) => first.has(entity) || first.set(entity, position));
    return first;
  }

  clear(): void {
    this.waiting = [];
    this.inDoubt = 0;
    this.count(-this.chars);
  }

  private count(chars: number): void {
    this.chars += chars;
    this.committer.waits(chars);
  }
}

function charsOf({ entity, text }: StoredRecord): number {
  return entity.length + text.length + RECORD_CHARS;
}
