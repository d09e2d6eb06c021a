import { Outage } from '@muster/cluster';
import { type Clock, type Epoch, epoch, type Log, type Millis, type Regime, type Term, term } from '@muster/ports';

/**
 * What storage remembers of the regimes (K4). Written behind the cluster store, never before it and never waited for: a lost
 * cluster store is one failure, storage being behind at that very moment a second one.
 */
export class Remembered {
  private readonly storage: Regime | undefined;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly retryMs: Millis;
  private wanted = { epoch: epoch(0), term: term(0) };
  private written = { epoch: epoch(0), term: term(0) };
  private busy = false;
  private stopped = false;

  constructor(setup: {
    readonly storage: Regime | undefined;
    readonly clock: Clock;
    readonly log: Log;
    readonly retryMs: Millis;
  }) {
    this.storage = setup.storage;
    this.clock = setup.clock;
    this.log = setup.log;
    this.retryMs = setup.retryMs;
  }

  /** Zeros where there is no storage to remember. @throws MusterError STORAGE_UNAVAILABLE */
  async highest(): Promise<{ readonly epoch: Epoch; readonly term: Term }> {
    return this.storage ? await this.storage.highest() : { epoch: epoch(0), term: term(0) };
  }

  /**
   * The same, waiting for storage that is away: but not where the cluster store has an epoch. It was not wiped then; whether it was
   * restored from an older copy can be asked at the next start. Zeros where nothing is known.
   */
  async floor(hasEpoch: () => Promise<boolean>): Promise<{ readonly epoch: Epoch; readonly term: Term }> {
    const outage = new Outage(this.clock, this.log, 'coordinator.storage-away');
    while (!this.stopped) {
      try {
        const highest = await this.highest();
        outage.over();
        return highest;
      } catch (error) {
        outage.failed({ error });
      }
      if (await hasEpoch()) break;
      await new Promise<void>((resolve) => this.clock.after(this.retryMs, resolve));
    }
    return { epoch: epoch(0), term: term(0) };
  }

  raise(toEpoch: number, toTerm: Term): void {
    const { wanted } = this;
    if (toEpoch <= wanted.epoch && toTerm <= wanted.term) return;
    this.wanted = { epoch: epoch(Math.max(wanted.epoch, toEpoch)), term: term(Math.max(wanted.term, toTerm)) };
    if (!this.busy && this.storage) void this.write(this.storage);
  }

  stop(): void {
    this.stopped = true;
  }

  private async write(storage: Regime): Promise<void> {
    this.busy = true;
    const outage = new Outage(this.clock, this.log, 'regime.not-remembered');
    while (!this.stopped && (this.written.epoch < this.wanted.epoch || this.written.term < this.wanted.term)) {
      const writing = this.wanted;
      try {
        await storage.raise(writing.epoch, writing.term);
        this.written = writing;
        outage.over();
      } catch (error) {
        outage.failed({ error });
        await new Promise<void>((resolve) => this.clock.after(this.retryMs, resolve));
      }
    }
    this.busy = false;
  }
}
