/** A broken invariant: which one, and what was seen. */
export class Violation extends Error {
  readonly invariant: string;
  readonly seen: string;

  constructor(invariant: string, seen: string) {
    super(`${invariant}: ${seen}`);
    this.name = 'Violation';
    this.invariant = invariant;
    this.seen = seen;
  }
}

/** Where checkers report. The first report counts: what comes after it may only follow from it. */
export type Report = (invariant: string, seen: string) => void;
