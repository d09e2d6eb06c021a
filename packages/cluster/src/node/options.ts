import { type Millis, MusterError } from '@muster/ports';
import type { RuntimeOptions } from '@muster/runtime';
import type { LinkOptions } from '@muster/wire';
import type { CarvingOptions } from '../carving/options.js';
import type { HandoffOptions } from '../handoff/options.js';
import type { HeartbeatOptions } from '../heartbeat/options.js';
import type { PeersOptions } from '../links/options.js';
import type { MembershipOptions } from '../membership/options.js';
import type { PersistenceOptions } from '../persistence/options.js';
import type { ReleaseOptions } from '../release/options.js';
import type { ReplicationOptions } from '../replication/options.js';
import type { RouterOptions } from '../routing/options.js';
import type { StreamsOptions } from '../streams/options.js';
import type { TurnLoadOptions } from './turn-loads.js';

/** Tunables of a process's parts; what is absent has its part's defaults. */
export interface ClusterOptions {
  readonly peers?: Partial<PeersOptions>;
  readonly link?: Partial<LinkOptions>;
  readonly router?: Partial<RouterOptions>;
  readonly streams?: Partial<StreamsOptions>;
  readonly membership?: Partial<MembershipOptions>;
  readonly heartbeat?: Partial<HeartbeatOptions>;
}

export interface NodeOptions extends ClusterOptions {
  readonly runtime?: Partial<RuntimeOptions>;
  readonly release?: Partial<ReleaseOptions>;
  readonly replication?: Partial<ReplicationOptions>;
  readonly persistence?: Partial<PersistenceOptions>;
  readonly handoff?: Partial<HandoffOptions>;
  readonly carving?: Partial<CarvingOptions>;
  readonly node?: Partial<ComputeOptions>;
}

export interface ComputeOptions extends TurnLoadOptions {
  /** The fence is looked at again, beside its timer, when a command arrives this long after the last look: a process that was stopped
   *  wakes up with its messages before its timers. Lower: more looks. Higher: commands of that long may still be executed. */
  readonly fenceCheckMs: Millis;
  /** A node that drains and has had no good acknowledgement from a leader for so long waits no more. Lower: a long change of leader leaves the rest to
   *  the backups. Higher: a whole cluster that was killed but for its nodes ends later. */
  readonly drainAloneMs: Millis;
}

export const COMPUTE_DEFAULTS: ComputeOptions = {
  fenceCheckMs: 50,
  drainAloneMs: 5_000,
  busiestMax: 64,
  loadEveryMs: 500,
  loadHalfLifeMs: 5_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function computeOptions(changes: Partial<ComputeOptions> = {}): ComputeOptions {
  const options = { ...COMPUTE_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0)) throw new MusterError('BAD_CONFIG', { details: `node.${name} is above 0, not ${value}` });
  return options;
}
