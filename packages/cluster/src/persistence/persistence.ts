import {
  type ClaimAnswer,
  type Clock,
  type CommitLog,
  type Counter,
  type Log,
  type Metrics,
  type Millis,
  parseEntity,
  type Random,
  type ShardId,
  type ShardRefusal,
  type ShardStore,
  type Term,
  type Timer,
} from '@muster/ports';
import type { ActorHost, Adoption, SavedActor } from '@muster/runtime';
import type { ShardRow } from '../table/routing-table.js';
import { LackReport } from './lack-report.js';
import { LayeredLog, type TellingLog } from './layered-log.js';
import type { LogStart } from './log-start.js';
import type { PersistenceOptions } from './options.js';
import { ShardLoader } from './shard-loader.js';
import { StorageWriter } from './storage-writer.js';
import type { StoredLog } from './stored-log.js';

export interface PersistenceSetup {
  readonly store: ShardStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly host: Pick<ActorHost, 'snapshot' | 'logged' | 'setAside'>;
  readonly options?: Partial<PersistenceOptions>;
}

/** How storage is, for health checks and operators. */
export interface StorageHealth {
  /** For how long no call has been answered; 0: the last one was. */
  readonly awayMs: Millis;
  /** Age of the oldest record that is not stored. */
  readonly behindMs: Millis;
  readonly waitingChars: number;
  /** Shards whose state is not known here yet: their commands wait. */
  readonly loadingShards: number;
}

interface Loading {
  /** Something may be missing whatever storage says. */
  readonly surelyLacks: boolean;
  readonly opened: (adoption: Adoption) => void;
  isClaimed: boolean;
  mayLack: boolean;
}

/** What a promoted or moved owner knows of what storage has. */
export type Inherited = Pick<LogStart, 'start' | 'unsaved' | 'knownBehind'>;

/** State of this node's shards in storage: each shard's log there, and its actors out of it (storage-writer.ts). */
export class Persistence {
  readonly writer: StorageWriter;
  private readonly setup: PersistenceSetup;
  private readonly loader: ShardLoader;
  private readonly logs = new Map<ShardId, StoredLog>();
  private readonly loading = new Map<ShardId, Loading>();
  private readonly lacking: Counter;
  private readonly lacks: LackReport;
  private readonly loads: Counter;
  /** Called where storage ended a shard's log: nothing of that shard may go on here. */
  refused: (shard: ShardId, refused: ShardRefusal, known: Term) => void = () => undefined;

  constructor(setup: PersistenceSetup) {
    this.setup = setup;
    const { store, clock, random, metrics, log, host, options } = setup;
    this.lacks = new LackReport(clock, log);
    this.lacking = metrics.counter(
      'muster_state_may_lack_total',
      'Shards that were loaded though their last owner may have let out what was not stored.',
    );
    this.loads = metrics.counter('muster_persistence_loaded_total', 'Actors read from storage.');
    this.writer = new StorageWriter({
      store,
      clock,
      random,
      metrics,
      log,
      ...(options && { options }),
      on: {
        claimed: (stored, answer) => this.claimed(stored, answer),
        unstorable: ({ shard }, entities) => {
          for (const entity of entities) host.setAside(shard, parseEntity(entity), 'it is more than storage takes');
        },
        refused: (stored, refused, known) => {
          if (this.logs.get(stored.shard) === stored) this.refused(stored.shard, refused, known);
        },
      },
    });
    this.loader = new ShardLoader({
      store,
      clock,
      random,
      log,
      options: this.writer.options,
      termOf: (shard) => (this.loading.has(shard) ? this.logs.get(shard)?.term : undefined),
      loaded: (shard, actors) => this.loaded(shard, actors),
    });
  }

  /** For how long no call of storage has been answered; 0: the last one was. */
  get awayMs(): Millis {
    const { awaySince, now } = this.writer;
    return awaySince === undefined ? 0 : now - awaySince;
  }

  /** Answers wait for storage to become the second place of their shards. */
  get isAwaited(): boolean {
    return this.writer.isAwaited;
  }

  get health(): StorageHealth {
    const { waitingChars, now } = this.writer;
    let oldest = now;
    for (const log of this.logs.values()) oldest = Math.min(oldest, log.waitsSince ?? now);
    return {
      awayMs: this.awayMs,
      behindMs: now - oldest,
      waitingChars,
      loadingShards: this.loading.size,
    };
  }

  /** A shard comes here with its state. To be called before it is opened. */
  inherit(row: ShardRow, inherited: Inherited): void {
    // Reads of the former owner needed this process's lease, or it had been sealed: whoever opens the shard has waited for that.
    this.begin(row, { ...inherited, isSure: true });
  }

  /**
   * A shard comes here, and its state is in storage: `opened` is called when it is known, or that there is none. `surelyLacks`: whatever
   * storage says of it, more than it has may have been let out.
   */
  load(row: ShardRow, surelyLacks: boolean, opened: (adoption: Adoption) => void): void {
    this.loading.set(row.shard, { surelyLacks, opened, isClaimed: false, mayLack: false });
    this.begin(row, { start: 0, isSure: row.sure === true });
  }

  isLoading(shard: ShardId): boolean {
    return this.loading.has(shard);
  }

  /** The row of a shard that is still ours. */
  assign({ shard, term, backup }: ShardRow): void {
    this.logs.get(shard)?.raise(term, backup === '' ? 'gated' : 'behind');
  }

  /** Puts storage behind a shard's copies. */
  layer(shard: ShardId, copies: TellingLog, go: () => void): CommitLog {
    const stored = this.logs.get(shard);
    if (!stored) throw new Error(`shard ${shard} has no log in storage yet`);
    return new LayeredLog(copies, stored, go);
  }

  close(shard: ShardId): void {
    this.loading.delete(shard);
    this.loader.cancel(shard);
    this.logs.get(shard)?.close();
    this.logs.delete(shard);
  }

  /** Actors of which storage may not know the latest, or that they are gone. */
  unstored(shard: ShardId): readonly string[] {
    return this.logs.get(shard)?.unstored ?? [];
  }

  /** Nothing of the shard is missing in storage. */
  isStored(shard: ShardId): boolean {
    return this.logs.get(shard)?.isSettled !== false && !this.loading.has(shard);
  }

  /** Resolves when everything that was recorded so far is stored: true, or false after `limitMs`. */
  flush(limitMs: Millis): Promise<boolean> {
    return this.until(() => [...this.logs.values()].every((log) => log.isSettled), limitMs);
  }

  /** Sealed shards: stores what is missing, and that nobody works on them. Resolves when that is done: true, or false after `limitMs`. */
  park(shards: Iterable<ShardId>, limitMs: Millis = this.writer.options.parkMs): Promise<boolean> {
    const parking = [...shards].flatMap((shard) => {
      const log = this.loading.has(shard) ? undefined : this.logs.get(shard);
      log?.park();
      return log ?? [];
    });
    return this.until(() => parking.every((log) => log.isParked || !log.isOpen), limitMs);
  }

  /** Somebody works on the shard again. */
  reopen(shard: ShardId): void {
    this.logs.get(shard)?.park(false);
  }

  private until(done: () => boolean, limitMs: Millis): Promise<boolean> {
    const { clock } = this.setup;
    const limit = clock.monotonic() + limitMs;
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const look = (): void => {
        timer?.cancel();
        this.writer.flush();
        if (done()) resolve(true);
        else if (clock.monotonic() >= limit) resolve(false);
        else timer = clock.after(this.writer.options.retryMinMs, look);
      };
      look();
    });
  }

  private begin({ shard, term, backup }: ShardRow, rest: Inherited & Pick<LogStart, 'isSure'>): void {
    const saved = (entity: string) => this.setup.host.snapshot(shard, parseEntity(entity));
    const whole = () => (this.loading.has(shard) ? undefined : this.setup.host.logged(shard));
    const standing = backup === '' ? 'gated' : 'behind';
    this.logs.set(shard, this.writer.begin({ shard, term, standing, saved, whole, ...rest }));
  }

  private claimed({ shard, term }: StoredLog, { before, position }: ClaimAnswer): void {
    const loading = this.loading.get(shard);
    // Claimed again by us, under a newer term.
    if (!loading || loading.isClaimed) return;
    loading.isClaimed = true;
    loading.mayLack = loading.surelyLacks || before?.standing === 'behind';
    if (loading.mayLack) {
      this.lacking.add();
      const formerTerm = before?.term ?? 0;
      this.lacks.add({ shard, term, stored: position, formerTerm });
    }
    // No actor is ever stored there (StoredLog.batch).
    if (position === 0) this.loaded(shard, new Map());
    else this.loader.load(shard);
  }

  private loaded(shard: ShardId, actors: ReadonlyMap<string, SavedActor>): void {
    const loading = this.loading.get(shard);
    const log = this.logs.get(shard);
    if (!loading || !log) return;
    this.loading.delete(shard);
    this.loads.add(actors.size);
    for (const [entity, { tail }] of actors) if (tail !== '') log.hasTail(entity, tail.length);
    loading.opened({ actors, fencedMs: 0, how: 'loaded', mayLack: loading.mayLack });
  }
}
