import type { Millis } from '@muster/ports';
import type { Outcome } from './host.js';
import type { RuntimeOptions } from './options.js';

interface Kept {
  readonly outcome: Outcome;
  readonly bytes: number;
  readonly at: Millis;
}

/**
 * The replies one client session may ask for again (K11): a request that comes twice gets its first reply, one older than what
 * is remembered is never run. Changed only by log entries, with their times, so that every copy forgets alike.
 */
export class RetryWindow {
  /** By request number, in the order in which they were given. */
  private readonly kept = new Map<number, Kept>();
  /** Requests up to here are over: answered, or forgotten. */
  private floor = 0;
  private bytes = 0;
  private lastAt: Millis = 0;

  /** What is known of a request: its reply, that it is too old to be run, or nothing. */
  find(request: number): Outcome | 'too-old' | undefined {
    const kept = this.kept.get(request);
    if (kept) return kept.outcome;
    return request <= this.floor ? 'too-old' : undefined;
  }

  get heardAt(): Millis {
    return this.lastAt;
  }

  get size(): number {
    return this.kept.size;
  }

  /** `answered`: the client has seen every reply up to this one. */
  add(request: number, answered: number, outcome: Outcome, at: Millis, options: RuntimeOptions): void {
    this.lastAt = at;
    this.trim(answered);
    const bytes = sizeOf(outcome);
    this.forget(request);
    this.kept.set(request, { outcome, bytes, at });
    this.bytes += bytes;
    for (const [oldest, { at: since }] of this.kept) {
      const fits = this.kept.size <= options.repliesMax && this.bytes <= options.repliesBytesMax;
      // The newest always stays: a reply larger than the window must still reach its client.
      if (this.kept.size === 1 || (fits && since > at - options.replyKeepMs)) break;
      this.forget(oldest);
      this.floor = Math.max(this.floor, oldest);
    }
  }

  save(): unknown[] {
    return [this.floor, this.lastAt, [...this.kept].map(([request, { outcome, at }]) => [request, at, outcome])];
  }

  static restore(saved: unknown): RetryWindow {
    const [floor, lastAt, replies] = saved as [number, Millis, [number, Millis, Outcome][]];
    const window = new RetryWindow();
    window.floor = floor;
    window.lastAt = lastAt;
    for (const [request, at, outcome] of replies) {
      const bytes = sizeOf(outcome);
      window.kept.set(request, { outcome, bytes, at });
      window.bytes += bytes;
    }
    return window;
  }

  private trim(answered: number): void {
    if (answered <= this.floor) return;
    this.floor = answered;
    for (const request of this.kept.keys()) if (request <= answered) this.forget(request);
  }

  private forget(request: number): void {
    const kept = this.kept.get(request);
    if (!kept) return;
    this.bytes -= kept.bytes;
    this.kept.delete(request);
  }
}

/** Rough size of what is kept; also of an error's details, which are a few short texts. */
function sizeOf(outcome: Outcome): number {
  return outcome.ok ? outcome.json.length : 64 + JSON.stringify(outcome.details).length;
}
