import { type Clock, epoch, type Log, type ShardId, type Term, type Timer, term } from '@muster/ports';
import type { ActorHost } from '@muster/runtime';
import type { EnvelopeOf } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { Persistence } from '../persistence/persistence.js';
import { type ReleaseOptions, releaseOptions } from './options.js';
import { newRelease, type ReleaseEffect, type ReleaseInput, type ReleaseState, step } from './owner.js';

export interface OwnerSideSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly host: ActorHost;
  /** Highest that this process has heard of, in whatever message. */
  readonly epoch: () => number;
  /** Resolves when storage has all that a sealed shard holds, false where it cannot be kept. Absent: this process has no storage. */
  readonly write?: (shard: ShardId) => Promise<boolean>;
  readonly log: Log;
  /** Where actors are stored: a shard is empty when that is stored, too. */
  readonly persistence?: Pick<Persistence, 'isStored' | 'park' | 'reopen'> | undefined;
  readonly options?: Partial<ReleaseOptions>;
}

/** Gives up empty shards when the leader asks: see `owner.ts`. Releases of an older epoch than one seen are not heard (fence 3). */
export class ReleaseOwner {
  private readonly setup: OwnerSideSetup;
  private readonly options: ReleaseOptions;
  /** Shards that are not open. */
  private readonly states = new Map<ShardId, ReleaseState>();
  /** How often each shard was written to be parked. */
  private readonly writes = new Map<ShardId, number>();
  private highestEpoch = epoch(0);
  private asking: Timer | undefined;

  constructor(setup: OwnerSideSetup) {
    this.setup = setup;
    this.options = releaseOptions(setup.options);
    setup.peers.on('release', (from, envelope) => this.release(from, envelope));
  }

  /** The row of this shard has a new term. */
  termChanged(shard: ShardId): void {
    if (this.states.has(shard)) this.input(shard, { type: 'term' });
  }

  stop(): void {
    this.asking?.cancel();
    this.states.clear();
  }

  private release(from: PeerInfo, { shard: number, term: of, epoch: said, body }: EnvelopeOf<'release'>): void {
    if (from.role !== 'coordinator' || said < Math.max(this.highestEpoch, this.setup.epoch())) return;
    this.highestEpoch = epoch(said);
    const shard = number as ShardId;
    const { host } = this.setup;
    if (body.cancel) this.input(shard, { type: 'cancel', move: body.move }, from);
    else {
      const facts = { state: host.stateOf(shard), term: host.termOf(shard), actors: this.actorsIn(shard) };
      this.input(shard, { type: 'release', move: body.move, term: term(of), park: body.park, shard: facts }, from);
    }
  }

  private input(shard: ShardId, input: ReleaseInput, asker?: PeerInfo): void {
    const now = this.setup.clock.monotonic();
    const before = this.states.get(shard) ?? newRelease();
    const { state, effects } = step(before, input, now, this.options);
    if (state.phase === 'open') this.states.delete(shard);
    else this.states.set(shard, state);
    const of = this.setup.host.termOf(shard) ?? term(0);
    for (const effect of effects) this.apply(shard, of, effect, asker);
    if (this.states.size > 0 && !this.asking)
      this.asking = this.setup.clock.after(this.options.askEveryMs, () => this.tick());
  }

  private tick(): void {
    this.asking = undefined;
    for (const shard of [...this.states.keys()]) this.input(shard, { type: 'tick' });
  }

  private apply(shard: ShardId, of: Term, effect: ReleaseEffect, asker: PeerInfo | undefined): void {
    const { host, log, peers, persistence } = this.setup;
    switch (effect.type) {
      case 'seal':
        log.write('debug', 'shard.sealing', { shard, term: of });
        void this.seal(shard);
        return;
      case 'write':
        void this.write(shard);
        return;
      case 'reopen':
        log.write('debug', 'shard.reopened', { shard, term: effect.term });
        host.unseal(shard, effect.term);
        persistence?.reopen(shard);
        return;
      case 'say': {
        const { move, done } = effect;
        const envelope = { type: 'released', shard, term: of, epoch: this.highestEpoch, body: { move, done } } as const;
        const coordinators = peers.linked().filter(({ role }) => role === 'coordinator');
        for (const to of effect.toAll || !asker ? coordinators : [asker]) peers.send(to.peer, 'control', envelope);
      }
    }
  }

  private async write(shard: ShardId): Promise<void> {
    const { host, write } = this.setup;
    // Without a storage there is nothing to keep it in; an empty shard has nothing to keep.
    const attempt = (this.writes.get(shard) ?? 0) + 1;
    this.writes.set(shard, attempt);
    const kept = write ? await write(shard) : host.actorsIn(shard) === 0;
    // It may have been opened and sealed again meanwhile: then only the later writing counts.
    if (this.writes.get(shard) === attempt) this.input(shard, { type: 'written', kept });
  }

  private async seal(shard: ShardId): Promise<void> {
    const { host, persistence } = this.setup;
    await host.seal(shard);
    if (persistence && this.actorsIn(shard) === 0) await persistence.park([shard], this.options.askEveryMs);
    this.input(shard, { type: 'sealed', actors: this.actorsIn(shard) });
  }

  /** With one more, where there may still be something in it as far as storage knows. */
  private actorsIn(shard: ShardId): number {
    const { host, persistence } = this.setup;
    return host.actorsIn(shard) + (persistence?.isStored(shard) === false ? 1 : 0);
  }
}
