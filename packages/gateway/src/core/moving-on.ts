// How a gateway that stops parts with one client.
//
//   open ── its turn ──► hinted ── the client has its answers, and goes by itself ──► over          v0.muster
//     │                    └── moveOnWithinMs ──┐
//     └── its turn ────────────────────────────►└► finishing ── all answered, or answerMs ──► over, 1012      v0.tachyon
//
// While finishing, nothing more is taken: what would be executed could no longer be answered. The client may die in any state, which is
// the same as going; the gateway may die, and the client comes back as from any lost connection. The session waits for it in its actor.
import type { Clock, Timer } from '@muster/ports';
import type { GatewayOptions } from './options.js';

export interface MovingOnSetup {
  readonly clock: Clock;
  readonly options: Pick<GatewayOptions, 'moveOnWithinMs' | 'answerMs'>;
  /** Tells the client to go; absent where it would not understand. */
  readonly hint: (() => void) | undefined;
  /** Whether every request that was taken has its answer. */
  readonly isAnswered: () => boolean;
  readonly close: () => void;
}

export class MovingOn {
  private readonly setup: MovingOnSetup;
  private phase: 'hinted' | 'finishing' | 'over' = 'hinted';
  private timer: Timer | undefined;

  constructor(setup: MovingOnSetup) {
    this.setup = setup;
  }

  get takesRequests(): boolean {
    return this.phase === 'hinted';
  }

  start(): void {
    const { clock, options, hint } = this.setup;
    if (!hint) {
      this.finish();
      return;
    }
    hint();
    this.timer = clock.after(options.moveOnWithinMs, () => this.finish());
  }

  /** A request has its answer. */
  answered(): void {
    if (this.phase === 'finishing' && this.setup.isAnswered()) this.close();
  }

  /** Takes nothing more from now on. */
  finish(): void {
    if (this.phase !== 'hinted') return;
    this.phase = 'finishing';
    this.timer?.cancel();
    this.timer = this.setup.clock.after(this.setup.options.answerMs, () => this.close());
    this.answered();
  }

  /** The connection is over. */
  end(): void {
    this.phase = 'over';
    this.timer?.cancel();
  }

  private close(): void {
    this.end();
    this.setup.close();
  }
}
