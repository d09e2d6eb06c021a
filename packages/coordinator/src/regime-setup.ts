import type { HeartbeatOptions, Peers, StoreKeys, TakeoverOptions } from '@muster/cluster';
import type { Clock, ClusterStore, Log, Metrics, Millis, ShardStore, Term } from '@muster/ports';
import type { ClusterEventBody } from './admin/events.js';
import type { HeardLoads } from './heard-loads.js';
import type { CoordinatorOptions } from './options.js';
import type { Policies } from './policies.js';
import type { CoordinatorRules } from './rules.js';
import type { StoreHealth } from './store-health.js';

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
  readonly shards?: Pick<ShardStore, 'whereabouts'> | undefined;
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
    /** The highest term is another now: storage should remember it (K4). */
    term(highest: Term): void;
  };
  readonly vice: () => string;
  readonly goodForMs: () => Millis;
}
