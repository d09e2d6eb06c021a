// What the turns of this process's actors changed, on its way into storage.
//
//   append ──► waiting ──► one call for all shards ──► stored
//                 ▲              │ no answer: again, from the first record that is not known to be stored
//                 └──────────────┘ (positions that are stored already are left out there: once in effect)
//
// A shard without a backup has its second place here (K9): nothing leaves before it is stored. Beside a backup records are written
// `flushMs` later, many together. The row says which it is; storage says so too (`standing`), because whoever comes after owner and backup
// both died has to know whether something may be missing:
//
//   row names no backup   ──claim behind──► all that may have left is stored, and the shard is called gated with the last of it ──► what is stored leaves
//   row names a backup    ──claim behind──► what the backup has leaves, stored or not
//   the shard is left     ──all is stored──► mark parked
//
// What is written, records and whole actors, is what the copies that the row names have: else a backup that is promoted would go on from
// less, and storage would have two turns of one number (held.ts).
//
// One call is under way at a time. For each shard in this order: its claim (K5: nothing is written before its term is raised), then the
// records of a call that was not answered, exactly as they were sent, then (see restoring.ts) a look at what storage still has, then actors that are to be stored whole (a promoted owner's that
// were not stored yet, those with long tails, and those whose records became too many to keep while storage was away), then records.
//
// Who may die when: the owner, at any time: alone, what it let out is stored; beside a backup, that has what is not. Storage: beside a
// backup the shard goes on, and memory stays bounded, as records are given up and their actors stored whole later; alone the shard becomes full and takes
// no turns. A newer owner's claim refuses whatever this one sends: the log is over. Its last reads may have left up to `leaseMs` after its
// last answered call was sent; the newer owner is silent for longer than that (K7).
// Storage, and it comes back as it was earlier, or empty: the owner has all of it, claims again under its term, stores every actor whole,
// and lets nothing out that only storage would hold until that is done. The other logs are asked at once: they have most likely lost as much.

import {
  codeOf,
  jitter,
  type LogBatch,
  type Millis,
  type ShardAnswer,
  type ShardId,
  type ShardRefusal,
  type Term,
  type Timer,
} from '@muster/ports';
import { CallOrder } from './call-order.js';
import type { Answered, Committer } from './committer.js';
import { WriterCounters } from './counters.js';
import type { LogStart } from './log-start.js';
import { type PersistenceOptions, persistenceOptions, withinLimits } from './options.js';
import { Outage } from './outage.js';
import { lossesOf, savesOf } from './parts.js';
import { StoredLog } from './stored-log.js';
import type { StorageWriterSetup } from './writer-setup.js';

/** What storage says of one shard, beside what it wrote. */
type Said = Pick<ShardAnswer, 'term' | 'unstorable'>;

/** The logs of many shards on their way into one storage. */
export class StorageWriter implements Committer {
  readonly options: PersistenceOptions;
  private readonly setup: StorageWriterSetup;
  private readonly counters: WriterCounters;
  private readonly outage: Outage;
  private readonly order: CallOrder;
  /** Those that want a call, who waits longest first. */
  private readonly wanting = new Set<StoredLog>();
  /** Those for which nobody waits. */
  private laterOnes = new Set<StoredLog>();
  private readonly fullOnes = new Set<StoredLog>();
  private readonly all = new Set<StoredLog>();
  /** Those that the last call has shown to be lost in storage. */
  private lost: ShardId[] = [];
  private doubtedAt = -Infinity;
  private chars = 0;
  private sent = 0;
  private timer: Timer | undefined;
  private flushTimer: Timer | undefined;
  private underWay = false;

  constructor(setup: StorageWriterSetup) {
    this.setup = setup;
    this.options = withinLimits(persistenceOptions(setup.options), setup.store.limits);
    this.counters = new WriterCounters(setup.metrics);
    this.outage = new Outage(this.options, setup.log);
    this.order = new CallOrder(this.options.claimsMax);
  }

  begin(start: LogStart): StoredLog {
    const log = new StoredLog(this, start);
    this.all.add(log);
    this.wants(log);
    return log;
  }

  /** Since when no call has been answered, while that is so. */
  get awaySince(): Millis | undefined {
    return this.outage.since;
  }

  /** Something waits to leave a shard of which storage is not the second place yet, and is to be. */
  get isAwaited(): boolean {
    for (const log of this.wanting) if (log.isHeldUp) return true;
    return false;
  }

  /** Characters that wait, of all logs. */
  get waitingChars(): number {
    return this.chars;
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

  wants(log: StoredLog): void {
    this.wanting.add(log);
    if (this.underWay || this.timer) return;
    this.callAfter(log.need === 'claim' ? 0 : this.options.gatherMs);
  }

  wantsLater(log: StoredLog): void {
    this.laterOnes.add(log);
    this.flushTimer ??= this.setup.clock.after(this.options.flushMs, () => this.flush());
  }

  /** What waits for others is written now. */
  flush(): void {
    this.flushTimer?.cancel();
    this.flushTimer = undefined;
    const logs = this.laterOnes;
    this.laterOnes = new Set();
    for (const log of logs) this.wants(log);
  }

  waits(chars: number): void {
    this.chars += chars;
    this.counters.waiting(this.chars);
  }

  refusedTurns(log: StoredLog): void {
    this.fullOnes.add(log);
  }

  later(delayMs: Millis, run: () => void): void {
    this.setup.clock.after(delayMs, () => {
      run();
      this.wakeFull();
    });
  }

  failed(error: unknown): void {
    this.setup.log.write('error', 'persistence.release-failed', { error });
  }

  merged(records: number): void {
    this.counters.merged(records);
  }

  leftBehind(actors: number): void {
    this.counters.forgot(actors, 'left');
  }

  unreadable(entity: string): void {
    this.counters.unreadable();
    this.setup.log.write('error', 'persistence.unsaved', { entity });
  }

  closed(log: StoredLog): void {
    this.wanting.delete(log);
    this.laterOnes.delete(log);
    this.fullOnes.delete(log);
    this.all.delete(log);
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
    let again: Millis = 0;
    try {
      const { need, logs } = this.order.next(this.wanting);
      if (need === 'claim') await this.claim(logs);
      else if (need === 'mark') await this.mark(logs);
      else if (need === 'save') await this.save(logs);
      else if (need === 'forget') await this.forget(logs);
      else if (need === 'review') await this.review(logs[0]!);
      else if (need !== undefined) await this.append(logs);
    } catch (error) {
      again = this.unanswered(error);
    }
    this.underWay = false;
    if (this.lost.length > 0) this.tellLost();
    this.wakeFull();
    if (this.wanting.size > 0 && !this.timer) this.callAfter(again);
  }

  private async claim(logs: readonly StoredLog[]): Promise<void> {
    const claims = logs.map((log) => ({ shard: log.shard, term: log.claimTerm, standing: log.claiming() }));
    const answered = this.sending();
    const answers = await this.setup.store.claim(claims);
    this.answered();
    for (const [i, answer] of answers.entries()) {
      const log = logs[i]!;
      const { term, standing } = claims[i]!;
      // It may have been raised again meanwhile: then this answer is of no use.
      if (log.claimTerm !== term) continue;
      this.each(log, answer.refused ?? log.claimed(answer, standing, answered), answer);
      if (log.isOpen) this.setup.on?.claimed?.(log, answer);
    }
  }

  private async mark(logs: readonly StoredLog[]): Promise<void> {
    const marks = logs.map((log) => ({ shard: log.shard, term: log.term, ...log.marking() }));
    const answered = this.sending();
    const answers = await this.setup.store.mark(marks);
    this.answered();
    for (const [i, answer] of answers.entries()) {
      const { refused } = answer;
      const log = logs[i]!;
      const { standing, term } = marks[i]!;
      // Where it was raised meanwhile its claim says what storage calls it.
      if (log.term !== term) continue;
      if (!refused) log.marked(standing, answered);
      this.each(log, refused, answer);
    }
  }

  private async save(logs: readonly StoredLog[]): Promise<void> {
    const saves = savesOf(logs, this.options);
    if (saves.length === 0) return;
    const answered = this.sending();
    const answers = await this.setup.store.save(saves);
    this.answered();
    this.counters.saved(saves.reduce((sum, { entities }) => sum + entities.length, 0));
    for (const [i, answer] of answers.entries()) {
      const { refused } = answer;
      const { log, term, entities, standing } = saves[i]!;
      // Where it was raised meanwhile its claim says what storage calls it.
      if (!refused) log.savedAll(entities, answered, log.term === term ? standing : undefined);
      // Refused because of our own newer term: they are saved again.
      this.each(log, log.term === term ? refused : undefined, answer);
    }
  }

  /** Nobody waits for it. */
  private async forget(logs: readonly StoredLog[]): Promise<void> {
    const losses = lossesOf(logs, this.options);
    if (losses.length === 0) return;
    this.sending();
    const answers = await this.setup.store.forget(losses);
    this.answered();
    for (const [i, answer] of answers.entries()) {
      const { refused } = answer;
      const { log, term, entities } = losses[i]!;
      if (!refused) {
        log.gone.removed(entities);
        this.counters.forgot(entities.length, 'removed');
      }
      this.each(log, log.term === term ? refused : undefined, answer);
    }
  }

  /** One page. */
  private async review(log: StoredLog): Promise<void> {
    const { shard, term } = log;
    this.sending();
    const page = await this.setup.store.load(shard, term, log.restoring.after).catch((error: unknown) => {
      if (codeOf(error) === 'STALE_TERM') return undefined;
      throw error;
    });
    this.answered();
    // Where it was raised meanwhile the same page is read again.
    if (log.term === term) log.reviewed(page);
    this.each(log, undefined, { term });
  }

  private async append(logs: readonly StoredLog[]): Promise<void> {
    const { commitRecordsMax, commitCharsMax } = this.options;
    const batches: ReturnType<StoredLog['batch']>[] = [];
    let [records, chars] = [0, 0];
    for (const log of logs) {
      if (batches.length > 0 && (records >= commitRecordsMax || chars >= commitCharsMax)) break;
      const limits = { records: commitRecordsMax - records, chars: commitCharsMax - chars, must: batches.length === 0 };
      const batch = log.batch(limits);
      batches.push(batch);
      records += batch.records.length;
      chars += batch.chars;
    }
    const answered = this.sending();
    const answers = await this.setup.store.append(batches);
    this.answered();
    this.counters.committed(records, this.now - answered.sentAt);
    for (const [i, answer] of answers.entries()) this.appended(logs[i]!, answer, answered, batches[i]!);
  }

  private appended(log: StoredLog, answer: ShardAnswer, answered: Answered, { term, standing }: LogBatch): void {
    const as = log.term === term ? standing : undefined;
    if (answer.refused === undefined) this.each(log, log.stored(answer.position, answered, as), answer);
    // Refused because of our own newer term: its claim says what had arrived.
    else this.each(log, log.need === 'claim' ? undefined : answer.refused, answer);
  }

  /** It was answered: to the end of the line, where it wants more; over, where it was refused. */
  private each(log: StoredLog, refused: ShardRefusal | undefined, { term, unstorable }: Said): void {
    if (!log.isOpen) return;
    this.wanting.delete(log);
    if (unstorable) this.exclude(log, unstorable);
    else if (refused) this.refuse(log, refused, term);
    if (!log.isOpen) return;
    if (log.isPatient) this.wantsLater(log);
    else if (log.need !== undefined) this.wanting.add(log);
  }

  /** The others of its shard go on. */
  private exclude(log: StoredLog, entities: readonly string[]): void {
    this.counters.unstorable(entities.length);
    this.setup.log.write('error', 'persistence.unstorable', { shard: log.shard, entities });
    this.setup.on?.unstorable?.(log, entities);
    log.exclude(entities);
  }

  private refuse(log: StoredLog, refused: ShardRefusal, known: Term): void {
    const { shard, term } = log;
    const isLost = refused === 'GAP' || refused === 'NOT_CLAIMED';
    if (isLost && log.restart()) {
      this.counters.lost(refused);
      this.lost.push(shard);
      return;
    }
    this.counters.refused(refused);
    this.setup.log.write(refused === 'STALE_TERM' ? 'info' : 'error', 'persistence.refused', { shard, term, refused });
    log.close();
    this.setup.on?.refused?.(log, refused, known);
  }

  /** What was lost of one shard, was most likely lost of all: they are asked, once in a while. */
  private tellLost(): void {
    const shards = this.lost;
    this.lost = [];
    this.setup.log.write('error', 'persistence.lost', { shards: shards.length, first: shards[0] });
    if (this.now - this.doubtedAt < this.options.retryMaxMs) return;
    this.doubtedAt = this.now;
    for (const log of this.all) log.doubt();
  }

  private sending(): Answered {
    this.sent += 1;
    return { call: this.sent, sentAt: this.now };
  }

  private answered(): void {
    this.outage.answered(this.now);
  }

  /** How long to wait. Whatever the error is, what waits cannot be stored in another way. */
  private unanswered(error: unknown): Millis {
    this.counters.failed(codeOf(error) ?? 'unknown');
    return jitter(this.setup.random, this.outage.unanswered(this.now, error));
  }

  /** Those that were told to be full and are not any more. */
  private wakeFull(): void {
    for (const log of [...this.fullOnes]) {
      this.fullOnes.delete(log);
      // Asked again, it is back in the set where it still is.
      if (!log.full) log.go();
    }
  }
}
