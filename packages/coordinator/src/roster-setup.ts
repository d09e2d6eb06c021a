import type { DeathCause, GivenUp, HeartbeatOptions, Peers, Phase } from '@muster/cluster';
import type { Clock, Log, Metrics, PeerId } from '@muster/ports';
import type { HeardLoads } from './heard-loads.js';
import type { Member } from './member.js';

export interface RosterSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly loads: HeardLoads;
  readonly options: HeartbeatOptions;
  /** Who would take over, or empty: a witness where it is linked. */
  readonly vice: () => string;
  readonly epoch: number;
  readonly deadMax: number;
  /** Whether a row names it. */
  readonly isNamed: (peer: PeerId) => boolean;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly on: {
    joined(member: Member): void;
    dead(member: Member, cause: DeathCause): void;
    phase(member: Member, phase: Phase, before: Phase): void;
    /** Its replicated shards may go on elsewhere; undefined: it is heard again. */
    givenUp(member: Member, cause: GivenUp | undefined): void;
    /** Somebody's line in the list that is pushed is another now. */
    changed(): void;
  };
}
