import { type EntityRef, entityKey, type Millis } from '@muster/ports';
import type { Outgoing } from './entries.js';
import type { Services } from './services.js';
import type { Due, WheelTimer } from './timer-wheel.js';

/** Sends to one receiver: the first is under way, the others wait for its answer. */
interface Lane {
  readonly numbers: number[];
  waitMs: Millis;
  dueAt: Millis;
}

/** What it needs of the actor it belongs to. */
export interface SendingActor {
  readonly ref: EntityRef;
  /** The send, while it is unanswered. */
  outgoing(number: number): Outgoing | undefined;
  /** False while nothing may leave (sealed, self-fenced). */
  maySend(): boolean;
  dispatch(send: Outgoing): void;
}

/**
 * Gets an actor's sends to their receivers: in order and one at a time per receiver, repeated with growing waits until answered.
 * One at a time because receivers drop what is numbered lower than the last they took: a repeat that overtook could never be obeyed.
 */
export class Outflight implements Due {
  private readonly actor: SendingActor;
  private readonly services: Services;
  private readonly lanes = new Map<string, Lane>();
  private timer: WheelTimer | undefined;
  private timerAt: Millis = 0;

  constructor(actor: SendingActor, services: Services) {
    this.actor = actor;
    this.services = services;
  }

  /** The send is durable: it leaves now, or when those before it to the same receiver are answered. */
  add(send: Outgoing): void {
    // Sent in a former life of the actor here, its answer may have come before this life may send: it would stand before all others for ever.
    if (!this.actor.outgoing(send.number)) return;
    const to = entityKey(send.to);
    const lane = this.lanes.get(to);
    if (lane) {
      lane.numbers.push(send.number);
      return;
    }
    const first: Lane = { numbers: [send.number], waitMs: 0, dueAt: 0 };
    this.lanes.set(to, first);
    this.launch(first);
  }

  /** It was answered: the next to the same receiver leaves. */
  answered(send: Outgoing): void {
    const to = entityKey(send.to);
    const lane = this.lanes.get(to);
    const at = lane?.numbers.indexOf(send.number) ?? -1;
    if (!lane || at < 0) return;
    lane.numbers.splice(at, 1);
    if (lane.numbers.length === 0) this.lanes.delete(to);
    else if (at === 0) {
      lane.waitMs = 0;
      this.launch(lane);
    }
  }

  /** Everything unanswered leaves again now: a thaw, a re-opened shard. */
  kick(): void {
    for (const lane of this.lanes.values()) {
      lane.waitMs = 0;
      this.launch(lane);
    }
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.lanes.clear();
  }

  due(): void {
    this.timer = undefined;
    this.services.checkFence();
    const now = this.services.clock.monotonic();
    for (const lane of [...this.lanes.values()]) {
      if (lane.dueAt > now) this.armFor(lane.dueAt, now);
      else {
        this.services.counters.resends.add();
        this.launch(lane);
      }
    }
  }

  private launch(lane: Lane): void {
    const { clock, options } = this.services;
    lane.waitMs = lane.waitMs === 0 ? options.resendFirstMs : Math.min(lane.waitMs * 2, options.resendMaxMs);
    const now = clock.monotonic();
    lane.dueAt = now + lane.waitMs;
    this.armFor(lane.dueAt, now);
    const send = this.actor.outgoing(lane.numbers[0]!);
    if (send && this.actor.maySend()) this.actor.dispatch(send);
  }

  private armFor(at: Millis, now: Millis): void {
    if (this.timer && this.timerAt <= at) return;
    this.timer?.cancel();
    this.timerAt = at;
    this.timer = this.services.wheel.arm(at - now, this);
  }
}
