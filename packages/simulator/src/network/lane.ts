import type { Millis, SeededRandom, Timer, VirtualClock } from '@muster/ports';
import type { Ways } from './ways.js';

export interface Packet {
  readonly bytes: number;
  arrive(): void;
}

export interface LaneSetup {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly ways: Ways;
  readonly retransmitMs: Millis;
  readonly from: string;
  readonly to: string;
  /** It waits for its way to be healed. */
  readonly stuck: (lane: Lane) => void;
}

/** One direction of one connection: packets arrive in order; while the way is cut they wait, as retransmission would have it. */
export class Lane {
  readonly from: string;
  readonly to: string;
  private readonly setup: LaneSetup;
  private queue: { readonly packet: Packet; readonly at: Millis }[] = [];
  private lastAt: Millis = 0;
  private timer: Timer | undefined;
  private over = false;

  constructor(setup: LaneSetup) {
    this.setup = setup;
    this.from = setup.from;
    this.to = setup.to;
  }

  send(packet: Packet): void {
    if (this.over) return;
    const { clock, ways } = this.setup;
    const at = Math.max(this.lastAt, clock.monotonic() + ways.latency(this.from, this.to));
    this.lastAt = at;
    this.queue.push({ packet, at });
    if (this.queue.length === 1) this.arm();
  }

  /** The way is open again: what waited goes on, a little later. */
  healed(): void {
    if (this.queue.length === 0 || this.timer) return;
    const { clock, random, retransmitMs } = this.setup;
    this.timer = clock.after(retransmitMs * random.next(), () => this.step());
  }

  /** What is under way is lost. */
  drop(): void {
    this.queue = [];
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Nothing is taken or delivered any more. */
  end(): void {
    this.over = true;
    this.drop();
  }

  private arm(): void {
    const { clock } = this.setup;
    const delay = Math.max(0, this.queue[0]!.at - clock.monotonic());
    this.timer = clock.after(delay, () => this.step());
  }

  private step(): void {
    this.timer = undefined;
    const { clock, ways } = this.setup;
    if (ways.isCut(this.from, this.to)) {
      this.setup.stuck(this);
      return;
    }
    const now = clock.monotonic();
    while (this.queue.length > 0 && this.queue[0]!.at <= now && !this.over) this.queue.shift()!.packet.arrive();
    if (this.queue.length > 0 && !this.timer && !this.over) this.arm();
  }
}
