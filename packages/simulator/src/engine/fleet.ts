import type { ProcessSelf } from '@muster/cluster';
import type { ClusterStore, Millis, SeededRandom, ShardLayout, Timer, VirtualClock } from '@muster/ports';
import { MemoryStore, type MemoryStoreServer } from '@muster/storage';
import type { OneWriter } from '../checks/one-writer.js';
import type { Ungated } from '../checks/ungated.js';
import type { Report } from '../checks/violation.js';
import type { SimNetwork } from '../network/sim-network.js';
import type { WorldOptions } from '../options.js';
import type { Plant } from '../plants/plants.js';
import { CoordinatorRole } from '../roles/coordinator.js';
import { GatewayRole } from '../roles/gateway.js';
import { NodeRole } from '../roles/node.js';
import type { Role, RoleName, Surroundings } from '../roles/role.js';
import type { FarStorage } from './far-storage.js';
import { SimProcess } from './sim-process.js';
import type { Trace } from './trace.js';
import { WatchedStore } from './watched-store.js';

/** A process that runs, or ran: its role, and its own way to the store. */
export interface Member {
  readonly role: RoleName;
  readonly process: SimProcess;
  readonly running: Role;
  readonly store: MemoryStore;
  /** Its `start` has resolved. */
  started: boolean;
  /** It was asked to end: what it believes does not matter any more. */
  stopping: boolean;
}

export interface FleetSetup {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly network: SimNetwork;
  readonly server: MemoryStoreServer;
  readonly storage: FarStorage;
  readonly writers: OneWriter;
  readonly ungated: Ungated;
  readonly plant: Plant;
  readonly options: WorldOptions;
  readonly cluster: string;
  readonly layout: ShardLayout;
  readonly nodes: number;
  readonly report: Report;
  /** A member runs, or no longer does. */
  readonly changed: (member: Member) => void;
}

const PORT = 7_000;

/** The processes of the world by id: started, killed, started again under the same name as somebody new (K3). */
export class Fleet {
  private readonly setup: FleetSetup;
  private readonly members = new Map<string, Member>();
  private readonly roles = new Map<string, RoleName>();
  private readonly supervised = new Map<string, Timer>();
  private readonly storeCuts = new Map<string, number>();

  constructor(setup: FleetSetup) {
    this.setup = setup;
  }

  /** There is to be such a process. */
  expect(id: string, role: RoleName): void {
    this.roles.set(id, role);
  }

  roleOf(id: string): RoleName {
    const role = this.roles.get(id);
    if (!role) throw new Error(`there is no process ${id}`);
    return role;
  }

  /** Ids of a role, dead ones too, in order. */
  ids(role?: RoleName): readonly string[] {
    return [...this.roles].filter(([, of]) => role === undefined || of === role).map(([id]) => id);
  }

  get(id: string): Member | undefined {
    return this.members.get(id);
  }

  addressOf(id: string): string {
    return `${id}:${PORT}`;
  }

  /** Running or paused. */
  living(role?: RoleName): readonly Member[] {
    return [...this.members.values()].filter((member) => role === undefined || member.role === role);
  }

  start(id: string, role: RoleName = this.roleOf(id)): Member {
    const { clock, random, trace, network, server, options } = this.setup;
    if (this.members.has(id)) throw new Error(`${id} runs already`);
    this.supervised.get(id)?.cancel();
    this.supervised.delete(id);
    const process = new SimProcess({
      id,
      world: clock,
      random: random.fork(),
      trace,
      rate: 1 + options.driftShare * (2 * random.next() - 1),
      wallOffsetMs: Math.round(2_000 * (random.next() - 0.5)),
      crashed: (_, error) => this.crashed(id, error),
    });
    const store = new MemoryStore({ clock: process.clock, server });
    store.path.delay({ requestMs: options.storeLatencyMs, answerMs: options.storeLatencyMs });
    for (let i = this.storeCuts.get(id) ?? 0; i > 0; i -= 1) store.path.stall();
    const running = this.compose(role, process, network.of(process), new WatchedStore(store, trace, process.peer));
    const member: Member = { role, process, running, store, started: false, stopping: false };
    this.members.set(id, member);
    trace.write(process.peer, 'info', 'process.started', { role });
    this.setup.changed(member);
    process.run(() => void this.launch(member));
    return member;
  }

  /** As SIGKILL: at once, with whatever it was doing. */
  kill(id: string): void {
    const member = this.members.get(id);
    if (!member) return;
    this.members.delete(id);
    member.process.kill();
    this.disconnect(member.store);
    this.setup.changed(member);
  }

  /** Kills and starts after `afterMs`. */
  restart(id: string, afterMs: Millis): void {
    this.kill(id);
    this.startIn(id, afterMs);
  }

  /** An orderly end, which takes as long as it takes to hand everything off, `hurryMs` at most; the process is gone when its role has stopped. */
  async stop(id: string, hurryMs: Millis): Promise<void> {
    const member = this.members.get(id);
    if (!member) return;
    member.stopping = true;
    await member.running.stop(hurryMs);
    if (this.members.get(id) === member) this.kill(id);
  }

  startIn(id: string, afterMs: Millis): void {
    this.supervised.get(id)?.cancel();
    const timer = this.setup.clock.after(afterMs, () => {
      if (!this.members.has(id)) this.start(id);
    });
    this.supervised.set(id, timer);
  }

  /** Nothing passes between this host and the store. Nested; whoever runs there next is cut off too. */
  cutFromStore(id: string): void {
    this.storeCuts.set(id, (this.storeCuts.get(id) ?? 0) + 1);
    this.members.get(id)?.store.path.stall();
  }

  /** Undoes one {@link cutFromStore}. What waited arrives now, or is lost. */
  healToStore(id: string, late: 'arrives' | 'is-lost'): void {
    const depth = this.storeCuts.get(id) ?? 0;
    if (depth === 0) return;
    this.storeCuts.set(id, depth - 1);
    this.members.get(id)?.store.path.resume(late);
  }

  isCutFromStore(id: string): boolean {
    return (this.storeCuts.get(id) ?? 0) > 0;
  }

  private compose(role: RoleName, process: SimProcess, network: Surroundings['network'], store: ClusterStore): Role {
    const { storage, writers, ungated, plant, cluster, layout, nodes } = this.setup;
    const { id, incarnation } = process;
    const self: ProcessSelf = {
      id,
      incarnation,
      address: this.addressOf(id),
      cluster,
      zone: 'simulated',
      build: 'test',
      shards: layout,
    };
    const replaced = (by: string): void => this.replaced(id, process, by);
    const surroundings: Surroundings = {
      process,
      network,
      store,
      storage: storage.of(process),
      self,
      writers,
      ungated,
      plant,
      expectNodes: nodes,
      replaced,
    };
    if (role === 'coordinator') return new CoordinatorRole(surroundings);
    return role === 'node' ? new NodeRole(surroundings) : new GatewayRole(surroundings);
  }

  private async launch(member: Member): Promise<void> {
    try {
      await member.running.start();
      member.started = true;
      this.setup.trace.write(member.process.peer, 'info', 'process.serves');
    } catch (error) {
      // A port may still be held by the predecessor for a moment, nothing else may go wrong.
      this.crashed(member.process.id, error);
    }
  }

  /** The product has said what it does then: the process ends, and its supervisor starts another. */
  private replaced(id: string, process: SimProcess, by: string): void {
    this.setup.trace.write(process.peer, 'warn', 'process.ends', { replacedBy: by });
    this.setup.clock.defer(() => {
      if (this.members.get(id)?.process !== process) return;
      this.restart(id, this.setup.options.superviseMs);
    });
  }

  private crashed(id: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.setup.report('no process crashes', `${id}: ${text}`);
  }

  /** What it had sent to the store may still arrive there. */
  private disconnect(store: MemoryStore): void {
    const { clock, random } = this.setup;
    if (random.next() < 0.5) void store.close();
    else clock.after(1_000, () => void store.close());
  }
}
