import { MusterError, type ShardStoreLimits } from '@muster/ports';

/** What may be tuned in the storage of shards. Every value is checked by {@link shardStoreOptions}. */
export interface ShardStoreOptions {
  /** Records of one group commit. Lower: more commits. Higher: one may outlast its deadline. */
  readonly batchRecordsMax: number;
  /** Characters of one call's texts. Lower: more calls. Higher: more memory, here and in the database, and a longer call. */
  readonly batchCharsMax: number;
  /** Characters of one record or snapshot. Lower: large actors cannot be stored. Higher: one actor can fill a call. At most `batchCharsMax`. */
  readonly textCharsMax: number;
  /** Rows (snapshots and records) of one page of a load. Lower: more round trips. Higher: more memory. */
  readonly pageRowsMax: number;
  /** Bytes of one page, unless a single entity is larger. Lower: more round trips. Higher: more memory. */
  readonly pageBytesMax: number;
  /** Rows of one entity, read at once where it does not fit on a page; beyond this it counts as damaged. Lower: fewer actors can be read
   *  whose snapshots were put off for long. Higher: more memory. */
  readonly entityRowsMax: number;
  /** The same in bytes. */
  readonly entityBytesMax: number;
}

export const SHARD_STORE_DEFAULTS: ShardStoreOptions = {
  batchRecordsMax: 10_000,
  batchCharsMax: 16_777_216,
  textCharsMax: 8_388_608,
  pageRowsMax: 2_000,
  pageBytesMax: 2_097_152,
  entityRowsMax: 100_000,
  entityBytesMax: 67_108_864,
};

export function limitsOf({ batchRecordsMax, batchCharsMax, textCharsMax }: ShardStoreOptions): ShardStoreLimits {
  return { records: batchRecordsMax, chars: batchCharsMax, textChars: textCharsMax };
}

/** The defaults with `given` over them. @throws MusterError BAD_CONFIG */
export function shardStoreOptions(given: Partial<ShardStoreOptions> = {}): ShardStoreOptions {
  const options = { ...SHARD_STORE_DEFAULTS, ...given };
  for (const [name, value] of Object.entries(options))
    if (!Number.isSafeInteger(value) || value < 1) throw bad(`${name} is ${value}: a whole number above 0 is expected`);
  if (options.textCharsMax > options.batchCharsMax) throw bad('textCharsMax is at most batchCharsMax');
  if (options.pageRowsMax > options.entityRowsMax) throw bad('pageRowsMax is at most entityRowsMax');
  if (options.pageBytesMax > options.entityBytesMax) throw bad('pageBytesMax is at most entityBytesMax');
  return options;
}

function bad(problem: string): MusterError {
  return new MusterError('BAD_CONFIG', { details: `shard store: ${problem}` });
}
