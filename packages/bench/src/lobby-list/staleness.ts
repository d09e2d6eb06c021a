/** Milliseconds, counted one by one: millions of them, one for each change and client. */
export class Staleness {
  private readonly byMs: Uint32Array;
  private total = 0;

  /** Above `maxMs` all count as that. */
  constructor(maxMs: number) {
    this.byMs = new Uint32Array(maxMs + 1);
  }

  get count(): number {
    return this.total;
  }

  add(ms: number): void {
    const at = Math.max(0, Math.min(this.byMs.length - 1, Math.round(ms)));
    this.byMs[at]! += 1;
    this.total += 1;
  }

  /** The least value that this share of all does not exceed. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.total * share));
    let sum = 0;
    for (const [ms, count] of this.byMs.entries()) {
      sum += count;
      if (sum >= wanted) return ms;
    }
    return Number.NaN;
  }
}
