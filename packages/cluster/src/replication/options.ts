import { type Millis, MusterError } from '@muster/ports';
import { HEARTBEAT_DEFAULTS, type HeartbeatOptions } from '../heartbeat/options.js';

/** Both sides of replication; two processes that differ in `leaseMs` or `silenceMs` would break K7. */
export interface ReplicationOptions {
  /** Characters of records in one envelope. Lower: more envelopes. Higher: the first record waits for the last one's encoding. */
  readonly envelopeCharsMax: number;
  /** Characters of actors' copies sent per turn of the loop to one learner. Lower: a new backup takes longer. Higher: commands wait behind it. */
  readonly snapshotCharsMax: number;
  /** A learner of a shard for which storage stands in is copied so long after it was named: after a death everything is to be done at once, and
   *  answers go first. None where storage is away. Lower: answers wait for copies. Higher: storage is the only second place for longer. */
  readonly learnAfterMs: Millis;
  /** … and, while answers still wait for storage to become the second place, up to so long after. At least `learnAfterMs`. */
  readonly learnWithinMs: Millis;
  /** A shard takes no new turns while this much waits for its second place. Lower: a slow backup slows its owner sooner.
   *  Higher: more is executed that may have to be repeated elsewhere. In characters of JSON. */
  readonly lagCharsMax: number;
  /** Nor while its oldest record has waited this long. */
  readonly lagMs: Millis;
  /** A learner that keeps up worse than this is given a new snapshot: what waits for it costs memory. In characters of JSON. */
  readonly learnerLagCharsMax: number;
  /** A copy that acknowledges nothing for this long is reported as lost. Lower: a pause of the other process costs a new snapshot.
   *  Higher: a backup that is gone but not known to be dead stops its shards for longer. */
  readonly silenceMs: Millis;
  /** Read leases are asked for, and silence is looked for, this often. Well below `leaseMs`, or reads wait for one. */
  readonly leaseEveryMs: Millis;
  /** How long an owner may answer reads after it asked (K7), and what a promoted backup waits where the death is not sure.
   *  Lower: a hiccup of the link makes reads wait. Higher: a fail-over by silence takes longer. */
  readonly leaseMs: Millis;
  /** What two clocks may differ in over `leaseMs`; the promoted one waits it in addition. */
  readonly leaseMarginMs: Millis;
  /** Ungated kinds of a promoted shard stand still for so long where the death is not sure: by then their former process has fenced itself,
   *  also one that was heard until the very moment when a dial to it was refused. At least heartbeat's `selfFenceMs` + `fenceMarginMs`,
   *  which is the default. Higher: what no log has stands still for longer after a fail-over. */
  readonly ungatedWaitMs: Millis;
  /** A copy's records are merged into its saved actor when so many, and as many again, are there: at least so many of the last stay.
   *  Lower: the backup works more. Higher: copies are larger. In characters of JSON. */
  readonly tailCharsMin: number;
  /** … and longer than the saved actor so many times. */
  readonly tailFactor: number;
}

export const REPLICATION_DEFAULTS: ReplicationOptions = {
  envelopeCharsMax: 65_536,
  snapshotCharsMax: 65_536,
  learnAfterMs: 200,
  learnWithinMs: 1_000,
  lagCharsMax: 262_144,
  lagMs: 250,
  learnerLagCharsMax: 4_194_304,
  silenceMs: 1_000,
  leaseEveryMs: 50,
  leaseMs: 200,
  leaseMarginMs: 20,
  ungatedWaitMs: HEARTBEAT_DEFAULTS.selfFenceMs + HEARTBEAT_DEFAULTS.fenceMarginMs,
  tailCharsMin: 8_192,
  tailFactor: 1,
};

/** The defaults with `changes`, beside a self-fence of such `heartbeat`. @throws MusterError BAD_CONFIG */
export function replicationOptions(
  changes: Partial<ReplicationOptions> = {},
  { selfFenceMs, fenceMarginMs }: Pick<HeartbeatOptions, 'selfFenceMs' | 'fenceMarginMs'> = HEARTBEAT_DEFAULTS,
): ReplicationOptions {
  const fencedMs = selfFenceMs + fenceMarginMs;
  const options = { ...REPLICATION_DEFAULTS, ungatedWaitMs: fencedMs, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0)) throw bad(`${name} is more than 0, not ${value}`);
  if (2 * options.leaseEveryMs > options.leaseMs) throw bad('leaseMs allows for one lost answer: 2 × leaseEveryMs');
  if (options.learnAfterMs > options.learnWithinMs) throw bad('learnAfterMs is at most learnWithinMs');
  if (options.lagMs >= options.silenceMs) throw bad('a shard is slowed before its copy is given up: lagMs < silenceMs');
  if (options.ungatedWaitMs < fencedMs)
    throw bad('ungatedWaitMs is at least selfFenceMs + fenceMarginMs of [heartbeat]');
  if (options.learnerLagCharsMax < options.lagCharsMax) throw bad('learnerLagCharsMax is at least lagCharsMax');
  return options;
}

function bad(problem: string): MusterError {
  return new MusterError('BAD_CONFIG', { details: `replication: ${problem}` });
}
