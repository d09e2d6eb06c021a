import type { HeartbeatOptions, NodeOptions } from '@muster/cluster';

/**
 * More patience than the defaults have: what is measured here is not how fast the dead are noticed, and on a machine that others use, too,
 * a process may wait for a second until it is its turn.
 */
export const LIVENESS: Partial<HeartbeatOptions> = {
  suspectMs: 5_000,
  silentMs: 10_000,
  selfFenceMs: 10_000,
  placeAgainMs: 15_000,
};

/** As above: a backup that is slow is not gone. */
export const PATIENT_REPLICATION: NonNullable<NodeOptions['replication']> = { silenceMs: 10_000 };
