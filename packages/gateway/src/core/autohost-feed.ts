import type { RoutedOutcome } from '@muster/cluster';
import { type AnsweredData, REASON_BUSY } from '@muster/play';
import { type Clock, ERRORS, type Millis, type Timer } from '@muster/ports';
import type { AutohostStatus, AutohostUpdate } from '@muster/tachyon';

/** What an autohost said, on its way to its actor. */
export type FeedItem =
  | { readonly type: 'status'; readonly data: AutohostStatus }
  | { readonly type: 'update'; readonly data: AutohostUpdate }
  /** `cause`: the client's request that led to ours, so that what follows from the answer comes after the answer to that (K16). */
  | { readonly type: 'answered'; readonly data: AnsweredData; readonly cause: string };

export interface AutohostFeedSetup {
  readonly clock: Clock;
  /** Wait before the same is said again. */
  readonly retryMs: Millis;
  readonly itemsMax: number;
  readonly bytesMax: number;
  /** Updates told in one command. */
  readonly bundleMax: number;
  /** The actor may be told now. */
  readonly mayTell: () => boolean;
  readonly tell: (command: string, data: unknown, done: (outcome: RoutedOutcome) => void, cause: string) => void;
  /** The actor will not have it: this connection is not, or no longer, its own, or it cannot. */
  readonly refused: (outcome: Extract<RoutedOutcome, { ok: false }>) => void;
}

/**
 * Everything that one autohost says, in the order in which it said it, one command at a time. Updates that follow each other go together.
 * Nothing is passed over: what was not taken is said again, before all that came later, for the actor counts everything up to the last
 * update that it took as heard. It may be told twice; it knows updates by their times and answers by their numbers.
 */
export class AutohostFeed {
  private readonly setup: AutohostFeedSetup;
  private items: { readonly item: FeedItem; readonly bytes: number }[] = [];
  private bytes = 0;
  private telling = false;
  private retry: Timer | undefined;

  constructor(setup: AutohostFeedSetup) {
    this.setup = setup;
  }

  /** @returns false where too much waits: it was not taken. */
  push(item: FeedItem, bytes: number): boolean {
    const { itemsMax, bytesMax } = this.setup;
    if (this.items.length >= itemsMax || this.bytes + bytes > bytesMax) return false;
    this.items.push({ item, bytes });
    this.bytes += bytes;
    this.goOn();
    return true;
  }

  /** Tells what waits, where it may. */
  goOn(): void {
    if (this.telling || this.retry || this.items.length === 0 || !this.setup.mayTell()) return;
    const bundle = this.bundle();
    const first = bundle[0]!;
    this.telling = true;
    this.setup.tell(
      first.type,
      first.type === 'update' ? { updates: bundle.map(({ data }) => data) } : first.data,
      (outcome) => this.told(bundle.length, outcome),
      first.type === 'answered' ? first.cause : '',
    );
  }

  end(): void {
    this.items = [];
    this.retry?.cancel();
    this.retry = undefined;
    // Whatever is answered now is of no interest.
    this.telling = true;
  }

  private bundle(): readonly FeedItem[] {
    const bundle: FeedItem[] = [];
    for (const { item } of this.items) {
      if (bundle.length > 0 && (item.type !== 'update' || bundle[0]!.type !== 'update')) break;
      bundle.push(item);
      if (bundle.length >= this.setup.bundleMax) break;
    }
    return bundle;
  }

  private told(count: number, outcome: RoutedOutcome): void {
    if (this.items.length === 0) return;
    this.telling = false;
    if (outcome.ok) {
      for (const { bytes } of this.items.splice(0, count)) this.bytes -= bytes;
      this.goOn();
      return;
    }
    const isBusy = outcome.code === 'REFUSED' && outcome.details.reason === REASON_BUSY;
    if (!isBusy && !ERRORS[outcome.code].retryable) {
      this.setup.refused(outcome);
      return;
    }
    this.retry = this.setup.clock.after(this.setup.retryMs, () => {
      this.retry = undefined;
      this.goOn();
    });
  }
}
