import { type DeathCause, type GivenUp, type PeerInfo, type Phase, readEpoch, type ShardRow } from '@muster/cluster';
import { codeOf, type Millis, type PeerId, type RangeResult } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import type { EndedMove } from './admin/documents.js';
import { reportCarved, reportChanges } from './change-report.js';
import { Digests } from './digests.js';
import { Entities } from './entities.js';
import { isNeeded } from './evacuation.js';
import { Ledger } from './ledger.js';
import { type Member, registeredIn } from './member.js';
import { ENDED_MAX, Moves } from './moves.js';
import { Placer } from './placer.js';
import { Publisher } from './publisher.js';
import type { RegimeSetup } from './regime-setup.js';
import { Restoration } from './restoration.js';
import { Roster } from './roster.js';
import { Steering } from './steering.js';
import { countShards, laden } from './table-changes.js';
import { Wishes } from './wishes.js';

/**
 * One leader's time: from the won take-over until it is deposed. Made anew each time, so that nothing an earlier regime believed
 * is believed again: the table and the members are read from the store after the epoch was written.
 */
export class Regime {
  readonly ledger: Ledger;
  readonly roster: Roster;
  /** States that operators want nodes to have. */
  readonly wishes: Wishes;
  readonly moves: Moves;
  readonly steering: Steering;
  readonly entities: Entities;
  readonly restoration: Restoration;
  private readonly setup: RegimeSetup;
  private readonly publisher: Publisher;
  private placer: Placer | undefined;
  private readonly digests: Digests;
  private ended: readonly EndedMove[] = [];
  private stopped = false;

  constructor(setup: RegimeSetup) {
    const { clock, store, keys, peers, loads, health, epoch, options, metrics, log } = setup;
    this.setup = setup;
    this.ledger = new Ledger({
      clock,
      store,
      keys,
      fence: setup.fence,
      retryMs: options.retryMs,
      answered: (what) => health.answered(what),
      failed: (error) => health.failed(error),
      wentBack: () => setup.on.wentBack(),
      changed: (rows) => this.rowsChanged(rows),
      overridden: (names) => this.publisher.overridesChanged(names),
    });
    this.roster = new Roster({
      clock,
      peers,
      loads,
      options: setup.heartbeat,
      vice: setup.vice,
      epoch,
      deadMax: options.deadMax,
      isNamed: (peer) => this.ledger.isNamed(peer),
      metrics,
      log,
      on: {
        joined: (member) => this.joined(member),
        dead: (member, cause) => this.dead(member, cause),
        phase: (member, phase, before) => this.phase(member, phase, before),
        givenUp: (member, cause) => this.givenUp(member, cause),
        changed: () => this.publisher.memberListChanged(),
      },
    });
    this.digests = new Digests(() => this.ledger.rows());
    this.wishes = new Wishes(clock, options.wishMs);
    this.moves = new Moves({
      ...setup,
      roster: this.roster,
      ledger: this.ledger,
      options: setup.policies.handoff,
      perNodeMax: options.movesPerNode,
      on: {
        write: () => this.placer?.request(),
        // What is next in a drain follows at once, but not in the midst of what ended this one.
        over: (move, why, end) => {
          const { id, row, from, to } = move;
          this.ended = [...this.ended, { move: id, shard: row.shard, from, to, why, end }].slice(-ENDED_MAX);
          this.steering.moveOver(why);
          clock.defer(() => this.placer?.evacuate());
        },
      },
    });
    this.entities = new Entities({
      ...setup,
      ledger: this.ledger,
      moves: this.moves,
      options: setup.policies.carving,
      orderMs: options.entityOrderMs,
      targets: () => this.roster.targets(),
      isGone: (peer) => this.roster.get(peer)?.state !== 'up',
      isWell: (peer) => this.roster.isWell(peer),
      isReleased: (shard) => this.placer?.isReleased(shard) ?? false,
      write: () => this.placer?.request(),
    });
    this.steering = new Steering({
      ...setup,
      isPinned: (shard) => this.entities.isPinned(shard),
      ledger: this.ledger,
      roster: this.roster,
      moves: this.moves,
      everyMs: options.balanceEveryMs,
      mayMove: (row) => this.placer?.mayMove(row) ?? false,
    });
    this.restoration = new Restoration({
      ...setup,
      ledger: this.ledger,
      recallMs: options.recallMs,
      retryMs: options.retryMs,
      isAlive: (peer) => this.roster.isAlive(peer),
      homeOf: (entity) => this.entities.orders.homeOf(entity),
      on: {
        fenced: () => setup.on.fenced(),
        checked: () => this.remember(),
        behind: () => setup.on.wentBack(),
      },
    });
    this.publisher = new Publisher({
      clock,
      peers,
      epoch,
      revision: () => this.ledger.revision,
      rows: () => this.ledger.rows(),
      overrides: () => this.ledger.overrides.all(),
      members: () => this.roster.infos(),
      metrics,
    });
  }

  /** The table is known: acknowledgements may be good. */
  get ready(): boolean {
    return this.placer !== undefined;
  }

  get moving(): number {
    return this.placer?.moving ?? 0;
  }

  get homeless(): number {
    return this.placer?.homeless() ?? 0;
  }

  /** The last that are over. */
  get endedMoves(): readonly EndedMove[] {
    return this.ended;
  }

  /** An operator wants it. @returns the move's id; undefined: its row does not allow for one now */
  beginMove(row: ShardRow, to: PeerId): string | undefined {
    return this.placer?.mayMove(row) ? this.moves.begin(row, to, 'asked') : undefined;
  }

  /** Reads the cluster, however long the store takes, and begins to lead it. */
  async begin(): Promise<void> {
    const { store, keys, clock, health, options, log, epoch } = this.setup;
    while (!this.stopped && !this.placer) {
      this.restoration.ask();
      const sentAt = clock.monotonic();
      try {
        const result = await store.range(keys.root);
        health.answered();
        if (!this.stopped && (await this.load(result, sentAt))) return;
        if (this.stopped) return;
      } catch (error) {
        if (codeOf(error) === 'STORE_UNAVAILABLE') health.failed(error);
        log.write('error', 'regime.not-loaded', { epoch, error });
      }
      await new Promise<void>((resolve) => clock.after(options.retryMs, resolve));
    }
  }

  stop(): void {
    this.stopped = true;
    this.restoration.stop();
    this.ledger.stop();
    this.placer?.stop();
    this.entities.stop();
    this.wishes.stop();
    this.publisher.stop();
  }

  tick(): void {
    if (!this.placer) return;
    this.roster.tick(this.setup.health.reachable);
    this.moves.tick();
    this.entities.tick();
    this.placer.tick();
    this.steering.tick();
  }

  /** A list of the whole cluster, asked for at `sentAt`. */
  listed(result: RangeResult, sentAt: Millis): void {
    const { keys, fence } = this.setup;
    if (!this.placer) return;
    if (readEpoch(keys, result.entries)?.modRevision !== fence) {
      this.setup.on.fenced();
      return;
    }
    try {
      // Before its members: who stood there long ago is nobody's successor.
      if (!this.ledger.take(result, sentAt)) return;
      this.entities.orders.listed(result.entries);
    } catch (error) {
      this.setup.log.write('error', 'regime.table-unreadable', { epoch: this.setup.epoch, error });
    }
    this.roster.listed(registeredIn(keys, result), sentAt);
    this.placer.request();
  }

  /** After an outage everybody's silence counts from now, and what could not be written meanwhile is. A call that failed now and then
   *  is no outage: a store that stumbles every second would make every silent node immortal. */
  storeBack(awayMs: Millis): void {
    if (awayMs >= this.setup.heartbeat.suspectMs) this.roster.restart();
    this.placer?.request();
  }

  /** @returns whether the list of members should be read again: somebody unknown beats. */
  beat(from: PeerInfo, { body }: EnvelopeOf<'heartbeat'>): boolean {
    const { peers, epoch, loads, vice } = this.setup;
    if (!this.placer) return false;
    const standing = this.roster.beat(from, body);
    if (standing === 'dead') return this.tellDead(from);
    if (standing === 'member') this.repair(from, body);
    if (body.reports.length > 0) this.placer.request();
    this.moves.heard(from.peer);
    this.wishes.heard(from.peer, body.state);
    // Rows that nobody confirms, a stranger's or those of one that was given up meanwhile, do not put off a fence.
    const doubted = this.roster.isDoubted(from.peer) || !this.restoration.mayGoOn(from, () => this.fits(from, body));
    const confirmed = standing === 'member' && !doubted;
    const goodForMs = confirmed ? Math.floor(this.setup.goodForMs()) : 0;
    const ack = { number: body.number, leads: true, goodForMs, sessions: loads.sessions(), vice: vice() };
    const more = { ...this.steering.room(), asked: this.wishes.of(from.peer), released: this.isReleased(from.peer) };
    peers.send(from.peer, 'control', { type: 'heartbeatAck', epoch, body: { ...ack, ...more } });
    return standing === 'stranger';
  }

  /** It drains, and nothing more will be taken from it. */
  private isReleased(peer: PeerId): boolean {
    if (this.roster.get(peer)?.state !== 'draining') return false;
    return !this.ledger.isNamed(peer) || !isNeeded(peer, this.ledger.rows(), this.roster.targets());
  }

  linked(info: PeerInfo): void {
    if (!this.placer || (info.role !== 'node' && info.role !== 'gateway')) return;
    this.roster.linked(info.peer);
    this.publisher.pushAll(info.peer);
  }

  unlinked(info: PeerInfo): void {
    this.publisher.forget(info.peer);
    this.roster.unlinked(info.peer);
  }

  released(from: PeerInfo, envelope: EnvelopeOf<'released'>): void {
    this.placer?.released(from, envelope);
  }

  sealed(from: PeerInfo, envelope: EnvelopeOf<'sealed'>): void {
    if (this.placer) this.moves.sealed(from, envelope);
  }

  carved(from: PeerInfo, envelope: EnvelopeOf<'carved'>): void {
    if (this.placer) this.entities.carved(from, envelope);
  }

  probeResult(from: PeerInfo, { body }: EnvelopeOf<'probeResult'>): void {
    this.roster.probeResult(from, body.number, body.outcome);
  }

  /** False: to be tried again. @throws MusterError STORAGE_UNAVAILABLE */
  private async load(result: RangeResult, sentAt: Millis): Promise<boolean> {
    const { keys, on } = this.setup;
    const { ledger, restoration } = this;
    if (readEpoch(keys, result.entries)?.modRevision !== this.setup.fence) {
      on.fenced();
      return true;
    }
    if (!ledger.take(result, sentAt)) return true;
    if (!(await restoration.settle())) return false;
    if (this.stopped) return true;
    // Orders in a store that was put back are those of another time.
    if (!restoration.wentBack) this.entities.orders.resume(result.entries);
    this.placer = new Placer({
      ...this.setup,
      ledger: this.ledger,
      roster: this.roster,
      moves: this.moves,
      entities: this.entities,
      restoration,
      on: {
        changed: (why, changes) => {
          reportChanges(this.setup, this.ledger.revision, why, changes);
          for (const peer of laden(changes, this.setup.options.ladenShards)) this.roster.laden(peer);
        },
        carved: (writes) => reportCarved(this.setup, writes),
        fenced: () => on.fenced(),
      },
    });
    const named = this.ledger.rows().flatMap(({ owner, backup, learner }) => [owner, backup, learner]);
    const holders = new Set(named.flatMap((peer) => (peer === '' ? [] : [peer])));
    const registered = registeredIn(keys, result);
    if (restoration.wentBack) this.roster.buryGhosts([...registered.map(({ peer }) => peer), ...holders]);
    this.roster.begin(registered, holders, this.mercyMs(), this.ledger.buried);
    this.publisher.pushAllToAll();
    this.remember();
    this.placer.request();
    return true;
  }

  /** K6: for how long the deposed leader's acknowledgements may keep a member going that we do not hear. */
  private mercyMs(): Millis {
    const { formerIsGone, heartbeat, takeover } = this.setup;
    return formerIsGone ? 0 : takeover.confirmMs + heartbeat.selfFenceMs + heartbeat.fenceMarginMs;
  }

  private tellDead(from: PeerInfo): boolean {
    const { peers, epoch } = this.setup;
    if (from.role !== 'node') {
      this.roster.revive(from.peer);
      return true;
    }
    const by = this.roster.successorOf(from.peer) ?? 'its shards were placed again';
    peers.send(from.peer, 'control', { type: 'replaced', epoch, body: { by } });
    return false;
  }

  /** A lost push shows in the next beats: what the member has does not fit the table. */
  private repair(from: PeerInfo, beat: EnvelopeOf<'heartbeat'>['body']): void {
    if (this.roster.isDoubted(from.peer) && this.fits(from, beat)) this.roster.confirm(from.peer);
    if (this.publisher.pushedAgoMs(from.peer) < this.setup.options.pushAgainMs) return;
    const behind = beat.tableRevision < this.ledger.revision;
    if (behind || !this.fits(from, beat)) this.publisher.pushAll(from.peer);
  }

  /** It has open what the table gives to it, under the same terms. */
  private fits({ role, peer }: PeerInfo, beat: EnvelopeOf<'heartbeat'>['body']): boolean {
    return role !== 'node' || beat.ownedDigest === this.digests.of(peer);
  }

  private rowsChanged(rows: readonly ShardRow[]): void {
    this.publisher.rowsChanged(rows);
    this.moves.rowsChanged(rows);
    this.entities.rowsChanged(rows);
    for (const [state, shards] of Object.entries(countShards(this.ledger.rows(), this.ledger.layout)))
      this.setup.metrics
        .gauge('muster_coordinator_shards', 'Shards that have an owner, a backup, a learner')
        .set(shards, { state });
    this.remember();
  }

  /** Not before storage was held against the table: what it knows is the only proof that the store went back (K4). */
  private remember(): void {
    if (this.restoration.isChecked && this.placer) this.setup.on.table(this.ledger.highestTerm(), this.ledger.revision);
  }

  private joined({ info: { role, peer, address } }: Member): void {
    const { log, epoch, on } = this.setup;
    if (role === 'node') this.steering.disturbed();
    log.write('info', 'member.joined', { epoch, role, peer, address });
    on.event({ type: 'member.joined', role, peer, address });
  }

  private dead({ info, line }: Member, cause: DeathCause): void {
    this.setup.on.event({ type: 'member.dead', role: info.role, peer: info.peer, why: cause });
    // A new incarnation has written its own line over it.
    const stale = cause !== 'replaced' && cause !== 'left' && info.role === 'node';
    this.moves.died(info.peer);
    this.entities.died(info.peer);
    if (info.role === 'node') this.steering.disturbed();
    this.placer?.died(info.peer, stale ? line : undefined, stale);
  }

  private givenUp({ info: { role, peer } }: Member, cause: GivenUp | undefined): void {
    if (cause) {
      this.moves.died(peer);
      this.entities.died(peer);
      this.setup.on.event({ type: 'member.given-up', role, peer, why: cause });
    }
    this.placer?.request();
  }

  private phase({ info: { role, peer } }: Member, phase: Phase, before: Phase): void {
    const { on, log, epoch } = this.setup;
    if (phase === 'suspect') on.event({ type: 'member.suspect', role, peer });
    else if (phase === 'up' && before !== 'joining') on.event({ type: 'member.recovered', role, peer });
    log.write(phase === 'up' ? 'info' : 'warn', 'member.phase', { epoch, peer, phase, before });
    this.placer?.request();
  }
}
