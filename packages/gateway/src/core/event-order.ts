/** Runs when its turn has come. */
type Release = () => void;

interface Waiting {
  readonly request: number;
  readonly release: Release;
  /** What it is about, in the words of whoever may forget it. */
  readonly about: readonly string[];
}

/** Who knows which of the client's requests have no reply yet. */
export interface RequestsInFlight {
  isInFlight(request: number): boolean;
}

/**
 * K16: a client that caused an event gets its reply first. What comes behind an event that waits, waits too: the order in which
 * events came is the order in which they leave.
 */
export class EventOrder {
  private readonly session: string;
  private readonly requests: RequestsInFlight;
  private readonly max: number;
  private waiting: readonly Waiting[] = NONE;

  constructor(session: string, requests: RequestsInFlight, max: number) {
    this.session = session;
    this.requests = requests;
    this.max = max;
  }

  /** Runs `release` now or when the reply to what caused the event has left. @returns false where too many wait: it will never run. */
  push(cause: string, release: Release, about: readonly string[] = NONE): boolean {
    const request = this.requestOf(cause);
    if (this.waiting.length === 0 && !this.requests.isInFlight(request)) {
      release();
      return true;
    }
    if (this.waiting.length >= this.max) return false;
    this.waiting = [...this.waiting, { request, release, about }];
    return true;
  }

  /** A reply has left. */
  replied(): void {
    if (this.waiting.length === 0) return;
    let ready = 0;
    while (ready < this.waiting.length && !this.requests.isInFlight(this.waiting[ready]!.request)) ready += 1;
    if (ready === 0) return;
    const released = this.waiting.slice(0, ready);
    this.waiting = ready === this.waiting.length ? NONE : this.waiting.slice(ready);
    for (const { release } of released) release();
  }

  /** What waits and is about this never runs. */
  forget(subject: string): void {
    if (this.waiting.length > 0) this.waiting = this.waiting.filter(({ about }) => !about.includes(subject));
  }

  clear(): void {
    this.waiting = NONE;
  }

  /** Number of this client's request that caused it; 0: none of its own. */
  private requestOf(cause: string): number {
    const { length } = this.session;
    return cause[length] === ':' && cause.startsWith(this.session) ? Number(cause.slice(length + 1)) : 0;
  }
}

const NONE: readonly never[] = [];
