import {
  type Clock,
  type Counter,
  type Log,
  type Metrics,
  type Millis,
  type PeerId,
  type Position,
  type ShardId,
  term,
} from '@muster/ports';
import type { Adoption, AnyActorKind, RuntimeOptions, SavedActor } from '@muster/runtime';
import type { AckInit, EnvelopeOf, Record as WireRecord } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { Inherited } from '../persistence/persistence.js';
import type { RoutingTable, ShardRow } from '../table/routing-table.js';
import { Copy, type CopySetup, isKey } from './copy.js';
import { EarlyWords } from './early-words.js';
import {
  type FollowerEffect,
  type FollowerInput,
  type FollowerState,
  type isOlderTerm,
  newFollower,
  stepFollower,
} from './follower.js';
import { GivenLeases } from './leases.js';
import type { ReplicationOptions } from './options.js';
import type { FormerLog } from './replicator.js';

export interface BackupKeeperSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly table: RoutingTable;
  readonly kinds: readonly AnyActorKind[];
  readonly runtime: RuntimeOptions;
  readonly options: ReplicationOptions;
  /** This node stores what it owns. */
  readonly persists: boolean;
  readonly isOlderTerm?: typeof isOlderTerm;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** What a promoted backup goes on from, and the instant before which nothing may leave it (K7). */
export interface Promotion {
  readonly adoption: Adoption;
  readonly heldUntil: Millis;
  /** After a hand-off: the backup that stays follows the same log. */
  readonly continues: FormerLog | undefined;
  /** What storage may lack of it. */
  readonly inherited: Inherited;
}

interface Held {
  state: FollowerState;
  readonly copy: Copy;
}

const NOTHING: readonly WireRecord[] = [];

/** This process as backup and learner of other owners' shards (protocol.ts). */
export class BackupKeeper {
  private readonly setup: BackupKeeperSetup;
  private readonly copies = new Map<ShardId, Held>();
  private readonly copying: CopySetup;
  private readonly leases: GivenLeases;
  /** By owner and shard: the newest acknowledgement is all that counts. */
  private readonly acks = new Map<PeerId, Map<ShardId, AckInit>>();
  private dismissals: (from: PeerId, shard: ShardId) => void = () => undefined;
  private readonly early: EarlyWords;
  private readonly answers: Counter;
  private readonly continuations: Counter;
  private acking = false;

  constructor(setup: BackupKeeperSetup) {
    this.setup = setup;
    const { peers, metrics, log, options } = setup;
    this.leases = new GivenLeases(options);
    this.answers = metrics.counter('muster_replication_acks_total', 'Acknowledgements to owners, by code');
    this.continuations = metrics.counter(
      'muster_replication_continued_total',
      'Copies that followed a shard to its new owner without a snapshot',
    );
    const early = metrics.counter(
      'muster_replication_early_dropped_total',
      'Envelopes of new owners that came too long before their rows',
    );
    this.early = new EarlyWords((words) => early.add(words));
    const failures = metrics.counter('muster_replication_unmerged_total', 'Copies of actors that could not be merged');
    this.copying = {
      kinds: new Map(setup.kinds.map((kind) => [kind.kind, kind])),
      runtime: setup.runtime,
      options,
      persists: setup.persists,
      failed(entity, error) {
        failures.add();
        log.write('error', 'replication.unmerged', { entity, error });
      },
    };
    // No closure for each: nearly nothing is early.
    peers.on('append', (from, envelope) => {
      const when = this.hears(envelope);
      if (when === 'now') this.append(from, envelope);
      else if (when === 'later') this.early.add(envelope.shard as ShardId, () => this.append(from, envelope));
    });
    peers.on('snapshot', (from, envelope) => {
      const when = this.hears(envelope);
      if (when === 'now') this.snapshot(from, envelope);
      else if (when === 'later') this.early.add(envelope.shard as ShardId, () => this.snapshot(from, envelope));
    });
    peers.on('dismissed', ({ peer }, { shard, body }) => {
      const held = this.copies.get(shard as ShardId);
      if (held) this.step(shard as ShardId, held, { type: 'dismissed', from: peer, seeding: body.seeding });
      this.dismissals(peer, shard as ShardId);
    });
    peers.on('leaseAsk', (from, { body }) => this.lease(from, body.number));
    setup.table.listen({
      membersChanged: (members) => {
        // The dead too: one that was only silent may still read by a lease, and one that was cut off with its backup may come back.
        const known = new Set(members.map(({ peer }) => peer));
        this.leases.keepOnly((peer) => known.has(peer) || peers.link(peer) !== undefined);
      },
    });
  }

  /** Hears of every owner that has seen a row without this process. */
  onDismissed(listener: (from: PeerId, shard: ShardId) => void): void {
    this.dismissals = listener;
  }

  /** Shards of others that are here. */
  get size(): number {
    return this.copies.size;
  }

  /** For so long ungated actors stand still where a former owner may still act. */
  get ungatedWaitMs(): Millis {
    return this.setup.options.ungatedWaitMs;
  }

  /** For operators and tests: how far the copy of a shard is. */
  stateOf(shard: ShardId): FollowerState | undefined {
    return this.copies.get(shard)?.state;
  }

  /**
   * A row came that gives the shard to this process: what it has of it, if that is what its last owner let out. The row says so: whoever
   * owns by `promoted` or `moved` was in sync with the owner before when the transaction was written, however many rows were missed here,
   * and nothing has come in between. What is placed is not here, whatever is left here of an earlier time.
   */
  promote(row: ShardRow): Promotion | undefined {
    const { setup } = this;
    const { clock, options } = setup;
    const held = this.copies.get(row.shard);
    if (!held) return undefined;
    const { state, copy } = held;
    const former = state.owner as PeerId;
    const complete = state.phase === 'complete' && row.origin !== 'placed';
    const moved = row.origin === 'moved';
    // Nobody can take a turn there any more: it is surely dead, or has been sealed since before the transaction (handoff/protocol.ts).
    const atRest = row.sure === true || moved;
    const heldUntil = atRest ? 0 : this.leases.overAt(former);
    if (former !== '') this.leases.refuse(former, row.shard, row.term);
    this.copies.delete(row.shard);
    if (!complete) return undefined;
    const fencedMs = atRest ? 0 : options.ungatedWaitMs;
    return {
      adoption: { actors: copy.actors, fencedMs, how: moved ? 'moved' : 'promoted', mayLack: false },
      inherited: setup.persists ? copy.inherited(moved ? state.position : 0) : { start: 0 },
      heldUntil: Math.max(heldUntil, clock.monotonic()),
      continues: moved ? { from: former, position: state.position } : undefined,
    };
  }

  /**
   * This process sealed the shard and handed it over; its row makes it the backup: what it has of it is the copy. Those of `unstored` that
   * are not among the actors are gone, and storage may not know it.
   */
  keep(
    { shard, term: of, owner: successor }: ShardRow,
    end: Position,
    actors: Iterable<readonly [entity: string, saved: SavedActor]>,
    unstored: readonly string[] = [],
  ): void {
    // The new owner may have been heard before its row, and have sent all of it.
    if (this.copies.get(shard)?.state.owner === successor) return;
    const copy = new Copy(this.copying);
    for (const [entity, saved] of actors) copy.put(entity, saved, end);
    for (const entity of unstored) if (!copy.actors.has(entity)) copy.went(entity, end);
    const owner = this.setup.peers.self.peer;
    this.copies.set(shard, { state: { ...newFollower(of), phase: 'complete', owner, position: end }, copy });
  }

  /** A row of a shard that this process does not own. */
  follow({ shard, owner, backup, learner, term: of }: ShardRow): void {
    const held = this.copies.get(shard);
    if (!held) return;
    const { self } = this.setup.peers;
    const former = held.state.owner as PeerId;
    const holds = backup === self.peer || learner === self.peer;
    if (of > held.state.term) held.copy.raised();
    this.step(shard, held, { type: 'row', term: of, holds });
    if (former !== '' && former !== self.peer && (!holds || former !== owner)) this.leases.refuse(former, shard, of);
  }

  /** What was heard of the shard before its row came, which is not this process's any more. */
  rowCame(shard: ShardId): void {
    for (const take of this.early.take(shard)) take();
  }

  stop(): void {
    this.copies.clear();
    this.acks.clear();
  }

  /** Later: this process owns the shard as far as it knows, and somebody speaks of it under a newer term. */
  private hears({ shard, term: of }: { readonly shard: number; readonly term: number }): 'now' | 'later' | 'never' {
    const { table, peers } = this.setup;
    if (!table.layout.has(shard)) return 'never';
    const row = table.row(shard as ShardId);
    return row.owner === peers.self.peer && of > row.term ? 'later' : 'now';
  }

  private append({ peer, role }: PeerInfo, { shard, term: of, body }: EnvelopeOf<'append'>): void {
    if (role !== 'node') return;
    const { seeding, first, end, records } = body;
    const continues = body.continues as PeerId | '';
    const input = { type: 'append', from: peer, term: term(of), seeding, first, end, continues } as const;
    const held = this.held(shard as ShardId);
    const effects = this.step(shard as ShardId, held, input, records);
    if (effects.some(({ type }) => type === 'records')) held.copy.told(body.stored, body.unstorable);
  }

  private snapshot({ peer, role }: PeerInfo, { shard: number, term: of, body }: EnvelopeOf<'snapshot'>): void {
    if (role !== 'node' || !this.setup.table.layout.has(number)) return;
    const shard = number as ShardId;
    const held = this.held(shard);
    const { seeding, first, last, position, entities } = body;
    const effects = this.step(shard, held, {
      type: 'snapshot',
      from: peer,
      term: term(of),
      seeding,
      first,
      last,
      position,
    });
    if (!effects.some(({ type }) => type === 'actors')) return;
    this.leases.rely(peer, shard);
    for (const { entity, ...saved } of entities) if (isKey(entity)) held.copy.put(entity, saved, held.state.position);
  }

  private held(shard: ShardId): Held {
    let held = this.copies.get(shard);
    if (!held) {
      const row = this.setup.table.row(shard);
      held = { state: newFollower(row.term), copy: new Copy(this.copying) };
      // Its owner may have moved on to a newer row than this process has: only an older one is refused.
      this.copies.set(shard, held);
    }
    return held;
  }

  private step(
    shard: ShardId,
    held: Held,
    input: FollowerInput,
    records: readonly WireRecord[] = NOTHING,
  ): readonly FollowerEffect[] {
    const first = input.type === 'append' ? input.first : 0;
    const { state, effects } = stepFollower(held.state, input, this.setup.isOlderTerm);
    held.state = state;
    for (const effect of effects) {
      if (effect.type === 'forget') held.copy.clear();
      else if (effect.type === 'ack') this.acknowledge(shard, effect);
      else if (effect.type === 'continued') this.continued(shard, state, effect.former);
      else if (effect.type === 'records' && !this.take(held, records, first, effect.skip)) {
        this.setup.log.write('error', 'replication.mismatch', { shard, owner: state.owner, term: state.term });
        return this.step(shard, held, { type: 'mismatch' });
      }
    }
    return effects;
  }

  private continued(shard: ShardId, { owner, position, term: of }: FollowerState, former: PeerId): void {
    if (former !== this.setup.peers.self.peer) this.leases.refuse(former, shard, of);
    this.leases.rely(owner as PeerId, shard);
    this.continuations.add();
    this.setup.log.write('debug', 'handoff.continued', { shard, term: of, owner, former, position });
  }

  private take({ state, copy }: Held, records: readonly WireRecord[], first: Position, skip: number): boolean {
    for (let i = skip; i < records.length; i += 1) {
      if (!copy.take(records[i]!, first + i, state.phase === 'complete')) return false;
    }
    return true;
  }

  private acknowledge(shard: ShardId, { to, ack }: Extract<FollowerEffect, { type: 'ack' }>): void {
    this.answers.add(1, { code: ack.code });
    const ofOwner = this.acks.get(to) ?? new Map<ShardId, AckInit>();
    this.acks.set(
      to,
      ofOwner.set(shard, { shard, term: ack.term, seeding: ack.seeding, position: ack.position, code: ack.code }),
    );
    if (this.acking) return;
    this.acking = true;
    this.setup.clock.defer(() => {
      this.acking = false;
      // Where it cannot be sent the owner asks again.
      for (const [owner, acks] of this.acks)
        this.setup.peers.send(owner, 'control', { type: 'appended', body: { acks: [...acks.values()] } });
      this.acks.clear();
    });
  }

  private lease({ peer, role }: PeerInfo, number: number): void {
    if (role !== 'node') return;
    const refused = [...this.leases.give(peer, this.setup.clock.monotonic())].map(([shard, of]) => ({
      shard,
      term: of,
    }));
    this.setup.peers.send(peer, 'control', { type: 'lease', body: { number, refused } });
  }
}
