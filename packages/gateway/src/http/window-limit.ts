import type { Millis } from '@muster/ports';

interface Counted {
  count: number;
  windowEnds: Millis;
  blockedUntil: Millis;
  refusals: number;
}

export interface WindowLimit {
  readonly max: number;
  readonly windowMs: Millis;
  /** Once over the limit, nothing is allowed for this long; 0: only the rest of the window. */
  readonly blockMs: Millis;
  /** Keys that are remembered. */
  readonly keysMax: number;
}

/** Counts per key in windows that begin with the key's first use. */
export class KeyedLimit {
  private readonly limit: WindowLimit;
  /** The one whose window began longest ago first. */
  private readonly counted = new Map<string, Counted>();

  constructor(limit: WindowLimit) {
    this.limit = limit;
  }

  /** Counts one use. @returns milliseconds until the next may be allowed, or undefined where this one is. */
  use(key: string, now: Millis): number | undefined {
    const counted = this.current(key, now);
    counted.count += 1;
    if (counted.blockedUntil <= now && counted.count > this.limit.max)
      counted.blockedUntil = this.limit.blockMs > 0 ? now + this.limit.blockMs : counted.windowEnds;
    if (counted.blockedUntil <= now) return undefined;
    counted.refusals += 1;
    return counted.blockedUntil - now;
  }

  /** Uses that were refused since the block began. */
  refusals(key: string, now: Millis): number {
    const counted = this.counted.get(key);
    return counted && counted.blockedUntil > now ? counted.refusals : 0;
  }

  private current(key: string, now: Millis): Counted {
    const known = this.counted.get(key);
    if (known && (known.windowEnds > now || known.blockedUntil > now)) return known;
    this.counted.delete(key);
    if (this.counted.size >= this.limit.keysMax) this.counted.delete(this.counted.keys().next().value!);
    const fresh = { count: 0, windowEnds: now + this.limit.windowMs, blockedUntil: 0, refusals: 0 };
    this.counted.set(key, fresh);
    return fresh;
  }
}
