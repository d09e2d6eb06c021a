import type { RoutingTable } from '@muster/cluster';
import {
  type LogLevel,
  type Millis,
  type PeerId,
  parseEntity,
  parsePeerId,
  SeededRandom,
  type ShardId,
  type ShardLayout,
  shardLayout,
  systemDrain,
  type Term,
  VirtualClock,
} from '@muster/ports';
import type { Json } from '@muster/runtime';
import { MemoryStoreServer } from '@muster/storage';
import { Callers } from './callers/callers.js';
import { Answers } from './checks/answers.js';
import { Freshness, type FreshnessSetup } from './checks/freshness.js';
import { Losses } from './checks/losses.js';
import { OneWriter } from './checks/one-writer.js';
import { disagreements } from './checks/places.js';
import { RegimeCheck } from './checks/regime.js';
import { unsettled } from './checks/settled.js';
import { Trouble } from './checks/trouble.js';
import { Ungated } from './checks/ungated.js';
import { Violation } from './checks/violation.js';
import { Population } from './clients/population.js';
import type { Workload } from './clients/workload.js';
import { FarStorage } from './engine/far-storage.js';
import { Fleet, type Member } from './engine/fleet.js';
import { Operator } from './engine/operator.js';
import { StoreView } from './engine/store-view.js';
import { Trace } from './engine/trace.js';
import { SimNetwork } from './network/sim-network.js';
import { type WorldOptions, worldOptions } from './options.js';
import { type Plant, SOUND } from './plants/plants.js';
import { CoordinatorRole } from './roles/coordinator.js';
import { GATHERING_AUDIT_MS, NodeRole } from './roles/node.js';

export interface SimulateSetup {
  readonly seed: number;
  readonly coordinators?: number;
  readonly nodes?: number;
  readonly gateways?: number;
  readonly players?: number;
  /** Players with two devices that sign in as the same user in turns. */
  readonly rivals?: number;
  /** Programs that command registers, accounts, alarms and pulses. */
  readonly callers?: number;
  readonly workload?: Partial<Workload>;
  /** How the cluster is cut. Absent: small, so that most shards are in use. */
  readonly layout?: ShardLayout;
  readonly options?: Partial<WorldOptions>;
  /** A defect to be found. */
  readonly plant?: Plant;
  /** True: no client may ever see an error, whatever is broken. */
  readonly strict?: boolean;
  /** Lines of the event log that are kept. */
  readonly level?: LogLevel;
}

/** How often what cannot be watched is looked at. */
const CHECK_EVERY_MS: Millis = 50;
const CLUSTER = 'simulated';
const SMALL = shardLayout(64, 32);
/** Programs that command test actors, where nothing else is asked for. */
const CALLERS = 4;
/** Longest that actors may take to come to rest once nobody asks: the longest alarm, and a repeat of the last send. */
const AUDIT_MS: Millis = 15_000;
/** The same until what is counted is seen: many sweeps of a router. */
const BALANCED_MS: Millis = 2_000;
/** Once nobody asks any more: what is on its way arrives, and the list of lobbies is told all. */
const AGREED_MS: Millis = 8_000;
/** The same where state was lost: both sides ask each other now and then. */
const AUDITED_MS: Millis = 2 * GATHERING_AUDIT_MS;
/** Lines of the log that say that product code threw, and that its caller went on. */
const SWALLOWED = ['link.handler-failed', 'worker.failed'];

/**
 * A whole cluster, its clients, its store and its network in one process under virtual time. The same seed gives the same run.
 * Every method that lets time pass throws the first {@link Violation}.
 */
export class World {
  readonly seed: number;
  readonly clock = new VirtualClock(undefined, systemDrain);
  readonly random: SeededRandom;
  readonly options: WorldOptions;
  readonly trace: Trace;
  readonly server: MemoryStoreServer;
  readonly storage: FarStorage;
  readonly network: SimNetwork;
  readonly fleet: Fleet;
  readonly clients: Population;
  readonly view: StoreView;
  readonly trouble: Trouble;
  readonly writers: OneWriter;
  readonly freshness: Freshness;
  readonly ungated: Ungated;
  readonly losses: Losses;
  readonly callers: Callers;
  readonly operator: Operator;
  readonly answers: Answers;
  private readonly regime: RegimeCheck;
  private readonly setup: SimulateSetup;
  private readonly departed: Member[] = [];
  private usedShards = new Set<ShardId>();
  private broken: Violation | undefined;
  private quiet: Millis = Number.POSITIVE_INFINITY;

  constructor(setup: SimulateSetup) {
    const { clock } = this;
    const { nodes = 3, players = 6, rivals = 0, workload = {}, plant = SOUND, layout = SMALL } = setup;
    const now = () => clock.monotonic();
    const report = (invariant: string, seen: string) => this.report(invariant, seen);
    this.setup = setup;
    this.seed = setup.seed;
    this.random = new SeededRandom(setup.seed);
    this.options = worldOptions(setup.options);
    const { options, random } = this;
    this.trace = new Trace({ clock, linesMax: options.traceLinesMax, level: setup.level ?? 'info' });
    this.server = new MemoryStoreServer({ clock });
    this.trouble = new Trouble(now);
    const ownsSince: FreshnessSetup['ownsSince'] = (...of) => this.ownsSince(...of);
    const wasInTrouble = (since: Millis) => this.trouble.was(/storage/, since);
    this.freshness = new Freshness({ report, now, ownsSince, wasInTrouble });
    const { freshness, trace } = this;
    const latencyMs = options.storeLatencyMs;
    this.storage = new FarStorage({ clock, random: random.fork(), trace, latencyMs, plant, report, freshness });
    const storage = this.storage.near;
    this.network = new SimNetwork({ clock, random: random.fork(), trace: this.trace, options });
    this.view = new StoreView({ server: this.server, cluster: CLUSTER, layout });
    this.writers = new OneWriter(report, freshness);
    this.ungated = new Ungated(report);
    this.regime = new RegimeCheck({ view: this.view, trouble: this.trouble, now, shards: () => this.used(), report });
    const { network, server, writers, ungated, storage: far } = this;
    const changed = (member: Member) => this.memberChanged(member);
    const parts = { clock, trace, network, server, storage: far, writers, ungated, plant, options, report };
    this.fleet = new Fleet({ ...parts, random: random.fork(), cluster: CLUSTER, layout, nodes, changed });
    this.clients = new Population({
      clock,
      random: random.fork(),
      trace,
      fleet: this.fleet,
      storage,
      report,
      players,
      rivals,
      clientLatencyMs: options.clientLatencyMs,
      retransmitMs: options.retransmitMs,
      workload,
      answered: (entry) => this.answers.answered(entry),
      quietSince: () => this.quiet,
      lostAt: (entity) => this.losses.lastOf(this.view.shardsOf(entity)),
    });
    this.callers = new Callers({
      clock,
      random: random.fork(),
      fleet: this.fleet,
      report,
      latencyMs: options.clientLatencyMs,
      count: setup.callers ?? CALLERS,
      lossesOf: (entity) => this.losses.ofAny(this.view.shardsOf(entity)),
    });
    const { fleet, trouble } = this;
    const { ledger } = this.clients;
    const crashed = (error: unknown): void => this.report('no process crashes', `operator: ${String(error)}`);
    this.operator = new Operator({
      clock,
      random: random.fork(),
      trace,
      network,
      fleet: this.fleet,
      cluster: CLUSTER,
      layout,
      crashed,
    });
    this.losses = this.watchLosses();
    this.answers = new Answers({ ledger, fleet, trouble, report, now, strict: setup.strict ?? false });
    this.startAll();
  }

  get now(): Millis {
    return this.clock.monotonic();
  }

  /** Highest epoch in the store. */
  get epoch(): number {
    return this.view.epoch;
  }

  /** Plain id of the leader of record. */
  get leader(): string {
    return parsePeerId(this.view.leader).id;
  }

  /** A living coordinator that does not lead: with two of them, the vice. */
  get vice(): string {
    const { leader } = this;
    return this.fleet.living('coordinator').find(({ process }) => process.id !== leader)?.process.id ?? '';
  }

  /** Plain id of the node that owns the entity, as the store has it. */
  ownerOf(entity: string): string {
    const { kind, id } = parseEntity(entity);
    return this.view.ownerOf(this.view.shardOf(`${kind}/${id}`)) ?? '';
  }

  /** What the entity's owner knows of it; undefined: it is not in memory there, nor kept. */
  actor(entity: string): Json | undefined {
    const ref = parseEntity(entity);
    const running = this.fleet.get(this.ownerOf(entity))?.running;
    return running instanceof NodeRole ? running.inspect(this.view.shardOf(entity), ref) : undefined;
  }

  /** A process's copy of the table. */
  tableOf(id: string): RoutingTable | undefined {
    return this.fleet.get(id)?.running.table;
  }

  /** Whether this coordinator believes that it leads. */
  leads(id: string): boolean {
    const running = this.fleet.get(id)?.running;
    return running instanceof CoordinatorRole && running.leads;
  }

  /** Lets time pass. @throws Violation */
  async run(ms: Millis): Promise<void> {
    const until = this.now + ms;
    while (this.now < until) {
      await this.clock.advance(Math.min(CHECK_EVERY_MS, until - this.now));
      this.check();
    }
  }

  /** Lets time pass until `done`. @throws Violation also where it takes longer than `limitMs` */
  async until(
    what: string,
    done: () => boolean,
    limitMs: Millis = this.options.healMs,
    missing: () => string = () => '',
  ): Promise<void> {
    const limit = this.now + limitMs;
    while (!done()) {
      if (this.now >= limit) this.report(what, `not within ${limitMs} ms: ${missing()}`);
      await this.run(Math.min(CHECK_EVERY_MS, Math.max(1, limit - this.now)));
    }
  }

  /** The cluster is up, everybody agrees, and clients are signing in. @throws Violation */
  async ready(): Promise<void> {
    await this.settled();
    await this.clients.populate(300);
    this.callers.start();
    await this.until('every client is served', () => this.clients.unserved(0).length === 0);
  }

  /** Everything is as it should be, soon. @throws Violation with what is not */
  async settled(limitMs: Millis = this.options.healMs): Promise<void> {
    const limit = this.now + limitMs;
    for (let wrong = unsettled(this.fleet, this.view); wrong.length > 0; wrong = unsettled(this.fleet, this.view)) {
      if (this.now >= limit)
        this.report('the cluster heals', `${limitMs} ms after the last fault: ${wrong.slice(0, 6).join('; ')}`);
      await this.run(Math.min(100, Math.max(1, limit - this.now)));
    }
  }

  /** The liveness phase: with every fault over, all heals, every client is served, no message is lost, and the sums agree. @throws Violation */
  async calm(servedMs: Millis = 4_000): Promise<void> {
    await this.settled();
    // What clients had begun during the trouble ends, and who was cut off comes back.
    await this.run(this.options.healMs / 2);
    this.quiet = this.now;
    await this.run(servedMs);
    // A client that left by itself takes a while to come back.
    const unserved = () => this.clients.unserved(this.quiet);
    await this.none('every client is served once all is healed', unserved, servedMs * 2);
    this.clients.rest();
    this.callers.rest();
    await this.until('every request is answered', () => this.clients.ledger.waiting().length === 0, 12_000);
    await this.until('every caller is told', () => !this.callers.busy, 12_000);
    await this.run(2_000);
    const unheard = this.clients.unheard();
    if (unheard.length > 0) this.report('an acknowledged message arrives, once', unheard.slice(0, 5).join(', '));
    await this.agreed();
    const restored = this.everybody().reduce(
      (sum, { process }) => sum + process.metrics.value('muster_gateway_attaches_total', { how: 'restored' }),
      0,
    );
    if (restored > 0 && this.losses.count === 0)
      this.report('one failure loses nothing', `${restored} sessions were unknown to their players`);
    await this.none('sent = handled + refused + dropped', () => this.answers.unbalanced(), BALANCED_MS);
    await this.callers.audit((what, done) => this.until(what, done, AUDIT_MS));
    this.check();
  }

  /** K12: players, places and clients say the same of who is where. What went back to an older state may need a question first. */
  private async agreed(): Promise<void> {
    const { clients } = this;
    const wrong = (): readonly string[] =>
      disagreements({
        actor: (entity) => this.actor(entity),
        wasLost: (entity) => this.losses.ofAny(this.view.shardsOf(entity)).length > 0,
        players: [...new Set(clients.devices.map(({ player }) => player))],
        lobbies: [...clients.board.lobbies],
        parties: [...clients.board.parties],
        devices: clients.devices.filter(({ state }) => state === 'online'),
      });
    const limitMs = this.losses.count > 0 ? AUDITED_MS : AGREED_MS;
    await this.none('who is where is one story', wrong, limitMs);
  }

  /** Lets time pass until nothing is wrong any more. @throws Violation */
  private none(what: string, wrong: () => readonly string[], limitMs: Millis): Promise<void> {
    return this.until(
      what,
      () => wrong().length === 0,
      limitMs,
      () => wrong().slice(0, 5).join('; '),
    );
  }

  /** Every member that ever ran: their counters stay. */
  everybody(): readonly Member[] {
    return [...this.departed, ...this.fleet.living()];
  }

  get violation(): Violation | undefined {
    return this.broken;
  }

  report(invariant: string, seen: string): void {
    if (this.broken) return;
    this.broken = new Violation(invariant, seen);
    this.trace.write('checker', 'error', 'violation', { invariant, seen });
  }

  /** Shards of entities that clients ask. */
  used(): ReadonlySet<ShardId> {
    const { clients, callers } = this;
    if (this.usedShards.size === 0 && clients.populated)
      this.usedShards = new Set([...clients.entities(), ...callers.entities()].map((key) => this.view.layout.of(key)));
    // Places come into being as players meet.
    for (const entity of clients.board.takeNew()) this.usedShards.add(this.view.layout.of(entity));
    return this.usedShards;
  }

  private watchLosses(): Losses {
    const { fleet, trouble, network, view, trace, writers } = this;
    const isInUse = (shard: ShardId): boolean => this.used().has(shard) || view.isCarved(shard);
    const report = (invariant: string, seen: string) => this.report(invariant, seen);
    const losses = new Losses({ fleet, ways: network.ways, view, trouble, report, now: () => this.now, isInUse });
    view.onRow((row, before) => losses.committed(row, before));
    trace.listen('shard.opened', (who, { shard, term, mayLack }) => {
      const [of, opened, by] = [shard as ShardId, term as Term, who as PeerId];
      if (!writers.began(of, opened, by)) return;
      losses.begun(of, opened, by, mayLack !== false && writers.hadOwner(of, opened));
    });
    return losses;
  }

  /** Of what it lets out in this term: it has run without a stop, and nobody else was the owner, since then. */
  private ownsSince(shard: ShardId, term: Term, owner: PeerId): Millis | undefined {
    const process = this.fleet.get(parsePeerId(owner).id)?.process;
    const row = this.view.row(shard);
    const isHere = row?.owner === owner && (row.since ?? row.term) <= term;
    if (process?.peer !== owner || process.state !== 'running' || !isHere) return undefined;
    return Math.max(process.steadySince, this.losses.of(shard).at(-1) ?? 0);
  }

  private startAll(): void {
    const { coordinators = 2, nodes = 3, gateways = 2 } = this.setup;
    const { fleet, random } = this;
    const boot = (id: string, role: Member['role']) =>
      this.clock.after(50 * random.next(), () => void fleet.start(id, role));
    for (let i = 0; i < coordinators; i += 1) fleet.expect(`coordinator-${String.fromCharCode(97 + i)}`, 'coordinator');
    for (let i = 1; i <= nodes; i += 1) fleet.expect(`node-${i}`, 'node');
    for (let i = 1; i <= gateways; i += 1) fleet.expect(`gateway-${i}`, 'gateway');
    for (const id of fleet.ids()) boot(id, fleet.roleOf(id));
  }

  private memberChanged(member: Member): void {
    if (member.process.state === 'dead') this.departed.push(member);
    else this.regime.watch(member);
  }

  private check(): void {
    for (const event of SWALLOWED)
      if (this.trace.count(event) > 0) this.report('no code throws where it is not meant to', event);
    this.regime.tick(this.fleet.living());
    this.answers.tick();
    this.clients.tick();
    this.freshness.tick();
    if (this.broken) throw this.broken;
  }
}
