// What a node owns, said to gateways by the node itself: one that no coordinator reaches goes on knowing where every shard is.
//
//   node:     a row makes it own a shard, or own it in another term ──► end of the turn: placed{(shard, term) …} to every gateway
//             a gateway's link comes up ──► placed{everything that it owns}
//   gateway:  as a row of the table would be, where it is newer than what the table or a former owner said; the table itself stays the leader's word
//
// Who may die when. Either side at any time: what was lost with a link is said on the next. A deposed owner names terms that were its own; whoever
// has heard of a newer one passes over it (fence 3).
import type { Clock, PeerId, ShardId, Term } from '@muster/ports';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { RoutingTable } from '../table/routing-table.js';

export interface PlacementsSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly table: RoutingTable;
  /** Shards that this process owns, with their terms. */
  readonly owned: () => ReadonlyMap<ShardId, Term>;
}

/** The node's part. */
export class Placements {
  private readonly setup: PlacementsSetup;
  private readonly release: readonly (() => void)[];
  /** To be said at the end of this turn. */
  private changed = new Set<ShardId>();

  constructor(setup: PlacementsSetup) {
    const { peers, table } = setup;
    this.setup = setup;
    this.release = [
      table.listen({
        rowChanged: (row, before) => {
          if (row.owner !== peers.self.peer || (before.owner === row.owner && before.term === row.term)) return;
          this.changedTo(row.shard);
        },
      }),
      peers.onUp((peer) => this.tell([peer], setup.owned().keys())),
    ];
  }

  stop(): void {
    for (const release of this.release) release();
    this.changed.clear();
  }

  private changedTo(shard: ShardId): void {
    const { clock, peers } = this.setup;
    if (this.changed.size === 0)
      clock.defer(() => {
        const shards = this.changed;
        this.changed = new Set();
        this.tell(peers.linked(), shards);
      });
    this.changed.add(shard);
  }

  private tell(to: readonly PeerInfo[], shards: Iterable<ShardId>): void {
    const gateways = to.filter(({ role }) => role === 'gateway');
    if (gateways.length === 0) return;
    const owned = this.setup.owned();
    const placements = [...shards].flatMap((shard) => {
      const term = owned.get(shard);
      return term === undefined ? [] : [{ shard, term }];
    });
    if (placements.length === 0) return;
    // Where a link takes nothing more it will be lost: everything is said on the next.
    for (const { peer } of gateways) this.setup.peers.send(peer, 'control', { type: 'placed', body: { placements } });
  }
}

/** The gateway's part. `heard`: an owner has spoken for itself. */
export function hearPlacements(
  peers: Peers,
  table: RoutingTable,
  heard: (shard: ShardId, owner: PeerId, term: number) => void,
): void {
  peers.on('placed', (from, { body }) => {
    if (from.role !== 'node') return;
    for (const { shard, term } of body.placements)
      if (shard < table.layout.count) heard(shard as ShardId, from.peer, term);
  });
}
