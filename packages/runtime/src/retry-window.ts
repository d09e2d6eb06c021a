import type { Millis } from '@muster/ports';
import type { Outcome } from './host.js';
import type { RuntimeOptions } from './options.js';

interface Kept {
  readonly request: number;
  readonly outcome: Outcome;
  readonly bytes: number;
  readonly at: Millis;
}

/**
 * The replies one client session may ask for again (K11): a request that comes twice gets its first reply, one older than what
 * is remembered is never run. Changed only by log entries, with their times, so that every copy forgets alike.
 */
export class RetryWindow {
  /** In the order in which they were given. Few at a time, so a list is searched as fast as a map, at a third of its memory. */
  private kept: Kept[] = [];
  /** Requests up to here are over: answered, or forgotten. */
  private floor = 0;
  private bytes = 0;
  private lastAt: Millis = 0;

  /** What is known of a request: its reply, that it is too old to be run, or nothing. */
  find(request: number): Outcome | 'too-old' | undefined {
    for (const kept of this.kept) if (kept.request === request) return kept.outcome;
    return request <= this.floor ? 'too-old' : undefined;
  }

  get heardAt(): Millis {
    return this.lastAt;
  }

  get size(): number {
    return this.kept.length;
  }

  /** `answered`: the client has seen every reply up to this one. */
  add(request: number, answered: number, outcome: Outcome, at: Millis, options: RuntimeOptions): void {
    this.lastAt = at;
    this.floor = Math.max(this.floor, answered);
    const bytes = sizeOf(outcome);
    // Most windows hold one reply for most of their life: a list made for one is a tenth of one that grew by push.
    if (this.kept.length === 0 || (this.kept.length === 1 && this.kept[0]!.request <= answered)) {
      this.kept = [{ request, outcome, bytes, at }];
      this.bytes = bytes;
      return;
    }
    this.kept.push({ request, outcome, bytes, at });
    this.bytes += bytes;
    let gone = 0;
    // The newest always stays: a reply larger than the window must still reach its client.
    for (; gone < this.kept.length - 1; gone += 1) {
      const oldest = this.kept[gone]!;
      const fits = this.kept.length - gone <= options.repliesMax && this.bytes <= options.repliesBytesMax;
      if (fits && oldest.request > this.floor && oldest.at > at - options.replyKeepMs) break;
      this.bytes -= oldest.bytes;
      this.floor = Math.max(this.floor, oldest.request);
    }
    if (gone > 0) this.kept.splice(0, gone);
  }

  save(): unknown[] {
    return [this.floor, this.lastAt, this.kept.map(({ request, outcome, at }) => [request, at, outcome])];
  }

  static restore(saved: unknown): RetryWindow {
    const [floor, lastAt, replies] = saved as [number, Millis, [number, Millis, Outcome][]];
    const window = new RetryWindow();
    window.floor = floor;
    window.lastAt = lastAt;
    window.kept = replies.map(([request, at, outcome]) => ({ request, outcome, bytes: sizeOf(outcome), at }));
    window.bytes = window.kept.reduce((sum, { bytes }) => sum + bytes, 0);
    return window;
  }
}

/** Rough size of what is kept; also of an error's details, which are a few short texts. */
function sizeOf(outcome: Outcome): number {
  return outcome.ok ? outcome.json.length : 64 + JSON.stringify(outcome.details).length;
}
