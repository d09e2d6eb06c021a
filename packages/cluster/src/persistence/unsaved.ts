import type { Position } from '@muster/ports';
import type { PersistenceOptions } from './options.js';

/** So many that storage cannot take are told to copies by name, with all that they are sent. Where there are more, copies take everything since the first
 *  of them for not stored: something is wrong with all of it then, and who is promoted tries all of it again. */
const NAMED_MAX = 64;

/** Actors of one shard that are to be stored whole, and how long the tails of the others have become. */
export class Unsaved {
  private readonly options: Pick<PersistenceOptions, 'tailCharsMin' | 'unsavedMax'>;
  private readonly mayBeStored: (entity: string) => boolean;
  /** By name: the position of the oldest change that is not stored. */
  private readonly wanted = new Map<string, Position>();
  /** Those whose text is on its way, and the oldest change since it was taken. */
  private readonly onTheWay = new Map<string, Position | undefined>();
  /** Characters that an actor's records may still grow by before it is stored whole. */
  private readonly left = new Map<string, number>();
  /** Those whose tails have become long. Storage has all of their records, or is about to: nothing waits for them, and one that always has a turn under
   *  way keeps nobody else's records from being stored. */
  private readonly long = new Set<string>();
  private lowest: Position | undefined = Infinity;
  /** By name: the oldest change of those that storage cannot take. */
  private readonly excluded = new Map<string, Position>();
  /** Their names, the same list until there is another one. */
  excludedNames: readonly string[] = [];

  constructor(
    options: Pick<PersistenceOptions, 'tailCharsMin' | 'unsavedMax'>,
    mayBeStored: (entity: string) => boolean,
  ) {
    this.options = options;
    this.mayBeStored = mayBeStored;
  }

  get size(): number {
    return this.wanted.size;
  }

  get isFull(): boolean {
    return this.wanted.size > this.options.unsavedMax;
  }

  /** Before the oldest change of any of them everything is stored; Infinity: of all. */
  get from(): Position {
    this.lowest ??= [...this.wanted.values()].reduce((lowest, each) => Math.min(lowest, each), Infinity);
    return this.lowest;
  }

  want(entity: string, from: Position): void {
    if (this.onTheWay.has(entity)) this.onTheWay.set(entity, Math.min(this.onTheWay.get(entity) ?? from, from));
    const known = this.wanted.get(entity);
    if (known !== undefined && known <= from) return;
    this.wanted.set(entity, from);
    if (this.lowest !== undefined) this.lowest = Math.min(this.lowest, from);
  }

  /** All of them, also those that may not be stored yet. */
  names(): Iterable<string> {
    return this.wanted.keys();
  }

  /** So many of them that may be stored. */
  first(max: number): readonly string[] {
    const names: string[] = [];
    for (const entity of this.wanted.keys()) {
      if (names.length === max) break;
      if (this.mayBeStored(entity)) names.push(entity);
    }
    return names;
  }

  /** The same, and those whose tails are long. */
  next(max: number): readonly string[] {
    const wanted = this.first(max);
    const long = [...this.long].filter((entity) => !this.wanted.has(entity) && this.mayBeStored(entity));
    return [...wanted, ...long.slice(0, max - wanted.length)];
  }

  /** One whose tail is long may be stored whole at this moment. */
  get hasLong(): boolean {
    for (const entity of this.long) if (this.mayBeStored(entity)) return true;
    return false;
  }

  /** None is left beside these. Those that only are long are not waited for. */
  isAllIn(actors: readonly { readonly entity: string }[]): boolean {
    let found = 0;
    for (const { entity } of actors) if (this.wanted.has(entity)) found += 1;
    return found === this.wanted.size;
  }

  becameLong(entity: string): void {
    this.long.add(entity);
  }

  /** The text of these is on its way, as it is now; of those before it is not known whether it arrived. */
  taken(entities: Iterable<string>): void {
    this.onTheWay.clear();
    for (const entity of entities) {
      this.onTheWay.set(entity, undefined);
      this.long.delete(entity);
    }
  }

  /** It is stored with so many characters, as it was when it was taken. */
  arrived(entity: string, chars: number): void {
    const since = this.onTheWay.get(entity);
    this.onTheWay.delete(entity);
    this.left.set(entity, Math.max(this.options.tailCharsMin, chars));
    this.delete(entity);
    if (since !== undefined) this.want(entity, since);
  }

  /** There is nothing to be stored of it. */
  gone(entity: string): void {
    this.left.delete(entity);
    this.long.delete(entity);
    this.delete(entity);
  }

  /** Storage cannot take it; what changed at `position` and later is not there, and never will be. */
  exclude(entity: string, position: Position): void {
    this.excluded.set(entity, Math.min(position, this.wanted.get(entity) ?? position));
    this.excludedNames = this.excluded.size > NAMED_MAX ? [] : [...this.excluded.keys()];
    this.onTheWay.delete(entity);
    this.gone(entity);
  }

  /** Before this there is no change that storage cannot take, but for those of {@link excludedNames}; Infinity: nor later. */
  get excludedFrom(): Position {
    if (this.excluded.size <= NAMED_MAX) return Infinity;
    let from = Infinity;
    for (const position of this.excluded.values()) from = Math.min(from, position);
    return from;
  }

  /** Its records have become longer: true where it should be stored whole. */
  grown(entity: string, chars: number): boolean {
    const left = (this.left.get(entity) ?? this.options.tailCharsMin) - chars;
    this.left.set(entity, left);
    return left < 0;
  }

  private delete(entity: string): void {
    const from = this.wanted.get(entity);
    // Looked for when somebody asks: many are stored at a time.
    if (this.wanted.delete(entity) && from === this.lowest) this.lowest = undefined;
  }
}
