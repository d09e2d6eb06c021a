import { isMusterError, type Millis, MusterError } from '@muster/ports';
import type { Message } from '@muster/tachyon';
import type { SessionContext } from './session-context.js';
import { TokenBucket } from './token-bucket.js';
import type { DropReason } from './traffic.js';

/** What becomes of what a client sends. */
export interface IntakeListener {
  /** False: nothing is taken any more, silently. */
  takes(): boolean;
  message(message: Message): void;
  /** More messages than may be. */
  tooFast(): void;
  /** What no client may send: the connection must end. */
  end(error: MusterError, drop: DropReason): void;
}

/** One client's frames: counted, limited in their rate, and read. */
export class ClientIntake {
  /** Monotonic time of the last sign of life. */
  heardAt: Millis;
  private readonly context: SessionContext;
  private readonly listener: IntakeListener;
  private readonly bucket: TokenBucket;

  constructor(context: SessionContext, listener: IntakeListener) {
    const { clock, options } = context;
    this.context = context;
    this.listener = listener;
    this.heardAt = clock.monotonic();
    this.bucket = new TokenBucket(options.messagesPerSecond, options.messagesBurst, this.heardAt);
  }

  frame(text: string, bytes: number): void {
    const { traffic, clock, protocol } = this.context;
    traffic.framesIn += 1;
    traffic.bytesIn += bytes;
    this.heardAt = clock.monotonic();
    if (!this.listener.takes()) {
      traffic.dropped('moving_on');
      return;
    }
    if (!this.bucket.take(this.heardAt)) {
      traffic.dropped('rate_limited');
      this.listener.tooFast();
      return;
    }
    try {
      this.listener.message(protocol.parse(text));
    } catch (error) {
      if (!isMusterError(error)) throw error;
      this.listener.end(error, error.code === 'FRAME_TOO_LARGE' ? 'frame_too_large' : 'bad_message');
    }
  }

  binary(): void {
    this.listener.end(new MusterError('BINARY_FRAME'), 'binary_frame');
  }

  alive(): void {
    this.heardAt = this.context.clock.monotonic();
  }
}
