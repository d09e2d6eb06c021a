import {
  dials,
  type HeartbeatOptions,
  heartbeatOptions,
  Listing,
  type MembershipOptions,
  membershipOptions,
  type PeerInfo,
  Peers,
  type Registered,
  Registration,
  readMembers,
  type StoreKeys,
  serveProbes,
  storeKeys,
  type TakeoverOptions,
  takeoverOptions,
} from '@muster/cluster';
import { causeOf, type Millis, type PeerId, peerId, type RangeResult, SHARDS, type Timer } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import { openAdmin } from './admin/api.js';
import { type ClusterEventBody, Followers } from './admin/events.js';
import { Inspections } from './admin/inspections.js';
import { Instructions } from './admin/instructions.js';
import { agreeOnShape } from './cluster-shape.js';
import { Election, type Won } from './election.js';
import { HeardLoads } from './heard-loads.js';
import { type CoordinatorOptions, coordinatorOptions } from './options.js';
import { type Policies, policies } from './policies.js';
import { Regime } from './regime.js';
import { Remembered } from './remembered.js';
import { type CoordinatorRules, coordinatorRules } from './rules.js';
import type { CoordinatorSetup } from './setup.js';
import { StoreHealth } from './store-health.js';
import { TermFloor } from './term-floor.js';
import type { Recalled } from './went-back.js';

/** A stranger's beats make the list of members be read again, this often at most. */
const STRANGER_HINT_MS = 200;

/**
 * One coordinator: leader, vice or standby. It listens, stands in the store, and takes part in the take-over protocol; while it
 * leads, a {@link Regime} does the work. Operators' questions are answered by the leader.
 */
export class Coordinator {
  readonly peers: Peers;
  private readonly setup: CoordinatorSetup;
  private readonly options: CoordinatorOptions;
  private readonly rules: CoordinatorRules;
  private readonly heartbeat: HeartbeatOptions;
  private readonly policies: Policies;
  private readonly takeover: TakeoverOptions;
  private readonly membership: MembershipOptions;
  private readonly keys: StoreKeys;
  private readonly loads = new HeardLoads();
  private readonly health: StoreHealth;
  private readonly remembered: Remembered;
  private readonly registration: Registration;
  private readonly listing: Listing;
  private readonly followers: Followers;
  private readonly inspections: Inspections;
  private readonly instructions: Instructions;
  private election: Election | undefined;
  private regime: Regime | undefined;
  private readonly floor: TermFloor;
  private others: readonly Registered[] = [];
  /** Other coordinators that this one keeps dialling. */
  private readonly dialled = new Set<PeerId>();
  private timer: Timer | undefined;
  private hintedAt: Millis = Number.NEGATIVE_INFINITY;
  private stopping: Promise<void> | undefined;
  private stopped = false;

  constructor(setup: CoordinatorSetup) {
    const { clock, network, random, metrics, log, self } = setup;
    const { id, incarnation, cluster, zone, build, address, shards = SHARDS } = self;
    const peer = peerId(id, incarnation);
    this.setup = setup;
    this.options = coordinatorOptions(setup.options);
    this.rules = coordinatorRules(setup.rules);
    this.heartbeat = heartbeatOptions(setup.heartbeat);
    this.policies = policies(setup);
    this.takeover = takeoverOptions(setup.takeover);
    this.membership = membershipOptions(setup.membership);
    this.keys = storeKeys(cluster, shards);
    this.floor = new TermFloor(this.keys);
    this.peers = new Peers({
      clock,
      random,
      network,
      self: { role: 'coordinator', peer, address, cluster, zone, build, shards },
      metrics,
      log,
      ...(setup.peers ? { options: setup.peers } : {}),
      ...(setup.link ? { link: setup.link } : {}),
    });
    const { inspectMs: timeoutMs, inspectionsMax, followersMax, retryMs } = this.options;
    const { peers } = this;
    this.health = this.newHealth();
    this.remembered = new Remembered({ storage: setup.storage, clock, log, retryMs });
    this.registration = this.newRegistration();
    this.listing = this.newListing();
    this.followers = new Followers({ peers, clock, max: followersMax });
    this.inspections = new Inspections({ peers, clock, timeoutMs, max: inspectionsMax });
    this.instructions = new Instructions({ peers, clock, timeoutMs: this.options.instructMs, max: inspectionsMax });
  }

  /**
   * Resolves once this coordinator listens and stands in the store, however long the store takes.
   * @throws MusterError STORE_MISMATCH, ADDRESS_IN_USE
   */
  async start(): Promise<void> {
    const { self } = this.setup;
    const { keys, health } = this;
    await this.agree();
    const floor = await this.remembered.floor(() => this.hasEpoch());
    if (this.stopped) return;
    this.floor.raise(floor.term);
    const election = new Election({
      ...this.setup,
      keys,
      peers: this.peers,
      health,
      floor: floor.epoch,
      options: this.takeover,
      rules: this.rules,
      on: {
        lead: (won) => this.lead(won),
        follow: () => this.abdicate(),
        vice: (vice) => this.event({ type: 'vice.changed', vice }),
      },
      beat: () => ({ revision: this.regime?.ledger.revision ?? 0, storeReachable: health.reachable }),
    });
    this.election = election;
    this.listen(election);
    await this.peers.listen(self.address);
    this.listing.start();
    election.start();
    this.tick();
    await this.registration.start();
  }

  /** Leaves. Where it led, its vice leads before this resolves, or as soon as this address refuses. */
  stop(): Promise<void> {
    this.stopping ??= this.leave();
    return this.stopping;
  }

  private async leave(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    if (this.leads) await this.resign();
    this.listing.stop();
    this.election?.stop();
    this.regime?.stop();
    this.remembered.stop();
    this.inspections.stop();
    this.instructions.stop();
    // Together: a vice takes over as soon as this address refuses, and a store that is away may not put that off.
    await Promise.all([this.peers.stop(), this.registration.stop()]);
  }

  /** K6: what was acknowledged and written was so before anybody hears that this leader goes; from then on it is as if it were dead. */
  private async resign(): Promise<void> {
    const { clock, log } = this.setup;
    const { epoch } = this;
    const from = clock.monotonic();
    this.abdicate();
    const taken = await this.election?.resign();
    log.write('info', 'coordinator.resigned', { epoch, taken, ms: Math.round(clock.monotonic() - from) });
  }

  get leads(): boolean {
    return this.election?.leads ?? false;
  }

  /** Highest known; 0: none. */
  get epoch(): number {
    return this.election?.state.epoch ?? 0;
  }

  /** It leads and knows the table, or it knows who leads. */
  get ready(): boolean {
    if (this.leads) return this.regime?.ready ?? false;
    return (this.election?.state.leader ?? '') !== '' && (this.election?.state.everHeard ?? false);
  }

  /** The cluster store takes what is written, as far as anybody tried lately. */
  get storeHasRoom(): boolean {
    return !this.health.full;
  }

  private newHealth(): StoreHealth {
    const { clock, log, metrics } = this.setup;
    const away = (cause: unknown) => this.event({ type: 'store.away', cause: causeOf(cause) });
    const back = (awayMs: Millis) => {
      this.event({ type: 'store.back', awayMs: Math.round(awayMs) });
      this.regime?.storeBack(awayMs);
    };
    return new StoreHealth({ clock, log, metrics, on: { away, back } });
  }

  private newRegistration(): Registration {
    const { clock, store, log, onReplaced } = this.setup;
    const { peer, zone, build } = this.peers.self;
    return new Registration({
      clock,
      store,
      keys: this.keys,
      role: 'coordinator',
      peer,
      options: this.membership,
      log,
      record: () => ({ address: this.peers.self.address, state: 'up', zone, build }),
      superseded: (by) => {
        log.write('error', 'coordinator.replaced', { by });
        onReplaced?.(by);
      },
    });
  }

  private newListing(): Listing {
    const { clock, store } = this.setup;
    return new Listing({
      clock,
      store,
      prefix: this.keys.root,
      options: this.membership,
      // Pages are written by the leader, which knows them; everybody else reads them when it becomes one.
      matters: (key) => !key.startsWith(this.keys.shards),
      listed: (result, sentAt) => this.listed(result, sentAt),
      failed: (error) => this.health.failed(error),
    });
  }

  private async hasEpoch(): Promise<boolean> {
    const found = await this.setup.store.range(this.keys.epoch).catch(() => undefined);
    return found !== undefined && found.entries.length > 0;
  }

  private listen(election: Election): void {
    const { peers } = this;
    serveProbes(peers);
    peers.on('heartbeat', (from, envelope) => this.beat(from, envelope, election));
    peers.on('released', (from, envelope) => this.regime?.released(from, envelope));
    peers.on('sealed', (from, envelope) => this.regime?.sealed(from, envelope));
    peers.on('carved', (from, envelope) => this.regime?.carved(from, envelope));
    peers.on('probeResult', (from, envelope) => this.regime?.probeResult(from, envelope));
    peers.onUp((info) => this.regime?.linked(info));
    peers.onDown((info) => {
      this.loads.gone(info.peer);
      this.regime?.unlinked(info);
    });
    openAdmin({
      ...this.setup,
      cluster: this.setup.self.cluster,
      keys: this.keys,
      peers,
      election,
      loads: this.loads,
      health: this.health,
      inspections: this.inspections,
      instructions: this.instructions,
      followers: this.followers,
      coordinators: () => this.others,
      expectCoordinators: this.options.expectCoordinators,
      auditMax: this.options.auditMax,
      now: () => this.setup.clock.monotonic(),
      regime: () => this.regime,
      leads: () => this.leads,
      epoch: () => this.epoch,
    });
  }

  private beat(from: PeerInfo, envelope: EnvelopeOf<'heartbeat'>, election: Election): void {
    if (from.role !== 'node' && from.role !== 'gateway') return;
    const now = this.setup.clock.monotonic();
    this.loads.heard(from, envelope.body, envelope.epoch, now);
    if (this.regime) {
      if (!this.regime.beat(from, envelope) || now - this.hintedAt < STRANGER_HINT_MS) return;
      this.hintedAt = now;
      this.listing.hint();
      return;
    }
    const { epoch: of, vice } = election.state;
    const body = { number: envelope.body.number, leads: false, goodForMs: 0, vice };
    this.peers.send(from.peer, 'control', { type: 'heartbeatAck', epoch: of, body });
  }

  private listed(result: RangeResult, sentAt: Millis): void {
    this.health.answered();
    this.floor.saw(result.entries, result.revision);
    const coordinators = readMembers(this.keys, 'coordinator', result.entries);
    const { self } = this.peers;
    for (const { peer, record } of coordinators) {
      if (peer === self.peer || !dials(self, { role: 'coordinator', peer })) continue;
      this.dialled.add(peer);
      this.peers.connect(peer, record.address);
    }
    // Whoever is linked stays, registered or not: leases may all run out at once.
    for (const peer of this.dialled) {
      if (coordinators.some((other) => other.peer === peer) || this.peers.link(peer) !== undefined) continue;
      this.dialled.delete(peer);
      this.peers.disconnect(peer);
    }
    this.others = coordinators;
    this.election?.listed(result, coordinators, sentAt);
    this.regime?.listed(result, sentAt);
    void this.registration.look();
  }

  private lead(won: Won): void {
    const { election } = this;
    if (!election) return;
    // Still there: nobody else has led since, as far as the store knows (K4).
    const former = this.regime;
    former?.stop();
    const regime = new Regime({
      ...this.setup,
      keys: this.keys,
      peers: this.peers,
      loads: this.loads,
      health: this.health,
      epoch: won.epoch,
      fence: won.modRevision,
      floorTerm: this.floor.term,
      foundEpoch: won.found,
      memory: former?.restoration.memory,
      isSuspect: former?.restoration.isSuspect ?? false,
      recall: this.setup.storage && (() => this.recall()),
      formerIsGone: won.why === 'refused' || won.why === 'former' || won.why === 'resigned',
      options: this.options,
      rules: this.rules,
      heartbeat: this.heartbeat,
      policies: this.policies,
      takeover: this.takeover,
      on: {
        fenced: () => election.fenced(),
        event: (event) => this.event(event),
        table: (highest, revision) => {
          this.floor.raise(highest);
          this.remembered.raise(won.epoch, highest, revision);
        },
        wentBack: () => election.wentBack(),
      },
      vice: () => election.state.vice,
      goodForMs: () => election.goodForMs(),
    });
    this.regime = regime;
    this.gauges(won.epoch, 1);
    this.event({ type: 'leader.elected', leader: this.peers.self.peer, reason: won.why });
    void regime.begin();
    // A wiped store has no shape either: without one, processes of another shape could join (K4).
    this.agree(won.modRevision).catch((error) => this.setup.log.write('error', 'coordinator.other-shape', { error }));
  }

  /** @throws MusterError STORAGE_UNAVAILABLE */
  private async recall(): Promise<Recalled> {
    const [highest, terms] = await Promise.all([this.remembered.highest(), this.setup.shards?.terms()]);
    return { ...highest, terms: terms ?? new Map() };
  }

  private agree(fence?: number): Promise<void> {
    const { keys, options } = this;
    return agreeOnShape({ ...this.setup, keys, retryMs: options.retryMs, isStopped: () => this.stopped }, fence);
  }

  private abdicate(): void {
    this.regime?.stop();
    this.regime = undefined;
    this.followers.clear();
    this.gauges(this.epoch, 0);
  }

  private tick(): void {
    if (this.stopped) return;
    this.timer = this.setup.clock.after(this.options.tickMs, () => this.tick());
    this.regime?.tick();
  }

  private event(event: ClusterEventBody): void {
    this.followers.tell(this.epoch, event);
  }

  private gauges(of: number, leads: number): void {
    const { metrics } = this.setup;
    metrics.gauge('muster_coordinator_epoch', 'Highest epoch known').set(of);
    metrics.gauge('muster_coordinator_leads', 'Whether this coordinator leads').set(leads);
  }
}
