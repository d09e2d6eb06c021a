import {
  type CarvingOptions,
  type PeerInfo,
  type Peers,
  RoutingTable,
  type ShardRow,
  type StoreKeys,
} from '@muster/cluster';
import type { Clock, ClusterStore, Log, Metrics, Millis, PeerId, ShardId } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import { Carvings } from './carvings.js';
import { EntityOrders } from './entity-orders.js';
import type { Ledger } from './ledger.js';
import type { Moves } from './moves.js';
import type { StoreHealth } from './store-health.js';

export interface EntitiesSetup {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly keys: StoreKeys;
  /** Revision of the epoch's key as this leader wrote it. */
  readonly fence: number;
  readonly peers: Peers;
  readonly ledger: Ledger;
  readonly moves: Moves;
  readonly health: StoreHealth;
  readonly epoch: number;
  readonly options: CarvingOptions;
  readonly placementKeys?: ReadonlyMap<string, (id: string) => string> | undefined;
  readonly targets: () => readonly PeerId[];
  /** Dead, or draining or cordoned: it gets no shards any more. */
  readonly isGone: (peer: PeerId) => boolean;
  readonly isWell: (peer: PeerId) => boolean;
  readonly isReleased: (shard: ShardId) => boolean;
  readonly orderMs: Millis;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Something has to be written. */
  readonly write: () => void;
}

/** Entities that are not, or are not to be, where they hash to (K1): where each is, what operators want of them, and who is on the way. */
export class Entities {
  readonly orders: EntityOrders;
  readonly carvings: Carvings;
  private readonly ledger: Ledger;

  constructor(setup: EntitiesSetup) {
    const { ledger, write } = setup;
    this.ledger = ledger;
    this.carvings = new Carvings({
      ...setup,
      shardOf: (entity) => this.orders.shardOf(entity),
      on: { write, over: (entity, end) => this.orders.carvingOver(entity, end) },
    });
    this.orders = new EntityOrders({
      ...setup,
      carvings: this.carvings,
      rule: new RoutingTable(setup.placementKeys, ledger.layout),
    });
  }

  /** An entity is in this solo shard. */
  isCarved(shard: ShardId): boolean {
    return this.ledger.overrides.ofShard(shard) !== undefined;
  }

  /** … and is to stay where it is. */
  isPinned(shard: ShardId): boolean {
    return this.ledger.overrides.ofShard(shard)?.pinned === true;
  }

  rowsChanged(rows: readonly ShardRow[]): void {
    this.carvings.rowsChanged(rows);
  }

  died(peer: PeerId): void {
    this.carvings.died(peer);
  }

  carved(from: PeerInfo, envelope: EnvelopeOf<'carved'>): void {
    this.carvings.carved(from, envelope);
  }

  stop(): void {
    this.orders.stop();
  }

  tick(): void {
    this.carvings.tick();
    this.orders.tick();
  }
}
