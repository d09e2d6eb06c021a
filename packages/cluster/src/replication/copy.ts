import { isEntity, type Position, parseEntity } from '@muster/ports';
import { type AnyActorKind, compactActor, type RuntimeOptions, type SavedActor } from '@muster/runtime';
import type { Inherited } from '../persistence/persistence.js';
import type { ReplicationOptions } from './options.js';

export interface CopiedRecord {
  readonly entity: string;
  readonly seq: number;
  /** JSON; empty: the actor is gone. */
  readonly entries: string;
  /** The actor after this record; empty: not told. */
  readonly whole?: string;
}

/** `older` and `newer` are its records; only `older` is ever merged: what was published last can still be told to those who missed it. */
class Held implements SavedActor {
  /** Its text is read when somebody asks for it: of a shard that was handed over it is not told as text before. */
  private saved: SavedActor;
  older: string;
  newer = '';
  /** The actor as `older` leaves it, where its owner has told. */
  private between = '';
  seq: number;
  /** Of its last record in the owner's log, or of the snapshot that it came with. */
  position: Position;
  /** Failures to merge: each lets the records grow to twice the length before the next attempt. */
  failures = 0;

  constructor(saved: SavedActor, position: Position) {
    this.position = position;
    this.saved = saved;
    this.older = saved.tail;
    this.seq = saved.seq;
  }

  get text(): string {
    return this.saved.text;
  }

  get tail(): string {
    return joined(this.older, this.newer);
  }

  get owes(): boolean | undefined {
    return this.saved.owes;
  }

  /** What was published before `older`; given up with the first merge, as it does not reach up to `newer`. */
  get recent(): string {
    return this.saved.recent ?? '';
  }

  /** `older` is given up where somebody has told what it leads to. */
  drop(): boolean {
    if (this.between === '') return false;
    this.merged(this.between);
    return true;
  }

  /** What all the records that are here lead to. The newer stay, as the older. */
  told(whole: string): void {
    if (!this.drop()) {
      this.older = this.tail;
      this.newer = '';
    }
    this.between = whole;
  }

  merged(text: string): void {
    this.saved = { text, tail: '', seq: this.seq };
    this.older = this.newer;
    this.newer = '';
    this.between = '';
    this.failures = 0;
  }
}

export interface CopySetup {
  readonly kinds: ReadonlyMap<string, AnyActorKind>;
  readonly runtime: RuntimeOptions;
  readonly options: ReplicationOptions;
  /** Actors are stored: a copy remembers of whom storage may not know that it is gone. */
  readonly persists: boolean;
  /** A copy that cannot be merged stays as it is: whoever adopts it will say what is wrong with it. */
  readonly failed: (entity: string, error: unknown) => void;
}

/** The actors of one shard as text: nothing is read before it is needed, but for merging what has become long. */
export class Copy {
  readonly actors = new Map<string, Held>();
  /** Where those went whose end may not be stored yet. */
  private readonly ends = new Map<string, Position>();
  /** Everything before is stored; 0: unknown. */
  private stored = 0;
  /** But for these. */
  private unstorable: readonly string[] = [];
  private knownBehind = false;
  private readonly setup: CopySetup;

  constructor(setup: CopySetup) {
    this.setup = setup;
  }

  clear(): void {
    this.actors.clear();
    this.ends.clear();
    this.stored = 0;
    this.unstorable = [];
    this.knownBehind = false;
  }

  /** The owner says what is stored (`stored` and `unstorable` in the wire format). */
  told(stored: number, unstorable: readonly string[]): void {
    this.unstorable = unstorable;
    this.knownBehind = stored > 0;
    // It goes back where storage has lost something, or its answer is awaited: then all that is here counts as not stored.
    this.stored = stored;
    for (const [entity, position] of this.ends) if (position < stored) this.ends.delete(entity);
  }

  /** The shard has a new term: what storage calls it has to be heard again. */
  raised(): void {
    this.knownBehind = false;
  }

  /** Who goes on from this copy with a log that begins after `start` owes storage these. */
  inherited(start: Position): Inherited {
    const unsaved = [...this.ends.keys()];
    for (const [entity, { position }] of this.actors) if (position >= this.stored) unsaved.push(entity);
    for (const entity of this.unstorable)
      if (this.actors.has(entity) && !unsaved.includes(entity)) unsaved.push(entity);
    return { start, unsaved, knownBehind: this.knownBehind };
  }

  /** As the owner had it when it was sent; whatever came before it is in it. Nothing at all: it is gone, or it lives again since then. */
  put(entity: string, saved: SavedActor, position: Position): void {
    if (saved.seq === 0 && saved.text === '') this.end(entity, position);
    else this.actors.set(entity, new Held(saved, position));
  }

  /** False where a record before it is missing, or it is of no actor. `complete`: every actor that there is, is here. */
  take({ entity, seq, entries, whole }: CopiedRecord, position: Position, complete: boolean): boolean {
    const held = this.actors.get(entity);
    // Whoever is here has been looked at.
    if (!held && !isKey(entity)) return false;
    if (entries === '') {
      this.went(entity, position);
      return true;
    }
    if (!held) {
      if (seq === 1) {
        this.actors.set(entity, new Held({ text: '', tail: entries, seq }, position));
        // Its end is stored before its new life is.
        this.ends.delete(entity);
      }
      // In its snapshot, which is on its way.
      return seq === 1 || !complete;
    }
    if (seq <= held.seq) return true;
    if (seq !== held.seq + 1) return false;
    held.seq = seq;
    held.position = position;
    held.newer = joined(held.newer, entries);
    if (whole) held.told(whole);
    else if (this.isLong(held) && !held.drop()) this.merge(entity, held);
    return true;
  }

  went(entity: string, position: Position): void {
    this.actors.delete(entity);
    this.end(entity, position);
  }

  private end(entity: string, position: Position): void {
    if (this.setup.persists) this.ends.set(entity, position);
  }

  private merge(entity: string, held: Held): void {
    const { kinds, runtime, failed } = this.setup;
    try {
      const { kind: name, id } = parseEntity(entity);
      const kind = kinds.get(name);
      if (!kind) throw new TypeError(`no kind ${name}`);
      const { text, older: tail, seq } = held;
      held.merged(compactActor(kind, id, { text, tail, seq }, runtime).text);
    } catch (error) {
      held.failures += 1;
      failed(entity, error);
    }
  }

  private isLong(held: Held): boolean {
    const { tailCharsMin, tailFactor } = this.setup.options;
    const times = 2 ** held.failures;
    // Its text is looked at last: it may not have been told as text yet.
    return held.newer.length > tailCharsMin * times && held.newer.length > tailFactor * held.text.length * times;
  }
}

export function isKey(entity: string): boolean {
  const slash = entity.indexOf('/');
  return slash > 0 && isEntity(entity.slice(0, slash), entity.slice(slash + 1));
}

function joined(records: string, more: string): string {
  return records === '' || more === '' ? records + more : `${records},${more}`;
}
