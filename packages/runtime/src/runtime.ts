import {
  type Clock,
  type CommitLog,
  type CommitLogs,
  type EntityRef,
  entityKey,
  type Log,
  type Metrics,
  type Millis,
  MusterError,
  type Random,
  type ShardId,
  type Term,
  type Tracer,
} from '@muster/ports';
import { Activation } from './activation.js';
import type { AnyActorKind, Json } from './actor.js';
import { Awakening } from './awakening.js';
import { AwakeningPace } from './awakening-pace.js';
import { Carving } from './carving.js';
import { copiesOf, leftoversOf, namesIn } from './copies.js';
import type { ActorSnapshot, SavedActor } from './envelope.js';
import type { ActorHost, Adoption, Delivery, HostStats, Outcome, Outlet, ShardState, Subscription } from './host.js';
import { describeActor } from './inspection.js';
import { Loads } from './loads.js';
import { type RuntimeOptions, runtimeOptions } from './options.js';
import { failure } from './outcome.js';
import { Residents } from './residents.js';
import { Restarts } from './restarts.js';
import { RUNTIME_RULES, type RuntimeRules } from './rules.js';
import type { LocalScheduler } from './scheduler.js';
import type { AnyServiceKind } from './service.js';
import { ServiceCalls } from './service-calls.js';
import { runtimeCounters, type Services } from './services.js';
import { Shard } from './shard.js';
import { SubscriberIndex } from './subscriber-index.js';
import { TimerWheel } from './timer-wheel.js';

export interface ActorRuntimeParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: LocalScheduler;
  readonly kinds: readonly AnyActorKind[];
  /** What actors send to where a turn cannot do it. */
  readonly services?: readonly AnyServiceKind[] | undefined;
  readonly logs: CommitLogs;
  readonly outlet: Outlet;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly tracer: Tracer;
  /** Called before each batch of work and before sends are repeated; freezes this runtime where the self-fence fell while no timer ran. */
  readonly checkFence?: () => void;
  readonly options?: Partial<RuntimeOptions>;
  readonly rules?: Partial<RuntimeRules>;
}

/** The virtual actors of one process: those of the shards it was told to open. */
export class ActorRuntime implements ActorHost {
  private readonly services: Services;
  private readonly residents: Residents;
  private readonly serviceCalls: ServiceCalls;
  private readonly carving: Carving;
  private readonly shards = new Map<ShardId, Shard>();
  /** Shards whose actors are not here yet. */
  private readonly loading = new Map<ShardId, Term>();
  private readonly subscribers = new SubscriberIndex<Activation>();
  private readonly logs: CommitLogs;
  private readonly kinds: ReadonlyMap<string, AnyActorKind>;
  private stopping = false;

  /** @throws MusterError BAD_CONFIG */
  constructor(parts: ActorRuntimeParts) {
    const { clock, random, scheduler, kinds, logs, outlet, metrics, log, tracer, checkFence, options, rules } = parts;
    const checked = runtimeOptions(options);
    this.services = {
      clock,
      random,
      scheduler,
      outlet,
      log,
      tracer,
      options: checked,
      rules: { ...RUNTIME_RULES, ...rules },
      wheel: new TimerWheel(clock, checked.wheelTickMs, checked.wheelSlots),
      pace: new AwakeningPace(clock, checked.awakenAtOnceMax, checked.awakenCharsMax),
      loads: new Loads(clock, checked.loadsMax, checked.loadMs),
      restarts: new Restarts(checked.restartsMax, checked.restartWindowMs, checked.quarantineMs),
      subscribers: this.subscribers,
      counters: runtimeCounters(metrics),
      checkFence: checkFence ?? (() => undefined),
      frozen: false,
      mailboxed: 0,
    };
    this.logs = logs;
    this.kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
    const names = [...kinds, ...(parts.services ?? [])].map(({ kind }) => kind);
    if (new Set(names).size < names.length)
      throw new MusterError('BAD_CONFIG', { details: 'two actor kinds have the same name' });
    this.serviceCalls = new ServiceCalls(this.services, parts.services ?? []);
    this.residents = new Residents(this.services, this.kinds);
    this.carving = new Carving(this.services, this.residents);
  }

  load(id: ShardId, term: Term): void {
    if (!this.stopping && !this.shards.has(id)) this.loading.set(id, term);
  }

  open(id: ShardId, term: Term, adoption?: Adoption): void {
    if (this.stopping) return;
    this.loading.delete(id);
    const shard = this.shards.get(id);
    if (!shard) {
      const opened = new Shard(id, term, this.openLog(id, term));
      this.shards.set(id, opened);
      if (adoption) this.adopt(opened, adoption);
      return;
    }
    if (term < shard.term) return; // late news
    if (term > shard.term) {
      // Still ours under a new term (its backup changed): state stays.
      shard.term = term;
      shard.numbering.raise(term);
      if (shard.log.raise) shard.log.raise(term);
      else {
        // What waited in it is repeated by those who wait.
        shard.log.close();
        shard.log = this.openLog(id, term);
      }
    }
    shard.state = 'open';
    this.stir([shard]);
  }

  async seal(id: ShardId): Promise<void> {
    const shard = this.shards.get(id);
    // Turns are synchronous: whoever calls this runs between two of them, so nothing is left to wait for.
    if (shard) shard.state = 'sealed';
  }

  unseal(id: ShardId, term: Term): void {
    const shard = this.shards.get(id);
    if (shard?.state === 'sealed' && shard.term === term) this.open(id, term);
  }

  carve(ref: EntityRef, from: ShardId, into: ShardId): boolean {
    const [out, to] = [this.shards.get(from), this.shards.get(into)];
    return out !== undefined && to !== undefined && this.carving.carve(ref, out, to);
  }

  drop(id: ShardId, ref: EntityRef): void {
    const shard = this.shards.get(id);
    if (shard && !this.carving.drop(ref, shard)) this.residents.bury(shard, ref);
  }

  unhold(id: ShardId, ref: EntityRef): void {
    const shard = this.shards.get(id);
    if (shard) this.carving.unhold(ref, shard);
  }

  onceDurable(id: ShardId, run: () => void): void {
    const log = this.shards.get(id)?.log;
    log?.onDurable(log.end, run, true);
  }

  close(id: ShardId): void {
    this.loading.delete(id);
    const shard = this.shards.get(id);
    if (!shard) return;
    this.shards.delete(id);
    shard.state = 'closed';
    shard.awakening?.stop();
    shard.log.close();
    shard.loose.close();
    const details = { shard: id, term: shard.term, peer: 'this process' };
    this.serviceCalls.evict(shard, failure('NOT_OWNER', details));
    this.residents.evict(shard, failure('NOT_OWNER', details), new MusterError('NOT_OWNER', details));
  }

  stateOf(id: ShardId): ShardState {
    return this.shards.get(id)?.state ?? (this.loading.has(id) ? 'loading' : 'closed');
  }

  termOf(id: ShardId): Term | undefined {
    return this.shards.get(id)?.term ?? this.loading.get(id);
  }

  actorsIn(id: ShardId): number {
    const shard = this.shards.get(id);
    return shard ? shard.actors.size + shard.parked.size + Number(shard.fenced) : 0;
  }

  deliver(id: ShardId, delivery: Delivery): void {
    const shard = this.shards.get(id);
    if (shard?.state === 'open' && this.serviceCalls.has(delivery.entity.kind)) {
      this.serviceCalls.take(shard, delivery);
      return;
    }
    const found = shard ? this.reach(shard, delivery.entity) : this.notOwner(id);
    if (!(found instanceof Activation)) this.refuse(id, shard, delivery, found);
    else if (found.fenced) this.refuse(id, shard, delivery, failure('SELF_FENCED', { shard: id }));
    else if (!found.take(delivery)) this.refuse(id, shard, delivery, failure('MAILBOX_FULL', { entity: found.key }));
  }

  answered(from: EntityRef, id: ShardId, number: number, outcome: Outcome): void {
    // Only an actor in memory has unanswered sends.
    const actor = this.shards.get(id)?.actors.get(entityKey(from));
    if (!actor?.outgoing(number)) return;
    // Where there is no room, the send's repeat brings the answer again.
    if (!actor.takeSystem({ type: 'answered', number, outcome }))
      this.services.counters.dropped.add(1, { reason: 'system-lane-full' });
  }

  subscribe(id: ShardId, subscription: Subscription): Promise<void> {
    const shard = this.shards.get(id);
    const found = shard ? this.reach(shard, subscription.entity) : this.notOwner(id);
    if (!(found instanceof Activation)) return Promise.reject(errorOf(found));
    return new Promise((resolve, reject) => {
      const done = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
      if (!found.takeSystem({ type: 'subscribe', subscription, done }))
        reject(new MusterError('MAILBOX_FULL', { entity: found.key }));
    });
  }

  unsubscribe(id: ShardId, subscriber: string, entity: EntityRef, topic: string): void {
    this.shards.get(id)?.actors.get(entityKey(entity))?.emitter.unsubscribe(topic, subscriber);
  }

  forgetSubscriber(subscriber: string): void {
    for (const actor of this.subscribers.actorsOf(subscriber)) actor.emitter.lost(subscriber);
  }

  freeze(frozen: boolean): void {
    if (this.services.frozen === frozen) return;
    this.services.frozen = frozen;
    // Thawed: what stood still goes on.
    if (!frozen) this.stir(this.shards.values());
    // All that waits goes back at once: what stayed until a thaw would be done before what went back is sent again (K14).
    else for (const shard of this.shards.values()) this.refuseUngated(shard);
  }

  inspect(id: ShardId, entity: EntityRef): Json | undefined {
    const shard = this.shards.get(id);
    return shard && describeActor(shard, entity, this.kinds.get(entity.kind), this.services.options);
  }

  snapshot(id: ShardId, entity: EntityRef): ActorSnapshot | 'unreadable' | undefined {
    const shard = this.shards.get(id);
    return shard && this.residents.snapshot(shard, entity);
  }

  setAside(id: ShardId, entity: EntityRef, cause: string): void {
    const shard = this.shards.get(id);
    if (shard) this.residents.setAside(shard, entity, cause);
  }

  copies(id: ShardId): Iterable<readonly [entity: string, saved: SavedActor]> {
    const shard = this.shards.get(id);
    return shard ? copiesOf(shard, this.kinds, 'logged') : [];
  }

  leftovers(id: ShardId): Iterable<readonly [entity: string, saved: SavedActor]> {
    const shard = this.shards.get(id);
    return shard ? leftoversOf(shard, this.kinds) : [];
  }

  logged(id: ShardId): Iterable<string> {
    const shard = this.shards.get(id);
    return shard ? namesIn(shard, this.kinds, 'logged') : [];
  }

  unlogged(id: ShardId): Iterable<readonly [entity: string, saved: SavedActor]> {
    const shard = this.shards.get(id);
    return shard ? copiesOf(shard, this.kinds, 'unlogged') : [];
  }

  /** How long the turns of each open shard have taken since it was opened. */
  *busy(): Iterable<readonly [ShardId, Millis]> {
    for (const { id, spentMs } of this.shards.values()) yield [id, spentMs];
  }

  stats(): HostStats {
    let actors = 0;
    let parked = 0;
    for (const shard of this.shards.values()) {
      actors += shard.actors.size;
      parked += shard.parked.size;
    }
    const { mailboxed, wheel } = this.services;
    return { shards: this.shards.size, actors, parked, mailboxed, timers: wheel.size };
  }

  async shutdown(): Promise<void> {
    this.stopping = true;
    for (const id of [...this.shards.keys()]) this.close(id);
    await this.services.scheduler.shutdown();
    this.services.wheel.stop();
  }

  private openLog(id: ShardId, term: Term): CommitLog {
    return this.logs.open(id, term, () => {
      const shard = this.shards.get(id);
      if (shard) this.stir([shard]);
    });
  }

  private adopt(shard: Shard, { actors, held = [], fencedMs, how, mayLack }: Adoption): void {
    for (const key of held) shard.held.add(key);
    const adopted = { how, mayLack };
    // Nothing of it is read now: a promoted process gets hundreds of shards in one turn.
    for (const [key, saved] of actors) shard.parked.set(key, { saved, timer: undefined, adopted });
    shard.awakening = new Awakening(shard, this.kinds, this.services, (ref) => this.residents.activate(shard, ref));
    shard.awakening.start();
    if (fencedMs <= 0) return;
    shard.fenced = true;
    this.services.clock.after(fencedMs, () => {
      shard.fenced = false;
      this.stir([shard]);
    });
  }

  private reach(shard: Shard, entity: EntityRef): Activation | Outcome {
    if (shard.state === 'sealed') return failure('SHARD_MOVING', { shard: shard.id });
    return this.residents.activate(shard, entity);
  }

  private notOwner(id: ShardId): Outcome {
    if (this.stopping) return failure('STOPPING', { peer: 'this process' });
    if (this.loading.has(id)) return failure('SHARD_MOVING', { shard: id });
    return failure('NOT_OWNER', { shard: id, term: 0, peer: 'this process' });
  }

  private refuse(id: ShardId, shard: Shard | undefined, { origin }: Delivery, outcome: Outcome): void {
    if (!outcome.ok) this.services.counters.refused.add(1, { code: outcome.code });
    this.services.outlet.reply(origin, id, shard?.term ?? (0 as Term), outcome);
  }

  private refuseUngated({ id, actors }: Shard): void {
    for (const actor of actors.values()) if (actor.ungated) actor.refuseCommands(failure('SELF_FENCED', { shard: id }));
  }

  private stir(shards: Iterable<Shard>): void {
    for (const shard of shards)
      for (const actor of shard.actors.values()) {
        if (actor.hasWork()) actor.wake();
        if (actor.emitter.maySend()) actor.emitter.outflight?.kick();
      }
  }
}

function errorOf(outcome: Outcome): MusterError {
  if (outcome.ok) throw new TypeError('a success is no error');
  const details = Object.fromEntries(
    Object.entries(outcome.details).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : value,
    ]),
  ) as Record<string, string | number | boolean>;
  return new MusterError(outcome.code, details);
}
