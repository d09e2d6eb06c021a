import type { Millis, ShardId } from '@muster/ports';
import type { Call, CallDone } from './call.js';

/** A call that was neither answered nor given up. */
export interface Pending {
  /** Travels with it and comes back with the answer. */
  readonly number: number;
  /** Where its sender may repeat it: what it is recognized by. */
  readonly key: string | undefined;
  readonly call: Call;
  shard: ShardId;
  readonly done: CallDone;
  /** On the monotonic clock; Infinity: none. */
  readonly deadline: Millis;
  sent: boolean;
  /** It was sent in an earlier flight: the next sending is a repeat. */
  repeated: boolean;
  /** Not sent: since when it waits. */
  heldSince: Millis;
  /** How long it waited before it was sent. */
  heldMs: Millis;
  before: Pending | undefined;
  after: Pending | undefined;
}

/**
 * One shard's unanswered calls in the order of the calls (K14): a doubly linked list, because answers come in any order.
 * What was sent in this flight stands before what was not.
 */
export class WaitingLine {
  private head: Pending | undefined;
  private tail: Pending | undefined;
  private unsent: Pending | undefined;
  private count = 0;
  private heldCount = 0;
  private heldSize = 0;

  get size(): number {
    return this.count;
  }

  /** Calls that are not sent, and their bytes. */
  get held(): number {
    return this.heldCount;
  }

  get heldBytes(): number {
    return this.heldSize;
  }

  /** The oldest that is not sent. */
  get next(): Pending | undefined {
    return this.unsent;
  }

  push(pending: Pending): void {
    this.insert(pending, this.tail);
    this.unsent ??= pending;
  }

  /** Before everything that waits, after `previous` where that was put in front just now. */
  pushFront(pending: Pending, previous: Pending | undefined): void {
    this.insert(pending, previous);
    if (this.unsent === undefined || this.unsent === pending.after) this.unsent = pending;
  }

  /** The oldest unsent one is on its way. */
  markSent(now: Millis): void {
    const pending = this.unsent!;
    pending.sent = true;
    pending.heldMs += now - pending.heldSince;
    this.unsent = pending.after;
    this.unhold(pending);
  }

  /** It could not be sent after all; nothing was sent after it. */
  unmarkSent(pending: Pending, now: Millis): void {
    pending.sent = false;
    pending.heldSince = now;
    this.unsent = pending;
    this.hold(pending);
  }

  /** Nothing counts as sent any more: the next flight begins with the oldest. */
  rewind(now: Millis): void {
    for (let each = this.head; each !== undefined && each !== this.unsent; each = each.after) {
      each.sent = false;
      each.repeated = true;
      each.heldSince = now;
      this.hold(each);
    }
    this.unsent = this.head;
  }

  /** Takes those out that are to wait in another line; none of them counts as sent there. */
  takeOut(wanted: (pending: Pending) => boolean, now: Millis): Pending[] {
    const taken: Pending[] = [];
    this.each((pending) => {
      if (!wanted(pending)) return;
      this.remove(pending);
      if (pending.sent) pending.heldSince = now;
      pending.repeated ||= pending.sent;
      pending.sent = false;
      taken.push(pending);
    });
    return taken;
  }

  remove(pending: Pending): void {
    const { before, after } = pending;
    if (before) before.after = after;
    else this.head = after;
    if (after) after.before = before;
    else this.tail = before;
    if (this.unsent === pending) this.unsent = after;
    // What is gone must not hold what came after it: once one of them grew old in memory, all that followed would grow old with it.
    pending.before = undefined;
    pending.after = undefined;
    if (!pending.sent) this.unhold(pending);
    this.count -= 1;
  }

  /** Oldest first. `visit` may remove the one that it is given. */
  each(visit: (pending: Pending) => void): void {
    for (let each = this.head; each !== undefined; ) {
      const { after } = each;
      visit(each);
      each = after;
    }
  }

  private insert(pending: Pending, before: Pending | undefined): void {
    const after = before ? before.after : this.head;
    pending.before = before;
    pending.after = after;
    if (before) before.after = pending;
    else this.head = pending;
    if (after) after.before = pending;
    else this.tail = pending;
    this.count += 1;
    this.hold(pending);
  }

  private hold(pending: Pending): void {
    this.heldCount += 1;
    this.heldSize += pending.call.data.length;
  }

  private unhold(pending: Pending): void {
    this.heldCount -= 1;
    this.heldSize -= pending.call.data.length;
  }
}
