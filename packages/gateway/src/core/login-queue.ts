// New sessions while the cluster has no room for them.
//
//   comes ── room, nobody waits ──► begins
//     └── no room, or others wait ──► asked: does its session wait in its actor (a reconnect)? ── yes, or nobody can tell ──► begins
//                                         └── no ──► waits, first in, first out ── its turn ──► begins
//                                                └── too many wait ──► refused
//
// The leader says whether there is room and how many may begin per second at this gateway; when there is room again, those that wait begin at
// `loginCatchUpPerSecond`, and newcomers stand behind them. A client may go at any time. The leader may die: what it said last holds.
import type { Room } from '@muster/cluster';
import { type Clock, type Gauge, type Metrics, type Millis, MusterError, type Timer } from '@muster/ports';
import type { GatewayOptions } from './options.js';

export interface LoginQueueSetup {
  readonly clock: Clock;
  readonly room: () => Room;
  readonly options: Pick<GatewayOptions, 'loginQueueMax' | 'loginQueueTickMs' | 'loginCatchUpPerSecond'>;
  readonly metrics: Metrics;
}

/** One client that wants to begin. */
export interface Newcomer {
  /** Asks its actor whether its session waits for it; undefined: it cannot tell. */
  isAwaited(answer: (isAwaited: boolean | undefined) => void): void;
  begin(): void;
  /** It has to wait from now on. */
  queued(): void;
  refused(error: MusterError): void;
}

export class LoginQueue {
  private readonly setup: LoginQueueSetup;
  private readonly waiting = new Set<Newcomer>();
  /** Being asked. */
  private readonly asked = new Set<Newcomer>();
  private readonly length: Gauge;
  private timer: Timer | undefined;
  private lookedAt: Millis = 0;
  /** Thousandths of sessions that may begin. */
  private due = 0;

  constructor(setup: LoginQueueSetup) {
    this.setup = setup;
    this.length = setup.metrics.gauge('muster_gateway_login_queue', 'Clients that wait for their session to begin');
  }

  /** More cannot wait. */
  get isFull(): boolean {
    return !this.isOpen && this.waiting.size >= this.setup.options.loginQueueMax;
  }

  /** How long a client that is refused now had better stay away: until as many as wait have begun, within reason. */
  get retryAfterMs(): Millis {
    const { rate } = this;
    return Math.min(
      RETRY_MAX_MS,
      Math.max(RETRY_MIN_MS, rate === 0 ? RETRY_MAX_MS : (this.waiting.size / rate) * 1_000),
    );
  }

  enter(newcomer: Newcomer): void {
    if (this.isOpen) {
      this.began('at_once');
      newcomer.begin();
      return;
    }
    this.asked.add(newcomer);
    newcomer.isAwaited((isAwaited) => {
      if (!this.asked.delete(newcomer)) return;
      if (isAwaited === false) this.queue(newcomer);
      else {
        this.began('reconnect');
        newcomer.begin();
      }
    });
  }

  /** It is gone. */
  leave(newcomer: Newcomer): void {
    this.asked.delete(newcomer);
    if (this.waiting.delete(newcomer)) this.length.set(this.waiting.size);
  }

  stop(): void {
    this.timer?.cancel();
    this.asked.clear();
    this.waiting.clear();
  }

  private get isOpen(): boolean {
    return this.setup.room().admission === 'open' && this.waiting.size === 0;
  }

  private get rate(): number {
    const { admission, admitPerSecond } = this.setup.room();
    return admission === 'open' ? this.setup.options.loginCatchUpPerSecond : admitPerSecond;
  }

  private queue(newcomer: Newcomer): void {
    if (this.isFull) {
      newcomer.refused(new MusterError('TOO_MANY_LOGINS', { retryAfterMs: Math.round(this.retryAfterMs) }));
      return;
    }
    this.waiting.add(newcomer);
    this.length.set(this.waiting.size);
    newcomer.queued();
    if (this.timer === undefined) {
      this.lookedAt = this.setup.clock.monotonic();
      this.due = 0;
      this.schedule();
    }
  }

  private schedule(): void {
    const { clock, options } = this.setup;
    this.timer = clock.after(options.loginQueueTickMs, () => {
      this.timer = undefined;
      this.admit(clock.monotonic());
      if (this.waiting.size > 0) this.schedule();
    });
  }

  private admit(now: Millis): void {
    // At most a second's worth at once: a gateway that hung does not make up for it in a storm.
    this.due = Math.min(1_000 * Math.max(1, this.rate), this.due + this.rate * (now - this.lookedAt));
    this.lookedAt = now;
    for (const newcomer of this.waiting) {
      if (this.due < 1_000) break;
      this.due -= 1_000;
      this.waiting.delete(newcomer);
      this.began('queue');
      newcomer.begin();
    }
    this.length.set(this.waiting.size);
  }

  private began(how: 'at_once' | 'reconnect' | 'queue'): void {
    this.setup.metrics.counter('muster_gateway_logins_total', 'Sessions that were let in').add(1, { how });
  }
}

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;
