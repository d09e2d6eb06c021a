// The log of shards whose second place is storage (K9): a shard without a backup, above all in a cluster of one node. It stands here and
// not beside replication because it knows nothing of nodes: it joins two ports, CommitLog and ShardStore, and whoever composes a node
// decides which shards get it.
//
//   append ──► waiting ──► one call for all shards ──► stored ──► replies leave
//                 ▲              │ no answer: again, from the first record that is not known to be stored
//                 └──────────────┘ (positions that are stored already are left out there: once in effect)
//
// One call is under way at a time. What comes meanwhile is the next call; only the first after a pause waits `gatherMs` for others.
// Claims go first: nothing of a shard is written before its term is raised (K5). A claim under a newer term by the same owner says also
// what had arrived under the old one.
//
// Who may die when: the owner, at any time: what was let out is stored. Storage: nothing leaves, shards become full and take no turns,
// until it is back. A newer owner's claim refuses whatever this one sends: the log is over, nothing of it leaves any more. Its last reads
// may have left up to `leaseMs` after its last answered call was sent; the newer owner is silent for longer than that (K7).

import type { ClaimAnswer, ShardAnswer, Timer } from '@muster/ports';
import {
  type Clock,
  type CommitLogs,
  codeOf,
  jitter,
  type Log,
  type Metrics,
  type Millis,
  type Random,
  type ShardClaim,
  type ShardId,
  type ShardRefusal,
  type ShardStore,
  type Term,
} from '@muster/ports';
import { type Answered, type Committer, StorageCommitLog } from './commit-log.js';
import { LogCounters } from './counters.js';
import { type ShardLogOptions, shardLogOptions } from './options.js';

export interface StorageCommitLogsSetup {
  readonly store: ShardStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly options?: Partial<ShardLogOptions>;
  /** The shard's former owner cannot be answering reads any more: its process is gone. Absent: never known. */
  isSure?(shard: ShardId, term: Term): boolean;
  readonly on?: {
    /** How the last owner left the shard: where it was `behind`, something may be missing. */
    claimed?(shard: ShardId, answer: ClaimAnswer): void;
    /** Nothing leaves this shard any more. STALE_TERM: it has another owner. Else storage has lost what it had, or cannot store a record. */
    refused?(shard: ShardId, term: Term, refused: ShardRefusal): void;
  };
}

export class StorageCommitLogs implements CommitLogs, Committer {
  readonly options: ShardLogOptions;
  private readonly setup: StorageCommitLogsSetup;
  private readonly counters: LogCounters;
  /** Those that want a call, who waits longest first. */
  private readonly wanting = new Set<StorageCommitLog>();
  private readonly fullOnes = new Set<StorageCommitLog>();
  private chars = 0;
  private sent = 0;
  private timer: Timer | undefined;
  private underWay = false;
  private failures = 0;
  private failingSince: Millis | undefined;

  constructor(setup: StorageCommitLogsSetup) {
    this.setup = setup;
    this.options = shardLogOptions(setup.options);
    this.counters = new LogCounters(setup.metrics);
  }

  open(shard: ShardId, term: Term, go: () => void): StorageCommitLog {
    const log = new StorageCommitLog(this, { shard, term, go });
    this.wants(log);
    return log;
  }

  /** Since when no call has been answered, while that is so. */
  get awaySince(): Millis | undefined {
    return this.failingSince;
  }

  // --- what its logs ask

  get now(): Millis {
    return this.setup.clock.monotonic();
  }

  get calls(): number {
    return this.sent;
  }

  get overfull(): boolean {
    return this.chars > this.options.totalCharsMax;
  }

  wants(log: StorageCommitLog): void {
    this.wanting.add(log);
    if (this.underWay || this.timer) return;
    this.callAfter(log.needsClaim ? 0 : this.options.gatherMs);
  }

  waits(chars: number): void {
    this.chars += chars;
    this.counters.waiting(this.chars);
  }

  refusedTurns(log: StorageCommitLog): void {
    this.fullOnes.add(log);
  }

  later(delayMs: Millis, run: () => void): void {
    this.setup.clock.after(delayMs, () => {
      run();
      this.wakeFull();
    });
  }

  failed(error: unknown): void {
    this.setup.log.write('error', 'storage-log.release-failed', { error });
  }

  closed(log: StorageCommitLog): void {
    this.wanting.delete(log);
    this.fullOnes.delete(log);
    this.wakeFull();
  }

  // --- calls

  private callAfter(delayMs: Millis): void {
    this.timer = this.setup.clock.after(delayMs, () => {
      this.timer = undefined;
      void this.call();
    });
  }

  /** One call, and the next one as long as there is something to do. Never rejects. */
  private async call(): Promise<void> {
    this.underWay = true;
    let again: Millis;
    try {
      const claiming = [...this.wanting].filter(({ needsClaim }) => needsClaim).slice(0, this.options.claimsMax);
      if (claiming.length > 0) await this.claim(claiming);
      else await this.commit();
      again = 0;
    } catch (error) {
      again = this.unanswered(error);
    }
    this.underWay = false;
    this.wakeFull();
    if (this.wanting.size > 0 && !this.timer) this.callAfter(again);
  }

  private async claim(logs: readonly StorageCommitLog[]): Promise<void> {
    const { store, on, isSure } = this.setup;
    const claims: ShardClaim[] = logs.map(({ shard, claimTerm }) => ({ shard, term: claimTerm, standing: 'gated' }));
    const answered = this.sending();
    const answers = await store.claim(claims);
    this.answered();
    for (const [i, answer] of answers.entries()) {
      const log = logs[i]!;
      const { term } = claims[i]!;
      // It may have been raised again meanwhile: then this answer is of no use.
      if (!log.isOpen || log.claimTerm !== term) continue;
      this.wanting.delete(log);
      const refused = answer.refused ?? log.claimed(answer, answered, isSure?.(log.shard, term) ?? false);
      if (refused) this.refuse(log, refused);
      else on?.claimed?.(log.shard, answer);
      if (log.isWanting) this.wanting.add(log);
    }
  }

  private async commit(): Promise<void> {
    const { commitRecordsMax, commitCharsMax } = this.options;
    const logs: StorageCommitLog[] = [];
    const batches: ReturnType<StorageCommitLog['batch']>[] = [];
    let [records, chars] = [0, 0];
    for (const log of this.wanting) {
      if (!log.isWanting) {
        this.wanting.delete(log);
        continue;
      }
      if (batches.length > 0 && (records >= commitRecordsMax || chars >= commitCharsMax)) break;
      const limits = { records: commitRecordsMax - records, chars: commitCharsMax - chars, must: batches.length === 0 };
      const batch = log.batch(limits);
      logs.push(log);
      batches.push(batch);
      records += batch.records.length;
      chars += batch.chars;
    }
    if (batches.length === 0) return;
    const answered = this.sending();
    const answers = await this.setup.store.append(batches);
    this.answered();
    this.counters.committed(records, this.now - answered.sentAt);
    for (const [i, answer] of answers.entries()) this.appended(logs[i]!, answer, answered);
  }

  private appended(log: StorageCommitLog, answer: ShardAnswer, answered: Answered): void {
    if (!log.isOpen) return;
    // To the end of the line, where it wants more.
    this.wanting.delete(log);
    const { refused } = answer;
    if (refused === undefined) log.stored(answer.position, answered);
    // Refused because of our own newer term: its claim says what had arrived.
    else if (!log.needsClaim) this.refuse(log, refused);
    if (log.isWanting) this.wanting.add(log);
  }

  private refuse(log: StorageCommitLog, refused: ShardRefusal): void {
    const { shard, term } = log;
    this.counters.refused(refused);
    this.setup.log.write(refused === 'STALE_TERM' ? 'info' : 'error', 'storage-log.refused', { shard, term, refused });
    log.close();
    this.setup.on?.refused?.(shard, term, refused);
  }

  private sending(): Answered {
    this.sent += 1;
    return { call: this.sent, sentAt: this.now };
  }

  private answered(): void {
    if (this.failingSince !== undefined) {
      this.setup.log.write('info', 'storage-log.back', { awayMs: this.now - this.failingSince });
      this.failingSince = undefined;
    }
    this.failures = 0;
  }

  /** How long to wait. Whatever the error is, what waits cannot leave in another way. */
  private unanswered(error: unknown): Millis {
    const { random, log } = this.setup;
    this.counters.failed(codeOf(error) ?? 'unknown');
    if (this.failingSince === undefined) {
      this.failingSince = this.now;
      log.write('warn', 'storage-log.away', { error });
    }
    const { retryMinMs, retryMaxMs } = this.options;
    const delayMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(this.failures, 20));
    this.failures += 1;
    return jitter(random, delayMs);
  }

  /** Those that were told to be full and are not any more. */
  private wakeFull(): void {
    for (const log of [...this.fullOnes]) {
      this.fullOnes.delete(log);
      // Asked again, it is back in the set where it still is.
      if (!log.full) log.resumed();
    }
  }
}
