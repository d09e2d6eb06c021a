import { causeOf, type EntityRef, entityKey, isEntity, isMusterError, type Millis, MusterError } from '@muster/ports';
import { Activation, type Keeper } from './activation.js';
import type { AnyActorKind } from './actor.js';
import type { Recovered } from './emission.js';
import {
  type ActorSnapshot,
  damagedActor,
  type Envelope,
  emptyEnvelope,
  recentAtCarving,
  restoreActor,
  type SavedActor,
  saveEnvelope,
  snapshotActor,
} from './envelope.js';
import type { Adopted, Outcome } from './host.js';
import { decodeJson } from './json.js';
import type { RuntimeOptions } from './options.js';
import { failure } from './outcome.js';
import { publicationsOf } from './publications.js';
import type { Worker } from './scheduler.js';
import type { Services } from './services.js';
import type { Shard } from './shard.js';
import type { KeptPublications } from './topic-streams.js';

/** Brings actors into memory and takes them out: activation, passivation, and what is done with one that broke. */
export class Residents implements Keeper {
  private readonly services: Services;
  private readonly kinds: ReadonlyMap<string, AnyActorKind>;

  constructor(services: Services, kinds: ReadonlyMap<string, AnyActorKind>) {
    this.services = services;
    this.kinds = kinds;
  }

  /** The actor in memory, or on its way there; or why that cannot be. */
  activate(shard: Shard, ref: EntityRef): Activation | Outcome {
    const key = entityKey(ref);
    const resident = shard.actors.get(key);
    if (resident) return resident;
    const kind = this.kinds.get(ref.kind);
    if (!kind) return failure('UNKNOWN_KIND', { kind: ref.kind.slice(0, 64) });
    if (!isEntity(ref.kind, ref.id)) return failure('INVALID_ENTITY', { entity: key.slice(0, 160) });
    const { restarts, scheduler, counters, clock } = this.services;
    if (restarts.quarantined(key, clock.monotonic())) return activationFailed(key, 'in quarantine after failures');
    const parked = shard.parked.get(key);
    let envelope: Envelope | undefined;
    let recovery: Recovery | undefined;
    try {
      if (parked?.adopted) {
        [envelope, recovery] = adopt(kind, ref, parked.saved, this.services.options);
        envelope.outbox = this.services.rules.owedSends(envelope);
      } else if (parked) envelope = restoreActor(kind, ref.id, parked.saved, this.services.options);
      else if (!kind.load) envelope = this.unborn(shard, kind, ref.id, undefined);
    } catch (error) {
      if (isMusterError(error) && STAYS.has(error.code)) return this.leave(shard, error);
      this.note(key, parked ? 'restore' : 'initial', error);
      return activationFailed(key, causeOf(error));
    }
    const activation = new Activation(shard, { kind: ref.kind, id: ref.id }, kind, this.services, this);
    activation.worker = scheduler.spawn(shard.group, key, activation);
    shard.actors.set(key, activation);
    counters.activations.add();
    if (parked) {
      parked.timer?.cancel();
      shard.parked.delete(key);
    }
    if (recovery) this.takeUp(activation, envelope!, recovery, parked!.adopted!);
    if (envelope) this.start(activation, envelope, undefined);
    else this.load(activation, kind);
    return activation;
  }

  /** It goes on from what another process had of it. */
  private takeUp(activation: Activation, envelope: Envelope, { base, publications }: Recovery, adopted: Adopted): void {
    const { kind, emitter, shard } = activation;
    const after = envelope.stream;
    // Above all that was ever lost, or new events would look like those: owners before may have lacked something and told nobody. A floor that
    // the stream has not got to is of an owner who read it from storage and did not look at it (copies.ts).
    if (adopted.how === 'loaded' || base > after) envelope.stream = shard.numbering.next();
    if (adopted.mayLack) emitter.recoverLacking(after, envelope.stream);
    else emitter.recover(base, publications, { after, base: envelope.stream });
    if (kind.adopted !== undefined) activation.takeSystem({ type: 'adopted', command: kind.adopted, adopted });
  }

  /** What there is of it must not be touched: it stays as it is, and whoever wants it hears why. */
  private leave({ id: shard }: Shard, { code, details }: MusterError): Outcome {
    this.services.counters.failures.add(1, { part: 'unreadable' });
    return failure(code, { ...details, shard });
  }

  /** The actor as it is now, to be stored. */
  snapshot(shard: Shard, ref: EntityRef): ActorSnapshot | 'unreadable' | undefined {
    const key = entityKey(ref);
    const kind = this.kinds.get(ref.kind);
    const envelope = shard.actors.get(key)?.envelope;
    const parked = shard.parked.get(key);
    if (!kind || (!envelope?.born && !parked)) return undefined;
    try {
      const saved = envelope?.born ? { text: saveEnvelope(envelope), tail: '', seq: envelope.seq } : parked!.saved;
      return snapshotActor(kind, ref.id, saved, this.services.options) ?? 'unreadable';
    } catch (error) {
      this.services.counters.failures.add(1, { part: 'save' });
      this.services.log.write('error', 'actor.failed', { entity: key, part: 'save', error });
      return 'unreadable';
    }
  }

  /** It leaves memory with all that has not been let out, and whoever wants it hears why. */
  setAside(shard: Shard, ref: EntityRef, cause: string): void {
    const key = entityKey(ref);
    const error = new MusterError('STATE_DAMAGED', { shard: shard.id, entity: key, cause });
    const outcome = failure(error.code, error.details);
    const activation = shard.actors.get(key);
    if (activation) {
      activation.voided = outcome;
      this.remove(activation);
    }
    shard.parked.get(key)?.timer?.cancel();
    shard.parked.set(key, { saved: damagedActor(cause), timer: undefined, adopted: undefined });
    this.services.counters.passivations.add(1, { how: 'set-aside' });
    activation?.refuseAll(outcome, error);
  }

  /** Every actor of the shard leaves; who waits hears `outcome`. */
  evict(shard: Shard, outcome: Outcome, error: unknown): void {
    const workers: Worker[] = [];
    for (const activation of [...shard.actors.values()]) {
      this.detach(activation);
      activation.refuseAll(outcome, error);
      if (activation.worker) workers.push(activation.worker);
    }
    this.endSome(workers);
    for (const { timer } of shard.parked.values()) timer?.cancel();
    shard.parked.clear();
  }

  broken(activation: Activation, cause: unknown): void {
    if (activation.dead) return;
    const { shard, ref, key } = activation;
    const subscriptions = [...activation.emitter.subscriptions()];
    this.remove(activation);
    this.forget(activation);
    this.services.counters.passivations.add(1, { how: 'broken' });
    this.note(key, 'evolve', cause);
    const error = new MusterError('ACTIVATION_FAILED', { entity: key, cause: 'its state broke' });
    activation.refuseAll(activationFailed(key, 'its state broke'), error);
    // Who listened goes on listening, to the next life, from its state.
    for (const [topic, subscribers] of subscriptions)
      for (const subscriber of subscribers) {
        const next = this.activate(shard, ref);
        if (!(next instanceof Activation)) return;
        const subscription = { subscriber, entity: ref, topic, after: 0, snapshot: true };
        next.takeSystem({ type: 'subscribe', subscription, done: () => undefined });
      }
  }

  idle(activation: Activation): void {
    const limit = activation.kind.passivateAfterMs ?? this.services.options.passivateAfterMs;
    const left = activation.usedAt + limit - this.services.clock.monotonic();
    activation.emitter.forgetRecent();
    const mayGo = activation.shard.state === 'open' && !activation.held && activation.quiet;
    if (left <= 0 && mayGo && this.passivate(activation)) return;
    this.watchIdle(activation, left > 0 ? left : limit);
  }

  /** False where it has to stay for now. */
  private passivate(activation: Activation): boolean {
    const { shard, key, kind } = activation;
    const envelope = activation.envelope!;
    const { counters } = this.services;
    const blank = forgettable(envelope);
    // Worth nothing, but a repeat of what it answered may still come (K11): it stays until that is over.
    if (blank && heardAt(envelope) > this.services.clock.now() - this.services.options.replyKeepMs) return false;
    try {
      const text = blank ? undefined : saveEnvelope(envelope);
      this.remove(activation);
      if (text === undefined) this.forget(activation);
      else {
        const timer = this.parkTimer(shard, activation.ref, envelope);
        shard.parked.set(key, { saved: { text, tail: '', seq: envelope.seq }, timer, adopted: undefined });
      }
      counters.passivations.add(1, { how: text === undefined ? 'forgotten' : 'parked' });
      return true;
    } catch (error) {
      counters.failures.add(1, { part: 'save' });
      this.services.log.write('error', 'actor.failed', { entity: key, part: 'save', kind: kind.kind, error });
      return false;
    }
  }

  /** It is not in this shard any more; who waits for it hears `outcome`, and copies forget it. False: nothing of it was here. */
  drop(shard: Shard, ref: EntityRef, outcome: Outcome, error: unknown): boolean {
    const key = entityKey(ref);
    const activation = shard.actors.get(key);
    const parked = shard.parked.get(key);
    if (activation) {
      this.remove(activation);
      this.forget(activation);
      activation.refuseAll(outcome, error);
    }
    if (!parked) return activation?.envelope?.born === true;
    parked.timer?.cancel();
    shard.parked.delete(key);
    this.bury(shard, ref);
    return true;
  }

  /** What copies and storage may have of it in this shard is void. */
  bury(shard: Shard, ref: EntityRef): void {
    const replicated = this.kinds.get(ref.kind)?.durability === 'replicated';
    if (replicated) shard.log.append({ entity: entityKey(ref), seq: 0, entries: [] });
  }

  /** Copies forget it too. */
  private forget({ envelope, log, key }: Activation): void {
    if (envelope?.born) log.append({ entity: key, seq: 0, entries: [] });
  }

  /** Brings a parked actor back when its earliest timer is due: it fires there. */
  private parkTimer(
    shard: Shard,
    ref: EntityRef,
    { timers }: Envelope,
  ): ReturnType<Services['wheel']['arm']> | undefined {
    if (!timers) return undefined;
    let earliest = Infinity;
    for (const { at } of timers.values()) earliest = Math.min(earliest, at);
    const { wheel, clock } = this.services;
    return wheel.arm(earliest - clock.now(), { due: () => this.wakeParked(shard, ref) });
  }

  /** An actor that cannot be brought back just now is tried again: its timer is owed. */
  private wakeParked(shard: Shard, ref: EntityRef): void {
    if (this.activate(shard, ref) instanceof Activation) return;
    const key = entityKey(ref);
    const parked = shard.parked.get(key);
    const { wheel, options } = this.services;
    const due = (): void => this.wakeParked(shard, ref);
    if (parked) shard.parked.set(key, { ...parked, timer: wheel.arm(options.quarantineMs, { due }) });
  }

  private load(activation: Activation, kind: AnyActorKind): void {
    const { shard, ref } = activation;
    this.services.loads.start(
      () => kind.load!(ref.id),
      (result) => {
        if (activation.dead) return;
        if ('error' in result) {
          this.services.counters.failures.add(1, { part: 'load' });
          this.abandon(activation, result.error);
          return;
        }
        try {
          this.start(activation, this.unborn(shard, kind, ref.id, result.seed), result.seed);
        } catch (error) {
          this.note(activation.key, 'initial', error);
          this.abandon(activation, error);
        }
      },
    );
  }

  /** It never came to life. */
  private abandon(activation: Activation, error: unknown): void {
    const { key } = activation;
    const cause = causeOf(error);
    this.services.log.write('warn', 'actor.activation-failed', { entity: key, error });
    this.remove(activation);
    const reason = isMusterError(error) ? error.code : cause;
    activation.refuseAll(activationFailed(key, reason), new MusterError('ACTIVATION_FAILED', { entity: key, cause }));
  }

  private unborn(shard: Shard, kind: AnyActorKind, id: string, seed: unknown): Envelope {
    const envelope = emptyEnvelope(kind, id);
    envelope.state = kind.initial(id, seed);
    envelope.stream = shard.numbering.next();
    return envelope;
  }

  private start(activation: Activation, envelope: Envelope, seed: unknown): void {
    if (!envelope.born) {
      activation.turns.seed = seed;
      activation.turns.bornAt = envelope.stream;
    }
    this.watchIdle(activation, activation.kind.passivateAfterMs ?? this.services.options.passivateAfterMs);
    activation.ready(envelope);
  }

  private watchIdle(activation: Activation, delayMs: number): void {
    activation.idleTimer = this.services.wheel.arm(delayMs, activation);
  }

  /** The dead take no turns: who else waits need not wait for all of them to be taken down. */
  private endSome(workers: Worker[]): void {
    const { scheduler, clock, options } = this.services;
    for (const worker of workers.splice(0, options.awakenAtOnceMax)) void scheduler.stop(worker);
    if (workers.length > 0) clock.defer(() => this.endSome(workers));
  }

  private remove(activation: Activation): void {
    this.detach(activation);
    // A successor under the same name waits in the scheduler until this one has ended.
    if (activation.worker) void this.services.scheduler.stop(activation.worker);
  }

  private detach(activation: Activation): void {
    const { shard, key, emitter } = activation;
    activation.dead = true;
    if (activation.envelope) shard.numbering.passed(activation.envelope.stream);
    activation.idleTimer?.cancel();
    emitter.stop();
    shard.actors.delete(key);
  }

  private note(key: string, part: string, error: unknown): void {
    const { restarts, counters, log, clock } = this.services;
    counters.failures.add(1, { part });
    log.write('error', 'actor.broken', { entity: key, part, error });
    if (restarts.broke(key, clock.monotonic())) log.write('error', 'actor.quarantined', { entity: key });
  }
}

/** Errors that say something about what is stored, not about the actor's code. */
const STAYS: ReadonlySet<string> = new Set(['STATE_DAMAGED', 'STATE_TOO_NEW']);

interface Recovery {
  readonly base: number;
  readonly publications: readonly Recovered[];
}

/** An actor of a former owner, and what that one may have published last. Throws what the kind's functions throw. */
function adopt(
  kind: AnyActorKind,
  ref: EntityRef,
  saved: SavedActor,
  options: RuntimeOptions,
): readonly [Envelope, Recovery] {
  const recent = saved.recent || recentAtCarving(saved);
  const kept = recent ? (decodeJson(recent) as KeptPublications) : undefined;
  const publications: Recovered[] = [...(kept?.publications ?? [])];
  let base = kept?.floor;
  const envelope = restoreActor(kind, ref.id, saved, options, (at, entry, before, cause) => {
    base ??= before;
    const made = publicationsOf(at, entry, before, ref);
    const skipped = entry.stream - Math.max(before + 1, ...made.map(({ number }) => number));
    if (skipped > 0) {
      // Its owner had read it from storage: what lies between may be events that somebody has heard of and that are lost (K16).
      publications.length = 0;
      base = before + skipped;
    }
    for (const one of made) publications.push({ ...one, number: one.number + Math.max(0, skipped), cause });
  });
  return [envelope, { base: base ?? envelope.stream, publications }];
}

function activationFailed(key: string, cause: string): Outcome {
  return failure('ACTIVATION_FAILED', { entity: key, cause });
}

/** Nothing is lost with it: nobody waits for it, and its kind says its state is worth nothing. */
function forgettable({ kind, born, state, timers, outbox, deferred }: Envelope): boolean {
  if (!born) return true;
  return !timers && !outbox && !deferred && kind.blank?.(state) === true;
}

/** When somebody's command was last recorded; 0: never. Wall clock. */
function heardAt({ sessions, received }: Envelope): Millis {
  let last = 0;
  for (const window of sessions?.values() ?? []) last = Math.max(last, window.heardAt);
  for (const { at } of received?.values() ?? []) last = Math.max(last, at);
  return last;
}
