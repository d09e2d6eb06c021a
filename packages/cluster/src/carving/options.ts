import { type Millis, MusterError } from '@muster/ports';

/** Tunables of carving, of both the leader's and the nodes' parts. */
export interface CarvingOptions {
  /** A carving that its owner has not answered after this long is given up. Lower: one whose backup is slow is tried again too soon.
   *  Higher: an entity is held longer for an owner that cannot do it. */
  readonly holdMs: Millis;
  /** Nothing is held unless the store answered this lately (K13). Lower: carvings wait for an answer more often. Higher: more likely
   *  that an entity is held when the store has just gone away, and stays so until it is back. */
  readonly storeFreshMs: Millis;
  /** The leader repeats what has no answer this often. */
  readonly againMs: Millis;
  /** An owner that holds asks for an abort after this long. Lower: slow stores make carvings fail. Higher: clients wait longer for nothing. */
  readonly abortAskMs: Millis;
  /** An owner that holds says so this often. Lower: an entity whose leader died goes on sooner. Higher: fewer messages while the store is away. */
  readonly sayEveryMs: Millis;
  /** An end that has not reached a second place is recorded again after this long: the log that it was in may have been closed. */
  readonly settleAgainMs: Millis;
}

export const CARVING_DEFAULTS: CarvingOptions = {
  holdMs: 2_000,
  storeFreshMs: 200,
  againMs: 100,
  abortAskMs: 1_000,
  sayEveryMs: 250,
  settleAgainMs: 1_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function carvingOptions(changes: Partial<CarvingOptions> = {}): CarvingOptions {
  const options = { ...CARVING_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0)) throw new MusterError('BAD_CONFIG', { details: `carving: ${name} is more than 0, not ${value}` });
  return options;
}
