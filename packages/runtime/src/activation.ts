import { type CommitLog, type EntityRef, entityKey, type Millis } from '@muster/ports';
import type { AnyActorKind } from './actor.js';
import { Emitter } from './emission.js';
import type { Outgoing } from './entries.js';
import type { Envelope } from './envelope.js';
import type { Adopted, Delivery, Outcome, Subscription } from './host.js';
import { Ring } from './mailbox.js';
import { failure } from './outcome.js';
import type { DrainResult, Work, Worker } from './scheduler.js';
import type { Services } from './services.js';
import type { Shard } from './shard.js';
import type { Due, WheelTimer } from './timer-wheel.js';
import { BrokenState } from './turn.js';
import { Turns } from './turns.js';

/** What is owed to an actor and never refused: it goes before commands. */
export type SystemMessage =
  | { readonly type: 'answered'; readonly number: number; readonly outcome: Outcome }
  | { readonly type: 'timers' }
  | { readonly type: 'adopted'; readonly command: string; readonly adopted: Adopted }
  | { readonly type: 'subscriber'; readonly command: string; readonly subscriber: string }
  | { readonly type: 'subscribe'; readonly subscription: Subscription; readonly done: (error?: unknown) => void };

/** How it ends is decided by the one who keeps the actors (see `residents.ts`). */
export interface Keeper {
  broken(activation: Activation, cause: unknown): void;
  /** It may have been idle for long enough. */
  idle(activation: Activation): void;
}

/** One actor in memory: its envelope, its mailbox, and the turns it takes when its scheduler says so. */
export class Activation implements Due, Work {
  readonly shard: Shard;
  readonly key: string;
  readonly ref: EntityRef;
  readonly kind: AnyActorKind;
  readonly services: Services;
  readonly emitter: Emitter;
  envelope: Envelope | undefined;
  worker: Worker | undefined;
  /** Monotonic. */
  usedAt: Millis;
  dead = false;
  /** What its turns decided and has not left never does, as nothing holds it: who waits hears this instead. */
  voided: Outcome | undefined;
  idleTimer: WheelTimer | undefined;
  readonly mailbox: Ring<Delivery>;
  /** Only while something is in it: most actors are never owed anything. */
  private system: Ring<SystemMessage> | undefined;
  private readonly keeper: Keeper;
  readonly turns: Turns;

  constructor(shard: Shard, ref: EntityRef, kind: AnyActorKind, services: Services, keeper: Keeper) {
    this.shard = shard;
    this.ref = ref;
    this.key = entityKey(ref);
    this.kind = kind;
    this.services = services;
    this.keeper = keeper;
    this.mailbox = new Ring(services.options.mailboxMax);
    this.emitter = new Emitter(this);
    this.turns = new Turns(this);
    this.usedAt = services.clock.monotonic();
  }

  /** Stands still while the process is self-fenced. */
  get ungated(): boolean {
    return this.log.gated !== true;
  }

  /** Where its turns are recorded, and what waits for them waits. */
  get log(): CommitLog {
    return this.kind.durability === 'replicated' ? this.shard.log : this.shard.loose;
  }

  get fenced(): boolean {
    if (this.services.frozen) return this.ungated;
    // Of a shard that came here: whatever the log is like now, replicated actors left their former process through its backup only.
    return this.shard.fenced && this.kind.durability !== 'replicated';
  }

  /** Its envelope is here: loaded, restored or new. */
  ready(envelope: Envelope): void {
    this.envelope = envelope;
    this.emitter.resume();
    this.wake();
  }

  wake(): void {
    if (this.worker && this.envelope && !this.dead) this.services.scheduler.wake(this.worker);
  }

  /** False where the mailbox is full. */
  take(delivery: Delivery): boolean {
    if (!this.mailbox.push(delivery)) return false;
    this.services.mailboxed += 1;
    this.wake();
    return true;
  }

  /** False where the lane is full. */
  takeSystem(message: SystemMessage): boolean {
    this.system ??= new Ring(this.services.options.systemLaneMax);
    if (!this.system.push(message)) return false;
    this.wake();
    return true;
  }

  /** Empties the mailbox of commands, answering everybody with `outcome`. */
  refuseCommands(outcome: Outcome): void {
    for (let delivery = this.mailbox.shift(); delivery; delivery = this.mailbox.shift()) this.refuse(delivery, outcome);
  }

  /** Empties the mailbox, answering everybody with `outcome`. */
  refuseAll(outcome: Outcome, error: unknown): void {
    this.refuseCommands(outcome);
    for (let message = this.nextSystem(); message; message = this.nextSystem())
      if (message.type === 'subscribe') message.done(error);
  }

  /** Called by the scheduler. */
  drain(): DrainResult {
    const { clock, options, counters } = this.services;
    // A process that was stopped wakes up with messages and answers before its timers (fence 4).
    this.services.checkFence();
    const begun = clock.monotonic();
    let at = begun;
    const until = at + options.drainMs;
    let taken = 0;
    while (taken < options.drainMessagesMax && at <= until) {
      if (!this.mayTakeTurns) break;
      if (!this.next(at)) break;
      taken += 1;
      const ended = clock.monotonic();
      if (ended - at > options.slowTurnMs) this.slow(ended - at);
      at = ended;
    }
    if (taken > 0) {
      this.usedAt = at;
      // The clock was read anyway: what a shard costs is known without another look.
      this.shard.spentMs += at - begun;
      counters.turns.add(taken);
    }
    return this.hasWork() ? 'more' : 'idle';
  }

  hasWork(): boolean {
    if (!this.mayTakeTurns) return false;
    return this.mailbox.length > 0 || (this.system !== undefined && !this.fenced);
  }

  private get mayTakeTurns(): boolean {
    return !this.dead && this.shard.state === 'open' && !this.held && this.log.full !== true;
  }

  /** It is on its way into or out of this shard (K1). */
  get held(): boolean {
    // Nearly always nobody is.
    return this.shard.held.size > 0 && this.shard.held.has(this.key);
  }

  /** It has not heard yet that it came here from another process. */
  get owesAdoption(): boolean {
    return this.system?.has(({ type }) => type === 'adopted') === true;
  }

  /** One turn; false when there is nothing to do. */
  private next(now: Millis): boolean {
    if (!this.fenced) {
      const message = this.nextSystem();
      if (message) {
        this.handleSystem(message);
        return true;
      }
    }
    const delivery = this.mailbox.shift();
    if (!delivery) return false;
    this.services.mailboxed -= 1;
    if (this.fenced) this.answer(delivery, failure('SELF_FENCED', { shard: this.shard.id }), 'SELF_FENCED');
    else if (now > delivery.deadline) this.expired(delivery);
    else this.handle(delivery);
    return true;
  }

  private nextSystem(): SystemMessage | undefined {
    const message = this.system?.shift();
    if (this.system?.length === 0) this.system = undefined;
    return message;
  }

  private handle(delivery: Delivery): void {
    try {
      this.turns.handle(delivery);
    } catch (error) {
      const details = { entity: this.key, command: delivery.command };
      this.answer(delivery, failure('ACTOR_FAILED', details), 'ACTOR_FAILED');
      this.broken(error);
    }
  }

  private handleSystem(message: SystemMessage): void {
    try {
      this.turns.handleSystem(message);
    } catch (error) {
      this.broken(error);
    }
  }

  private broken(error: unknown): void {
    this.keeper.broken(this, error instanceof BrokenState ? error.cause : error);
  }

  private expired(delivery: Delivery): void {
    this.services.counters.dropped.add(1, { reason: 'deadline' });
    this.answer(delivery, failure('DEADLINE_EXCEEDED', { ms: 0 }), undefined);
  }

  private refuse(delivery: Delivery, outcome: Outcome): void {
    this.services.mailboxed -= 1;
    this.answer(delivery, outcome, outcome.ok ? undefined : outcome.code);
  }

  /** Answers without a turn. */
  answer({ origin }: Delivery, outcome: Outcome, refusedCode: string | undefined): void {
    if (refusedCode) this.services.counters.refused.add(1, { code: refusedCode });
    this.services.outlet.reply(origin, this.shard.id, this.shard.term, outcome);
  }

  private slow(ms: Millis): void {
    this.services.counters.slowTurns.add(1, { kind: this.kind.kind });
    this.services.log.write('warn', 'actor.slow', { entity: this.key, ms: Math.round(ms) });
  }

  /** The wheel: time to look whether it is idle. */
  due(): void {
    if (!this.dead) this.keeper.idle(this);
  }

  /** Nothing is under way that would be lost or would call it back at once. */
  get quiet(): boolean {
    if (this.mailbox.length > 0 || this.system || this.turns.repeatable) return false;
    return this.envelope !== undefined && this.envelope.outbox === undefined && !this.emitter.publishing;
  }

  outgoing(number: number): Outgoing | undefined {
    return this.envelope?.outbox?.get(number);
  }
}
