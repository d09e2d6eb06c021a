import type { CommitLogs, Millis, ShardId, ShardStore, Tracer } from '@muster/ports';
import {
  ActorRuntime,
  type AnyActorKind,
  type AnyServiceKind,
  type LocalScheduler,
  type RuntimeRules,
  runtimeOptions,
} from '@muster/runtime';
import { carvingOptions } from '../carving/options.js';
import { CarvingOwner } from '../carving/owner-side.js';
import { handoffOptions } from '../handoff/options.js';
import { HandoffSource } from '../handoff/source-side.js';
import { HandoffTarget } from '../handoff/target-side.js';
import { heartbeatOptions } from '../heartbeat/options.js';
import { ownedDigest } from '../heartbeat/protocol.js';
import type { Peers } from '../links/peers.js';
import { type LoadReport, MemberAgent } from '../membership/agent.js';
import { ROOM_FOR_ALL, type Room } from '../membership/room.js';
import { Persistence, type StorageHealth } from '../persistence/persistence.js';
import { ReleaseOwner } from '../release/owner-side.js';
import { BackupKeeper } from '../replication/backup-keeper.js';
import { replicationOptions } from '../replication/options.js';
import { Replicator } from '../replication/replicator.js';
import type { CommandRouter } from '../routing/call.js';
import { Router } from '../routing/router.js';
import { RoutingTable } from '../table/routing-table.js';
import { Departure } from './departure.js';
import { Flights } from './flights.js';
import { Inbound } from './inbound.js';
import { MemberLinks } from './member-links.js';
import { type ComputeOptions, computeOptions, type NodeOptions } from './options.js';
import { NodeOutlet } from './outlet.js';
import { Placements } from './placements.js';
import { isReady, type ProcessSetup, peersOf, unknownVitals } from './process.js';
import { type ClusterRules, clusterRules } from './rules.js';
import { ShardKeeper } from './shard-keeper.js';
import { Subscribers } from './subscribers.js';
import { TurnLoads } from './turn-loads.js';

export interface ComputeNodeSetup extends ProcessSetup {
  readonly kinds: readonly AnyActorKind[];
  readonly services?: readonly AnyServiceKind[];
  readonly scheduler: LocalScheduler;
  readonly tracer: Tracer;
  /** Where actors are when no process has them. Absent: nowhere. */
  readonly storage?: ShardStore;
  /** Stands between the actors and their logs: who watches or replaces them. */
  readonly logs?: (logs: CommitLogs) => CommitLogs;
  readonly options?: NodeOptions;
  readonly rules?: Partial<ClusterRules & RuntimeRules>;
}

/**
 * A process that runs actors: those of the shards that the table gives to this incarnation of it.
 *
 *   links ─► Inbound, Subscribers ─► ActorRuntime ─► NodeOutlet ─► links (answers, events)
 *                     ▲                                  └───────► Router (commands to other actors, here or elsewhere)
 *   table ─► ShardKeeper: opens and closes shards    MemberAgent: beats, takes the table, freezes
 *   ActorRuntime ─► Replicator ─► links ─► BackupKeeper of others; a shard whose row comes here goes on from what BackupKeeper has
 */
export class ComputeNode {
  readonly peers: Peers;
  readonly table: RoutingTable;
  readonly router: CommandRouter;
  readonly runtime: ActorRuntime;
  readonly agent: MemberAgent;
  readonly replicator: Replicator;
  readonly backups: BackupKeeper;
  private readonly persistence: Persistence | undefined;
  private readonly setup: ComputeNodeSetup;
  private readonly options: ComputeOptions;
  private readonly routerParts: Router;
  private readonly keeper: ShardKeeper;
  private readonly releases: ReleaseOwner;
  private readonly source: HandoffSource;
  private readonly target: HandoffTarget;
  private readonly carving: CarvingOwner;
  private readonly memberLinks: MemberLinks;
  private readonly placements: Placements;
  private fenceCheckedAt: Millis = 0;
  private roomNow = ROOM_FOR_ALL;
  private departure: Departure | undefined;
  private readonly turnLoads: TurnLoads;
  private stopping: Promise<void> | undefined;
  private isParking = false;

  constructor(setup: ComputeNodeSetup) {
    const { clock, random, kinds, services, scheduler, metrics, log, tracer, options = {} } = setup;
    this.setup = setup;
    this.options = computeOptions(options.node);
    const peers = peersOf(setup, 'node', options);
    this.peers = peers;
    this.table = new RoutingTable(placementKeys(kinds), setup.self.shards);
    const { table } = this;
    const flights = new Flights();
    const outlet = new NodeOutlet({ peers, table, flights, metrics });
    const checkFence = () => this.checkFence();
    const replication = replicationOptions(options.replication, heartbeatOptions(options.heartbeat));
    const rules = clusterRules(setup.rules);
    const replicator = new Replicator({
      clock,
      peers,
      options: replication,
      metrics,
      gatePosition: rules.gatePosition,
      persists: setup.storage !== undefined,
      urgent: () => this.agent.tellSoon(),
    });
    const logs = setup.logs?.(this.stored(replicator)) ?? this.stored(replicator);
    this.replicator = replicator;
    const runtime = { clock, random, scheduler, kinds, services, logs, outlet, metrics, log, tracer, checkFence };
    const changed = {
      ...(options.runtime && { options: options.runtime }),
      ...(setup.rules && { rules: setup.rules }),
    };
    this.runtime = new ActorRuntime({ ...runtime, ...changed });
    const host = this.runtime;
    this.turnLoads = new TurnLoads(clock, this.options, () => host.busy());
    replicator.join(host, {
      unstored: (shard) => this.persistence?.unstored(shard) ?? [],
      isThere: () => this.persistence?.awayMs === 0,
      isAwaited: () => this.persistence?.isAwaited === true,
    });
    const { persistence: persistenceOptions } = options;
    this.persistence =
      setup.storage &&
      new Persistence({
        store: setup.storage,
        clock,
        random,
        metrics,
        log,
        host,
        ...(persistenceOptions && { options: persistenceOptions }),
      });
    const { persistence } = this;
    this.backups = new BackupKeeper({
      clock,
      peers,
      table,
      kinds,
      runtime: runtimeOptions(options.runtime),
      options: replication,
      persists: persistence !== undefined,
      isOlderTerm: rules.isOlderTerm,
      metrics,
      log,
    });
    const inbound = new Inbound({
      clock,
      peers,
      table,
      host,
      outlet,
      flights,
      metrics,
      checkFence,
    });
    new Subscribers({ peers, host, refusal: (to, shard, sentIn) => inbound.refusalFor(to, shard, sentIn) });
    const { router: routerOptions, release: releaseOptions } = options;
    const epoch = () => this.agent.epoch;
    this.releases = new ReleaseOwner({
      clock,
      peers,
      host,
      log,
      epoch,
      persistence,
      ...(persistence && { write: (shard: ShardId) => persistence.park([shard]) }),
      ...(releaseOptions && { options: releaseOptions }),
    });
    const handoff = handoffOptions(options.handoff);
    const handing = { clock, peers, host, table, replicator, epoch, options: handoff, metrics, log };
    this.source = new HandoffSource(handing);
    this.target = new HandoffTarget({ peers, table, backups: this.backups, options: handoff, metrics, log });
    const carving = { clock, peers, host, table, epoch, options: carvingOptions(options.carving), metrics, log };
    this.carving = new CarvingOwner(carving);
    // Before the router: when it hears of a row, this process must own the shard already.
    this.keeper = new ShardKeeper({
      clock,
      self: peers.self.peer,
      table,
      host,
      replicator,
      backups: this.backups,
      persistence,
      source: this.source,
      target: this.target,
      carving: this.carving,
      log,
      termChanged: (shard) => {
        this.releases.termChanged(shard);
        this.source.termChanged(table.row(shard));
        this.carving.termChanged(shard);
        this.parkAgain(shard);
      },
    });
    const local = (command: Parameters<Inbound['local']>[0]) => inbound.local(command);
    const routing = { clock, peers, table, metrics, local };
    this.routerParts = new Router({ ...routing, ...(routerOptions && { options: routerOptions }) });
    this.router = this.routerParts;
    outlet.join(this.routerParts, host);
    this.placements = new Placements({ clock, peers, table, owned: () => this.keeper.owned });
    this.memberLinks = new MemberLinks({ peers, table, roles: ['node', 'gateway'] });
    this.agent = this.newAgent();
  }

  /** Listens and registers; resolves with the address once others can find it. @throws MusterError ADDRESS_IN_USE, STORE_MISMATCH */
  async start(): Promise<string> {
    const address = await this.peers.listen(this.setup.self.address);
    await this.agent.start();
    return address;
  }

  /** True once it knows the whole table and reaches the leader. */
  get ready(): boolean {
    return isReady(this.table, this.peers, this.agent);
  }

  /** Shards that this process owns. */
  get shards(): readonly ShardId[] {
    return [...this.keeper.owned.keys()];
  }

  /** What the leader last said that the cluster has room for. */
  get room(): Room {
    return this.roomNow;
  }

  /**
   * Asks the leader to move everything off this node, for good: `stop()` comes next, whatever the outcome. `hurry`: wait no longer.
   * @returns whether no row names it any more
   */
  async drain(limitMs: Millis, hurry?: AbortSignal): Promise<boolean> {
    const { clock, log } = this.setup;
    const { drainAloneMs } = this.options;
    this.departure = new Departure({ clock, drainAloneMs, sinceGoodMs: () => this.agent.sinceGoodMs });
    const from = clock.monotonic();
    const gone = this.departure.wait(limitMs, hurry);
    this.agent.leave();
    const end = await gone;
    log.write('info', 'node.drained', { end, ms: Math.round(clock.monotonic() - from), owns: this.shards.length });
    return end === 'released';
  }

  /** How far storage is behind, and whether it answers; undefined where the node has none. */
  get storage(): StorageHealth | undefined {
    return this.persistence?.health;
  }

  /** Resolves when everything that was recorded so far is stored: true; false after `limitMs`. */
  async flush(limitMs: Millis): Promise<boolean> {
    return (await this.persistence?.flush(limitMs)) ?? true;
  }

  /** Says that it drains, leaves the store, answers what waits, ends its links. */
  stop(): Promise<void> {
    this.stopping ??= this.leave();
    return this.stopping;
  }

  private async leave(): Promise<void> {
    this.agent.leave();
    this.routerParts.stop();
    this.releases.stop();
    this.source.stop();
    this.target.stop();
    this.carving.stop();
    await this.park();
    // Before its line leaves the store: from then on its shards are somebody else's, however late the store's answer comes here.
    await this.runtime.shutdown();
    this.keeper.stop();
    this.placements.stop();
    await this.agent.stop();
    this.memberLinks.stop();
    this.replicator.stop();
    this.backups.stop();
    await this.peers.stop();
  }

  /** What nobody took over stays in storage: all of it, and with the word that it is all. */
  private async park(): Promise<void> {
    if (!this.persistence) return;
    this.isParking = true;
    for (const shard of this.shards) await this.runtime.seal(shard);
    await this.persistence.park(this.shards);
  }

  /** A row that comes meanwhile — its backup is another now — opens the shard: nobody would store that this process is done with it. */
  private parkAgain(shard: ShardId): void {
    if (!this.isParking || !this.keeper.owned.has(shard)) return;
    void this.runtime.seal(shard);
    void this.persistence?.park([shard], 0);
  }

  /** Logs with storage behind the copies, where there is storage. */
  private stored(replicator: Replicator): CommitLogs {
    return {
      open: (shard, term, go) => {
        const copies = replicator.open(shard, term, go);
        return this.persistence?.layer(shard, copies, go) ?? copies;
      },
    };
  }

  private newAgent(): MemberAgent {
    const { clock, store, storageIdentity, metrics, log, retire, options = {} } = this.setup;
    const { membership, heartbeat } = options;
    return new MemberAgent({
      hasRunOut: clusterRules(this.setup.rules).hasRunOut,
      clock,
      store,
      storageIdentity,
      peers: this.peers,
      table: this.table,
      role: 'node',
      metrics,
      log,
      load: () => this.load(),
      on: {
        frozen: (frozen) => this.runtime.freeze(frozen),
        replaced: (by) => this.replaced(by),
        retire: (by) => retire?.(by),
        released: () => this.departure?.released(),
        room: (room) => {
          this.roomNow = room;
        },
      },
      ...(membership && { options: membership }),
      ...(heartbeat && { heartbeat }),
    });
  }

  /** Time may have passed without any timer of this process having run. */
  private checkFence(): void {
    const now = this.setup.clock.monotonic();
    if (now - this.fenceCheckedAt < this.options.fenceCheckMs) return;
    this.fenceCheckedAt = now;
    this.agent.isFrozen();
  }

  /** Somebody owns this process's shards under newer terms: nothing that it has is worth keeping. */
  private replaced(by: string): void {
    this.keeper.stop();
    this.placements.stop();
    this.releases.stop();
    this.source.stop();
    this.target.stop();
    this.carving.stop();
    this.routerParts.stop();
    this.setup.replaced?.(by);
  }

  private load(): LoadReport {
    const { loopLagMs, utilisation, rssBytes } = (this.setup.vitals ?? unknownVitals)();
    const { owned } = this.keeper;
    const { actors, parked } = this.runtime.stats();
    const occupied = new Uint8Array(160);
    for (const shard of owned.keys()) if (this.runtime.actorsIn(shard) > 0) occupied[shard >> 3]! |= 1 << (shard & 7);
    return {
      ownedDigest: ownedDigest(owned),
      owned: owned.size,
      actors: actors + parked,
      sessions: 0,
      loopLagMs,
      utilisation,
      rssBytes,
      occupied,
      storageAwayMs: Math.round(this.persistence?.awayMs ?? 0),
      reports: [...this.replicator.reports(), ...this.keeper.reports()],
      ...this.turnLoads.report(),
    };
  }
}

export function placementKeys(kinds: readonly AnyActorKind[]): ReadonlyMap<string, (id: string) => string> {
  return new Map(kinds.flatMap(({ kind, placementKey }) => (placementKey ? [[kind, placementKey] as const] : [])));
}
