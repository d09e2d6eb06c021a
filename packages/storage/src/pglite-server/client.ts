import type { Socket } from 'node:net';
import { type Clock, causeOf, type Timer } from '@muster/ports';
import { ClientFrames, fatal } from './frames.js';
import type { PgliteServerOptions } from './options.js';
import type { Session } from './session.js';

/** SQLSTATEs. */
const PROTOCOL_VIOLATION = '08P01';
const TOO_LONG = '54000';
const IDLE_IN_TRANSACTION = '25P03';
const INTERNAL_ERROR = 'XX000';

const NO_ENCRYPTION = 'N';

/** One connection: its batches go to the session one after the other, and it is not read from while one is under way. */
export class PgliteClient {
  private readonly socket: Socket;
  private readonly session: Session<PgliteClient>;
  private readonly clock: Clock;
  private readonly options: PgliteServerOptions;
  private readonly broken: (error: unknown) => void;
  private readonly frames = new ClientFrames();
  private idle: Timer | undefined;
  private isServed = false;
  private isOver = false;
  /** Resolves when it is gone and holds nothing any more. */
  readonly ended: Promise<void>;
  private end: () => void = () => undefined;

  constructor(given: {
    readonly socket: Socket;
    readonly session: Session<PgliteClient>;
    readonly clock: Clock;
    readonly options: PgliteServerOptions;
    /** The database failed while it was to be left clean. */
    readonly broken: (error: unknown) => void;
  }) {
    this.socket = given.socket;
    this.session = given.session;
    this.clock = given.clock;
    this.options = given.options;
    this.broken = given.broken;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
    const { socket } = this;
    socket.setNoDelay(true);
    socket.on('data', (data) => this.heard(data));
    // Said again by `close`.
    socket.on('error', () => undefined);
    socket.on('close', () => this.over());
  }

  /** Ends the connection; `ended` says when nothing of it is left. */
  destroy(): void {
    this.socket.destroy();
  }

  private heard(data: Buffer): void {
    this.frames.push(data);
    if (this.frames.length > this.options.requestBytesMax) {
      this.refuse(TOO_LONG, `more than ${this.options.requestBytesMax} bytes in one request`);
      return;
    }
    if (!this.isServed && !this.isOver) void this.serve();
  }

  /** Everything that is here, one after the other. Never rejects. */
  private async serve(): Promise<void> {
    this.isServed = true;
    this.idle?.cancel();
    // Its next requests wait in its own socket, not in our memory.
    this.socket.pause();
    try {
      while (!this.isOver && (await this.step())) {
        // Until what is here is done.
      }
    } catch (error) {
      const isTheirs = error instanceof RangeError;
      this.refuse(isTheirs ? PROTOCOL_VIOLATION : INTERNAL_ERROR, causeOf(error));
    }
    this.isServed = false;
    if (this.isOver) await this.leave();
    else this.rest();
  }

  /** False where more has to come. */
  private async step(): Promise<boolean> {
    const wish = this.frames.next();
    if (wish === undefined) return false;
    if (wish.type === 'goodbye') {
      this.socket.end();
      this.socket.destroy();
      return false;
    }
    if (wish.type === 'encryption') {
      this.socket.write(NO_ENCRYPTION);
      return true;
    }
    if (!(await this.session.take(this))) return false;
    // It left while it waited, and the turn came first.
    if (this.isOver) return false;
    const { answer } = await this.session.ask(wish.bytes);
    if (answer.length > 0 && this.socket.writable) await this.write(answer);
    return true;
  }

  /** Resolves when there is room again, or nobody to write to. */
  private write(bytes: Uint8Array): Promise<void> {
    const { socket } = this;
    if (socket.write(bytes)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      socket.on('drain', done);
      socket.on('close', done);
    });
  }

  /** It is its turn to speak. With a transaction open everybody else waits for it, so that not for ever: it may be stopped, or cut off. */
  private rest(): void {
    this.socket.resume();
    if (!this.session.isHeldBy(this)) return;
    const { idleInTransactionMs } = this.options;
    this.idle = this.clock.after(idleInTransactionMs, () =>
      this.refuse(IDLE_IN_TRANSACTION, `no statement within ${idleInTransactionMs} ms inside a transaction`),
    );
  }

  private refuse(state: string, text: string): void {
    if (this.socket.writable) this.socket.write(fatal(state, text));
    this.socket.destroySoon();
    this.over();
  }

  private over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.idle?.cancel();
    // What is under way ends first: the session must not be left in the middle of it.
    if (!this.isServed || !this.session.isHeldBy(this)) void this.leave();
  }

  private async leave(): Promise<void> {
    try {
      await this.session.leave(this);
    } catch (error) {
      this.broken(error);
    }
    this.end();
  }
}
