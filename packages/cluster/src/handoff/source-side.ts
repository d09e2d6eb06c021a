import {
  type Clock,
  type Counter,
  epoch,
  type Histogram,
  type Log,
  type Metrics,
  type Millis,
  type PeerId,
  type Position,
  type ShardId,
  type Term,
  type Timer,
  term,
} from '@muster/ports';
import type { ActorHost } from '@muster/runtime';
import type { EnvelopeOf, SavedEntityInit } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { ReplicatedLog } from '../replication/replicated-log.js';
import type { Replicator } from '../replication/replicator.js';
import type { RoutingTable, ShardRow } from '../table/routing-table.js';
import type { HandoffOptions } from './options.js';
import { piecesOf } from './pieces.js';
import { isDone, newSource, type SourceEffect, type SourceInput, type SourceState, stepSource } from './source.js';

export interface HandoffSourceSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly host: ActorHost;
  readonly table: RoutingTable;
  readonly replicator: Replicator;
  /** Highest that this process has heard of, in whatever message. */
  readonly epoch: () => number;
  readonly options: HandoffOptions;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** What goes with a seal, and how much of it is on its way. */
interface Parcel {
  readonly pieces: readonly (readonly SavedEntityInit[])[];
  next: number;
}

const SEALED_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Hands shards that are in use over when the leader asks: see `source.ts`. Seals of an older epoch than one seen are not heard (fence 3). */
export class HandoffSource {
  private readonly setup: HandoffSourceSetup;
  /** Shards that are sealed. */
  private readonly states = new Map<ShardId, SourceState>();
  private readonly parcels = new Map<ShardId, Parcel>();
  private readonly seals: Counter;
  private readonly refused: Counter;
  private readonly abortsAsked: Counter;
  private readonly leftBehind: Counter;
  private readonly sealedFor: Histogram;
  private highestEpoch = epoch(0);
  private timer: Timer | undefined;

  constructor(setup: HandoffSourceSetup) {
    this.setup = setup;
    const { peers, metrics } = setup;
    this.seals = metrics.counter('muster_handoff_seals_total', 'Shards in use that were sealed, and how that ended');
    this.refused = metrics.counter('muster_handoff_refused_total', 'Seals that were asked for too early or too late');
    this.abortsAsked = metrics.counter('muster_handoff_aborts_asked_total', 'Times that a sealed shard asked to go on');
    this.leftBehind = metrics.counter('muster_handoff_left_behind_total', 'Ungated actors too many to go with a shard');
    this.sealedFor = metrics.histogram('muster_handoff_sealed_seconds', 'How long a shard was sealed', SEALED_BUCKETS);
    peers.on('seal', (from, envelope) => this.asked(from, envelope));
    peers.on('handoverTaken', (from, envelope) => this.taken(from, envelope));
    peers.onUp(({ peer }) => {
      for (const shard of [...this.states.keys()]) this.input(shard, { type: 'linked', peer });
    });
    peers.onWritable(({ peer }, lane) => {
      if (lane === 'replication') for (const shard of this.parcels.keys()) this.ship(shard, peer);
    });
  }

  stateOf(shard: ShardId): SourceState {
    return this.states.get(shard) ?? newSource();
  }

  /** Where this process's log of the shard ended, if it handed it over to the row's owner and is now its backup: then it has the copy. */
  endFor({ shard, owner, backup, origin, term: of }: ShardRow): Position | undefined {
    const state = this.states.get(shard);
    if (state?.phase !== 'sealed' || !isDone(state)) return undefined;
    const follows = origin === 'moved' && owner === state.to && of === state.term + 1;
    return follows && backup === this.setup.peers.self.peer ? this.setup.replicator.logOf(shard)?.end : undefined;
  }

  /** The row of this shard has a new term, and the shard is open or closed as it says. */
  termChanged({ shard, owner, origin }: ShardRow): void {
    const state = this.states.get(shard);
    if (state?.phase !== 'sealed') return;
    this.ended(shard, state, owner === state.to && origin === 'moved' ? 'handed-over' : 'overtaken');
    this.input(shard, { type: 'term' });
  }

  stop(): void {
    this.timer?.cancel();
    this.states.clear();
    this.parcels.clear();
  }

  private asked(from: PeerInfo, { shard: number, term: of, epoch: said, body }: EnvelopeOf<'seal'>): void {
    if (from.role !== 'coordinator' || said < Math.max(this.highestEpoch, this.setup.epoch())) return;
    this.highestEpoch = epoch(said);
    const shard = number as ShardId;
    const { move, cancel } = body;
    if (cancel) {
      this.input(shard, { type: 'cancel', move }, from);
      return;
    }
    const to = body.to as PeerId;
    const { host, table } = this.setup;
    const openIn = host.stateOf(shard) === 'open' ? host.termOf(shard) : undefined;
    const facts = { openIn, move: table.row(shard).move, caughtUp: hasCaughtUp(this.logOf(shard), to) };
    this.input(shard, { type: 'seal', move, to, term: term(of), facts }, from);
    if (this.stateOf(shard).phase === 'open') this.refused.add();
  }

  private taken({ peer, role }: PeerInfo, { shard: number, term: of, body }: EnvelopeOf<'handoverTaken'>): void {
    const shard = number as ShardId;
    const state = this.states.get(shard);
    if (role !== 'node' || state?.phase !== 'sealed' || state.term !== of) return;
    const { move, position, code } = body;
    const end = this.logOf(shard)?.end ?? -1;
    this.input(shard, { type: 'taken', from: peer, move, position, end, code });
  }

  private input(shard: ShardId, input: SourceInput, asker?: PeerInfo): void {
    const { clock, options } = this.setup;
    const before = this.stateOf(shard);
    const { state, effects } = stepSource(before, input, clock.monotonic(), options);
    if (state.phase === 'open') this.forget(shard);
    else this.states.set(shard, state);
    for (const effect of effects) this.perform(shard, before, effect, asker);
    if (this.states.size > 0) this.timer ??= clock.after(options.handoverAgainMs, () => this.tick());
  }

  private forget(shard: ShardId): void {
    if (!this.states.delete(shard)) return;
    this.parcels.delete(shard);
    this.setup.replicator.watch(shard, undefined);
  }

  private tick(): void {
    this.timer = undefined;
    for (const shard of [...this.states.keys()]) {
      this.looked(shard);
      this.input(shard, { type: 'tick' });
      const state = this.states.get(shard);
      if (state?.phase === 'sealed') this.ship(shard, state.to);
    }
  }

  /** Whether everybody has the whole log by now. */
  private looked(shard: ShardId): void {
    const state = this.states.get(shard);
    if (state?.phase !== 'sealed') return;
    const acknowledged = isAcknowledged(this.logOf(shard), state.to);
    if (acknowledged !== state.acknowledged) this.input(shard, { type: 'log', acknowledged });
  }

  private perform(shard: ShardId, before: SourceState, effect: SourceEffect, asker: PeerInfo | undefined): void {
    const { host, log } = this.setup;
    switch (effect.type) {
      case 'seal':
        void this.seal(shard);
        return;
      case 'hand-over': {
        const parcel = this.parcels.get(shard);
        if (!parcel) return;
        parcel.next = 0;
        this.ship(shard, effect.to);
        return;
      }
      case 'reopen':
        if (before.phase === 'sealed') this.ended(shard, before, 'reopened');
        log.write('info', 'handoff.reopened', { shard, term: effect.term });
        host.unseal(shard, effect.term);
        return;
      case 'say':
        this.say(shard, effect, asker);
    }
  }

  private async seal(shard: ShardId): Promise<void> {
    const { host, replicator, log, options } = this.setup;
    const state = this.stateOf(shard);
    if (state.phase !== 'sealed') return;
    await host.seal(shard);
    // It may have been opened again by a row that came meanwhile.
    const now = this.stateOf(shard);
    if (now.phase !== 'sealed' || now.move !== state.move) return;
    this.seals.add(1, { end: 'begun' });
    const { pieces, left } = piecesOf(
      host.unlogged(shard),
      replicator.options.envelopeCharsMax,
      options.ungatedCharsMax,
    );
    if (left > 0) this.leftBehind.add(left);
    const { move, to, term: of } = state;
    log.write('info', 'handoff.sealed', { shard, term: of, move, to, actors: host.actorsIn(shard), left });
    this.parcels.set(shard, { pieces, next: 0 });
    replicator.watch(shard, () => this.looked(shard));
    this.logOf(shard)?.flush();
    this.ship(shard, to);
    this.looked(shard);
  }

  /** Behind the whole log, on the same lane: so its end is there when the last piece is. */
  private ship(shard: ShardId, peer: PeerId): void {
    const state = this.states.get(shard);
    const parcel = this.parcels.get(shard);
    const shardLog = this.logOf(shard);
    if (state?.phase !== 'sealed' || state.to !== peer || state.taken || !parcel || !shardLog) return;
    const follower = shardLog.state.followers.find((it) => it.peer === peer);
    if (!follower || !shardLog.ship(peer)) return;
    const { pieces } = parcel;
    while (parcel.next < pieces.length) {
      const first = parcel.next === 0;
      const last = parcel.next === pieces.length - 1;
      const entities = pieces[parcel.next]!;
      const { seeding } = follower;
      const body = { move: state.move, seeding, first, last, position: shardLog.end, entities };
      const envelope = { type: 'handover', shard, term: state.term, body } as const;
      if (!this.setup.peers.send(peer, 'replication', envelope)) return;
      parcel.next += 1;
      if (last) this.input(shard, { type: 'handed' });
    }
  }

  private say(
    shard: ShardId,
    { move, done, abort, toAll }: Extract<SourceEffect, { type: 'say' }>,
    asker: PeerInfo | undefined,
  ): void {
    const { peers, host, log } = this.setup;
    const of: Term = host.termOf(shard) ?? term(0);
    if (abort && !done) {
      this.abortsAsked.add();
      log.write('warn', 'handoff.abort-asked', { shard, term: of, move });
    }
    const body = { move, done, abort };
    const envelope = { type: 'sealed', shard, term: of, epoch: this.highestEpoch, body } as const;
    const coordinators = peers.linked().filter(({ role }) => role === 'coordinator');
    for (const to of toAll || !asker ? coordinators : [asker]) peers.send(to.peer, 'control', envelope);
  }

  private ended(shard: ShardId, { since, move }: { since: Millis; move: string }, end: string): void {
    const ms = this.setup.clock.monotonic() - since;
    this.seals.add(1, { end });
    this.sealedFor.observe(ms / 1_000);
    this.setup.log.write('info', 'handoff.ended', { shard, move, end, ms: Math.round(ms) });
  }

  private logOf(shard: ShardId): ReplicatedLog | undefined {
    return this.setup.replicator.logOf(shard);
  }
}

function hasCaughtUp(log: ReplicatedLog | undefined, to: PeerId): boolean {
  return log?.state.followers.some((it) => it.peer === to && it.phase === 'following' && it.caughtUp) === true;
}

/** The target and the backup have the very end: the one goes on from there, the other follows from there. */
function isAcknowledged(log: ReplicatedLog | undefined, to: PeerId): boolean {
  if (!log) return false;
  const needed = log.state.followers.filter((it) => it.role === 'backup' || it.peer === to);
  return needed.length > 0 && needed.every((it) => it.phase === 'following' && it.acked >= log.end);
}
