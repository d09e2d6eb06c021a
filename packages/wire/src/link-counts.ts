import type { Counter, Labels, Metrics } from '@muster/ports';
import { type DecodedFrame, LANES, type Lane } from './frame.js';

const IN: Labels = { direction: 'in' };
const OUT: Labels = { direction: 'out' };
const LANE_IN = perLane((lane): Labels => ({ lane, direction: 'in' }));
const LANE_OUT = perLane((lane): Labels => ({ lane, direction: 'out' }));

/** What links count. Messages are summed up here and handed on once per frame: a labelled counter per message would cost more than the message. */
export class LinkCounts {
  private readonly frames: Counter;
  private readonly bytes: Counter;
  private readonly messages: Counter;
  private readonly drops: Counter;
  private readonly pending: Record<Lane, number> = { control: 0, replication: 0, data: 0 };

  constructor(metrics: Metrics) {
    this.frames = metrics.counter('muster_link_frames_total', 'Frames on links between processes');
    this.bytes = metrics.counter('muster_link_bytes_total', 'Bytes of frames on links between processes');
    this.messages = metrics.counter('muster_link_messages_total', 'Envelopes on links between processes, by lane');
    this.drops = metrics.counter(
      'muster_link_dropped_total',
      'Envelopes that a link did not carry or deliver, by reason',
    );
  }

  sent(lane: Lane): void {
    this.pending[lane] += 1;
  }

  dropped(lane: Lane, reason: 'full' | 'closed' | 'unsent' | 'handler-failed', amount: number): void {
    this.drops.add(amount, { lane, reason });
  }

  frameOut(bytes: number): void {
    this.frames.add(1, OUT);
    this.bytes.add(bytes, OUT);
    this.flush();
  }

  frameIn(bytes: number, frame: DecodedFrame): void {
    this.frames.add(1, IN);
    this.bytes.add(bytes, IN);
    for (const lane of LANES) {
      const amount = frame[lane].envelopes.length;
      if (amount > 0) this.messages.add(amount, LANE_IN[lane]);
    }
  }

  flush(): void {
    for (const lane of LANES) {
      if (this.pending[lane] === 0) continue;
      this.messages.add(this.pending[lane], LANE_OUT[lane]);
      this.pending[lane] = 0;
    }
  }
}

function perLane(labels: (lane: Lane) => Labels): Readonly<Record<Lane, Labels>> {
  return { control: labels('control'), replication: labels('replication'), data: labels('data') };
}
