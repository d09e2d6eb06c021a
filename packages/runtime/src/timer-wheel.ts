import type { Clock, Millis, Timer } from '@muster/ports';

/** One armed timer. Cancelling twice, or after it fired, does nothing. */
export interface WheelTimer {
  cancel(): void;
}

/** What a timer calls. One method on an object that exists anyway costs no closure per timer. */
export interface Due {
  due(): void;
}

/**
 * A hashed timer wheel (Varghese and Lauck, 1987, scheme 6): arming and cancelling are O(1) whatever the number of timers.
 * One timer of the clock drives it, set for the next slot that holds anything, so an idle wheel costs nothing and a virtual
 * clock can jump. Timers fire at the first tick at or after their time, never before it, in the order in which they were armed within a tick.
 */
export class TimerWheel {
  private readonly clock: Clock;
  private readonly tickMs: Millis;
  private readonly slots: Node[];
  private readonly start: Millis;
  /** Ticks up to this one have been looked at. */
  private done = 0;
  private wake: { readonly tick: number; readonly timer: Timer } | undefined;
  private armed = 0;
  private running = false;

  constructor(clock: Clock, tickMs: Millis, slots: number) {
    this.clock = clock;
    this.tickMs = tickMs;
    this.start = clock.monotonic();
    this.slots = Array.from({ length: slots }, () => new Node(undefined, 0));
  }

  get size(): number {
    return this.armed;
  }

  /** Calls `target.due()` once, no earlier than `delayMs` from now. */
  arm(delayMs: Millis, target: Due): WheelTimer {
    // An empty wheel may have slept for long: nothing before now needs looking at.
    if (this.armed === 0 && !this.running) this.done = Math.max(this.done, this.tickNow());
    const due = this.clock.monotonic() - this.start + Math.max(0, delayMs);
    const node = new Node(this, Math.max(Math.ceil(due / this.tickMs), this.done + 1));
    node.target = target;
    node.insertBefore(this.slots[node.tick % this.slots.length]!);
    this.armed += 1;
    if (!this.running && (!this.wake || node.tick < this.wake.tick)) this.sleepUntil(node.tick);
    return node;
  }

  stop(): void {
    this.wake?.timer.cancel();
    this.wake = undefined;
    for (const slot of this.slots) slot.next = slot.previous = slot;
    this.armed = 0;
  }

  /** @internal */
  removed(): void {
    this.armed -= 1;
  }

  private tickNow(): number {
    return Math.floor((this.clock.monotonic() - this.start) / this.tickMs);
  }

  private sleepUntil(tick: number): void {
    this.wake?.timer.cancel();
    const delay = this.start + tick * this.tickMs - this.clock.monotonic();
    this.wake = { tick, timer: this.clock.after(Math.max(0, delay), () => this.turn()) };
  }

  private turn(): void {
    this.wake = undefined;
    this.running = true;
    const now = this.tickNow();
    // After a long stall one revolution has seen every slot.
    const first = Math.max(this.done + 1, now - this.slots.length + 1);
    for (let tick = first; tick <= now; tick += 1) {
      this.done = tick;
      this.fireSlot(this.slots[tick % this.slots.length]!, now);
    }
    this.running = false;
    if (this.armed > 0) this.sleepUntil(this.nextTick());
  }

  private fireSlot(slot: Node, now: number): void {
    // Taken off first: what a timer arms anew in this slot waits for its own tick.
    const due: Node[] = [];
    for (let node = slot.next; node !== slot; node = node.next) if (node.tick <= now) due.push(node);
    for (const node of due) {
      if (node.next === node) continue; // cancelled by one before it
      const target = node.target!;
      node.cancel();
      target.due();
    }
  }

  /** The next tick whose slot holds anything: perhaps a timer of a later revolution, then it is looked at once and stays. */
  private nextTick(): number {
    for (let ahead = 1; ahead < this.slots.length; ahead += 1) {
      const slot = this.slots[(this.done + ahead) % this.slots.length]!;
      if (slot.next !== slot) return this.done + ahead;
    }
    return this.done + this.slots.length;
  }
}

class Node implements WheelTimer {
  next: Node;
  previous: Node;
  target: Due | undefined;
  readonly tick: number;
  private readonly wheel: TimerWheel | undefined;

  constructor(wheel: TimerWheel | undefined, tick: number) {
    this.wheel = wheel;
    this.tick = tick;
    this.next = this;
    this.previous = this;
  }

  insertBefore(node: Node): void {
    this.previous = node.previous;
    this.next = node;
    node.previous.next = this;
    node.previous = this;
  }

  cancel(): void {
    if (this.next === this) return;
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this;
    this.previous = this;
    this.target = undefined;
    this.wheel!.removed();
  }
}
