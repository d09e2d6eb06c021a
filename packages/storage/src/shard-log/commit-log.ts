import type {
  ClaimAnswer,
  CommitLog,
  LogBatch,
  Millis,
  Position,
  ShardId,
  ShardRefusal,
  StoredPosition,
  StoredRecord,
  Term,
  TurnRecord,
} from '@muster/ports';
import type { ShardLogOptions } from './options.js';

/** What a log asks of those that commit many together. */
export interface Committer {
  readonly options: ShardLogOptions;
  readonly now: Millis;
  /** Calls of storage sent so far. */
  readonly calls: number;
  /** More waits in all logs together than may. */
  readonly overfull: boolean;
  /** There is something to send, or to ask. */
  wants(log: StorageCommitLog): void;
  waits(chars: number): void;
  /** Somebody was told that the log is full. */
  refusedTurns(log: StorageCommitLog): void;
  later(delayMs: Millis, run: () => void): void;
  failed(error: unknown): void;
  closed(log: StorageCommitLog): void;
}

/** A call of storage that was answered. */
export interface Answered {
  /** Counted from 1. */
  readonly call: number;
  readonly sentAt: Millis;
}

interface Waiting {
  readonly record: StoredRecord;
  readonly at: Millis;
}

interface Waiter {
  readonly position: Position;
  readonly run: () => void;
  readonly at: Millis;
  /** Calls sent when it came: a later one says whether the term still held after it. */
  readonly after: number;
}

const NEVER = -Infinity;

/** One shard's log with storage as its second place. */
export class StorageCommitLog implements CommitLog {
  readonly gated = true;
  readonly shard: ShardId;
  term: Term;
  /** The term has to be raised in storage before anything is written (K5). */
  needsClaim = true;
  private readonly committer: Committer;
  private readonly go: () => void;
  private readonly firstTerm: Term;
  /** Stored position of this log's 0; known with the first claim. */
  private base: StoredPosition | undefined;
  private last: Position = 0;
  private durable: Position = 0;
  /** Records after `durable`. */
  private waiting: Waiting[] = [];
  private chars = 0;
  private waiters: Waiter[] = [];
  private confirmed: Answered = { call: 0, sentAt: NEVER };
  /** Nothing leaves before: the shard's former owner may still answer reads (K7). */
  private quietUntil = NEVER;
  private over = false;

  constructor(committer: Committer, given: { readonly shard: ShardId; readonly term: Term; readonly go: () => void }) {
    this.committer = committer;
    this.shard = given.shard;
    this.term = given.term;
    this.firstTerm = given.term;
    this.go = given.go;
  }

  get end(): Position {
    return this.last;
  }

  get full(): boolean {
    if (this.over) return false;
    const { options, now, overfull } = this.committer;
    const since = Math.min(this.waiting[0]?.at ?? Infinity, this.waiters[0]?.at ?? Infinity);
    const full = overfull || this.chars > options.lagCharsMax || now - since > options.lagMs;
    if (full) this.committer.refusedTurns(this);
    return full;
  }

  /** Where a position is in storage; undefined until the shard is claimed. */
  storedAt(position: Position): StoredPosition | undefined {
    return this.base === undefined ? undefined : this.base + position;
  }

  append({ entity, seq, entries }: TurnRecord): Position {
    const text = entries.length === 0 ? '' : JSON.stringify(entries);
    this.last += 1;
    if (this.over) return this.last;
    this.waiting.push({ record: { entity, seq, text }, at: this.committer.now });
    this.count(text.length);
    this.committer.wants(this);
    return this.last;
  }

  onDurable(position: Position, run: () => void): void {
    if (this.over) return;
    const { now: at, calls: after } = this.committer;
    const waiter = { position, run, at, after };
    if (this.waiters.length === 0 && this.mayLeave(waiter)) run();
    else {
      this.waiters.push(waiter);
      this.committer.wants(this);
    }
  }

  raise(term: Term): void {
    this.term = term;
    this.needsClaim = true;
    this.committer.wants(this);
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    this.count(-this.chars);
    this.waiting = [];
    this.waiters = [];
    this.committer.closed(this);
  }

  // --- what the committer asks and tells

  /** True while a call of storage would bring it on. */
  get isWanting(): boolean {
    if (this.over) return false;
    if (this.needsClaim || this.waiting.length > 0) return true;
    return this.waiters.length > 0 && this.committer.now >= this.quietUntil;
  }

  get isOpen(): boolean {
    return !this.over;
  }

  /** The first term until its claim is answered, even if it was raised meanwhile: that answer alone tells how the last owner left. */
  get claimTerm(): Term {
    return this.base === undefined ? this.firstTerm : this.term;
  }

  /** The next records within the limits, none where there are none; at least one where `must`. */
  batch(limits: {
    readonly records: number;
    readonly chars: number;
    readonly must: boolean;
  }): LogBatch & { chars: number } {
    const records: StoredRecord[] = [];
    let chars = 0;
    for (const { record } of this.waiting) {
      const fits = records.length < limits.records && chars + record.text.length <= limits.chars;
      if (!fits && !(limits.must && records.length === 0)) break;
      chars += record.text.length;
      records.push(record);
    }
    return { shard: this.shard, term: this.term, first: this.base! + this.durable + 1, records, chars };
  }

  /** The claim of {@link claimTerm} stands. `isSure`: nobody else can still be answering reads. Its refusal, where storage has lost something of ours. */
  claimed({ position, before }: ClaimAnswer, answered: Answered, isSure: boolean): ShardRefusal | undefined {
    if (this.over) return undefined;
    const { options, now } = this.committer;
    this.needsClaim = this.claimTerm !== this.term;
    if (this.base === undefined) {
      this.base = position;
      const isFree = isSure || before === undefined || before.standing === 'parked';
      if (!isFree) this.beQuiet(now + options.leaseMs + options.leaseMarginMs);
    } else if (position < this.base + this.durable) return 'GAP';
    // Under the old term something may have arrived whose answer did not.
    this.stored(position, answered);
    return undefined;
  }

  /** Everything up to `position` is stored, and at some time after the call was sent the term still held. */
  stored(position: StoredPosition, answered: Answered): void {
    if (this.over) return;
    const arrived = Math.min(position - this.base! - this.durable, this.waiting.length);
    if (arrived > 0) {
      const done = this.waiting.splice(0, arrived);
      this.durable += arrived;
      this.count(-done.reduce((sum, { record }) => sum + record.text.length, 0));
    }
    this.confirmed = answered;
    this.release();
    if (this.isWanting) this.committer.wants(this);
  }

  /** It was told to be full, and is not any more. */
  resumed(): void {
    this.go();
  }

  private mayLeave({ position, after }: Waiter): boolean {
    const { now, options } = this.committer;
    if (this.base === undefined || position > this.durable || now < this.quietUntil) return false;
    // K7: a record is stored in a call that was sent after it, so this holds back reads only.
    return after < this.confirmed.call || now - this.confirmed.sentAt <= options.leaseMs;
  }

  private release(): void {
    let released = 0;
    while (released < this.waiters.length && this.mayLeave(this.waiters[released]!)) {
      const { run } = this.waiters[released]!;
      released += 1;
      try {
        run();
      } catch (error) {
        this.committer.failed(error);
      }
    }
    this.waiters.splice(0, released);
  }

  private beQuiet(until: Millis): void {
    this.quietUntil = until;
    this.committer.later(until - this.committer.now, () => {
      this.release();
      if (this.isWanting) this.committer.wants(this);
    });
  }

  private count(chars: number): void {
    this.chars += chars;
    this.committer.waits(chars);
  }
}
