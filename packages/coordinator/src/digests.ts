import { ownedDigest, type ShardRow } from '@muster/cluster';
import type { PeerId } from '@muster/ports';

/** What each node's digest of its shards should be: every heartbeat asks, so it is remembered until a row changes. */
export class Digests {
  private readonly rows: () => readonly ShardRow[];
  private known: readonly ShardRow[] = [];
  private byPeer = new Map<PeerId, number>();

  /** `rows`: the same list until a row changes. */
  constructor(rows: () => readonly ShardRow[]) {
    this.rows = rows;
  }

  of(peer: PeerId): number {
    const rows = this.rows();
    if (this.known !== rows) {
      this.known = rows;
      this.byPeer = new Map();
    }
    const known = this.byPeer.get(peer);
    if (known !== undefined) return known;
    const own = rows.filter(({ owner }) => owner === peer);
    const digest = ownedDigest(own.map((row) => [row.shard, row.term] as const));
    this.byPeer.set(peer, digest);
    return digest;
  }
}
