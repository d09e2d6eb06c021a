// One watch, on a stream of its own.
//
//   opening ──created──▶ open ──events──▶ open
//      ▲                   │
//      └──pause─── broken ◀┘  stream ended, member silent, watch cancelled
//
// It goes on after the last change it delivered, so a break loses nothing that etcd still has; a gap is told all the same,
// because etcd itself has lost events (then a new list is the only cure). It is told when the watch stands again:
// a list asked for before that would fail with the same break, or miss what comes between the two.
import {
  type Clock,
  causeOf,
  jitter,
  type Log,
  type Metrics,
  type Random,
  type StoreWatch,
  type Timer,
  type WatchHandler,
} from '@muster/ports';
import type { Etcd3, IDuplexStream, IWatchRequest, IWatchResponse } from 'etcd3';
import { eventOf, integer, rangeOf } from './encoding.js';
import type { EtcdMembers } from './members.js';
import type { EtcdStoreOptions } from './options.js';

type Stream = IDuplexStream<IWatchRequest, IWatchResponse>;
type GapReason = Parameters<WatchHandler['gap']>[0];

interface WatchConfig {
  readonly members: EtcdMembers;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: EtcdStoreOptions;
  readonly log: Log;
  readonly metrics: Metrics | undefined;
  readonly prefix: string;
  readonly revision: number;
  readonly handler: WatchHandler;
  closed(): void;
}

export class EtcdWatch implements StoreWatch {
  private readonly config: WatchConfig;
  /** The last change that was delivered, or that a gap made up for. */
  private delivered: number;
  private gap: GapReason | undefined;
  /** Counts streams: what an older one still says is ignored. */
  private generation = 0;
  private stream: Stream | undefined;
  private timer: Timer | undefined;
  private retryMs: number;
  private closed = false;

  constructor(config: WatchConfig) {
    this.config = config;
    this.delivered = config.revision;
    this.retryMs = config.options.watchRetryMinMs;
  }

  open(): void {
    if (this.closed) return;
    this.generation += 1;
    const generation = this.generation;
    const { members, clock, options } = this.config;
    const client = members.client;
    const broke = (cause: string) => {
      if (generation === this.generation && !this.closed) this.break(client, cause);
    };
    this.timer = clock.after(options.requestTimeoutMs, () => broke('no answer in time'));
    client.watchClient.watch().then(
      (stream) => this.begin(stream, generation, broke),
      (error: unknown) => broke(causeOf(error)),
    );
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.timer?.cancel();
    this.dropStream();
    this.config.closed();
  }

  private begin(stream: Stream, generation: number, broke: (cause: string) => void): void {
    // First of all, whatever happens next: an error without a listener would end the process.
    stream.on('error', (error) => broke(causeOf(error)));
    stream.on('end', () => broke('the stream ended'));
    if (this.closed || generation !== this.generation) {
      end(stream);
      return;
    }
    this.stream = stream;
    stream.on('data', (answer) => {
      if (generation !== this.generation || this.closed) return;
      try {
        this.receive(answer, broke);
      } catch (error) {
        // An answer that cannot be read, or a handler that failed: neither may end the process or this watch.
        this.config.log.write('error', 'store.watch-failed', { prefix: this.config.prefix, error });
      }
    });
    stream.write({ create_request: { ...rangeOf(this.config.prefix), start_revision: this.delivered + 1 } });
  }

  private receive(answer: IWatchResponse, broke: (cause: string) => void): void {
    if (answer.canceled) this.cancelled(answer, broke);
    else if (answer.created) this.created(integer(answer.header.revision), broke);
    else if (answer.events.length > 0) this.deliver(answer);
  }

  private deliver(answer: IWatchResponse): void {
    const events = answer.events.map(eventOf);
    const last = events.at(-1)!;
    this.delivered = Math.max(this.delivered, last.type === 'put' ? last.entry.modRevision : last.modRevision);
    this.config.handler.events(events, this.delivered);
  }

  private created(revision: number, broke: (cause: string) => void): void {
    this.timer?.cancel();
    if (revision < this.delivered) {
      // Wiped or restored (K4): it counts from further back, and waiting for the old revision might be for ever.
      this.delivered = revision;
      this.gap = 'disconnected';
      broke('the store went back to an older revision');
      return;
    }
    this.retryMs = this.config.options.watchRetryMinMs;
    this.tellGap();
  }

  private cancelled(answer: IWatchResponse, broke: (cause: string) => void): void {
    const compacted = integer(answer.compact_revision);
    if (compacted === 0) {
      broke(answer.cancel_reason || 'cancelled');
      return;
    }
    // Told when the watch stands again, after what it cannot have any more.
    this.delivered = Math.max(this.delivered, compacted);
    this.gap = 'compacted';
    this.generation += 1;
    this.timer?.cancel();
    this.dropStream();
    this.open();
  }

  private tellGap(): void {
    const reason = this.gap;
    if (reason === undefined) return;
    this.gap = undefined;
    const { log, metrics, prefix, handler } = this.config;
    log.write('info', 'store.watch-restored', { prefix, reason });
    metrics?.counter('muster_store_watch_gaps_total', 'Watches that may have missed changes').add(1, { reason });
    handler.gap(reason);
  }

  private break(client: Etcd3, cause: string): void {
    this.generation += 1;
    this.timer?.cancel();
    this.dropStream();
    const { members, clock, random, options, log, prefix } = this.config;
    if (this.gap === undefined) log.write('warn', 'store.watch-broken', { prefix, cause });
    this.gap ??= 'disconnected';
    members.turnFrom(client);
    this.timer = clock.after(jitter(random, this.retryMs), () => this.open());
    this.retryMs = Math.min(this.retryMs * 2, options.watchRetryMaxMs);
  }

  private dropStream(): void {
    if (this.stream) end(this.stream);
    this.stream = undefined;
  }
}

/** Ended before cancelled: etcd3 counts an error on a stream that can still be written as a failure of the member. */
function end(stream: Stream): void {
  stream.end();
  stream.cancel();
}
