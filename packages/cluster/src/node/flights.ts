import type { ShardId } from '@muster/ports';

/**
 * Which flights of which sender were bounced (K14): once one command of a flight went back, the later ones of it must go back
 * too, or they would be executed before it. At most one number per sender and shard; forgotten with the sender's link.
 */
export class Flights {
  private readonly bouncedUpTo = new Map<string, Map<ShardId, number>>();

  /** A command of this flight went back, or may not be executed any more. */
  bounced(sender: string, shard: ShardId, flight: number): void {
    if (flight === 0) return;
    let shards = this.bouncedUpTo.get(sender);
    if (!shards) {
      shards = new Map();
      this.bouncedUpTo.set(sender, shards);
    }
    if ((shards.get(shard) ?? 0) < flight) shards.set(shard, flight);
  }

  isOver(sender: string, shard: ShardId, flight: number): boolean {
    // Nearly always nobody was bounced.
    if (flight === 0 || this.bouncedUpTo.size === 0) return false;
    return (this.bouncedUpTo.get(sender)?.get(shard) ?? 0) >= flight;
  }

  forget(sender: string): void {
    this.bouncedUpTo.delete(sender);
  }
}
