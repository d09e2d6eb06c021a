import type { CreditLane, Grant, LaneBatch } from './frame.js';
import type { Envelope } from './generated/link.js';
import type { LinkOptions } from './options.js';

/** The receiving side of a lane with credit: what came and was not consumed yet, and what may be given back. */
export class LaneIn {
  readonly lane: CreditLane;
  held = false;
  private readonly limits: LinkOptions;
  /** What the sender may still send, as far as it can know: what it lacks was consumed by nobody or not granted yet. */
  private roomMessages: number;
  private roomBytes: number;
  private consumedMessages = 0;
  private consumedBytes = 0;
  private waiting: Envelope[] = [];
  private sizes: number[] = [];
  private head = 0;

  constructor(lane: CreditLane, limits: LinkOptions) {
    this.lane = lane;
    this.limits = limits;
    this.roomMessages = limits.creditMessages;
    this.roomBytes = limits.creditBytes;
  }

  /** False where the sender had no credit for one of them. */
  accept(batch: LaneBatch): boolean {
    for (let i = 0; i < batch.sizes.length; i += 1) {
      if (this.roomMessages <= 0 || this.roomBytes <= 0) return false;
      this.roomMessages -= 1;
      this.roomBytes -= batch.sizes[i]!;
      this.waiting.push(batch.envelopes[i]!);
      this.sizes.push(batch.sizes[i]!);
    }
    return true;
  }

  /** The next envelope to deliver; undefined where there is none or the lane is held. */
  next(): Envelope | undefined {
    if (this.held || this.head === this.waiting.length) {
      if (this.head > 0) this.trim();
      return undefined;
    }
    const envelope = this.waiting[this.head]!;
    this.consumedMessages += 1;
    this.consumedBytes += this.sizes[this.head]!;
    this.head += 1;
    return envelope;
  }

  /** Enough was consumed to be worth a frame of its own. */
  get owesMuch(): boolean {
    const { creditMessages, creditBytes, grantShare } = this.limits;
    return this.consumedMessages >= creditMessages * grantShare || this.consumedBytes >= creditBytes * grantShare;
  }

  /** What was consumed since the last grant; undefined: nothing. */
  takeGrant(): Grant | undefined {
    if (this.consumedMessages === 0) return undefined;
    const grant = { lane: this.lane, messages: this.consumedMessages, bytes: this.consumedBytes };
    this.roomMessages += grant.messages;
    this.roomBytes += grant.bytes;
    this.consumedMessages = 0;
    this.consumedBytes = 0;
    return grant;
  }

  private trim(): void {
    this.waiting = this.waiting.slice(this.head);
    this.sizes = this.sizes.slice(this.head);
    this.head = 0;
  }
}
