import type { LogBatch, Millis, PeerId, ShardAnswer, ShardId, ShardSaves, Term, TurnRecord } from '@muster/ports';
import type { Report } from './violation.js';

/** What is promised after owner and backup died at once: the last stored record is so old at most … */
const PROMISED_MS: Millis = 1_000;
/** … and what two clocks, a turn of the loop and the way to storage add. */
const SLACK_MS: Millis = 250;
/**
 * Later than this fails a run; what is late at all is counted. Known to be late: the shard of an actor that has to be stored whole (after a promotion,
 * or since its records were given up while storage was away) and that always has a turn which copies do not have yet.
 */
const BROKEN_MS: Millis = 4_000;
/** Storage that was in trouble has to be asked again, and to be given what waited. */
const RECOVERY_MS: Millis = 6_000;

export interface FreshnessSetup {
  readonly report: Report;
  readonly now: () => Millis;
  /** This run of a process has owned the shard from this term on, and run without a stop since then; undefined: it does not own it any more. */
  readonly ownsSince: (shard: ShardId, term: Term, owner: PeerId) => Millis | undefined;
  /** Whether storage was in trouble at any time since then. */
  readonly wasInTrouble: (since: Millis) => boolean;
}

/** One life of one actor in one log, as its records are appended. */
interface Life {
  seq: number;
}

interface Shown {
  readonly at: Millis;
  readonly shard: ShardId;
  readonly term: Term;
  readonly owner: PeerId;
  readonly entity: string;
  readonly seq: number;
  readonly life: Life;
  /** The actor's life at the time of the check. */
  readonly lifeNow: () => Life | undefined;
}

/** What one log has appended and not let out yet. */
export interface LogWatch {
  appended(position: number, record: TurnRecord): void;
  /** Everything up to here was let out. */
  letOut(position: number, term: Term): void;
}

/**
 * Storage is at most a second behind what left: whoever lets a record out has it stored within that time, unless it dies, stops or loses the shard
 * first, or storage is in trouble. So that is what two deaths at once may cost; checked all the time, whether or not anybody dies.
 */
export class Freshness {
  private readonly setup: FreshnessSetup;
  private readonly stored = new Map<string, number>();
  private readonly shown: Shown[] = [];
  /** Late, and looked at again. */
  private readonly late: Shown[] = [];
  /** Records that were let out, and those of them that nobody had to store in time. */
  readonly counts = { shown: 0, excused: 0, late: 0 };

  constructor(setup: FreshnessSetup) {
    this.setup = setup;
  }

  /** Of a log that this process opened. */
  watch(shard: ShardId, owner: PeerId): LogWatch {
    const lives = new Map<string, Life>();
    const waiting: { readonly position: number; readonly entity: string; readonly seq: number; readonly life: Life }[] =
      [];
    return {
      appended: (position, { entity, seq, entries }) => {
        if (entries.length === 0) {
          lives.delete(entity);
          return;
        }
        const before = lives.get(entity);
        const life = before && before.seq < seq ? before : { seq };
        life.seq = seq;
        lives.set(entity, life);
        waiting.push({ position, entity, seq, life });
      },
      letOut: (position, term) => {
        while (waiting.length > 0 && waiting[0]!.position <= position) {
          const { entity, seq, life } = waiting.shift()!;
          const lifeNow = (): Life | undefined => lives.get(entity);
          this.shown.push({ at: this.setup.now(), shard, term, owner, entity, seq, life, lifeNow });
          this.counts.shown += 1;
        }
      },
    };
  }

  /** Storage has answered. */
  appended(batches: readonly LogBatch[], answers: readonly ShardAnswer[]): void {
    for (const [n, { shard, records }] of batches.entries())
      if (answers[n]!.refused === undefined)
        for (const { entity, seq } of records) this.stored.set(`${shard} ${entity}`, seq);
  }

  saved(saves: readonly ShardSaves[], answers: readonly ShardAnswer[]): void {
    for (const [n, { shard, entities }] of saves.entries())
      if (answers[n]!.refused === undefined)
        for (const { entity, seq } of entities)
          if (seq > this.storedOf(shard, entity)) this.stored.set(`${shard} ${entity}`, seq);
  }

  tick(): void {
    const now = this.setup.now();
    while (this.shown.length > 0 && this.shown[0]!.at <= now - PROMISED_MS - SLACK_MS) {
      const record = this.shown.shift()!;
      if (!this.isLate(record)) continue;
      this.counts.late += 1;
      this.late.push(record);
    }
    while (this.late.length > 0 && this.late[0]!.at <= now - BROKEN_MS) {
      const record = this.late.shift()!;
      if (this.isLate(record)) this.found(record);
    }
  }

  private isLate({ at, shard, term, owner, entity, seq, life, lifeNow }: Shown): boolean {
    // What is over need not be kept.
    if (lifeNow() !== life || this.storedOf(shard, entity) >= seq) return false;
    const { ownsSince, wasInTrouble } = this.setup;
    const since = ownsSince(shard, term, owner);
    const isExcused = since === undefined || since > at || wasInTrouble(at - RECOVERY_MS);
    if (isExcused) this.counts.excused += 1;
    return !isExcused;
  }

  private found({ at, shard, owner, entity, seq }: Shown): void {
    const seen = `shard ${shard}: ${owner} let record ${seq} of ${entity} out at ${at.toFixed(1)}; stored is ${this.storedOf(shard, entity)}`;
    this.setup.report('storage is not seconds behind', seen);
  }

  private storedOf(shard: ShardId, entity: string): number {
    return this.stored.get(`${shard} ${entity}`) ?? 0;
  }
}
