import type { CommitLog, Millis, PeerId, Position, ShardId, Term, TurnRecord } from '@muster/ports';
import { KeptRecords } from './kept-records.js';
import type { LogKeeper } from './log-keeper.js';
import type { OwnerEffect, OwnerInput, OwnerState } from './owner.js';
import { isGated, isLearnt, isQuiet, isReplaceable, newOwner, reportsOf, stepOwner } from './owner.js';
import type { Place } from './replicator.js';
import type { ReportedChange } from './report.js';

interface Waiting {
  readonly position: Position;
  /** Its own acknowledgement says that the shard was ours when it was decided; a read needs a lease for that. */
  readonly recorded: boolean;
  readonly run: () => void;
}

const NOBODY = { from: '', position: 0 } as const;

/** What waits at most before the shard takes no more turns. */
const WAITING_MAX = 16_384;

/**
 * One shard's log on its owner: shipped to the backup and the learner that the row names, and the gate for what leaves the shard.
 * While the row names neither, nothing is kept and everything leaves at once.
 */
export class ReplicatedLog implements CommitLog {
  readonly shard: ShardId;
  full = false;
  state: OwnerState;
  private readonly keeper: LogKeeper;
  private readonly go: () => void;
  private readonly kept: KeptRecords;
  private readonly cursors = new Map<PeerId, Position>();
  private readonly cursorOf = (peer: PeerId): Position | undefined => this.cursors.get(peer);
  private waiting: Waiting[] = [];
  /** Since when the first of `waiting` waits without any progress. */
  private stuckSince: Millis = 0;
  /** Whose log this one goes on with. */
  private readonly continues: PeerId | '';
  /** K7: a promoted backup lets nothing out before. */
  private heldUntil: Millis;
  /** Somebody may wait for answers of it already: it came here with its state, or has been open. */
  isInUse: boolean;
  private closed = false;
  private pumping = false;
  private wasGated = false;
  /** What copies are told: see Append in the wire format. */
  private stored = 0;
  private unstorable: readonly string[] = [];
  private toldTerm: Term | undefined;
  private quiet = false;

  constructor(shard: ShardId, place: Place, go: () => void, keeper: LogKeeper) {
    this.shard = shard;
    this.keeper = keeper;
    this.go = go;
    this.heldUntil = place.heldUntil;
    const { from, position } = place.continues ?? NOBODY;
    this.kept = new KeptRecords(keeper.options, position);
    this.continues = from;
    this.state = newOwner(place.term, position, keeper.isStored);
    this.isInUse = place.isInUse === true;
    this.assign(place);
    this.isInUse = true;
  }

  get end(): Position {
    return this.kept.last;
  }

  /** Time changes nothing here and a lease lets nothing out: a process looks at all its shards many times a second. */
  get atRest(): boolean {
    return this.quiet && this.waiting.length === 0 && !this.full;
  }

  get gated(): boolean {
    return isGated(this.state);
  }

  /** Something wants to leave and may not. */
  get isWaitedFor(): boolean {
    return this.waiting.length > 0;
  }

  /** No copy has been made yet, and storage stands in for it (K9). */
  get isLearnt(): boolean {
    return isLearnt(this.state);
  }

  append(record: TurnRecord): Position {
    if (this.state.followers.length === 0) return this.kept.skip();
    const position = this.kept.add(record);
    if (this.kept.openChars > this.keeper.options.lagCharsMax) this.full = true;
    this.keeper.dirty(this);
    return position;
  }

  onDurable(position: Position, run: () => void, recorded = false): void {
    if (this.closed) return;
    const { followers, durable } = this.state;
    const free = this.waiting.length === 0 && this.isOpen();
    if (free && followers.length === 0) {
      run();
      return;
    }
    // Not whatever waits for an acknowledgement: that may have been given long before this turn, and have lain in a socket.
    if (free && position <= durable && (recorded || this.mayRead(this.keeper.now()))) {
      run();
      return;
    }
    if (this.waiting.length === 0) this.stuckSince = this.keeper.now();
    this.waiting.push({ position, recorded, run });
    if (this.waiting.length >= WAITING_MAX) this.full = true;
  }

  /** Everything up to `position` is stored but for `unstorable`; undefined: copies may not rely on storage. They hear it with what they are sent next. */
  tell(position: Position | undefined, unstorable = this.unstorable): void {
    const stored = position === undefined ? 0 : position + 1;
    if (stored === this.stored && this.toldTerm === this.state.term && unstorable === this.unstorable) return;
    this.unstorable = unstorable;
    const isLess = stored < this.stored;
    this.stored = stored;
    this.toldTerm = this.state.term;
    // Where nothing else is sent: with that they know that they owe storage nothing, or more than they thought.
    if ((position !== this.kept.last && !isLess) || this.closed) return;
    for (const { peer, phase } of this.state.followers)
      if (phase === 'following' && this.cursors.get(peer) === this.kept.last) this.ship(peer, true);
  }

  /** The runtime has taken the new term: what waits may leave under it. */
  raise(): void {
    this.pump();
  }

  close(): void {
    this.closed = true;
    this.waiting = [];
    for (const { peer } of this.state.followers) this.keeper.unseed(this, peer);
    this.keeper.closed(this);
  }

  /** The row of this shard, which is still ours. In a new term nothing leaves before {@link raise}. */
  assign({ term, backup, learner, linked, anew = false }: Place): void {
    const sameTerm = term === this.state.term;
    this.step({ type: 'row', term, backup, learner, linked, anew }, sameTerm);
  }

  input(input: OwnerInput): void {
    this.step(input, true);
  }

  reports(now: Millis): readonly [ReportedChange, PeerId][] {
    return reportsOf(this.state, now, this.keeper.options);
  }

  /** Sends what there is to every copy that can take it. */
  flush(): void {
    if (this.closed) return;
    this.sync();
    for (const { peer } of this.state.followers) this.ship(peer);
    this.shed();
    // What no copy has to acknowledge.
    if (this.waiting.length > 0 && this.waiting[0]!.position <= this.state.durable) this.pump();
  }

  /** Where there are no records left: false. Where there is nothing to send either: `ask` sends the term and asks for an answer. */
  ship(peer: PeerId, ask = false): boolean {
    const follower = this.state.followers.find((it) => it.peer === peer);
    if (!follower?.linked || follower.phase === 'waiting') return false;
    if (!this.keeper.seedingFlows(this, peer)) return false;
    const begun = this.cursors.get(peer);
    if (begun === undefined) return false;
    // It may have more than was sent over this link: nothing before `base` is needed by anybody.
    let cursor: Position = Math.max(begun, this.kept.base);
    let asked = !ask;
    while (cursor < this.kept.last || !asked) {
      const records = this.kept.batch(cursor);
      const end: Position = cursor + records.length;
      const continues = follower.phase === 'joining' ? this.continues : '';
      const { stored, unstorable } = this;
      const body = { seeding: follower.seeding, first: cursor + 1, records, end, stored, continues, unstorable };
      if (!this.keeper.send(peer, { type: 'append', shard: this.shard, term: this.state.term, body })) return false;
      asked = true;
      cursor = end;
      this.cursors.set(peer, cursor);
    }
    return true;
  }

  /** A snapshot begins here: what comes later goes after it. Returns its position. */
  begin(peer: PeerId): Position {
    this.sync();
    this.cursors.set(peer, this.kept.last);
    return this.kept.last;
  }

  /** Lets out what may leave, and says so where turns may go on. */
  pump(): void {
    if (this.closed || this.pumping) return;
    this.sync();
    this.pumping = true;
    const now = this.keeper.now();
    let out = 0;
    if (this.isOpen(now)) {
      const { durable } = this.state;
      const mayRead = this.mayRead(now);
      for (; out < this.waiting.length; out += 1) {
        const { position, recorded, run } = this.waiting[out]!;
        if (position > durable || !(recorded || mayRead) || this.closed) break;
        run();
      }
    }
    this.pumping = false;
    if (this.closed) return;
    if (out > 0) {
      this.waiting.splice(0, out);
      this.stuckSince = now;
    }
    this.measure(now);
  }

  /** Looks at the time: whoever is behind is asked again, and the shard stands still where it waits too long. */
  tick(silent: readonly PeerId[], stalledMs: Millis): void {
    const now = this.keeper.now();
    // Under load every shard waits for something, but not for long, many times a second.
    if (silent.length === 0 && stalledMs === 0 && this.isTimely(now)) return;
    this.stuckSince += stalledMs;
    this.step({ type: 'tick', silent, stalledMs }, true);
    for (const { peer, phase, behindSince } of this.state.followers) {
      const late = behindSince !== undefined && now - behindSince >= this.keeper.options.lagMs;
      if (late && (phase === 'following' || phase === 'joining'))
        this.ship(peer, this.cursors.get(peer) === this.kept.last);
    }
  }

  /** Nobody has waited for long enough to be reported, asked again or held up. */
  private isTimely(now: Millis): boolean {
    const { lagMs } = this.keeper.options;
    if (this.waiting.length > 0 && now - this.stuckSince >= lagMs) return false;
    for (const { behindSince, silent } of this.state.followers)
      if (silent || (behindSince !== undefined && now - behindSince >= lagMs)) return false;
    return true;
  }

  private step(input: OwnerInput, andPump: boolean): void {
    if (this.closed) return;
    if (input.type !== 'appended') this.sync();
    const { keeper } = this;
    const before = this.state;
    const { state, effects } = stepOwner(
      before,
      input,
      keeper.now(),
      keeper.options,
      keeper.freshSeeding,
      keeper.gatePosition,
    );
    this.state = state;
    this.quiet = isQuiet(state);
    // Records that came are kept, and nobody has more than before.
    if (input.type !== 'appended' || state.durable !== before.durable)
      this.kept.forget(before.durable, state.durable, state.followers, this.cursorOf);
    for (const effect of effects) this.perform(effect);
    if (input.type === 'ack' && isReplaceable(before, state)) this.keeper.urgent();
    if (andPump) this.pump();
  }

  private perform(effect: OwnerEffect): void {
    const { peer } = effect;
    switch (effect.type) {
      case 'seed':
        this.keeper.used(effect.seeding);
        this.cursors.delete(peer);
        this.keeper.seed(this, peer, effect.seeding);
        return;
      case 'ship':
        this.cursors.set(peer, Math.max(effect.after, this.kept.base));
        this.ship(peer, true);
        return;
      case 'stop':
        this.cursors.delete(peer);
        this.keeper.unseed(this, peer);
        this.dismiss(peer, effect.seeding);
    }
  }

  /** Where it cannot be sent, the next term tells it. */
  private dismiss(peer: PeerId, seeding: number): void {
    this.keeper.send(peer, { type: 'dismissed', shard: this.shard, term: this.state.term, body: { seeding } });
  }

  private sync(): void {
    if (this.state.end === this.kept.last) return;
    this.step({ type: 'appended', end: this.kept.last }, false);
  }

  private isOpen(now = this.heldUntil > 0 ? this.keeper.now() : 0): boolean {
    if (this.heldUntil > 0 && now >= this.heldUntil) this.heldUntil = 0;
    return this.heldUntil === 0 && this.state.newerTerm <= this.state.term;
  }

  private mayRead(now: Millis): boolean {
    for (const { peer, caughtUp, phase } of this.state.followers)
      if (caughtUp && !(phase === 'following' && this.keeper.leaseHolds(peer, now))) return false;
    return true;
  }

  /** A learner that is too slow starts again when there is room on its link: its records would have to wait here. */
  private shed(): void {
    if (this.kept.chars <= this.keeper.options.learnerLagCharsMax) return;
    for (const { peer, seeding, caughtUp } of this.state.followers) {
      if (caughtUp || !this.cursors.has(peer)) continue;
      this.input({ type: 'ack', from: peer, ack: { term: this.state.term, seeding, position: 0, code: 'GAP' } });
    }
  }

  private measure(now: Millis): void {
    const { lagCharsMax, lagMs } = this.keeper.options;
    const late = this.waiting.length > 0 && now - this.stuckSince >= lagMs;
    const full = late || this.kept.openChars > lagCharsMax || this.waiting.length >= WAITING_MAX;
    const becameGated = this.gated && !this.wasGated;
    const hasRoom = this.full && !full;
    this.full = full;
    this.wasGated = this.gated;
    if (hasRoom || becameGated) this.go();
  }
}
