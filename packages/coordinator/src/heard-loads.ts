import type { PeerInfo } from '@muster/cluster';
import type { Millis, PeerId, ShardId } from '@muster/ports';
import type { Heartbeat } from '@muster/wire';

export interface HeardLoad {
  readonly info: PeerInfo;
  readonly beat: Heartbeat;
  readonly at: Millis;
}

/** The last beat of every linked member. Kept by every coordinator, so that a new leader knows at once who is alive. */
export class HeardLoads {
  private readonly loads = new Map<PeerId, HeardLoad>();

  heard(info: PeerInfo, beat: Heartbeat, at: Millis): void {
    // A copy: byte fields are views into the received frame.
    this.loads.set(info.peer, { info, beat: { ...beat, occupied: beat.occupied.slice() }, at });
  }

  gone(peer: PeerId): void {
    this.loads.delete(peer);
  }

  get(peer: PeerId): HeardLoad | undefined {
    return this.loads.get(peer);
  }

  /** Whether the member says that the shard holds an actor; undefined: it has not said. */
  isOccupied(peer: PeerId, shard: ShardId): boolean | undefined {
    const occupied = this.loads.get(peer)?.beat.occupied;
    if (!occupied) return undefined;
    return ((occupied[shard >> 3] ?? 0) & (1 << (shard & 7))) !== 0;
  }

  /** Connected players of all gateways. */
  sessions(): number {
    let sum = 0;
    for (const { beat } of this.loads.values()) sum += beat.sessions;
    return sum;
  }

  actors(): number {
    let sum = 0;
    for (const { beat } of this.loads.values()) sum += beat.actors;
    return sum;
  }
}
