// Actors of every kind in a real runtime, all in one process under a virtual clock: sends go from actor to actor, replies and publications are kept.
import {
  type EntityRef,
  entity,
  entityKey,
  MemoryCommitLog,
  MemoryMetrics,
  playerId,
  SeededRandom,
  SHARD_COUNT,
  type ShardId,
  shardId,
  shardOfKey,
  silentLog,
  silentTracer,
  type TurnRecord,
  term,
  VirtualClock,
} from '@muster/ports';
import {
  ActorRuntime,
  type Adopted,
  type AnyActorKind,
  type DeliveryOrigin,
  InlineScheduler,
  type Outcome,
  type PublishedEvent,
  type SavedActor,
} from '@muster/runtime';
import type { AttachData, PlayerCommands } from '../../index.js';
import { playKinds } from '../../kinds.js';
import { playServices } from '../../services.js';
import { breakable, MemoryStorage } from './storage.test-kit.js';

/** What a gateway would see, in order: `reply` of a request, or an event of a topic. */
export type Seen =
  | { readonly type: 'reply'; readonly session: string; readonly request: number; readonly outcome: Outcome }
  | {
      readonly type: 'event';
      readonly gateway: string;
      readonly from: string;
      readonly topic: string;
      readonly name: string;
      readonly data: unknown;
      readonly cause: string;
    };

/** Keeps what is recorded as a backup would. */
class CopyingLog extends MemoryCommitLog {
  private readonly copy: Map<string, SavedActor>;

  constructor(copies: Map<ShardId, Map<string, SavedActor>>, shard: ShardId) {
    super();
    this.copy = copies.get(shard) ?? new Map<string, SavedActor>();
    copies.set(shard, this.copy);
  }

  override append({ entity: key, seq, entries }: TurnRecord): number {
    const held = this.copy.get(key);
    const tail = [...(held?.tail ? [held.tail] : []), JSON.stringify(entries)].join(',');
    if (entries.length === 0) this.copy.delete(key);
    else this.copy.set(key, { text: '', tail, seq });
    return super.append({ entity: key, seq, entries });
  }
}

export class Town {
  readonly clock = new VirtualClock();
  readonly metrics = new MemoryMetrics();
  /** Every process draws its own. */
  private readonly random = new SeededRandom(1);
  readonly storage: MemoryStorage;
  /** Set: storage cannot be reached. */
  storageDown = false;
  readonly seen: Seen[] = [];
  /** What every shard recorded, as a backup has it. */
  private readonly copies = new Map<ShardId, Map<string, SavedActor>>();
  private scheduler: InlineScheduler;
  runtime: ActorRuntime;
  /** Grows with each change of owner: numbers of sends go by it. */
  private term = 1;
  private requests = 0;
  /** What storage has: what was recorded up to then. */
  private stored = new Map<ShardId, Map<string, SavedActor>>();
  /** Drops messages between actors, and answers: they are repeated. */
  loses: () => boolean = () => false;
  /** Kinds beside those that play has. */
  private readonly more: readonly AnyActorKind[];

  /** Users 1, 2, 3 … have these names. `kinds`: beside those that play has. */
  constructor(...names: readonly (string | { readonly kinds: readonly AnyActorKind[] })[]) {
    this.storage = new MemoryStorage({ clock: this.clock, random: new SeededRandom(2) });
    this.more = names.flatMap((name) => (typeof name === 'string' ? [] : name.kinds));
    names
      .filter((name) => typeof name === 'string')
      .forEach((name, i) => {
        this.addAccount(String(i + 1), name);
      });
    this.scheduler = new InlineScheduler(this.clock);
    this.runtime = this.newRuntime();
    for (let shard = 0; shard < SHARD_COUNT; shard += 1) this.runtime.open(shardId(shard), term(1));
  }

  /** Both processes that have it die; another one goes on with what is stored, which the last second may not have reached: of `lost` nothing is. */
  load(...lost: readonly EntityRef[]): void {
    for (const ref of lost) this.copies.get(shardOfKey(entityKey(ref)))?.delete(entityKey(ref));
    this.goOn({ how: 'loaded', mayLack: true });
  }

  /** The process dies; another one goes on with its actors' copies, and nobody listens to anything there yet. */
  promote(): void {
    this.goOn({ how: 'promoted', mayLack: false });
  }

  /** All is stopped in order and started again: everything is in storage. */
  restart(): void {
    this.goOn({ how: 'loaded', mayLack: false });
  }

  /** Both processes that have it die, and storage has lost this actor altogether: nobody has heard of it. */
  forget(ref: EntityRef): void {
    for (const actors of this.copies.values()) actors.delete(entityKey(ref));
    this.goOn({ how: 'promoted', mayLack: false });
  }

  /** From now on storage has what is recorded until now. */
  store(): void {
    this.stored = new Map([...this.copies].map(([shard, actors]) => [shard, new Map(actors)]));
  }

  /** Both processes that have these actors die, in the last moment before storage would have had more than {@link store} gave it. */
  rollBack(...refs: readonly EntityRef[]): void {
    const lacking = new Set<ShardId>();
    for (const ref of refs) {
      const shard = shardOfKey(entityKey(ref));
      const saved = this.stored.get(shard)?.get(entityKey(ref));
      if (saved) this.copies.get(shard)?.set(entityKey(ref), saved);
      else this.copies.get(shard)?.delete(entityKey(ref));
      lacking.add(shard);
    }
    this.goOn({ how: 'loaded', mayLack: false }, lacking);
  }

  /** Actors of this kind that something is recorded of. */
  entities(kind: string): readonly EntityRef[] {
    const keys = [...this.copies.values()].flatMap((actors) => [...actors.keys()]);
    return keys.filter((key) => key.startsWith(`${kind}/`)).map((key) => entity(kind, key.slice(kind.length + 1)));
  }

  /** What it is, as operators see it. */
  stateOf(ref: EntityRef): unknown {
    return (this.runtime.inspect(shardOfKey(entityKey(ref)), ref) as { state?: unknown } | undefined)?.state;
  }

  private goOn(adopted: Adopted, lacking: ReadonlySet<ShardId> = new Set()): void {
    const former = this.runtime;
    this.term += 1;
    this.scheduler = new InlineScheduler(this.clock);
    this.runtime = this.newRuntime();
    for (let shard = 0; shard < SHARD_COUNT; shard += 1) {
      const actors = this.copies.get(shardId(shard)) ?? new Map();
      this.copies.set(shardId(shard), new Map(actors));
      const mayLack = adopted.mayLack || lacking.has(shardId(shard));
      this.runtime.open(shardId(shard), term(this.term), { actors, fencedMs: 0, ...adopted, mayLack });
    }
    this.seen.length = 0;
    void former.shutdown();
  }

  private newRuntime(): ActorRuntime {
    const storage = breakable(this.storage, () => this.storageDown);
    const copies = this.copies;
    const runtime: ActorRuntime = new ActorRuntime({
      clock: this.clock,
      random: this.random.fork(),
      scheduler: this.scheduler,
      kinds: [...playKinds({ storage, metrics: this.metrics }), ...this.more],
      services: playServices({ storage, clock: this.clock }),
      logs: { open: (shard) => new CopyingLog(copies, shard) },
      outlet: {
        reply: (to, _shard, _term, outcome) => {
          if (runtime === this.runtime) this.replied(to, outcome);
        },
        send: ({ from, number, to, command, json, cause, trace }) => {
          const origin: DeliveryOrigin = { type: 'entity', from, number, replyTo: entityKey(to) };
          if (!this.loses()) this.deliver(to, { command, data: json, origin, cause, trace });
        },
        publish: (gateway, event) => this.published(gateway, event),
      },
      metrics: this.metrics,
      log: silentLog,
      tracer: silentTracer,
    });
    return runtime;
  }

  addAccount(id: string, username: string): void {
    // In memory it is there at once, and ids are given in order.
    void this.storage.accounts.create({ username, displayName: username });
    void this.storage.accounts.byId(playerId(id)).then((account) => {
      if (account?.username !== username) throw new Error(`${username} is not ${id}`);
    });
  }

  /** Sends a command for a session and returns its request number; the answer is in {@link seen} after the clock went on. */
  ask<K extends keyof PlayerCommands>(
    player: string,
    session: string,
    command: K,
    data: PlayerCommands[K]['data'],
    request = ++this.requests,
    to = player,
  ): number {
    return this.askOf(entity('player', to), player, session, command, data, request);
  }

  /** The same of an actor of any kind. */
  askOf(
    to: EntityRef,
    player: string,
    session: string,
    command: string,
    data: unknown,
    request = ++this.requests,
  ): number {
    const gateway = session.split('/')[0]!;
    const origin = { type: 'client', session, request, answered: 0, replyTo: gateway, caller: player } as const;
    const cause = `${session}:${request}`;
    this.deliver(to, { command, data: JSON.stringify(data), origin, cause, trace: '' });
    return request;
  }

  /** Attaches and listens, as a gateway does; what that causes is forgotten. */
  async signIn(player: string, session: string, changes: Partial<AttachData> = {}): Promise<void> {
    const gateway = session.split('/')[0]!;
    this.ask(player, session, 'attach', { session, gateway, resume: false, ...changes });
    await this.clock.advance(5);
    await this.listen(gateway, player, 'self');
    this.seen.length = 0;
  }

  async listen(gateway: string, player: string, topic: 'self' | 'public'): Promise<void> {
    await this.listenTo(gateway, entity('player', player), topic);
  }

  /** The same of an actor of any kind. */
  async listenTo(gateway: string, ref: EntityRef, topic: string): Promise<void> {
    const wanted = { subscriber: gateway, entity: ref, topic, after: 0, snapshot: true };
    const done = this.runtime.subscribe(shardOfKey(entityKey(ref)), wanted);
    await this.clock.advance(5);
    await done;
  }

  /** Everything seen since the last call, in words. */
  async told(ms = 5): Promise<readonly string[]> {
    await this.clock.advance(ms);
    return this.seen.splice(0).map((seen) => {
      if (seen.type === 'event') return `${seen.gateway} ${seen.from} ${seen.name} ${JSON.stringify(seen.data)}`;
      const { outcome } = seen;
      return `${seen.session} ${outcome.ok ? outcome.json : `${outcome.code} ${outcome.details.reason ?? ''}`}`;
    });
  }

  private deliver(
    to: EntityRef,
    delivery: { command: string; data: string; origin: DeliveryOrigin; cause: string; trace: string },
  ): void {
    this.runtime.deliver(shardOfKey(entityKey(to)), { entity: to, deadline: Number.POSITIVE_INFINITY, ...delivery });
  }

  private replied(to: DeliveryOrigin, outcome: Outcome): void {
    if (to.type === 'client') this.seen.push({ type: 'reply', session: to.session, request: to.request, outcome });
    if (to.type === 'entity' && !this.loses())
      this.runtime.answered(to.from, shardOfKey(entityKey(to.from)), to.number, outcome);
  }

  private published(gateway: string, { entity: from, topic, name, json, cause }: PublishedEvent): void {
    const data: unknown = JSON.parse(json);
    // A player is named by its id alone.
    const who = from.kind === 'player' ? from.id : entityKey(from);
    this.seen.push({ type: 'event', gateway, from: who, topic, name, data, cause });
  }
}
