import { type Millis, MusterError, type ShardStoreLimits } from '@muster/ports';

/** What may be tuned in how actors' state gets into storage and out of it. Every value is checked by {@link persistenceOptions}. */
export interface PersistenceOptions {
  /** How long a record waits for others before they are committed together; none while a commit is under way, those that come meanwhile
   *  are the next. Lower: replies leave sooner, storage works more. Higher: the opposite. At most 5. */
  readonly gatherMs: Millis;
  /** Records of one commit. Lower: more commits. Higher: small commits wait behind large ones. */
  readonly commitRecordsMax: number;
  /** Characters of one commit, unless one record is longer. Lower: more commits. Higher: small commits wait behind large ones. */
  readonly commitCharsMax: number;
  /** Shards claimed in one call. Lower: a cold start takes more calls. Higher: one call holds more locks. */
  readonly claimsMax: number;
  /** A shard takes no new turns while this much of it waits. Lower: slow storage slows actors sooner. Higher: more is executed that may
   *  have to be repeated elsewhere. In characters of JSON. */
  readonly lagCharsMax: number;
  /** Nor while something of it has waited this long. */
  readonly lagMs: Millis;
  /** No shard takes new turns while this much waits in all. Lower: less memory while storage is away. Higher: longer bursts pass. */
  readonly totalCharsMax: number;
  /** An owner may answer reads for so long after it asked storage whether the term still holds (K7), and a new owner is silent for so long
   *  after its claim. The same in every process. Lower: reads of quiet shards ask storage more often. Higher: a fail-over takes longer. */
  readonly leaseMs: Millis;
  /** What two clocks may differ in over `leaseMs`; the new owner waits it in addition. */
  readonly leaseMarginMs: Millis;
  /** Beside a backup records wait this long for others. Lower: storage works more. Higher: more is missing after owner and backup died
   *  together. At most 1,000. */
  readonly flushMs: Millis;
  /** An actor is stored whole when its records are this long, or as long as it was itself, if that is more. Lower: storage writes more.
   *  Higher: loads read more. In characters of JSON. */
  readonly tailCharsMin: number;
  /** Actors stored whole in one call. Lower: a promoted owner takes more calls. Higher: a call holds the loop for longer: each is read and told as text. */
  readonly savesMax: number;
  /** Characters of theirs, unless one is longer. Lower and higher: as above. */
  readonly savesCharsMax: number;
  /** A shard with a backup takes no new turns while more of its actors than this wait for storage, which is away. Lower: long outages
   *  stop busy shards. Higher: more memory. */
  readonly unsavedMax: number;
  /** Shards read from storage at a time. Lower: a start with much state takes longer. Higher: more pages in memory at once. */
  readonly loadsMax: number;
  /** How long a process that ends waits for storage to have everything. Lower: less is stored where storage is slow. Higher: an orderly
   *  stop without storage takes longer. */
  readonly parkMs: Millis;
  /** Wait before a failed commit is tried again: the first … */
  readonly retryMinMs: Millis;
  /** … and, doubled each time, the longest. Lower: storage that comes back is overrun. Higher: actors wait longer than storage was away. */
  readonly retryMaxMs: Millis;
}

export const PERSISTENCE_DEFAULTS: PersistenceOptions = {
  gatherMs: 2,
  commitRecordsMax: 4_000,
  commitCharsMax: 1_048_576,
  claimsMax: 256,
  lagCharsMax: 262_144,
  lagMs: 250,
  totalCharsMax: 67_108_864,
  flushMs: 500,
  tailCharsMin: 16_384,
  savesMax: 100,
  savesCharsMax: 262_144,
  unsavedMax: 10_000,
  loadsMax: 8,
  parkMs: 5_000,
  leaseMs: 200,
  leaseMarginMs: 20,
  retryMinMs: 20,
  retryMaxMs: 1_000,
};

/** The defaults with `given` over them. @throws MusterError BAD_CONFIG */
export function persistenceOptions(given: Partial<PersistenceOptions> = {}): PersistenceOptions {
  const options = { ...PERSISTENCE_DEFAULTS, ...given };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0 && Number.isFinite(value))) throw bad(`${name} is more than 0, not ${value}`);
  if (options.gatherMs > 5) throw bad('gatherMs is at most 5: replies wait for it');
  if (options.flushMs > 1_000) throw bad('flushMs is at most 1,000: that much may be missing after two deaths');
  if (options.retryMinMs > options.retryMaxMs) throw bad('retryMinMs is at most retryMaxMs');
  if (options.lagCharsMax > options.totalCharsMax) throw bad('lagCharsMax is at most totalCharsMax');
  return options;
}

/** The options, for a store of such limits. @throws MusterError BAD_CONFIG: a call that the store refuses would be repeated for ever */
export function withinLimits(
  options: PersistenceOptions,
  { records, chars, textChars }: ShardStoreLimits = { records: Infinity, chars: Infinity, textChars: 0 },
): PersistenceOptions {
  const { commitRecordsMax, commitCharsMax, savesMax, savesCharsMax } = options;
  if (commitRecordsMax > records || savesMax > records)
    throw bad(`commitRecordsMax and savesMax are at most what storage takes in one call: ${records}`);
  // The last actor of a call may be as long as one can be, and so may the only record.
  if (Math.max(commitCharsMax, textChars) > chars || savesCharsMax + textChars > chars)
    throw bad(`commitCharsMax, and savesCharsMax with one whole actor, are at most what storage takes: ${chars}`);
  return options;
}

function bad(problem: string): MusterError {
  return new MusterError('BAD_CONFIG', { details: `persistence: ${problem}` });
}
