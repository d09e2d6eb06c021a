import { type Clock, type Millis, MusterError, type Random, type Timer } from '@muster/ports';
import type { GatewayOptions } from './options.js';
import type { DropReason } from './traffic.js';

/** A connection that may die without a word. */
export interface Watched {
  /** Monotonic time of the last sign of life. */
  readonly heardAt: Millis;
  ping(): void;
  end(error: MusterError, drop: DropReason): void;
}

/** Part of the longest interval by which a later ping may be early: enough that clients who came together do not stay in step. */
const JITTER = 0.1;

/** A sweep that is later than this was held up. */
const LATE_MS = 1_000;

/**
 * Pings every session and ends those that were silent for too long: TCP alone notices a client that is gone without a word only after many
 * minutes. The first ping comes at a random time, so that those who came together are spread; the next ones as seldom as clients bear it, for
 * a ping and its answer are nearly all that an idle client costs. One timer for all; a session stands in the slot in which it is next looked at.
 * While this process itself stands still it hears nobody: that time counts for nobody's silence.
 */
export class KeepAlive {
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly options: GatewayOptions;
  private readonly slots: Set<Watched>[];
  private readonly slotOf = new Map<Watched, Set<Watched>>();
  private readonly swept: () => void;
  private tick = 0;
  private sweptAt: Millis;
  /** How long this process stood still, and until when that excuses silence: whoever answers has been heard by then. */
  private deafMs: Millis = 0;
  private excusedUntil: Millis = 0;
  private timer: Timer | undefined;

  /** `swept` is called once per sweep. */
  constructor(clock: Clock, random: Random, options: GatewayOptions, swept: () => void) {
    this.clock = clock;
    this.random = random;
    this.options = options;
    this.swept = swept;
    this.sweptAt = clock.monotonic();
    this.slots = Array.from({ length: Math.ceil(options.pingMaxMs / options.sweepMs) + 2 }, () => new Set());
    this.schedule();
  }

  add(session: Watched): void {
    this.lookIn(session, this.options.pingMinMs);
  }

  /** In `fromMs` … `pingMaxMs`, or when it will have been silent for too long. */
  private lookIn(session: Watched, fromMs: Millis): void {
    const { pingMaxMs, idleMs } = this.options;
    const pingIn = fromMs + this.random.next() * (pingMaxMs - fromMs);
    const idleIn = session.heardAt + idleMs + this.deafMs - this.clock.monotonic();
    const slot = this.slots[(this.tick + this.ticks(Math.min(pingIn, idleIn))) % this.slots.length]!;
    slot.add(session);
    this.slotOf.set(session, slot);
  }

  remove(session: Watched): void {
    this.slotOf.get(session)?.delete(session);
    this.slotOf.delete(session);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private ticks(ms: Millis): number {
    return Math.min(this.slots.length - 1, Math.max(1, Math.ceil(ms / this.options.sweepMs)));
  }

  private schedule(): void {
    this.timer = this.clock.after(this.options.sweepMs, () => {
      this.schedule();
      this.sweep();
    });
  }

  private stoodStill(now: Millis): void {
    const { sweepMs, idleMs } = this.options;
    const late = now - this.sweptAt - sweepMs;
    this.sweptAt = now;
    if (now >= this.excusedUntil) this.deafMs = 0;
    if (late < LATE_MS) return;
    this.deafMs += late;
    this.excusedUntil = now + idleMs;
  }

  private sweep(): void {
    const { pingMinMs, pingMaxMs } = this.options;
    this.tick += 1;
    const now = this.clock.monotonic();
    this.stoodStill(now);
    const slot = this.slots[this.tick % this.slots.length]!;
    const due = [...slot];
    slot.clear();
    for (const session of due) {
      // Another one's end may have ended this one.
      if (!this.slotOf.has(session)) continue;
      if (now - session.heardAt >= this.options.idleMs + this.deafMs)
        session.end(new MusterError('IDLE', { ms: this.options.idleMs }), 'idle');
      else {
        session.ping();
        this.lookIn(session, Math.max(pingMinMs, pingMaxMs * (1 - JITTER)));
      }
    }
    this.swept();
  }
}
