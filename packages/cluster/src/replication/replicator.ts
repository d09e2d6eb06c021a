import type {
  Clock,
  CommitLogs,
  Counter,
  Metrics,
  Millis,
  PeerId,
  Position,
  ShardId,
  Term,
  Timer,
} from '@muster/ports';
import type { ActorHost } from '@muster/runtime';
import type { EnvelopeInit, EnvelopeOf } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { ShardRow } from '../table/routing-table.js';
import { AskedLease } from './leases.js';
import type { LogKeeper } from './log-keeper.js';
import type { ReplicationOptions } from './options.js';
import { gatePosition } from './owner.js';
import type { AckCode, AckMessage } from './protocol.js';
import { ReplicatedLog } from './replicated-log.js';
import type { ShardReport } from './report.js';
import { type BehindCopies, Seeder } from './seeder.js';

export interface ReplicatorSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly options: ReplicationOptions;
  readonly gatePosition?: typeof gatePosition;
  /** This node stores what it owns. */
  readonly persists?: boolean;
  /** The leader should hear of second places now, not with the next beat: somebody waits for what comes of it. */
  readonly urgent?: () => void;
  readonly metrics: Metrics;
}

/** Where a shard of this process has its copies. */
export interface Place {
  readonly term: Term;
  readonly backup: PeerId | '';
  readonly learner: PeerId | '';
  readonly linked: readonly PeerId[];
  /** K7: nothing leaves before this instant. */
  readonly heldUntil: Millis;
  /** The shard came here by a hand-off: the former owner, and where its log ended. */
  readonly continues?: FormerLog | undefined;
  /** It comes with its state, from somebody who served it a moment ago. */
  readonly isInUse?: boolean;
  /** The log begins anew beside a backup that has an older one of this very owner: it is no copy of this. */
  readonly anew?: boolean;
}

export interface FormerLog {
  readonly from: PeerId;
  readonly position: Position;
}

/** The logs of the shards that this process owns, shipped to their backups and learners (protocol.ts). */
export class Replicator implements CommitLogs, LogKeeper {
  readonly options: ReplicationOptions;
  readonly gatePosition: typeof gatePosition;
  readonly isStored: boolean;
  freshSeeding = 1;
  private readonly setup: ReplicatorSetup;
  private readonly seeder: Seeder;
  private readonly logs = new Map<ShardId, ReplicatedLog>();
  private readonly places = new Map<ShardId, Place>();
  private readonly leases = new Map<PeerId, AskedLease>();
  /** Who wants to hear of acknowledgements of a shard's log. */
  private readonly watchers = new Map<ShardId, () => void>();
  private unflushed = new Set<ReplicatedLog>();
  private readonly shipped: Counter;
  private readonly refusals: Counter;
  private leaseNumber = 0;
  private tickedAt: Millis;
  private wanted: ReadonlySet<PeerId> | undefined;
  private timer: Timer | undefined;
  private stopped = false;

  constructor(setup: ReplicatorSetup) {
    const { clock, peers, options, metrics } = setup;
    this.setup = setup;
    this.options = options;
    this.gatePosition = setup.gatePosition ?? gatePosition;
    this.isStored = setup.persists ?? false;
    this.tickedAt = clock.monotonic();
    this.shipped = metrics.counter('muster_replication_shipped_total', 'Envelopes to backups and learners, by type');
    this.refusals = metrics.counter('muster_replication_refused_total', 'Records that a copy did not take, by code');
    this.seeder = new Seeder({ clock, options, send: (peer, envelope) => this.send(peer, envelope) });
    peers.on('appended', (from, { body }) => this.appended(from, body));
    peers.on('lease', (from, { body }) => this.leased(from, body));
    peers.onUp(({ peer }) => this.link(peer, 'up'));
    peers.onDown(({ peer }) => this.link(peer, 'down'));
    peers.onWritable(({ peer }, lane) => {
      if (lane === 'replication') this.writable(peer);
    });
  }

  /** Whose actors are copied to learners, and what stands behind the copies. */
  join(host: ActorHost, behind: BehindCopies): void {
    this.seeder.join(host, behind);
  }

  /** The row of a shard that this process owns: before the shard is opened in its term, and whenever it changes. */
  assign({ shard, term, backup, learner, origin }: ShardRow, heldUntil: Millis = 0, continues?: FormerLog): void {
    const isInUse = origin !== 'placed';
    const place = { term, backup, learner, linked: this.linked(backup, learner), heldUntil, continues, isInUse };
    this.places.set(shard, place);
    this.pairAll(place);
    this.logs.get(shard)?.assign(place);
    this.wanted = undefined;
  }

  /** @throws Error where the shard's row was not assigned before */
  open(shard: ShardId, _term: Term, go: () => void): ReplicatedLog {
    const assigned = this.places.get(shard);
    if (!assigned) throw new Error(`shard ${shard} has no place yet`);
    // Links may have come and gone while its actors were read.
    const linked = this.linked(assigned.backup, assigned.learner);
    // A backup that is there before the log is one of the log that this one continues, or of one that storage ended.
    const place = { ...assigned, linked, anew: assigned.continues === undefined };
    const log = new ReplicatedLog(shard, place, go, this);
    this.logs.set(shard, log);
    this.wanted = undefined;
    // Nor was anybody asked for a lease meanwhile: a shard that is read has no log to ask for.
    this.pairAll(place);
    const wait = place.heldUntil - this.now();
    if (wait > 0) this.setup.clock.after(wait, () => log.pump());
    return log;
  }

  /** What the leader is to hear with every beat. */
  reports(): readonly ShardReport[] {
    const now = this.now();
    const reports: ShardReport[] = [];
    for (const [shard, log] of this.logs)
      if (!log.atRest)
        for (const [what, peer] of log.reports(now)) reports.push({ shard, term: log.state.term, what, peer });
    return reports;
  }

  logOf(shard: ShardId): ReplicatedLog | undefined {
    return this.logs.get(shard);
  }

  /** Calls `heard` whenever a copy has acknowledged something of the shard, until it is set to nothing. */
  watch(shard: ShardId, heard: (() => void) | undefined): void {
    if (heard) this.watchers.set(shard, heard);
    else this.watchers.delete(shard);
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.seeder.stop();
  }

  now(): Millis {
    return this.setup.clock.monotonic();
  }

  send(peer: PeerId, envelope: EnvelopeInit): boolean {
    if (!this.setup.peers.send(peer, 'replication', envelope)) return false;
    this.shipped.add(1, { type: envelope.type });
    return true;
  }

  urgent(): void {
    this.setup.urgent?.();
  }

  dirty(log: ReplicatedLog): void {
    if (this.unflushed.size === 0) this.setup.clock.defer(() => this.flush());
    this.unflushed.add(log);
  }

  used(seeding: number): void {
    this.freshSeeding = Math.max(this.freshSeeding, seeding + 1);
  }

  seed(log: ReplicatedLog, peer: PeerId, seeding: number): void {
    this.seeder.begin(log, peer, seeding);
  }

  seedingFlows(log: ReplicatedLog, peer: PeerId): boolean {
    return this.seeder.flows(log, peer);
  }

  unseed(log: ReplicatedLog, peer: PeerId): void {
    this.seeder.cancel(log, peer);
  }

  leaseHolds(peer: PeerId, now: Millis): boolean {
    return this.leases.get(peer)?.holds(now) === true;
  }

  closed(log: ReplicatedLog): void {
    this.unflushed.delete(log);
    if (this.logs.get(log.shard) !== log) return;
    this.logs.delete(log.shard);
    this.wanted = undefined;
    this.places.delete(log.shard);
  }

  private flush(): void {
    const logs = this.unflushed;
    this.unflushed = new Set();
    for (const log of logs) log.flush();
  }

  private appended({ peer }: PeerInfo, { acks }: EnvelopeOf<'appended'>['body']): void {
    for (const { shard, term, seeding, position, code } of acks) {
      if (code !== '') this.refusals.add(1, { code });
      const ack: AckMessage = { term: term as Term, seeding, position: position as Position, code: code as AckCode };
      this.logs.get(shard as ShardId)?.input({ type: 'ack', from: peer, ack });
      if (this.watchers.size > 0) this.watchers.get(shard as ShardId)?.();
    }
  }

  private leased({ peer }: PeerInfo, { number, refused }: EnvelopeOf<'lease'>['body']): void {
    const lease = this.leases.get(peer);
    if (!lease) return;
    // First what it does not hold for: a read that waits must not leave by mistake.
    for (const { shard, term } of refused) this.refusedLease(peer, shard as ShardId, term as Term);
    lease.granted(number, this.now());
    for (const log of this.logs.values())
      if (log.isWaitedFor && log.state.followers.some((it) => it.peer === peer)) log.pump();
  }

  private refusedLease(peer: PeerId, shard: ShardId, term: Term): void {
    const log = this.logs.get(shard);
    const follower = log?.state.followers.find((it) => it.peer === peer);
    // Its own row has told it of a newer one.
    if (log && follower && term > log.state.term) log.input({ type: 'newer-term', term });
  }

  private link(peer: PeerId, type: 'up' | 'down'): void {
    const lease = this.leases.get(peer);
    if (!lease) return;
    if (type === 'up') this.ask(peer, lease);
    for (const log of this.logs.values())
      if (log.state.followers.some((it) => it.peer === peer)) log.input({ type, peer });
  }

  private writable(peer: PeerId): void {
    for (const log of this.logs.values()) log.ship(peer);
    this.seeder.wake();
  }

  private linked(...peers: readonly (PeerId | '')[]): readonly PeerId[] {
    return peers.filter((peer): peer is PeerId => peer !== '' && this.setup.peers.link(peer) !== undefined);
  }

  private pairAll({ backup, learner }: Place): void {
    for (const peer of [backup, learner]) if (peer !== '') this.pair(peer);
    if (!this.timer && !this.stopped && this.leases.size > 0) this.wait();
  }

  private pair(peer: PeerId): void {
    if (this.leases.has(peer)) return;
    const lease = new AskedLease(this.now(), this.options);
    this.leases.set(peer, lease);
    this.ask(peer, lease);
  }

  private ask(peer: PeerId, lease: AskedLease): void {
    this.leaseNumber += 1;
    lease.ask(this.leaseNumber, this.now());
    this.setup.peers.send(peer, 'control', { type: 'leaseAsk', body: { number: this.leaseNumber } });
  }

  /** Who has copies; asked for with every tick, and another only after a row. */
  private wantedPeers(): ReadonlySet<PeerId> {
    if (this.wanted) return this.wanted;
    const wanted = new Set<PeerId>();
    for (const log of this.logs.values()) for (const { peer } of log.state.followers) wanted.add(peer);
    this.wanted = wanted;
    return wanted;
  }

  private wait(): void {
    this.tickedAt = this.now();
    this.timer = this.setup.clock.after(this.options.leaseEveryMs, () => this.tick());
  }

  private tick(): void {
    this.timer = undefined;
    const now = this.now();
    const late = now - this.tickedAt - this.options.leaseEveryMs;
    const stalledMs = late > this.options.leaseEveryMs ? late : 0;
    const wanted = this.wantedPeers();
    const silent: PeerId[] = [];
    for (const [peer, lease] of this.leases) {
      if (!wanted.has(peer)) {
        this.leases.delete(peer);
        continue;
      }
      lease.stalled(stalledMs);
      if (lease.isSilent(now)) silent.push(peer);
      this.ask(peer, lease);
    }
    for (const log of this.logs.values()) if (!log.atRest || silent.length > 0) log.tick(silent, stalledMs);
    if (this.leases.size > 0) this.wait();
  }
}
