import {
  type ClusterStore,
  type Connection,
  type EntityRef,
  entity,
  type Listener,
  MemoryMetrics,
  type Network,
  type PeerId,
  parseEntity,
  SeededRandom,
  type ShardId,
  type ShardStore,
  silentLog,
  silentTracer,
  term,
  VirtualClock,
} from '@muster/ports';
import { type AnyActorKind, defineActor, event, InlineScheduler } from '@muster/runtime';
import { LoopbackNetwork } from '@muster/wire';
import { ClusterClient } from './node/cluster-client.js';
import { ComputeNode } from './node/compute-node.js';
import type { NodeOptions } from './node/options.js';
import type { CallOrigin, RoutedOutcome } from './routing/call.js';
import { emptyRow, type MemberInfo, RoutingTable, type ShardRow, type TableUpdate } from './table/routing-table.js';

/** A line of text that grows; it can tell others, and defers where asked to. */
interface BookCommands {
  write: { data: { text: string }; reply: number };
  read: { data: unknown; reply: readonly string[] };
  tell: { data: { to: EntityRef; text: string }; reply: null };
  told: { data: unknown; reply: null };
  wait: { data: unknown; reply: string };
  go: { data: unknown; reply: null };
  lost: { data: { subscriber: string }; reply: null };
}
interface BookEvents {
  written: { text: string };
  waiting: { ticket: string };
}
interface Book {
  lines: string[];
  tickets: string[];
}

export const book = defineActor<Book, BookCommands, BookEvents>('book', {
  durability: 'replicated',
  version: 1,
  initial: () => ({ lines: [], tickets: [] }),
  decide: {
    write: (_, { text }) => ({ events: [event('written', { text })], reply: (s) => s.lines.length }),
    read: (s) => ({ reply: s.lines }),
    tell: (_, { to, text }) => ({ sends: [{ to, command: 'write', data: { text }, answer: 'told', context: text }] }),
    told: (_, answer) => ({
      events: [event('written', { text: `told ${(answer as { context: string }).context}` })],
    }),
    wait: (_s, _d, { ticket }) => ({ events: [event('waiting', { ticket })], defer: true }),
    go: (s) => ({ resolve: s.tickets.map((ticket) => ({ ticket, reply: 'gone' })) }),
    lost: (_, { subscriber }) => ({ events: [event('written', { text: `lost ${subscriber}` })] }),
  },
  evolve: {
    written(s, { text }) {
      s.lines.push(text);
    },
    waiting(s, { ticket }) {
      s.tickets.push(ticket);
    },
  },
  publish: {
    // A line `for 7 and 8: …` is for these alone.
    written(_, { text }) {
      const only = /^for ([^:]+):/.exec(text)?.[1]?.split(' and ');
      return [{ topic: 'lines', name: 'line', data: text, ...(only && { to: { only } }) }];
    },
  },
  topics: { lines: (s) => s.lines },
  subscriberLost: { lines: 'lost' },
});

/** One process's network, which can be cut off from others or killed at once. */
class Cable implements Network {
  private readonly inner: Network;
  private readonly open = new Map<Connection, string>();
  private readonly listeners: Listener[] = [];
  private readonly clock: VirtualClock;
  readonly blocked = new Set<string>();
  private dead = false;

  constructor(inner: Network, clock: VirtualClock) {
    this.inner = inner;
    this.clock = clock;
  }

  async listen(address: string, accept: (connection: Connection) => void): Promise<Listener> {
    const listener = await this.inner.listen(address, (connection) => accept(this.wrap(connection, '')));
    this.listeners.push(listener);
    return listener;
  }

  dial(address: string): Connection {
    return this.wrap(this.inner.dial(this.blocked.has(address) ? 'nowhere:1' : address), address);
  }

  /** Another process's cable on the same network. */
  sibling(): Cable {
    return new Cable(this.inner, this.clock);
  }

  /** The process is gone: nothing leaves or comes in any more, its links are reset. */
  kill(): void {
    this.dead = true;
    for (const listener of this.listeners) void listener.close();
    for (const connection of this.open.keys()) connection.close();
  }

  /** Ends the links dialled to `address` and refuses new ones. */
  block(address: string): void {
    this.blocked.add(address);
    for (const [connection, to] of this.open) if (to === address) connection.close();
  }

  private wrap(inner: Connection, address: string): Connection {
    this.open.set(inner, address);
    return {
      remote: inner.remote,
      send: (frame) => this.dead || inner.send(frame),
      close: () => inner.close(),
      handle: (events) =>
        inner.handle({
          open: () => this.dead || events.open(),
          frame: (frame) => this.dead || events.frame(frame),
          drain: () => this.dead || events.drain(),
          close: (reason) => {
            this.open.delete(inner);
            // The dead hear nothing.
            if (!this.dead) this.clock.defer(() => events.close(reason));
          },
        }),
    };
  }
}

/** A store without coordinators: the tests push the table themselves. */
function emptyStore(): ClusterStore {
  return {
    range: async () => ({ revision: 1, entries: [] }),
    transact: async () => ({ succeeded: true, revision: 2 }),
    watch: () => ({ close: () => undefined }),
    lease: async (ttlMs) => ({ id: '1', ttlMs, renew: async () => undefined, revoke: async () => undefined }),
    close: async () => undefined,
  };
}

export interface Member<P> {
  readonly process: P;
  readonly peer: PeerId;
  readonly cable: Cable;
  readonly metrics: MemoryMetrics;
  address: string;
}

/** Nodes and gateways under one virtual clock, with a table that the test writes. */
export class World {
  readonly clock = new VirtualClock();
  readonly nodes: Member<ComputeNode>[] = [];
  readonly gateways: Member<ClusterClient>[] = [];
  private readonly network = new LoopbackNetwork({ clock: this.clock });
  /** What was written last, whoever has heard of it. */
  private readonly table = new RoutingTable();
  private members: MemberInfo[] = [];
  private revision = 0;
  private requests = 0;

  async node(
    id: string,
    options: NodeOptions = {},
    kinds: readonly AnyActorKind[] = [book],
    storage?: ShardStore,
  ): Promise<Member<ComputeNode>> {
    // Without coordinators nobody acknowledges beats: the fence must not fall by itself.
    const rules = options.heartbeat ? {} : { hasRunOut: () => false };
    const setup = { ...this.setup(id), rules, ...(storage && { storage }) };
    const scheduler = new InlineScheduler(this.clock);
    const process = new ComputeNode({ ...setup, kinds, scheduler, tracer: silentTracer, options });
    const member = await this.enter('node', process, setup.network, setup.metrics);
    this.nodes.push(member);
    return member;
  }

  async gateway(id: string, options: NodeOptions = {}): Promise<Member<ClusterClient>> {
    const setup = this.setup(id);
    const process = new ClusterClient({ ...setup, options: calm(options) });
    const member = await this.enter('gateway', process, setup.network, setup.metrics);
    this.gateways.push(member);
    return member;
  }

  /** New rows for these processes; default: all. */
  place(
    rows: readonly Partial<ShardRow>[],
    to: readonly Member<ComputeNode | ClusterClient>[] = this.all,
    overrides: TableUpdate['overrides'] = [],
  ): void {
    const whole = rows.map((row) => ({ ...emptyRow(row.shard!), ...row }));
    this.table.apply({ revision: this.revision + 1, full: false, rows: whole, overrides });
    this.push({ rows: whole, overrides }, to);
  }

  /** A leader tells these processes that the member is dead: it heard nothing of it for long. */
  giveUp({ peer }: Member<ComputeNode>, to: readonly Member<ComputeNode | ClusterClient>[]): void {
    this.members = this.members.map((member) => (member.peer === peer ? { ...member, state: 'dead' } : member));
    this.push({ members: this.members }, to);
  }

  /** The shard's row as it was written last. */
  row(shard: ShardId): ShardRow {
    return this.table.row(shard);
  }

  own(owner: Member<ComputeNode> | undefined, of: EntityRef, inTerm: number, to = this.all): void {
    const { shard } = this.where(of);
    this.place([{ shard, owner: owner?.peer ?? '', term: term(inTerm) }], to);
  }

  /** Gives the entity's shard to `owner` and lets `backup` become its backup, as a leader would: two terms, the second is returned. */
  async protect(owner: Member<ComputeNode>, backup: Member<ComputeNode>, of: EntityRef, inTerm = 1): Promise<number> {
    const { shard } = this.where(of);
    this.place([{ shard, owner: owner.peer, learner: backup.peer, term: term(inTerm) }]);
    const inSync = () => owner.process.replicator.reports().some((it) => it.what === 'learner-in-sync');
    if (!(await this.clock.until(inSync, 5_000))) throw new Error('the learner did not catch up');
    this.place([{ shard, owner: owner.peer, backup: backup.peer, term: term(inTerm + 1) }]);
    await this.clock.advance(5);
    return inTerm + 1;
  }

  where(of: EntityRef): ShardRow {
    return this.row(this.table.shardOf(of));
  }

  /** The same by `kind/id`. */
  whereKey(entity: string): ShardRow {
    return this.where(parseEntity(entity));
  }

  get all(): readonly Member<ComputeNode | ClusterClient>[] {
    return [...this.nodes, ...this.gateways];
  }

  /** A client's command through a gateway; the same `request` for a repeat. */
  ask(
    gateway: Member<ClusterClient>,
    to: EntityRef,
    name: string,
    data: unknown = {},
    changes: Partial<Extract<CallOrigin, { type: 'client' }>> = {},
  ): Promise<unknown> {
    this.requests += 1;
    const origin = {
      type: 'client',
      session: 's',
      request: this.requests,
      answered: 0,
      caller: '1',
      ...changes,
    } as const;
    const bytes = Buffer.from(JSON.stringify(data));
    const call = { entity: to, name, data: bytes, origin, deadlineMs: 10_000, trace: '', cause: `s:${origin.request}` };
    return new Promise((resolve) => gateway.process.router.call(call, (outcome) => resolve(resultOf(outcome))));
  }

  /** The answer, with virtual time passing until it comes. */
  async answer(...asked: Parameters<World['ask']>): Promise<unknown> {
    return (await this.answers([this.ask(...asked)]))[0];
  }

  async answers(waiting: readonly Promise<unknown>[], limitMs = 20_000): Promise<unknown[]> {
    let done: unknown[] | undefined;
    void Promise.all(waiting).then((all) => {
      done = all;
    });
    if (!(await this.clock.until(() => done !== undefined, limitMs))) throw new Error('no answer came');
    return done!;
  }

  private setup(id: string) {
    return {
      clock: this.clock,
      random: new SeededRandom(id.length + this.members.length),
      network: new Cable(this.network, this.clock),
      store: emptyStore(),
      self: { id, incarnation: 'x', address: 'host:0', cluster: 'c', zone: '', build: '1' },
      metrics: new MemoryMetrics(),
      log: silentLog,
    };
  }

  private async enter<P extends ComputeNode | ClusterClient>(
    role: 'node' | 'gateway',
    process: P,
    cable: Cable,
    metrics: MemoryMetrics,
  ): Promise<Member<P>> {
    const address = await process.start();
    const { peer } = process.peers.self;
    const member: Member<P> = { process, peer, cable, metrics, address };
    this.members = [...this.members, { role, peer, address, state: 'up', zone: '', build: '1' }];
    this.push({ members: this.members }, [...this.all, member]);
    await this.clock.advance(5);
    return member;
  }

  private push(changes: Partial<TableUpdate>, to: readonly Member<ComputeNode | ClusterClient>[]): void {
    this.revision += 1;
    for (const { process } of to)
      process.table.apply({ revision: this.revision, full: false, rows: [], overrides: [], ...changes });
  }
}

/** Without coordinators nobody acknowledges beats: the fence must not fall by itself. */
function calm(options: NodeOptions): NodeOptions {
  return { heartbeat: { selfFenceMs: 10_000_000, placeAgainMs: 20_000_000 }, ...options };
}

function resultOf(outcome: RoutedOutcome): unknown {
  return outcome.ok ? JSON.parse(Buffer.from(outcome.data).toString()) : outcome.code;
}

export function books(...ids: string[]): EntityRef[] {
  return ids.map((id) => entity('book', id));
}
