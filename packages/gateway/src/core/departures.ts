import type { Call, CommandRouter, RoutedOutcome } from '@muster/cluster';
import { type Clock, ERRORS, type Timer } from '@muster/ports';
import type { GatewayOptions } from './options.js';
import type { Traffic } from './traffic.js';

const RETRY_MS = 1_000;

export interface Leaving {
  /** The client said that it goes: no grace. */
  readonly clean: boolean;
  /** Called once, after the first attempt, however it went. */
  readonly told?: () => void;
}

/** Tells the players' actors of clients that are gone, again while it does not succeed: the grace of 30 s begins with it. */
export class Departures {
  private readonly clock: Clock;
  private readonly router: CommandRouter;
  private readonly options: GatewayOptions;
  private readonly traffic: Traffic;
  /** Under way, or waiting for the next attempt. */
  private pending = 0;
  private readonly timers = new Set<Timer>();
  private whenDone: (() => void) | undefined;

  constructor(clock: Clock, router: CommandRouter, options: GatewayOptions, traffic: Traffic) {
    this.clock = clock;
    this.router = router;
    this.options = options;
    this.traffic = traffic;
  }

  /** `detach`: the next request of that session, made anew for each attempt. */
  leave(detach: (clean: boolean) => Call, leaving: Leaving = { clean: false }): void {
    this.pending += 1;
    this.attempt(detach, leaving, 1);
  }

  /** Resolves when nobody's departure is pending any more, or after `limitMs`. */
  async settled(limitMs: number): Promise<void> {
    if (this.pending === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(limitMs, resolve);
      this.whenDone = () => {
        timer.cancel();
        resolve();
      };
    });
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
  }

  private attempt(detach: (clean: boolean) => Call, { clean, told }: Leaving, attempt: number): void {
    this.router.call(detach(clean), (outcome) => {
      told?.();
      if (!this.mayRetry(outcome, attempt)) {
        this.over();
        return;
      }
      const timer = this.clock.after(RETRY_MS, () => {
        this.timers.delete(timer);
        this.attempt(detach, { clean }, attempt + 1);
      });
      this.timers.add(timer);
    });
  }

  private mayRetry(outcome: RoutedOutcome, attempt: number): boolean {
    if (outcome.ok) return false;
    const worthIt = ERRORS[outcome.code].retryable && outcome.code !== 'STOPPING';
    if (worthIt && attempt < this.options.detachAttemptsMax && this.timers.size < this.options.departuresMax)
      return true;
    this.traffic.dropped(worthIt && attempt < this.options.detachAttemptsMax ? 'departures' : 'detach_failed');
    return false;
  }

  private over(): void {
    this.pending -= 1;
    if (this.pending === 0) this.whenDone?.();
  }
}
