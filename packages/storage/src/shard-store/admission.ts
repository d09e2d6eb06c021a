// What a call may ask for, and who is refused: one answer for every form.
import {
  type LogBatch,
  MusterError,
  SHARD_COUNT,
  type ShardAnswer,
  type ShardId,
  type ShardRefusal,
  type ShardSaves,
  type ShardStanding,
  type StoredPosition,
  type Term,
  term,
} from '@muster/ports';
import { SHORT_TEXT_CHARS_MAX } from '../database/storable.js';
import type { ShardStoreOptions } from './options.js';

/** A shard's line. */
export interface Head {
  readonly term: Term;
  readonly position: StoredPosition;
  readonly standing: ShardStanding;
}

/** What a write needs of the shard, apart from its term: the log to be there up to `needs`. */
export interface Wanted {
  readonly shard: ShardId;
  readonly term: Term;
  readonly needs: StoredPosition;
}

/** Why the write is refused; undefined: it is not. The SQL form says the same in its statements' `where`. */
export function refusalOf(wanted: Wanted, head: Pick<Head, 'term' | 'position'> | undefined): ShardRefusal | undefined {
  if (!head || wanted.term > head.term) return 'NOT_CLAIMED';
  if (wanted.term < head.term) return 'STALE_TERM';
  return wanted.needs > head.position ? 'GAP' : undefined;
}

export function answer(
  shard: ShardId,
  head: Pick<Head, 'term' | 'position'> | undefined,
  refused: ShardRefusal | undefined,
): ShardAnswer {
  return { shard, refused, term: head?.term ?? term(0), position: head?.position ?? 0 };
}

/** Entities with text that cannot be stored, by shard. */
export type Unstorable = ReadonlyMap<ShardId, readonly string[]>;

export const NOTHING_UNSTORABLE: Unstorable = new Map();

export function unstorableAnswer(shard: ShardId, unstorable: readonly string[]): ShardAnswer {
  return { ...answer(shard, undefined, 'UNSTORABLE'), unstorable };
}

/** Sizes of one call. @throws MusterError INVALID_REQUEST */
export class Admission {
  private readonly options: ShardStoreOptions;

  constructor(options: ShardStoreOptions) {
    this.options = options;
  }

  /** Every call: each shard once, all numbers whole. */
  shards(asked: readonly { readonly shard: ShardId; readonly term: Term }[]): void {
    const seen = new Set<number>();
    for (const { shard, term: asTerm } of asked) {
      require(Number.isInteger(shard) && shard >= 0 && shard < SHARD_COUNT, `${shard} is no shard`);
      require(!seen.has(shard), `shard ${shard} is there twice`);
      requireWhole('term', asTerm, 1);
      seen.add(shard);
    }
  }

  /** The shards that have what cannot be stored, and whose it is. */
  batches(batches: readonly LogBatch[]): Unstorable {
    this.shards(batches);
    let records = 0;
    for (const batch of batches) {
      requireWhole('first', batch.first, 1);
      requireWhole('the last position', batch.first + batch.records.length, 1);
      records += batch.records.length;
    }
    const { batchRecordsMax } = this.options;
    require(records <= batchRecordsMax, `${records} records are more than ${batchRecordsMax}`);
    return this.unstorable(batches, ({ records: given }) => given);
  }

  /** The shards that have what cannot be stored, and whose it is. */
  saves(saves: readonly ShardSaves[]): Unstorable {
    this.shards(saves);
    for (const { entities } of saves) {
      this.distinct(entities);
      for (const { version, position, text } of entities) {
        require(Number.isInteger(version) && version >= 0 && version < 2 ** 31, 'version is a whole number below 2^31');
        requireWhole('position', position, 0);
        require(text !== '', 'an empty snapshot is no actor');
      }
    }
    return this.unstorable(saves, ({ entities }) => entities);
  }

  losses(
    losses: readonly {
      readonly shard: ShardId;
      readonly term: Term;
      readonly entities: readonly { readonly entity: string; readonly position: StoredPosition }[];
    }[],
  ): Unstorable {
    this.shards(losses);
    for (const { entities } of losses) {
      this.distinct(entities);
      for (const { position } of entities) requireWhole('position', position, 0);
    }
    return this.unstorable(losses, ({ entities }) => entities.map(({ entity }) => ({ entity, seq: 0, text: '' })));
  }

  private distinct(entities: readonly { readonly entity: string }[]): void {
    const { batchRecordsMax } = this.options;
    require(entities.length <= batchRecordsMax, `${entities.length} entities are more than ${batchRecordsMax}`);
    const names = new Set(entities.map(({ entity }) => entity));
    require(names.size === entities.length, 'an entity is there twice');
  }

  private unstorable<Part extends { readonly shard: ShardId }>(
    parts: readonly Part[],
    rowsOf: (part: Part) => readonly { readonly entity: string; readonly seq: number; readonly text: string }[],
  ): Unstorable {
    const { batchCharsMax, textCharsMax } = this.options;
    const refused = new Map<ShardId, string[]>();
    let chars = 0;
    for (const part of parts)
      for (const { entity, seq, text } of rowsOf(part)) {
        requireWhole('seq', seq, 0);
        const fits = entity.length <= SHORT_TEXT_CHARS_MAX && text.length <= textCharsMax;
        if (fits && comesBack(entity) && comesBack(text)) chars += text.length;
        else refused.set(part.shard, [...(refused.get(part.shard) ?? []), entity]);
      }
    require(chars <= batchCharsMax, `${chars} characters are more than ${batchCharsMax}`);
    return refused;
  }
}

const unstorable = /\0|\p{Surrogate}/u;

/** Postgres refuses NUL in text, and half a surrogate pair would come back as another character. */
function comesBack(text: string): boolean {
  return !unstorable.test(text);
}

function requireWhole(what: string, value: number, least: number): void {
  require(Number.isSafeInteger(value) && value >= least, `${what} must be a whole number from ${least} to 2^53`);
}

function require(holds: boolean, details: string): void {
  if (!holds) throw new MusterError('INVALID_REQUEST', { details });
}
