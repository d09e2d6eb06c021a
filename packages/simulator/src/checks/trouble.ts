import type { Millis } from '@muster/ports';

/** One fault's time. `serious`: clients may see retryable errors during it and shortly after. */
interface Span {
  readonly name: string;
  readonly from: Millis;
  to: Millis;
  readonly serious: boolean;
}

/** A failover takes up to 2 s by silence, another 2.3 s where the leader changed as well, and commands are held for 3 s. */
const AFTERMATH_MS: Millis = 6_000;

/**
 * When which fault was at work. One fault of the kind that must not be noticed (a process killed while all others are well) excuses
 * nothing; two at once, or one that cuts or stops something for long, excuse retryable errors until it is over and healed.
 */
export class Trouble {
  private readonly now: () => Millis;
  private readonly spans: Span[] = [];

  constructor(now: () => Millis) {
    this.now = now;
  }

  /** @returns ends it. */
  begin(name: string, serious: boolean): () => void {
    const span: Span = { name, from: this.now(), to: Number.POSITIVE_INFINITY, serious };
    this.spans.push(span);
    return () => {
      span.to = Math.min(span.to, this.now());
    };
  }

  /** It takes no time: a kill, a reset. */
  moment(name: string, serious: boolean): void {
    this.begin(name, serious)();
  }

  endAll(): void {
    const now = this.now();
    for (const span of this.spans) span.to = Math.min(span.to, now);
  }

  /** Whether something that happened between these two times may have failed retryably. */
  excuses(from: Millis, to: Millis): boolean {
    const near = this.spans.filter((span) => span.from <= to && span.to + AFTERMATH_MS >= from);
    return near.some(({ serious }) => serious) || near.length > 1;
  }

  /** Whether something of such a name was at work since then. */
  was(name: RegExp, since: Millis): boolean {
    return this.spans.some((span) => span.to >= since && name.test(span.name));
  }

  /** What was at work last, for the report. */
  describe(): string {
    return this.spans
      .slice(-5)
      .map(
        ({ name, from, to }) =>
          `${name} ${(from / 1_000).toFixed(2)}–${Number.isFinite(to) ? (to / 1_000).toFixed(2) : ''}`,
      )
      .join(', ');
  }
}
