import type { Lane } from './frame.js';
import type { LinkOptions } from './options.js';

/** What one lane may still send, and what waits for its turn. First in, first out. */
export class LaneOut {
  readonly lane: Lane;
  private readonly limits: LinkOptions;
  /** Control has no credit: these stay infinite. */
  private messages: number;
  private bytes: number;
  private queue: Uint8Array[] = [];
  private head = 0;
  private queuedBytes = 0;
  private refusedSome = false;

  constructor(lane: Lane, limits: LinkOptions) {
    this.lane = lane;
    this.limits = limits;
    this.messages = lane === 'control' ? Number.POSITIVE_INFINITY : limits.creditMessages;
    this.bytes = lane === 'control' ? Number.POSITIVE_INFINITY : limits.creditBytes;
  }

  get queued(): number {
    return this.queue.length - this.head;
  }

  /** Handed to the connection, not known to have been consumed. Always 0 on control, which is not acknowledged. */
  get unconsumed(): number {
    return this.lane === 'control' ? 0 : this.limits.creditMessages - this.messages;
  }

  get hasCredit(): boolean {
    return this.messages > 0 && this.bytes > 0;
  }

  spend(size: number): void {
    this.messages -= 1;
    this.bytes -= size;
  }

  /** False where the other side returns more than it was ever sent. */
  refill(messages: number, bytes: number): boolean {
    this.messages += messages;
    this.bytes += bytes;
    return this.messages <= this.limits.creditMessages && this.bytes <= this.limits.creditBytes;
  }

  /** False where the queue is full: the message is refused. */
  push(encoded: Uint8Array): boolean {
    if (this.queued >= this.limits.queueMessages || this.queuedBytes + encoded.length > this.limits.queueBytes) {
      this.refusedSome = true;
      return false;
    }
    this.queue.push(encoded);
    this.queuedBytes += encoded.length;
    return true;
  }

  /** The next message that may go, its credit spent; undefined where none may. */
  next(): Uint8Array | undefined {
    if (this.head === this.queue.length || !this.hasCredit) return undefined;
    const encoded = this.queue[this.head]!;
    this.head += 1;
    this.queuedBytes -= encoded.length;
    // The consumed front is cut off in strides, so that neither each shift nor a long life costs.
    if (this.head >= 1024 || this.head === this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    this.spend(encoded.length);
    return encoded;
  }

  /** True once after a refusal, when half of the queue is free again. */
  takeWritable(): boolean {
    const { queueMessages, queueBytes } = this.limits;
    if (!this.refusedSome || this.queued > queueMessages / 2 || this.queuedBytes > queueBytes / 2) return false;
    this.refusedSome = false;
    return true;
  }
}
