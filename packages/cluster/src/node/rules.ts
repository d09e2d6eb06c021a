import { hasRunOut } from '../heartbeat/member.js';
import { isOlderTerm } from '../replication/follower.js';
import { gatePosition } from '../replication/owner.js';
import { isNewerPlace } from '../routing/protocol.js';
import { takeBack } from '../routing/router.js';

/**
 * Functions that hold one rule of the kernel each, taken at composition. Nobody but the simulator gives others: it replaces one at a
 * time, to see that its checks find what is then broken.
 */
export interface ClusterRules {
  /** Fence 2. */
  readonly isOlderTerm: typeof isOlderTerm;
  /** Fence 2 and K7. */
  readonly gatePosition: typeof gatePosition;
  /** Fence 3 and K14. */
  readonly isNewerPlace: typeof isNewerPlace;
  /** K14, also while a shard is sealed. */
  readonly takeBack: typeof takeBack;
  /** Fence 4. */
  readonly hasRunOut: typeof hasRunOut;
}

const CLUSTER_RULES: ClusterRules = { isOlderTerm, gatePosition, isNewerPlace, takeBack, hasRunOut };

/** The rules with `changes`. */
export function clusterRules(changes: Partial<ClusterRules> = {}): ClusterRules {
  return { ...CLUSTER_RULES, ...changes };
}
