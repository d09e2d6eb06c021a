import type {
  ClaimAnswer,
  EntitySnapshot,
  LogBatch,
  Millis,
  Position,
  ShardId,
  ShardPage,
  ShardRefusal,
  ShardStanding,
  StoredPosition,
  StoredRecord,
  Term,
} from '@muster/ports';
import { Backlog, type TakeLimits } from './backlog.js';
import { Claim } from './claim.js';
import type { Answered, Committer } from './committer.js';
import { Gone } from './gone.js';
import { Held } from './held.js';
import { Leaving } from './leaving.js';
import type { LogStart, Need, Standing } from './log-start.js';
import { Restoring } from './restoring.js';
import { takeSaves } from './saves.js';
import { Unsaved } from './unsaved.js';

/** One shard's way into storage: its second place where it has no backup, a copy at most a second old where it has one. */
export class StoredLog {
  readonly shard: ShardId;
  /** Called when turns may go on that could not before. */
  go: () => void = () => undefined;
  /** Called whenever more is stored than before. */
  advanced: () => void = () => undefined;
  private readonly committer: Committer;
  private readonly firstTerm: Term;
  private readonly isSure: boolean;
  private readonly saved: LogStart['saved'];
  private readonly whole: LogStart['whole'];
  private readonly wasBehind: boolean;
  private readonly claim: Claim;
  /** End of the stored log; known with the first claim. */
  private storedEnd: StoredPosition | undefined;
  private last: Position;
  private readonly backlog: Backlog;
  readonly unsaved: Unsaved;
  readonly gone: Gone;
  readonly held = new Held();
  /** Up to here something may have left that was not stored: while it is not, storage alone is no second place. */
  private owedThrough: Position = -Infinity;
  readonly leaving: Leaving;
  readonly restoring = new Restoring();
  /** Somebody else's log was lost in storage: perhaps this one as well. */
  private isDoubted = false;
  private over = false;

  constructor(
    committer: Committer,
    { shard, term, standing, start, unsaved = [], knownBehind = false, isSure, saved, whole }: LogStart,
  ) {
    this.committer = committer;
    this.shard = shard;
    this.claim = new Claim(term, standing, knownBehind);
    this.firstTerm = term;
    this.last = start;
    this.isSure = isSure;
    this.saved = saved;
    this.whole = whole;
    this.wasBehind = knownBehind;
    this.backlog = new Backlog(committer);
    this.leaving = new Leaving(committer);
    this.unsaved = new Unsaved(committer.options, (entity) => this.held.hasAllOf(entity));
    this.gone = new Gone(saved, committer.options.unsavedMax);
    for (const entity of unsaved) this.unsaved.want(entity, start);
    if (this.unsaved.size > 0) this.owedThrough = start;
  }

  get term(): Term {
    return this.claim.term;
  }

  /** Everything up to here is stored. */
  get durable(): Position {
    return Math.min(this.backlog.from ?? this.last + 1, this.unsaved.from) - 1;
  }

  /** Actors of which storage may not know the latest, or that they are gone. */
  get unstored(): readonly string[] {
    return [...this.backlog.names(), ...this.unsaved.names()];
  }

  /** Storage is the second place: the shard has no backup. */
  get isLone(): boolean {
    return this.claim.isLone;
  }

  get isHeldUp(): boolean {
    return this.leaving.size > 0 && this.isLone && !this.claim.isGate;
  }

  /** Nothing is missing in storage, and it is known what it calls the shard. */
  get isSettled(): boolean {
    const isDone = this.need === undefined || this.need === 'ask' || this.need === 'forget';
    return this.over || (isDone && this.backlog.size + this.unsaved.size === 0);
  }

  /** What copies may be told: everything up to here is stored, and storage says that it may be behind. Undefined: they may not rely on it. */
  get toldThrough(): Position | undefined {
    return this.claim.known === 'behind' ? Math.min(this.durable, this.unsaved.excludedFrom - 1) : undefined;
  }

  get full(): boolean {
    if (this.over) return false;
    const { since } = this.leaving;
    // Asked before and after every turn: mostly nothing waits, and nobody looks at the clock.
    const isLate = since !== undefined && this.committer.now - since > this.committer.options.lagMs;
    // Beside a backup storage may be away for long: what would be too much is merged (`append`). Only names can become too many.
    const full = isLate || (this.claim.isFree ? this.unsaved.isFull : this.backlog.isMuch);
    if (full) this.committer.refusedTurns(this);
    return full;
  }

  /** Since when its oldest record waits. */
  get waitsSince(): Millis | undefined {
    return this.backlog.since;
  }

  /** A tail that was read with the shard. */
  hasTail(entity: string, chars: number): void {
    this.unsaved.grown(entity, chars);
  }

  append(position: Position, record: StoredRecord): void {
    this.last = position;
    if (this.over) return;
    this.backlog.push(record, position);
    this.held.changed(record.entity, position);
    if (record.text === '') this.unsaved.gone(record.entity);
    else if (this.unsaved.grown(record.entity, record.text.length)) this.unsaved.becameLong(record.entity);
    // The actors will be stored as they are by then, which takes no more memory however long that is.
    if (this.claim.isFree && this.backlog.isMuch) this.drop(this.backlog.merging());
  }

  /** Copies have everything up to here. */
  reached(position: Position): void {
    if (this.over) return;
    this.held.reached(position);
    if (this.claim.isFree) this.committer.wantsLater(this);
    else this.committer.wants(this);
  }

  /** Runs once everything up to `position` is stored; where the shard has a backup, at once. In order. `recorded`: see CommitLog. */
  onDurable(position: Position, run: () => void, recorded = false): void {
    if (this.over) return;
    const { leaving } = this;
    // Nearly everything leaves at once: what only waiting needs is not made before.
    if (leaving.size === 0 && this.mayLeave(position, recorded, leaving.calls)) run();
    else {
      leaving.wait(position, recorded, run);
      this.committer.wants(this);
    }
  }

  /** The row of this shard, which is still ours. */
  raise(term: Term, standing: Standing): void {
    if (term === this.term && standing === this.claim.standing) return;
    // What left while there was a backup has to be stored before storage is the only second place.
    if (this.claim.standing === 'behind' && standing === 'gated') this.owedThrough = this.last;
    this.claim.raise(term, standing);
    this.committer.wants(this);
    this.release();
  }

  /** Nobody works on the shard any more: once all is stored, storage is to say so. False: somebody does again. */
  park(parking = true): void {
    this.claim.parking = parking;
    this.committer.wants(this);
  }

  get isParked(): boolean {
    return this.claim.isParked;
  }

  /**
   * Storage has lost what it had confirmed: claimed again, it gets every actor as it is here, and is relied on when it has them all.
   * False: the actors are not here.
   */
  restart(): boolean {
    const actors = this.whole?.();
    if (this.over || !actors) return false;
    this.backlog.clear();
    this.gone.clear();
    for (const entity of actors) this.unsaved.want(entity, 0);
    this.owedThrough = this.last;
    this.claim.restart();
    this.restoring.begin();
    this.committer.wants(this);
    // Copies may not rely on it any more.
    this.advanced();
    return true;
  }

  /** Is it still there? Asked once. */
  doubt(): void {
    this.isDoubted = true;
    this.committer.wants(this);
  }

  /** Storage cannot take what there is of these, and has taken nothing of the last call: all others go on without them. */
  exclude(entities: readonly string[]): void {
    const first = this.backlog.exclude(new Set(entities));
    for (const entity of entities) this.unsaved.exclude(entity, first.get(entity) ?? this.last);
    this.release();
    this.advanced();
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    this.backlog.clear();
    this.leaving.clear();
    this.committer.closed(this);
  }

  // --- what the committer asks and tells

  get isOpen(): boolean {
    return !this.over;
  }

  get need(): Need | undefined {
    if (this.over) return undefined;
    if (this.claim.isDue || this.storedEnd === undefined) return 'claim';
    if (this.backlog.inDoubt > 0) return 'append';
    if (this.restoring.isReviewing) return 'review';
    if (this.restoring.hasVoids) return 'append';
    const hasLong = this.storedEnd > 0 && this.unsaved.hasLong;
    const haveRecords = this.unsaved.size === 0 && !hasLong && this.backlog.mayGo(this.held); // those of others would not fit what storage has
    if (this.claim.isMarkDue && (!this.isLone || (this.isPaid && !haveRecords))) return 'mark';
    if (haveRecords) return 'append';
    if (this.unsaved.size > 0) {
      if (this.unsaved.first(1).length > 0) return this.storedEnd === 0 ? 'append' : 'save';
    } else if (hasLong) return 'save';
    else if (this.backlog.size === 0 && this.claim.known !== this.claim.wanted) return 'mark';
    if (this.isDoubted) return 'ask';
    if (this.gone.isDue) return 'forget';
    return this.leaving.size > 0 && !this.leaving.isQuiet ? 'ask' : undefined;
  }

  /** Nobody waits for what it needs, and it has not waited long itself. */
  get isPatient(): boolean {
    if (this.claim.parking || !this.claim.isFree || this.need !== 'append' || this.backlog.inDoubt > 0) return false;
    return this.committer.now - this.backlog.since! < this.committer.options.flushMs;
  }

  /** The first term until its claim is answered, even if it was raised meanwhile: that answer alone tells how the last owner left. */
  get claimTerm(): Term {
    return this.storedEnd === undefined ? this.firstTerm : this.term;
  }

  claiming(): Standing {
    return this.claim.claiming();
  }

  /** What storage is to call the shard, and from where on. */
  marking(): { readonly standing: ShardStanding; readonly through: StoredPosition } {
    this.claim.known = undefined;
    this.advanced();
    return { standing: this.claim.wanted, through: this.storedEnd! };
  }

  /** The next records within the limits; at least one where `must` and there is one. Nothing: is this still my term? */
  batch(limits: TakeLimits): LogBatch & { chars: number } {
    const isWhole = this.unsaved.size > 0 && this.backlog.inDoubt === 0;
    const gone = this.backlog.inDoubt === 0 ? this.goneFirst(limits.records) : [];
    for (const entity of gone) this.backlog.pushGone(entity, Math.min(this.durable + 1, this.held.end));
    const most = gone.length > 0 ? gone.length : isWhole ? 0 : limits.records;
    const taking = { ...limits, records: most, must: limits.must && most > 0 };
    const { records, chars } = this.backlog.take(taking, this.held);
    const standing = this.callingIt([], records.length);
    return { shard: this.shard, term: this.term, first: this.storedEnd! + 1, records, chars, standing };
  }

  /** The call that brings so many actors and records, and with them the last of what is owed (K9), makes storage the second place: nobody waits for another. */
  callingIt(actors: readonly { readonly entity: string }[], records: number): ShardStanding | undefined {
    if (!this.isLone || !this.claim.isMarkDue || this.restoring.isUnderWay) return undefined;
    if (!this.unsaved.isAllIn(actors) || this.backlog.after(records) <= this.owedThrough) return undefined;
    return this.marking().standing;
  }

  /** Whose absence goes before anything else. A log that ends at 0 counts as empty, so that of an actor goes before what is there of it. */
  private goneFirst(max: number): readonly string[] {
    if (this.restoring.hasVoids) return this.restoring.takeVoids(max);
    return this.storedEnd === 0 ? this.unsaved.first(1) : [];
  }

  /** A page of what storage has after it lost something; undefined: it does not know the term. */
  reviewed(page: ShardPage | undefined): void {
    if (this.over) return;
    // The claim's answer says why.
    if (!page) this.claim.isDue = true;
    else this.restoring.reviewed(page, new Set(this.whole?.()), this.saved);
  }

  /** The next actors to be stored whole, as they are now; their records are not needed any more. May be empty. */
  nextSaves(max: number, charsMax: number): readonly EntitySnapshot[] {
    const { unsaved, backlog, saved } = this;
    const before = Math.min(unsaved.from, backlog.from ?? Infinity);
    const { taken, gone, unreadable } = takeSaves(this.unsaved.next(max), saved, this.storedEnd!, charsMax);
    for (const entity of unreadable) this.committer.unreadable(entity);
    // The record that says so was merged with others, or was the former owner's.
    for (const entity of gone) backlog.pushGone(entity, before);
    for (const entity of [...gone, ...unreadable]) unsaved.gone(entity);
    const names = new Set(taken.map(({ entity }) => entity));
    this.drop(names);
    unsaved.taken(names);
    return taken;
  }

  /** They are stored. `as`: storage calls it so now. */
  savedAll(snapshots: readonly EntitySnapshot[], answered: Answered, as?: ShardStanding): void {
    if (this.over) return;
    if (as) this.claim.known = as;
    for (const { entity, text } of snapshots) this.unsaved.arrived(entity, text.length);
    this.settled(answered);
  }

  /** The claim of {@link claimTerm} stands. Its refusal, where storage has lost something of ours. */
  claimed({ position, before, term }: ClaimAnswer, as: Standing, answered: Answered): ShardRefusal | undefined {
    if (this.over) return undefined;
    if (this.storedEnd === undefined) {
      this.storedEnd = position;
      const isFree = this.isSure || before === undefined || before.standing === 'parked';
      const { leaseMs, leaseMarginMs } = this.committer.options;
      if (!isFree) this.leaving.beQuiet(leaseMs + leaseMarginMs, () => this.woken());
      // What the owner before had heard of it is not there any more.
      if (this.wasBehind && before?.standing !== 'behind') return 'GAP';
    } else if (this.restoring.isBegun) {
      this.storedEnd = position;
      this.restoring.claimed(position);
    } else if (position < this.storedEnd) return 'GAP';
    this.claim.claimed(as, term);
    // Under the old term something may have arrived whose answer did not.
    return this.stored(position, answered);
  }

  /** Everything up to `position` is stored, and at some time after the call was sent the term still held. `as`: storage calls it so now. */
  stored(position: StoredPosition, answered: Answered, as?: ShardStanding): ShardRefusal | undefined {
    if (this.over) return undefined;
    const arrived = position - this.storedEnd!;
    if (arrived > this.backlog.inDoubt) return 'STALE_TERM'; // More than was ever sent: somebody else writes under our term.
    if (as) this.claim.known = as;
    this.committer.leftBehind(this.gone.stored(this.backlog.arrived(arrived), this.storedEnd! + 1));
    this.storedEnd = position;
    this.settled(answered);
    return undefined;
  }

  /** Storage calls it so now. */
  marked(as: ShardStanding, answered: Answered): void {
    if (this.over) return;
    this.claim.known = as;
    this.settled(answered);
  }

  private get isPaid(): boolean {
    return this.durable >= this.owedThrough;
  }

  /** Records of these actors that were never sent. */
  private drop(entities: ReadonlySet<string>): void {
    if (entities.size === 0) return;
    const dropped = this.backlog.drop(entities, (entity, position) => this.unsaved.want(entity, position));
    this.committer.merged(dropped);
  }

  private settled(answered: Answered): void {
    this.leaving.confirmed = answered;
    this.isDoubted = false;
    this.release();
    this.advanced();
  }

  private mayLeave(position: Position, recorded: boolean, after: number): boolean {
    if (this.leaving.isQuiet) return false;
    if (this.claim.isFree) return true;
    if (!this.claim.isGate) return false;
    if (position > this.durable) return false;
    // K7: a record is stored in a call that was sent after it; a read needs one that was, or the lease of the last.
    return recorded || this.leaving.isConfirmed(after);
  }

  private woken(): void {
    this.release();
    if (this.need !== undefined) this.committer.wants(this);
  }

  private release(): void {
    if (this.leaving.size === 0) return;
    this.leaving.release(({ position, recorded, after }) => !this.over && this.mayLeave(position, recorded, after));
  }
}
