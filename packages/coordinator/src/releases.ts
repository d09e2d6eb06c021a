import {
  type PeerInfo,
  type Peers,
  type ReleaseEffect,
  type ReleaseMove,
  type ReleaseRound,
  type ReleaseStep,
  type ShardRow,
  startRelease,
  stepRelease,
} from '@muster/cluster';
import type { Clock, Millis, PeerId, ShardId } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';

export interface ReleasesSetup {
  readonly clock: Clock;
  readonly peers: Pick<Peers, 'send'>;
  readonly epoch: number;
  readonly rowOf: (shard: ShardId) => ShardRow;
  readonly on: {
    /** The moves of the round are ready: `takeCommit` gives them, `settled` takes what became of it. */
    commit(): void;
    /** The round is over: the next may begin. */
    over(): void;
  };
}

/** Shards that their owners give up without a hand-off, one round at a time: the leader's part of cluster's release/, with a clock and links. */
export class Releases {
  private readonly setup: ReleasesSetup;
  private round: ReleaseRound | undefined;
  private rounds = 0;
  private toCommit: readonly ReleaseMove[] | undefined;

  constructor(setup: ReleasesSetup) {
    this.setup = setup;
  }

  get isIdle(): boolean {
    return this.round === undefined;
  }

  /** Shards that their owners were asked for and that have not settled. */
  get size(): number {
    return this.round ? this.round.asked.size + this.round.released.size : 0;
  }

  has(shard: ShardId): boolean {
    return this.round !== undefined && (this.round.asked.has(shard) || this.round.released.has(shard));
  }

  start(moves: readonly ReleaseMove[], limitMs: Millis): void {
    this.rounds += 1;
    this.step(startRelease(`${this.setup.epoch}.${this.rounds}`, moves, this.now() + limitMs));
  }

  tick(): void {
    if (this.round)
      this.step(stepRelease(this.round, { type: 'overtaken', shards: this.overtaken(this.round) }, this.now()));
    if (this.round) this.step(stepRelease(this.round, { type: 'tick' }, this.now()));
  }

  died(peer: PeerId): void {
    if (this.round) this.step(stepRelease(this.round, { type: 'died', peer }, this.now()));
  }

  released(from: PeerInfo, { shard: number, term, body }: EnvelopeOf<'released'>): void {
    const { move, done } = body;
    const shard = number as ShardId;
    if (this.round?.move === move) {
      const input = { type: 'released', from: from.peer, shard, term, move, done } as const;
      this.step(stepRelease(this.round, input, this.now()));
      return;
    }
    // Sealed for a leader before us, or for a round that is over: nobody will commit it, so the owner may go on.
    const row = this.setup.rowOf(shard);
    if (done && row?.owner === from.peer && row.term === term) this.send(row, { move, cancel: true, park: false });
  }

  /** What is to be committed now, once. */
  takeCommit(): readonly ReleaseMove[] | undefined {
    const moves = this.toCommit;
    this.toCommit = undefined;
    return moves;
  }

  /** Known for sure: the transaction happened, or it did not and never will. */
  settled(committed: boolean): void {
    if (this.round) this.step(stepRelease(this.round, { type: 'settled', committed }, this.now()));
  }

  /** Another leader came: only that one knows what happened, and only it may end the seals (K2, K13). */
  forget(): void {
    this.round = undefined;
  }

  private overtaken({ asked, released }: ReleaseRound): ReadonlySet<ShardId> {
    const moves = [...asked.values(), ...released.values()];
    return new Set(moves.flatMap(({ row }) => (this.setup.rowOf(row.shard).term === row.term ? [] : [row.shard])));
  }

  private step({ state, effects }: ReleaseStep): void {
    this.round = state.phase === 'over' ? undefined : state;
    for (const effect of effects) this.perform(state, effect);
    if (state.phase === 'over') this.setup.on.over();
  }

  private perform({ move }: ReleaseRound, effect: ReleaseEffect): void {
    if (effect.type === 'commit') {
      this.toCommit = effect.moves;
      this.setup.on.commit();
    } else this.send(effect.move.row, { move, cancel: effect.type === 'cancel', park: effect.move.to === '' });
  }

  private send({ owner, shard, term }: ShardRow, body: EnvelopeOf<'release'>['body']): void {
    const { peers, epoch } = this.setup;
    if (owner !== '') peers.send(owner, 'control', { type: 'release', shard, term, epoch, body });
  }

  private now(): Millis {
    return this.setup.clock.monotonic();
  }
}
