import { ClusterClient, ComputeNode, type MemberInfo, storeKeys } from '@muster/cluster';
import { type ClusterEvent, Coordinator, type CoordinatorOptions, type PolicyChanges } from '@muster/coordinator';
import {
  entity,
  HASHED_SHARDS,
  type Log,
  MemoryMetrics,
  type Regime,
  SeededRandom,
  shardOfKey,
  silentLog,
  silentTracer,
  VirtualClock,
} from '@muster/ports';
import { defineActor, event, InlineScheduler } from '@muster/runtime';
import { MemoryStorage, MemoryStore, MemoryStoreServer } from '@muster/storage';
import { LoopbackNetwork } from '@muster/wire';
import { Operator } from './operator.js';
import { SecondPlaceReports } from './second-place-reports.js';
import { SimProcess, Wires } from './sim-process.js';

interface Part<T> {
  readonly process: SimProcess;
  readonly store: MemoryStore;
  readonly it: T;
  readonly peer: string;
  /** What it said when it was told that it was replaced. */
  readonly replacedBy: string[];
}

interface Count {
  count: number;
}

const counting = {
  version: 1,
  initial: () => ({ count: 0 }),
  decide: { add: () => ({ events: [event('added', null)], reply: ({ count }: Count) => count }) },
  evolve: {
    added: (state: Count) => {
      state.count += 1;
    },
  },
};

const tally = defineActor<Count, { add: { data: null; reply: number } }, { added: null }>('tally', {
  ...counting,
  durability: 'replicated',
});

/** As `tally`, but for as long as its process lives. */
const fleeting = defineActor<Count, { add: { data: null; reply: number } }, { added: null }>('fleeting', {
  ...counting,
  durability: 'ephemeral',
});

interface NodePart extends Part<ComputeNode> {
  readonly reports: SecondPlaceReports;
}

interface Shape {
  readonly coordinators?: number;
  readonly nodes?: number;
  readonly gateways?: number;
  /** Of the nodes, in order. */
  readonly zones?: readonly string[];
  readonly slowLearners?: boolean;
  readonly log?: Log;
  readonly policies?: PolicyChanges;
  readonly options?: Partial<CoordinatorOptions>;
  /** What operators have to show who break the glass. */
  readonly breakGlass?: string;
}

export interface WorldRow {
  readonly shard: number;
  readonly owner: string;
  readonly backup: string;
  readonly learner: string;
  readonly term: number;
  readonly state: string;
  readonly origin?: string;
  readonly sure?: boolean;
}

/** Coordinators, nodes and gateways in one process under a virtual clock, with a store that can be broken. */
export class ClusterWorld {
  readonly clock = new VirtualClock();
  readonly metrics = new MemoryMetrics();
  readonly wires: Wires;
  readonly server: MemoryStoreServer;
  readonly keys = storeKeys('test');
  readonly coordinators = new Map<string, Part<Coordinator>>();
  readonly nodes = new Map<string, NodePart>();
  readonly gateways = new Map<string, Part<ClusterClient>>();
  private readonly log: Log;
  private readonly options: Partial<CoordinatorOptions>;
  private readonly policies: PolicyChanges;
  private readonly regime: Regime | undefined;
  /** Learners of nodes that start from now on do not catch up until told to. */
  slowLearners = false;
  /** Of coordinators that start from now on. */
  breakGlass = '';
  /** Ids of processes that were asked to end so that they are started again. */
  readonly retired: string[] = [];
  /** Of processes that start from now on: which storage they say that they have. */
  storageIdentity: string | undefined;
  /** Of every process's event loop, as it says. */
  utilisation = 0;
  /** Accounts, as every coordinator knows them. */
  readonly records = new MemoryStorage({ clock: this.clock, random: new SeededRandom(9) });
  private starts = 0;
  private requests = 0;

  constructor(
    given: { policies?: PolicyChanges; options?: Partial<CoordinatorOptions>; regime?: Regime; log?: Log } = {},
  ) {
    this.options = given.options ?? {};
    this.policies = given.policies ?? {};
    this.regime = given.regime;
    this.log = given.log ?? silentLog;
    this.wires = new Wires(new LoopbackNetwork({ clock: this.clock }));
    this.server = new MemoryStoreServer({ clock: this.clock });
  }

  /** A cluster at rest: everybody registered, every shard owned, and backed where there are two nodes whose learners catch up. */
  static async running(shape: Shape = {}) {
    const { coordinators = 2, nodes = 3, gateways = 1, zones = [], slowLearners = false, log, policies = {} } = shape;
    const world = new ClusterWorld({
      policies,
      options: { expectNodes: nodes, ...shape.options },
      ...(log ? { log } : {}),
    });
    world.slowLearners = slowLearners;
    world.breakGlass = shape.breakGlass ?? '';
    for (let n = 1; n <= coordinators; n += 1) {
      world.coordinator(`c${n}`);
      await world.until(() => world.coordinators.get(`c${n}`)!.it.ready || world.leader !== undefined, 3_000);
      await world.clock.advance(100);
    }
    for (let n = 1; n <= nodes; n += 1) world.node(`n${n}`, zones[n - 1]);
    for (let n = 1; n <= gateways; n += 1) world.gateway(`g${n}`);
    const ready = () => [...world.nodes.values(), ...world.gateways.values()].every(({ it }) => it.ready);
    if (!(await world.until(ready, 5_000))) throw new Error('the cluster did not become ready');
    // Nobody is excused any more by what it was given at the beginning.
    await world.clock.advance(1_500);
    if (nodes >= 2 && !slowLearners && !world.allBacked()) throw new Error('there are shards without a backup');
    return world;
  }

  coordinator(id: string): Part<Coordinator> {
    const part = this.part(id, (setup, replacedBy) => {
      const { regime, breakGlass } = this;
      const onReplaced = (by: string) => replacedBy.push(by);
      const more = {
        breakGlass,
        retire: () => void this.retired.push(id),
        records: this.records,
        kinds: new Set(['tally', 'fleeting']),
        ...(regime ? { storage: regime } : {}),
      };
      return new Coordinator({ ...setup, ...more, ...this.policies, options: this.options, onReplaced });
    });
    this.coordinators.set(id, part);
    part.it.start().catch(() => undefined);
    return part;
  }

  node(id: string, zone = ''): NodePart {
    const made = this.part(id, (setup, replacedBy) => {
      const scheduler = new InlineScheduler(setup.clock);
      const replaced = (by: string) => replacedBy.push(by);
      const self = { ...setup.self, zone };
      const more = { kinds: [tally, fleeting], scheduler, tracer: silentTracer };
      return new ComputeNode({ ...setup, ...more, self, replaced, retire: () => void this.retired.push(id) });
    });
    const part = { ...made, reports: new SecondPlaceReports(made.it) };
    part.reports.slow = this.slowLearners;
    this.nodes.set(id, part);
    part.it.start().catch(() => undefined);
    return part;
  }

  gateway(id: string): Part<ClusterClient> {
    const part = this.part(id, (setup, replacedBy) => {
      const replaced = (by: string) => replacedBy.push(by);
      return new ClusterClient({ ...setup, replaced, retire: () => void this.retired.push(id) });
    });
    this.gateways.set(id, part);
    part.it.start().catch(() => undefined);
    return part;
  }

  get leader(): Part<Coordinator> | undefined {
    const leading = [...this.coordinators.values()].filter(({ it, process }) => process.alive && it.leads);
    return leading.sort((a, b) => b.it.epoch - a.it.epoch)[0];
  }

  until(done: () => boolean, limitMs = 10_000): Promise<boolean> {
    return this.clock.until(done, limitMs);
  }

  /** Milliseconds until `done`; Infinity where it did not come. */
  async timeUntil(done: () => boolean, limitMs = 10_000): Promise<number> {
    const start = this.clock.monotonic();
    return (await this.until(done, limitMs)) ? this.clock.monotonic() - start : Number.POSITIVE_INFINITY;
  }

  /** Owner ids (without incarnation) of hashed shards, counted, as the store has them. */
  owners(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { owner } of this.rows()) counts[owner] = (counts[owner] ?? 0) + 1;
    return counts;
  }

  /** Hashed rows of the shard table, read from the store's text. */
  rows(): WorldRow[] {
    const { entries } = this.server.range(this.keys.shards);
    return entries.flatMap(({ value }) => JSON.parse(value)).filter(({ shard }) => shard < HASHED_SHARDS);
  }

  /** The row of the shard that an actor is in, its own or the one it hashes to, as the store has it. */
  where(id: string): WorldRow {
    const [override] = this.server.range(`${this.keys.overrides}tally/${id}`).entries;
    const shard = override ? (JSON.parse(override.value) as { shard: number }).shard : shardOfKey(`tally/${id}`);
    const { entries } = this.server.range(this.keys.shards);
    return entries.flatMap(({ value }) => JSON.parse(value) as WorldRow[]).find((row) => row.shard === shard)!;
  }

  /** Every shard has a backup that lives, and is not its owner. */
  allBacked(): boolean {
    const living = new Set([...this.nodes.values()].flatMap(({ process, peer }) => (process.alive ? [peer] : [])));
    return this.rows().every(
      ({ owner, backup, learner }) => living.has(owner) && living.has(backup) && owner !== backup && learner === '',
    );
  }

  /** Every living node has open exactly what the store says. */
  settled(): boolean {
    const rows = this.rows();
    if (rows.length !== HASHED_SHARDS) return false;
    const living = [...this.nodes.values()].filter(
      ({ process, replacedBy }) => process.alive && replacedBy.length === 0,
    );
    if (rows.some(({ owner }) => !living.some(({ peer }) => peer === owner))) return false;
    return living.every(({ it, peer }) => {
      const open = new Set<number>(it.shards);
      return rows.every(({ shard, owner }) => (owner === peer) === open.has(shard));
    });
  }

  /** Sends `add` to an actor through a gateway; the count, or the error's code. */
  add(gateway: string, id: string, deadlineMs = 5_000): Promise<number | string> {
    const { it, peer } = this.gateways.get(gateway)!;
    this.requests += 1;
    const request = this.requests;
    const session = `${peer}/1`;
    const origin = { type: 'client', session, request, answered: request - 1, caller: '' } as const;
    const call = {
      entity: entity('tally', id),
      name: 'add',
      data: new TextEncoder().encode('null'),
      origin,
      deadlineMs,
    };
    return new Promise((resolve) => {
      it.router.call({ ...call, trace: '', cause: '' }, (outcome) =>
        resolve(outcome.ok ? (JSON.parse(new TextDecoder().decode(outcome.data)) as number) : outcome.code),
      );
    });
  }

  /** Lets time pass until the promise is settled. */
  async answer<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    await this.until(() => settled, 20_000);
    return watched;
  }

  /** Members as a gateway knows them. */
  membersAt(gateway: string): readonly MemberInfo[] {
    return this.gateways.get(gateway)!.it.table.members();
  }

  /** An operator who asks one coordinator. */
  async operator(coordinator: string, events: ClusterEvent[] = []): Promise<Operator> {
    const process = new SimProcess(`op${++this.starts}`, this.clock, this.wires);
    const { it, peer } = this.coordinators.get(coordinator)!;
    const operator = new Operator({
      process,
      metrics: this.metrics,
      to: peer,
      events,
      random: new SeededRandom(this.starts),
    });
    operator.connect(it.peers.self.address);
    await this.clock.advance(5);
    return operator;
  }

  private part<T>(id: string, make: (setup: ReturnType<ClusterWorld['setup']>, replacedBy: string[]) => T): Part<T> {
    const process = new SimProcess(id, this.clock, this.wires);
    const setup = this.setup(process);
    const replacedBy: string[] = [];
    const peer = `${id}#${setup.self.incarnation}`;
    return { process, store: setup.store, peer, replacedBy, it: make(setup, replacedBy) };
  }

  private setup(process: SimProcess) {
    this.starts += 1;
    const { clock, network, id } = process;
    const store = new MemoryStore({ clock, server: this.server });
    const self = { id, incarnation: `i${this.starts}`, address: `${id}:0`, cluster: 'test', zone: '', build: '1' };
    const random = new SeededRandom(this.starts);
    const { storageIdentity } = this;
    const vitals = () => ({ loopLagMs: 0, utilisation: this.utilisation, rssBytes: 0 });
    const log = this.log.with({ at: id });
    return { clock, network, store, storageIdentity, self, random, metrics: this.metrics, log, vitals };
  }
}
