import type { ShardRow } from '@muster/cluster';
import type { HeardLoads } from './heard-loads.js';
import type { Roster } from './roster.js';

/**
 * Former owners that may still act on what they had alone (fence 4). A row says `atLarge` from a promotion on where the death was not sure;
 * it is over once every node that may be alive acts on a table at least as new as the newest of these rows: who had such a shard has
 * closed it by then. Who cannot be told is dead within `placeAgainMs`, which is longer than it takes to fence itself.
 */
export class AtLarge {
  private readonly roster: Pick<Roster, 'all'>;
  private readonly loads: Pick<HeardLoads, 'get'>;
  /** Of the store, at the newest row that says so. */
  private newest = 0;
  private readonly epoch: number;

  /** `epoch`: of this leader. */
  constructor(roster: Pick<Roster, 'all'>, loads: Pick<HeardLoads, 'get'>, epoch: number) {
    this.epoch = epoch;
    this.roster = roster;
    this.loads = loads;
  }

  rowsChanged(rows: readonly ShardRow[], revision: number): void {
    if (rows.some(({ atLarge }) => atLarge === true)) this.newest = Math.max(this.newest, revision);
  }

  /** Somebody may still act on a shard whose row says so. */
  isAny(): boolean {
    return this.roster.all().some(({ info: { role, peer } }) => {
      const load = this.loads.get(peer);
      // What it said before it followed this leader may be of a store that has gone back since, and counted further (K4).
      const known = load && load.epoch >= this.epoch ? load.beat.tableRevision : 0;
      return role === 'node' && known < this.newest;
    });
  }
}
