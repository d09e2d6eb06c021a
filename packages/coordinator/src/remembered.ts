import { Outage } from '@muster/cluster';
import {
  type Clock,
  epoch,
  type Log,
  type Millis,
  type Regime,
  type RememberedRegime,
  type Term,
  term,
} from '@muster/ports';

const NOTHING: RememberedRegime = { epoch: epoch(0), term: term(0), revision: 0 };

/**
 * What storage remembers of the regimes (K4). Written behind the cluster store, never before it and never waited for: a lost
 * cluster store is one failure, storage being behind at that very moment a second one.
 */
export class Remembered {
  private readonly storage: Regime | undefined;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly retryMs: Millis;
  private wanted: RememberedRegime = NOTHING;
  private written: RememberedRegime = NOTHING;
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
  async highest(): Promise<RememberedRegime> {
    return this.storage ? await this.storage.highest() : NOTHING;
  }

  /**
   * The same, waiting for storage that is away: but not where the cluster store has an epoch. It was not wiped then; whether it was
   * restored from an older copy can be asked at the next start. Zeros where nothing is known.
   */
  async floor(hasEpoch: () => Promise<boolean>): Promise<RememberedRegime> {
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
    return NOTHING;
  }

  /** `toRevision`: of the table, in this epoch. */
  raise(toEpoch: number, toTerm: Term, toRevision: number): void {
    const { wanted } = this;
    if (toEpoch < wanted.epoch) return;
    const revision = toEpoch > wanted.epoch ? toRevision : Math.max(wanted.revision, toRevision);
    if (toEpoch === wanted.epoch && toTerm <= wanted.term && revision === wanted.revision) return;
    this.wanted = { epoch: epoch(toEpoch), term: term(Math.max(wanted.term, toTerm)), revision };
    if (!this.busy && this.storage) void this.write(this.storage);
  }

  stop(): void {
    this.stopped = true;
  }

  private async write(storage: Regime): Promise<void> {
    this.busy = true;
    const outage = new Outage(this.clock, this.log, 'regime.not-remembered');
    while (!this.stopped && this.written !== this.wanted) {
      const writing = this.wanted;
      try {
        await storage.raise(writing.epoch, writing.term, writing.revision);
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
