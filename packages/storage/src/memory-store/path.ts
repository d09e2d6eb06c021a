import type { Clock, Millis } from '@muster/ports';
import type { MemoryStoreOptions } from './options.js';

/** Why a call got no answer. `refused`: it was surely not run. `reset`: the connection ended while it was under way. */
export type PathFailure = 'refused' | 'reset' | 'timeout';

export interface PathCall<T> {
  readonly timeoutMs: Millis;
  /** Only transactions lose their answers by {@link MemoryStorePath.loseAnswers}. */
  readonly isTransaction: boolean;
  run(): T;
  done(value: T): void;
  /** What `run` threw: the store's own refusal. */
  refused(error: unknown): void;
  failed(failure: PathFailure): void;
}

/** Who is told that the way is open again after it was not: the watches. */
export interface PathListener {
  /** `broke`: the connection ended in between, so that events may be lost. */
  open(broke: boolean): void;
}

/**
 * The way between one client and the server: where a simulation breaks it. Nothing here is used by the product;
 * a path without faults passes a call on after the current turn, and its answer after another.
 */
export class MemoryStorePath {
  private readonly serverClock: Clock;
  private readonly clientClock: Clock;
  private readonly options: MemoryStoreOptions;
  private readonly listeners = new Set<PathListener>();
  private readonly calls = new Set<() => void>();
  private waiting: (() => void)[] = [];
  private cuts = 0;
  private stalls = 0;
  /** Which connection it is: a message of an older one never arrives. */
  private connection = 0;
  private broke = false;
  private delays = { requestMs: 0, answerMs: 0 };
  private answersToLose = 0;
  private requestsToLose = 0;
  private eventsToDrop = 0;

  constructor(given: {
    readonly serverClock: Clock;
    /** What runs on the client's side runs on this: a simulation that pauses the client pauses it too. */
    readonly clientClock: Clock;
    readonly options: MemoryStoreOptions;
  }) {
    this.serverClock = given.serverClock;
    this.clientClock = given.clientClock;
    this.options = given.options;
  }

  /** Ends the connection: calls under way end as `reset`, new ones are refused, watches break. Nested. */
  cut(): void {
    this.cuts += 1;
    this.connection += 1;
    this.broke = true;
    this.waiting = [];
    for (const reset of [...this.calls]) reset();
  }

  /** Undoes one {@link cut}. Watches go on, after they told of a gap. */
  mend(): void {
    if (this.cuts === 0) return;
    this.cuts -= 1;
    this.reopen();
  }

  /** Nothing passes in either direction, silently: calls run into their deadlines. Nested. */
  stall(): void {
    this.stalls += 1;
  }

  /** Undoes one {@link stall}. What waited arrives now, or is lost: a transaction given up by its caller may still happen. */
  resume(late: 'arrives' | 'is-lost' = 'arrives'): void {
    if (this.stalls === 0) return;
    this.stalls -= 1;
    if (this.stalls > 0) return;
    const waiting = late === 'arrives' ? this.waiting : [];
    this.waiting = [];
    for (const pass of waiting) pass();
    this.reopen();
  }

  delay(delays: { readonly requestMs: Millis; readonly answerMs: Millis }): void {
    this.delays = { ...delays };
  }

  /** The next `count` transactions happen, but nobody tells their caller. */
  loseAnswers(count: number): void {
    this.answersToLose = count;
  }

  /** The next `count` transactions do not happen, and nobody tells their caller. */
  loseRequests(count: number): void {
    this.requestsToLose = count;
  }

  /** The next `count` deliveries to watches vanish without a gap being told, as real etcd has done under load. */
  dropWatchEvents(count: number): void {
    this.eventsToDrop = count;
  }

  /** @internal */
  get isOpen(): boolean {
    return this.cuts === 0 && this.stalls === 0;
  }

  /** @internal */
  listen(listener: PathListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @internal Whether the next delivery to a watch is to vanish. */
  dropsDelivery(): boolean {
    if (this.eventsToDrop === 0) return false;
    this.eventsToDrop -= 1;
    return true;
  }

  /** @internal Runs `deliver` on the client's side after the answer's delay. */
  towardsClient(deliver: () => void): void {
    this.leg(this.clientClock, this.delays.answerMs, deliver);
  }

  /** @internal Exactly one of the call's three ends is told, later. */
  call<T>(call: PathCall<T>): void {
    if (this.cuts > 0) {
      this.clientClock.defer(() => call.failed('refused'));
      return;
    }
    const { end, reset } = this.open(call);
    const lost = call.isTransaction && this.requestsToLose > 0;
    if (lost) this.requestsToLose -= 1;
    this.leg(this.serverClock, this.delays.requestMs, () => {
      if (lost) return reset();
      const answer = attempt(call);
      if (call.isTransaction && this.answersToLose > 0) {
        this.answersToLose -= 1;
        return reset();
      }
      this.leg(this.clientClock, this.delays.answerMs, () => end(answer));
    });
  }

  private open<T>(call: PathCall<T>): { end(tell: () => void): void; reset(): void } {
    const end = (tell: () => void) => {
      if (!this.calls.delete(reset)) return;
      deadline.cancel();
      tell();
    };
    const reset = () => end(() => this.clientClock.defer(() => call.failed('reset')));
    const deadline = this.clientClock.after(call.timeoutMs, () => end(() => call.failed('timeout')));
    this.calls.add(reset);
    return { end, reset };
  }

  /** One direction of one message: lost when the connection ends, kept while the way is stalled. */
  private leg(clock: Clock, delayMs: Millis, arrive: () => void): void {
    let passed = false;
    const pass = () => {
      passed = true;
      arrive();
    };
    const connection = this.connection;
    const arriveOrWait = () => {
      if (passed || connection !== this.connection) return;
      if (this.stalls === 0) pass();
      else if (this.waiting.length < this.options.maxStalledMessages) this.waiting.push(arriveOrWait);
    };
    if (delayMs > 0) clock.after(delayMs, arriveOrWait);
    else clock.defer(arriveOrWait);
  }

  private reopen(): void {
    if (!this.isOpen) return;
    const broke = this.broke;
    this.broke = false;
    for (const listener of [...this.listeners]) listener.open(broke);
  }
}

/** Runs the call at the server; what comes out is told when the answer arrives. */
function attempt<T>(call: PathCall<T>): () => void {
  try {
    const value = call.run();
    return () => call.done(value);
  } catch (error) {
    return () => call.refused(error);
  }
}
