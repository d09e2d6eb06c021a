import type { HeartbeatOptions, Peers, StoreKeys, TakeoverOptions } from '@muster/cluster';
import type { Clock, ClusterStore, Log, Metrics, Millis, ShardStore, Term } from '@muster/ports';
import type { ClusterEventBody } from './admin/events.js';
import type { HeardLoads } from './heard-loads.js';
import type { CoordinatorOptions } from './options.js';
import type { Policies } from './policies.js';
import type { Memory } from './restoration.js';
import type { CoordinatorRules } from './rules.js';
import type { StoreHealth } from './store-health.js';
import type { Recalled } from './went-back.js';

export interface RegimeSetup {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly keys: StoreKeys;
  readonly peers: Peers;
  readonly loads: HeardLoads;
  readonly health: StoreHealth;
  readonly epoch: number;
  /** Revision of the epoch's key as this leader wrote it. */
  readonly fence: number;
  /** Highest that storage remembers (K4). */
  readonly floorTerm: Term;
  /** The epoch that this one follows in the store; 0: none. */
  readonly foundEpoch: number;
  /** What this process knew as leader, where the store went back under it. */
  readonly memory: Memory | undefined;
  /** The regime before this one found its table older than storage. */
  readonly isSuspect: boolean;
  readonly recall?: (() => Promise<Recalled>) | undefined;
  readonly shards?: Pick<ShardStore, 'whereabouts' | 'terms' | 'claim' | 'mark'> | undefined;
  /** The former leader cannot be alive, so nobody can have been acknowledged by it any more (K6). */
  readonly formerIsGone: boolean;
  readonly options: CoordinatorOptions;
  readonly rules: CoordinatorRules;
  readonly heartbeat: HeartbeatOptions;
  readonly policies: Policies;
  /** Of kinds whose placement key is not `kind/id`. */
  readonly placementKeys?: ReadonlyMap<string, (id: string) => string> | undefined;
  readonly takeover: TakeoverOptions;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly on: {
    fenced(): void;
    event(event: ClusterEventBody): void;
    /** The table is another now: storage should remember its highest term and the revision of its newest page (K4). */
    table(highest: Term, revision: number): void;
    /** The store went back, or is older than storage: this regime is over, and another one begins with a look at both (K4). */
    wentBack(): void;
  };
  readonly vice: () => string;
  readonly goodForMs: () => Millis;
}
