import type { Peers } from '@muster/cluster';
import type { Clock, PeerId } from '@muster/ports';
import type { ClusterEvent } from './documents.js';

type WithoutHead<T> = T extends unknown ? Omit<T, 'at' | 'epoch'> : never;
/** An event before it is dated. */
export type ClusterEventBody = WithoutHead<ClusterEvent>;

const utf8 = new TextEncoder();

/** Operators who follow what happens, until their links end. */
export class Followers {
  private readonly followers = new Set<PeerId>();
  private readonly peers: Peers;
  private readonly clock: Clock;
  readonly max: number;

  constructor(setup: { readonly peers: Peers; readonly clock: Clock; readonly max: number }) {
    this.peers = setup.peers;
    this.clock = setup.clock;
    this.max = setup.max;
    this.peers.onDown(({ peer }) => this.followers.delete(peer));
  }

  /** False where too many follow already. */
  add(peer: PeerId): boolean {
    if (this.followers.size >= this.max && !this.followers.has(peer)) return false;
    this.followers.add(peer);
    return true;
  }

  /** Whoever followed this coordinator as the leader has to ask the next one. */
  clear(): void {
    this.followers.clear();
  }

  tell(epoch: number, body: ClusterEventBody): void {
    if (this.followers.size === 0) return;
    const dated: ClusterEvent = { at: new Date(this.clock.now()).toISOString(), epoch, ...body };
    const event = utf8.encode(JSON.stringify(dated));
    for (const peer of this.followers) this.peers.send(peer, 'control', { type: 'adminEvent', epoch, body: { event } });
  }
}
