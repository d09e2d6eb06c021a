import type { DeathCause, PeerInfo } from '@muster/cluster';
import type { PeerId } from '@muster/ports';

/** Dead nodes that are listed to all others. One that comes back later finds its terms too old. */
const LISTED_MAX = 32;

/** Who has died in this leader's regime, and of what; the oldest are forgotten. */
export class Deaths {
  private readonly causes = new Map<PeerId, DeathCause>();
  private readonly max: number;
  private nodes: readonly PeerInfo[] = [];

  constructor(max: number) {
    this.max = max;
  }

  /** Undefined: it lives, or was never heard of. */
  causeOf(peer: PeerId): DeathCause | undefined {
    return this.causes.get(peer);
  }

  /** Dead, and not only because it was silent for so long. */
  isProven(peer: PeerId): boolean {
    const cause = this.causes.get(peer);
    return cause !== undefined && cause !== 'silent';
  }

  /** Nodes that died lately, so that nobody takes one of them back. */
  get listed(): readonly PeerInfo[] {
    return this.nodes;
  }

  /** `node`: it is listed. */
  bury(peer: PeerId, cause: DeathCause, node?: PeerInfo): void {
    this.causes.set(peer, cause);
    if (this.causes.size > this.max) this.causes.delete(this.causes.keys().next().value!);
    if (node) this.nodes = [...this.nodes, node].slice(-LISTED_MAX);
  }

  /** It was a mistake. */
  forget(peer: PeerId): void {
    this.causes.delete(peer);
    this.nodes = this.nodes.filter((node) => node.peer !== peer);
  }
}
