import type { ShardStanding, Term } from '@muster/ports';
import type { Standing } from './log-start.js';

/** What one shard is to be called in storage, and what storage calls it: whether it is the second place, whether it may lack something (K5, K9). */
export class Claim {
  term: Term;
  /** What the row makes of the shard. */
  standing: Standing;
  parking = false;
  /** What storage calls it for certain; undefined: something else may have arrived there. */
  known: ShardStanding | undefined;
  /** The term has to be raised in storage before anything is written (K5). */
  isDue = true;

  constructor(term: Term, standing: Standing, knownBehind: boolean) {
    this.term = term;
    this.standing = standing;
    this.known = knownBehind ? 'behind' : undefined;
  }

  raise(term: Term, standing: Standing): void {
    if (term > this.term) this.isDue = true;
    this.term = term;
    this.standing = standing;
    this.parking = false;
  }

  /** Storage has lost what it had confirmed. */
  restart(): void {
    this.known = undefined;
    this.isDue = true;
  }

  get wanted(): ShardStanding {
    return this.parking ? 'parked' : this.standing;
  }

  /** Storage does not call it so yet. */
  get isMarkDue(): boolean {
    return !this.parking && this.known !== this.standing;
  }

  /** Storage is the second place: the shard has no backup. */
  get isLone(): boolean {
    return this.standing === 'gated';
  }

  /** The shard has a backup, and storage knows that it may lack something. */
  get isFree(): boolean {
    return this.standing === 'behind' && this.known === 'behind';
  }

  /** Storage is the second place, and knows it, in this term. */
  get isGate(): boolean {
    return this.standing === 'gated' && this.known === 'gated' && !this.isDue;
  }

  get isParked(): boolean {
    return this.parking && this.known === 'parked' && !this.isDue;
  }

  /** `gated` only where it was so already: whoever comes new says so with a mark, when it has looked at what it found. */
  claiming(): Standing {
    const as = this.standing === 'gated' && this.known === 'gated' ? 'gated' : 'behind';
    if (as !== this.known) this.known = undefined;
    return as;
  }

  claimed(as: Standing, term: Term): void {
    this.known = as;
    this.isDue = term !== this.term;
  }
}
