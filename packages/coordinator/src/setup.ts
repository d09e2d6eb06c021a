import type { HeartbeatOptions, MembershipOptions, PeersOptions, TakeoverOptions } from '@muster/cluster';
import type {
  Clock,
  ClusterStore,
  Log,
  Metrics,
  Network,
  PeerId,
  Random,
  Regime as RegimeStorage,
  ShardLayout,
  ShardStore,
} from '@muster/ports';
import type { LinkOptions } from '@muster/wire';
import type { AccountRecords } from './admin/accounts.js';
import type { CoordinatorOptions } from './options.js';
import type { PolicyChanges } from './policies.js';
import type { CoordinatorRules } from './rules.js';

/** What a coordinator stands on, and what is other than by default. */
export interface CoordinatorSetup extends PolicyChanges {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly store: ClusterStore;
  /** Remembers the highest epoch and term (K4). Absent: nothing outlives the cluster store. */
  readonly storage?: RegimeStorage;
  /** Accounts and what was decided about them, for operators. */
  readonly records?: AccountRecords;
  /** Tells whether the cluster store went back, and who is where then (K4). Absent: entities are where they hash to then. */
  readonly shards?: Pick<ShardStore, 'whereabouts' | 'terms' | 'claim' | 'mark'>;
  /** Which storage that is. Undefined: none, and the cluster may have any. */
  readonly storageIdentity?: string | undefined;
  readonly self: {
    readonly id: string;
    readonly incarnation: string;
    /** Where to listen; port 0 takes a free one. */
    readonly address: string;
    readonly cluster: string;
    readonly zone: string;
    readonly build: string;
    /** How the cluster is cut; a process with another layout is refused. Absent: {@link SHARDS}. */
    readonly shards?: ShardLayout;
  };
  /** Of kinds whose placement key is not `kind/id`: for `entity.show`. */
  readonly placementKeys?: ReadonlyMap<string, (id: string) => string>;
  /** Kinds of actors that nodes have: orders for entities of others are refused. Absent: they are taken, and given up where no node knows them. */
  readonly kinds?: ReadonlySet<string>;
  /** What an operator has to show who breaks the glass (admin epoch). Absent or empty: nobody may. */
  readonly breakGlass?: string;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Another incarnation has this id: stop. */
  readonly onReplaced?: (by: PeerId) => void;
  /** An operator asks it to end with code 0; whoever started it starts it again. May be repeated. */
  readonly retire?: (by: string) => void;
  readonly options?: Partial<CoordinatorOptions>;
  readonly heartbeat?: Partial<HeartbeatOptions>;
  readonly takeover?: Partial<TakeoverOptions>;
  readonly membership?: Partial<MembershipOptions>;
  readonly peers?: Partial<PeersOptions>;
  readonly link?: Partial<LinkOptions>;
  readonly rules?: Partial<CoordinatorRules>;
}
