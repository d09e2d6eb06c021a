import type { Random } from '@muster/ports';
import type { ChaosCluster } from '../chaos-cluster.js';
import type { LostBothEntry } from '../ledger/entries.js';

/** What a fault does its work with. */
export interface Scene {
  readonly cluster: ChaosCluster;
  /** Drawn from the seed of the run, this round and this fault. */
  readonly random: Random;
  /** User ids of all clients. */
  readonly players: readonly string[];
}

/** A fault that is over. */
export interface Done {
  readonly victims: readonly string[];
  /** For people: what was done to whom. */
  readonly what: string;
  /** What was seen that shows that it happened. */
  readonly proofs: readonly string[];
  readonly lostBoth?: Pick<LostBothEntry, 'at' | 'nodes' | 'players'>;
}

export interface Fault {
  readonly kind: string;
  /** For the list. */
  readonly about: string;
  /** Does it, and ends it: links are healed and what was paused goes on when it resolves. @throws Error where what must follow did not */
  run(scene: Scene): Promise<Done>;
}
