import type { Millis, PeerId, ShardId, Term } from '@muster/ports';
import type { ReplicationOptions } from './options.js';

/** The owner's side of one pair's read lease (K7): asked for again and again, good from when it was asked for. */
export class AskedLease {
  private readonly options: ReplicationOptions;
  private readonly asked: { readonly number: number; readonly at: Millis }[] = [];
  private until: Millis = 0;
  private heardAt: Millis;

  constructor(now: Millis, options: ReplicationOptions) {
    this.options = options;
    this.heardAt = now;
  }

  ask(number: number, now: Millis): void {
    this.asked.push({ number, at: now });
    // Older ones could not help any more.
    while (this.asked[0]!.at <= now - this.options.leaseMs) this.asked.shift();
  }

  granted(number: number, now: Millis): void {
    this.heardAt = now;
    const at = this.asked.find((it) => it.number === number)?.at;
    if (at !== undefined) this.until = Math.max(this.until, at + this.options.leaseMs);
  }

  holds(now: Millis): boolean {
    return now < this.until;
  }

  isSilent(now: Millis): boolean {
    return now - this.heardAt >= this.options.silenceMs;
  }

  /** This process stood still: that was not the other's silence. */
  stalled(ms: Millis): void {
    this.heardAt += ms;
  }
}

/** The copies' side: when a lease was last given to whom, and for which shards none is given any more. */
export class GivenLeases {
  private readonly options: ReplicationOptions;
  private readonly givenAt = new Map<PeerId, Millis>();
  private readonly refusals = new Map<PeerId, Map<ShardId, Term>>();

  constructor(options: ReplicationOptions) {
    this.options = options;
  }

  /** Gives it, but for these shards. */
  give(owner: PeerId, now: Millis): Iterable<readonly [ShardId, Term]> {
    this.givenAt.set(owner, now);
    return this.refusals.get(owner) ?? [];
  }

  /** That owner may rely on this process's copy: it has one of the shard. */
  rely(owner: PeerId, shard: ShardId): void {
    const refused = this.refusals.get(owner);
    if (refused?.delete(shard) && refused.size === 0) this.refusals.delete(owner);
  }

  /** It may not any more. */
  refuse(owner: PeerId, shard: ShardId, term: Term): void {
    const refused = this.refusals.get(owner) ?? new Map<ShardId, Term>();
    this.refusals.set(owner, refused.set(shard, Math.max(term, refused.get(shard) ?? 0) as Term));
  }

  /** Nobody answers a read by a lease that this process gave to that owner from this instant on. */
  overAt(owner: PeerId): Millis {
    const at = this.givenAt.get(owner);
    return at === undefined ? 0 : at + this.options.leaseMs + this.options.leaseMarginMs;
  }

  /** Of all others no leader speaks any more. */
  keepOnly(isKnown: (peer: PeerId) => boolean): void {
    for (const map of [this.givenAt, this.refusals])
      for (const peer of map.keys()) if (!isKnown(peer)) map.delete(peer);
  }
}
