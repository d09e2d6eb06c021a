import type { Clock, ClusterStore, RangeResult, StoreWatch, Timer } from '@muster/ports';
import type { MembershipOptions } from './options.js';

export interface ListingSetup {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly prefix: string;
  readonly options: MembershipOptions;
  /** Whether a changed key is worth a list of its own; the others wait for the next regular one. */
  readonly matters?: (key: string) => boolean;
  /** `sentAt`: when the read was sent, on the monotonic clock. */
  readonly listed: (result: RangeResult, sentAt: number) => void;
  readonly failed?: (error: unknown) => void;
}

/**
 * What stands under a prefix of the store, told whole each time: every `listMs`, and soon after a watch says that something changed.
 * Watches only hint at when to look: they may lose events, and a list cannot.
 */
export class Listing {
  private readonly setup: ListingSetup;
  private watch: StoreWatch | undefined;
  private next: Timer | undefined;
  private busy = false;
  /** Asked for while a list was under way: what it reads may be older than what was asked about. */
  private again = false;
  private stopped = false;

  constructor(setup: ListingSetup) {
    this.setup = setup;
  }

  start(): void {
    this.hint();
  }

  /** Something may have changed: lists now, or again when the list under way is done. */
  hint(): void {
    if (this.stopped) return;
    if (this.busy) this.again = true;
    else void this.list();
  }

  stop(): void {
    this.stopped = true;
    this.next?.cancel();
    this.unwatch();
  }

  private async list(): Promise<void> {
    const { clock, store, prefix, options, listed, failed } = this.setup;
    this.next?.cancel();
    this.busy = true;
    this.again = false;
    const sentAt = clock.monotonic();
    let wait = options.listMs;
    try {
      const result = await store.range(prefix);
      if (this.stopped) return;
      this.watchFrom(result.revision);
      listed(result, sentAt);
    } catch (error) {
      if (this.stopped) return;
      wait = options.retryMs;
      failed?.(error);
    } finally {
      this.busy = false;
    }
    this.later(this.again ? Math.min(wait, options.hintMs) : wait);
  }

  private later(ms: number): void {
    this.next?.cancel();
    this.next = this.setup.clock.after(ms, () => this.hint());
  }

  private watchFrom(revision: number): void {
    if (this.watch) return;
    const { store, prefix, options, matters } = this.setup;
    this.watch = store.watch(prefix, revision, {
      events: (events) => {
        const relevant = events.some((event) => matters?.(event.type === 'put' ? event.entry.key : event.key) ?? true);
        if (relevant && !this.stopped) this.soon(options.hintMs);
      },
      gap: () => {
        if (this.stopped) return;
        // Watched anew from the revision of the next list: whatever the old one would still tell is in it.
        this.unwatch();
        this.soon(options.hintMs);
      },
    });
  }

  private soon(ms: number): void {
    if (this.busy) this.again = true;
    else this.later(ms);
  }

  private unwatch(): void {
    this.watch?.close();
    this.watch = undefined;
  }
}
