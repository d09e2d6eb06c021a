/** Runs when its turn has come. */
type Release = () => void;

/**
 * K16: a client that caused an event gets its reply first. What comes behind an event that waits, waits too: the order in which
 * events came is the order in which they leave.
 */
export class EventOrder {
  private readonly causePrefix: string;
  private readonly isInFlight: (request: number) => boolean;
  private readonly max: number;
  private waiting: { readonly request: number; readonly release: Release }[] = [];

  constructor(session: string, isInFlight: (request: number) => boolean, max: number) {
    this.causePrefix = `${session}:`;
    this.isInFlight = isInFlight;
    this.max = max;
  }

  /** Runs `release` now or when the reply to what caused the event has left. @returns false where too many wait: it will never run. */
  push(cause: string, release: Release): boolean {
    const request = cause.startsWith(this.causePrefix) ? Number(cause.slice(this.causePrefix.length)) : 0;
    if (this.waiting.length === 0 && !this.isInFlight(request)) {
      release();
      return true;
    }
    if (this.waiting.length >= this.max) return false;
    this.waiting.push({ request, release });
    return true;
  }

  /** A reply has left. */
  replied(): void {
    if (this.waiting.length === 0) return;
    let ready = 0;
    while (ready < this.waiting.length && !this.isInFlight(this.waiting[ready]!.request)) ready += 1;
    if (ready === 0) return;
    const released = this.waiting.slice(0, ready);
    this.waiting = this.waiting.slice(ready);
    for (const { release } of released) release();
  }

  clear(): void {
    this.waiting = [];
  }
}
