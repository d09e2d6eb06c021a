import { type Millis, MusterError } from '@muster/ports';

/** Tunables of the owner's part of giving up an empty shard. */
export interface ReleaseOptions {
  /** An owner that waits, sealed, for a new term or a cancel says so this often. Lower: a shard whose leader died opens sooner.
   *  Higher: fewer messages while the store is away. */
  readonly askEveryMs: Millis;
}

export const RELEASE_DEFAULTS: ReleaseOptions = { askEveryMs: 500 };

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function releaseOptions(changes: Partial<ReleaseOptions> = {}): ReleaseOptions {
  const options = { ...RELEASE_DEFAULTS, ...changes };
  if (!(options.askEveryMs > 0)) throw new MusterError('BAD_CONFIG', { details: 'release.askEveryMs is above 0' });
  return options;
}
