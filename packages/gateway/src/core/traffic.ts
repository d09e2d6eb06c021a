import type { Counter, Gauge, Metrics } from '@muster/ports';

/** Why something was dropped or ended. A label's values must be few: these are all. */
export type DropReason =
  | 'bad_message'
  | 'frame_too_large'
  | 'binary_frame'
  | 'rate_limited'
  | 'idle'
  | 'slow_reader'
  | 'held_events'
  | 'unasked_response'
  | 'late_response'
  | 'autohost_feed'
  | 'event_refused'
  | 'other_protocol'
  | 'in_flight'
  | 'sessions'
  | 'departures'
  | 'detach_failed'
  | 'attach_refused'
  | 'stream_lost'
  | 'moving_on'
  | 'login_queue';

/**
 * What the sessions of one gateway did. Counted in plain numbers on the hot path, brought to the metrics by {@link flush}:
 * a labelled counter costs more than the rest of a frame's way.
 */
export class Traffic {
  framesIn = 0;
  bytesIn = 0;
  framesOut = 0;
  bytesOut = 0;
  requests = 0;
  failures = 0;
  private readonly flushed = new Map<Counter, number>();
  private readonly drops: Counter;
  private readonly closes: Counter;
  private readonly attaches: Counter;
  private readonly sessions: Gauge;
  private readonly hosts: Gauge;
  private readonly eventsRefused: Counter;
  private readonly frames: { readonly in: Counter; readonly out: Counter };
  private readonly bytes: { readonly in: Counter; readonly out: Counter };
  private readonly answered: Counter;
  private readonly failed: Counter;

  constructor(metrics: Metrics) {
    const counter = (what: string, help: string): Counter => metrics.counter(`muster_gateway_${what}_total`, help);
    this.drops = counter('drops', 'Messages and connections dropped, by reason');
    this.closes = counter('closes', 'Connections that this gateway ended, by close code');
    this.attaches = counter('attaches', 'Sessions bound to their player, by how it went');
    this.sessions = metrics.gauge('muster_gateway_sessions', 'Connected clients');
    this.hosts = metrics.gauge('muster_gateway_autohosts', 'Connected autohosts');
    this.eventsRefused = counter('autohost_events_refused', 'Events of autohosts that were not taken, by reason');
    this.frames = {
      in: counter('frames_received', 'Text frames from clients'),
      out: counter('frames_sent', 'Text frames to clients'),
    };
    this.bytes = {
      in: counter('bytes_received', 'Bytes of text frames from clients'),
      out: counter('bytes_sent', 'Characters of text frames to clients'),
    };
    this.answered = counter('requests', 'Requests answered');
    this.failed = counter('requests_failed', 'Requests answered with a failure');
  }

  dropped(reason: DropReason): void {
    this.drops.add(1, { reason });
  }

  closed(code: number): void {
    this.closes.add(1, { code: String(code) });
  }

  attached(how: 'new' | 'resumed' | 'restored' | 'failed'): void {
    this.attaches.add(1, { how });
  }

  /** `reason`: a failure reason of the protocol. */
  eventRefused(reason: string): void {
    this.eventsRefused.add(1, { reason });
  }

  autohosts(count: number): void {
    this.hosts.set(count);
  }

  connected(sessions: number): void {
    this.sessions.set(sessions);
  }

  flush(): void {
    this.bring(this.frames.in, this.framesIn);
    this.bring(this.frames.out, this.framesOut);
    this.bring(this.bytes.in, this.bytesIn);
    this.bring(this.bytes.out, this.bytesOut);
    this.bring(this.answered, this.requests);
    this.bring(this.failed, this.failures);
  }

  private bring(counter: Counter, value: number): void {
    const before = this.flushed.get(counter) ?? 0;
    if (value === before) return;
    counter.add(value - before);
    this.flushed.set(counter, value);
  }
}
