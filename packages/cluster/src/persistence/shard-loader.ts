import {
  type Clock,
  codeOf,
  jitter,
  type Log,
  type Millis,
  type Random,
  type ShardId,
  type ShardStore,
  type Term,
} from '@muster/ports';
import { damagedActor, type SavedActor } from '@muster/runtime';

export interface ShardLoaderSetup {
  readonly store: ShardStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly options: { readonly loadsMax: number; readonly retryMinMs: Millis; readonly retryMaxMs: Millis };
  /** The term that storage knows the shard by, while it is still to be loaded; undefined: it is not. */
  readonly termOf: (shard: ShardId) => Term | undefined;
  readonly loaded: (shard: ShardId, actors: ReadonlyMap<string, SavedActor>) => void;
}

interface Load {
  readonly shard: ShardId;
  readonly actors: Map<string, SavedActor>;
  after: string | undefined;
  failures: number;
}

/**
 * Reads whole shards out of storage, page by page, so many shards at a time. Whatever fails is tried again, for as long as the shard is
 * wanted: a shard whose state is not known is not opened (K5). An entity that is damaged is passed on as such and costs only itself.
 */
export class ShardLoader {
  private readonly setup: ShardLoaderSetup;
  private readonly waiting = new Map<ShardId, Load>();
  private readonly running = new Map<ShardId, Load>();

  constructor(setup: ShardLoaderSetup) {
    this.setup = setup;
  }

  /** Shards that are being read, or wait to be. */
  get size(): number {
    return this.waiting.size + this.running.size;
  }

  load(shard: ShardId): void {
    this.cancel(shard);
    this.waiting.set(shard, { shard, actors: new Map(), after: undefined, failures: 0 });
    this.next();
  }

  cancel(shard: ShardId): void {
    this.waiting.delete(shard);
    this.running.delete(shard);
  }

  private next(): void {
    for (const [shard, load] of this.waiting) {
      if (this.running.size >= this.setup.options.loadsMax) return;
      this.waiting.delete(shard);
      this.running.set(shard, load);
      void this.run(load);
    }
  }

  /** Never rejects. */
  private async run(load: Load): Promise<void> {
    const { shard, actors } = load;
    const { store, termOf, loaded } = this.setup;
    while (this.running.get(shard) === load) {
      const term = termOf(shard);
      if (term === undefined) break;
      try {
        const page = await store.load(shard, term, load.after);
        if (this.running.get(shard) !== load) break;
        for (const read of page.entities)
          if ('error' in read) this.damaged(load, read.entity, String(read.error.details.cause));
          else actors.set(read.entity, { text: read.text, tail: read.tail, seq: read.seq });
        load.failures = 0;
        load.after = page.next;
        if (page.next === undefined) {
          this.running.delete(shard);
          loaded(shard, actors);
        }
      } catch (error) {
        await this.failed(load, error);
      }
    }
    if (this.running.get(shard) === load) this.running.delete(shard);
    this.next();
  }

  private damaged({ shard, actors }: Load, entity: string, cause: string): void {
    actors.set(entity, damagedActor(cause));
    this.setup.log.write('error', 'persistence.damaged', { shard, entity, cause });
  }

  /** Resolves when it may be tried again. */
  private failed(load: Load, error: unknown): Promise<void> {
    const { clock, random, log, options } = this.setup;
    load.failures += 1;
    // A newer term of our own: the claim under it is on its way.
    if (codeOf(error) !== 'STALE_TERM' && load.failures === 1)
      log.write('warn', 'persistence.load-failed', { shard: load.shard, error });
    const delayMs = Math.min(options.retryMaxMs, options.retryMinMs * 2 ** Math.min(load.failures, 20));
    return new Promise((resolve) => clock.after(jitter(random, delayMs), () => resolve()));
  }
}
