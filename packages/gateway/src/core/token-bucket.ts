import type { Millis } from '@muster/ports';

/** So many per second on average, so many at once. Two numbers per client: nothing ticks. */
export class TokenBucket {
  private readonly perMs: number;
  private readonly burst: number;
  private tokens: number;
  private at: Millis;

  constructor(perSecond: number, burst: number, now: Millis) {
    this.perMs = perSecond / 1_000;
    this.burst = burst;
    this.tokens = burst;
    this.at = now;
  }

  /** Takes one; false where none is left. `now` is monotonic. */
  take(now: Millis): boolean {
    this.tokens = Math.min(this.burst, this.tokens + (now - this.at) * this.perMs);
    this.at = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
