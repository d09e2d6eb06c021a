import type { Millis } from '@muster/ports';

/** Failing actors remembered at a time; the oldest is forgotten first, which only gives it a fresh budget. */
const FAILING_MAX = 1_024;

interface Failing {
  since: Millis;
  times: number;
  quarantinedUntil: Millis;
}

/** The restart budget: an actor that breaks again and again is left alone for a while instead of burning the process. */
export class Restarts {
  private readonly failing = new Map<string, Failing>();
  private readonly max: number;
  private readonly windowMs: Millis;
  private readonly quarantineMs: Millis;

  constructor(max: number, windowMs: Millis, quarantineMs: Millis) {
    this.max = max;
    this.windowMs = windowMs;
    this.quarantineMs = quarantineMs;
  }

  /** Notes that the actor broke at `now` (monotonic). True where that put it in quarantine. */
  broke(actor: string, now: Millis): boolean {
    let entry = this.failing.get(actor);
    if (!entry || now - entry.since > this.windowMs) {
      this.failing.delete(actor);
      entry = { since: now, times: 0, quarantinedUntil: 0 };
      this.failing.set(actor, entry);
      if (this.failing.size > FAILING_MAX) this.failing.delete(this.failing.keys().next().value!);
    }
    entry.times += 1;
    if (entry.times <= this.max) return false;
    entry.quarantinedUntil = now + this.quarantineMs;
    return true;
  }

  quarantined(actor: string, now: Millis): boolean {
    if (this.failing.size === 0) return false;
    return now < (this.failing.get(actor)?.quarantinedUntil ?? 0);
  }
}
