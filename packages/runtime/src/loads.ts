import { type Clock, type Millis, MusterError } from '@muster/ports';

type Done = (result: { readonly seed: unknown } | { readonly error: unknown }) => void;

interface Load {
  readonly load: () => Promise<unknown>;
  readonly done: Done;
}

/** Loads of actors from what outlives the cluster: so many at a time, each within its time, `done` called exactly once. */
export class Loads {
  private readonly clock: Clock;
  private readonly atOnceMax: number;
  private readonly loadMs: Millis;
  private readonly waiting: Load[] = [];
  private running = 0;

  constructor(clock: Clock, atOnceMax: number, loadMs: Millis) {
    this.clock = clock;
    this.atOnceMax = atOnceMax;
    this.loadMs = loadMs;
  }

  start(load: () => Promise<unknown>, done: Done): void {
    this.waiting.push({ load, done });
    this.next();
  }

  private next(): void {
    while (this.running < this.atOnceMax) {
      const load = this.waiting.shift();
      if (!load) return;
      this.running += 1;
      this.run(load);
    }
  }

  private run({ load, done }: Load): void {
    let over = false;
    const finish: Done = (result) => {
      if (over) return;
      over = true;
      timer.cancel();
      this.running -= 1;
      done(result);
      this.next();
    };
    // A load that never ends must not hold its place for ever.
    const timer = this.clock.after(this.loadMs, () =>
      finish({ error: new MusterError('DEADLINE_EXCEEDED', { ms: this.loadMs }) }),
    );
    // `load` is user code: it may also throw before it returns a promise.
    Promise.resolve()
      .then(load)
      .then(
        (seed) => finish({ seed }),
        (error: unknown) => finish({ error }),
      );
  }
}
