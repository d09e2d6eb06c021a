import type { Term } from '@muster/ports';

/** Numbers of one shard in one term. 2^53 leaves room for four million terms. */
const PER_TERM = 2 ** 31;

/**
 * Numbers for sends and for where an actor's stream starts: they grow within a shard, over every actor and every term.
 * An actor whose state was lost must not count from 1 again: receivers remember its former life's numbers and would take
 * the new sends for repeats, and subscribers would take new events for old ones.
 */
export class Numbering {
  private last: number;

  constructor(term: Term) {
    this.last = term * PER_TERM;
  }

  next(): number {
    this.last += 1;
    return this.last;
  }

  /** A life ended that had counted up to here. */
  passed(number: number): void {
    this.last = Math.max(this.last, number);
  }

  /** The shard goes on under a newer term. */
  raise(term: Term): void {
    this.last = Math.max(this.last, term * PER_TERM);
  }
}
