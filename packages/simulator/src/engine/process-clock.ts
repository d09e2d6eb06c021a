import type { Clock, Millis, Timer, VirtualClock } from '@muster/ports';

/** Who decides when something of a process may run: see `SimProcess`. */
export interface Gate {
  run(task: () => void): void;
}

/** A callback at its very instant may find, by rounding, that its time has not quite come. */
const ROUNDING_MS = 0.001;

export interface ProcessClockSetup {
  readonly world: VirtualClock;
  readonly gate: Gate;
  /** Seconds of this process in a second of the world: 1.01 is one percent fast. */
  readonly rate: number;
  /** What its wall clock is off by. */
  readonly wallOffsetMs: Millis;
}

/**
 * One process's own time: it drifts, and what it calls waits while the process is paused. Time itself goes on then, as the
 * monotonic clock of a stopped process does.
 */
export class ProcessClock implements Clock {
  private readonly world: VirtualClock;
  private readonly gate: Gate;
  private readonly rate: number;
  private readonly wallOffsetMs: Millis;

  constructor({ world, gate, rate, wallOffsetMs }: ProcessClockSetup) {
    this.world = world;
    this.gate = gate;
    this.rate = rate;
    this.wallOffsetMs = wallOffsetMs;
  }

  now(): Millis {
    return Math.floor(this.world.now() + this.wallOffsetMs);
  }

  monotonic(): Millis {
    return this.world.monotonic() * this.rate;
  }

  after(delayMs: Millis, run: () => void): Timer {
    let wanted = true;
    const timer = this.world.after(Math.max(0, delayMs) / this.rate + ROUNDING_MS, () =>
      this.gate.run(() => {
        // It may have been cancelled while the process was paused.
        if (wanted) run();
      }),
    );
    return {
      cancel: () => {
        wanted = false;
        timer.cancel();
      },
    };
  }

  defer(run: () => void): void {
    this.world.defer(() => this.gate.run(run));
  }
}
