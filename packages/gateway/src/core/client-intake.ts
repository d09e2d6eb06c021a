import { isMusterError, type Millis, MusterError } from '@muster/ports';
import type { Message } from '@muster/tachyon';
import type { SessionContext } from './session-context.js';
import { TokenBucket } from './token-bucket.js';
import type { DropReason } from './traffic.js';

/** What becomes of what a client sends: one for all clients, each is told of. */
export interface IntakeRules<C> {
  /** False: nothing is taken any more, silently. */
  takes(client: C): boolean;
  message(client: C, message: Message): void;
  /** More messages than may be. */
  tooFast(client: C): void;
  /** What no client may send: the connection must end. */
  end(client: C, error: MusterError, drop: DropReason): void;
}

/** One client's frames: counted, limited in their rate, and read. */
export class ClientIntake<C> {
  /** Monotonic time of the last sign of life. */
  heardAt: Millis;
  private readonly context: SessionContext;
  private readonly rules: IntakeRules<C>;
  private readonly client: C;
  private readonly bucket: TokenBucket;

  constructor(context: SessionContext, rules: IntakeRules<C>, client: C) {
    const { clock, options } = context;
    this.context = context;
    this.rules = rules;
    this.client = client;
    this.heardAt = clock.monotonic();
    this.bucket = new TokenBucket(options.messagesPerSecond, options.messagesBurst, this.heardAt);
  }

  frame(text: string, bytes: number): void {
    const { traffic, clock, protocol } = this.context;
    traffic.framesIn += 1;
    traffic.bytesIn += bytes;
    this.heardAt = clock.monotonic();
    if (!this.rules.takes(this.client)) {
      traffic.dropped('moving_on');
      return;
    }
    if (!this.bucket.take(this.heardAt)) {
      traffic.dropped('rate_limited');
      this.rules.tooFast(this.client);
      return;
    }
    try {
      this.rules.message(this.client, protocol.parse(text));
    } catch (error) {
      if (!isMusterError(error)) throw error;
      this.rules.end(this.client, error, error.code === 'FRAME_TOO_LARGE' ? 'frame_too_large' : 'bad_message');
    }
  }

  binary(): void {
    this.rules.end(this.client, new MusterError('BINARY_FRAME'), 'binary_frame');
  }

  alive(): void {
    this.heardAt = this.context.clock.monotonic();
  }
}
