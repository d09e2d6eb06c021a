import { type Clock, jitter, type Millis, type PeerId, type Random, type Timer } from '@muster/ports';
import type { PeersOptions } from './options.js';

export interface DiallerSetup {
  readonly clock: Clock;
  readonly random: Random;
  readonly options: PeersOptions;
  readonly peer: PeerId;
  readonly address: string;
}

/** When a wanted peer is dialled: at once, then after waits that double, with jitter so that a restarted peer is not stormed. */
export class Dialler {
  readonly peer: PeerId;
  address: string;
  dial: () => void = () => undefined;
  private readonly setup: DiallerSetup;
  private delayMs: Millis;
  private timer: Timer | undefined;
  private stopped = false;

  constructor(setup: DiallerSetup) {
    this.setup = setup;
    this.peer = setup.peer;
    this.address = setup.address;
    this.delayMs = setup.options.redialMinMs;
  }

  now(): void {
    this.timer?.cancel();
    this.timer = undefined;
    if (!this.stopped) this.dial();
  }

  /** The link is gone or never came. */
  again(): void {
    if (this.stopped || this.timer) return;
    const { clock, random, options } = this.setup;
    this.timer = clock.after(jitter(random, this.delayMs), () => this.now());
    this.delayMs = Math.min(options.redialMaxMs, this.delayMs * 2);
  }

  /** A link is up: the next loss starts from the shortest wait. */
  succeeded(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.delayMs = this.setup.options.redialMinMs;
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }
}
