import type { Socket } from 'node:net';
import type { Passage, Treatment } from './rules.js';

/** What one slow direction may hold before its sender is no longer read: as much as a kernel would. */
const QUEUED_BYTES_MAX = 4 * 1024 * 1024;

export interface PipeSetup {
  readonly source: Socket;
  readonly target: Socket;
  readonly treatment: () => Treatment;
  /** undefined: nobody counts. */
  readonly passage: () => Passage | undefined;
}

interface Late {
  readonly at: number;
  readonly chunk: Buffer;
}

/** One direction of a proxied connection. */
export class Pipe {
  private readonly setup: PipeSetup;
  private late: Late[] = [];
  private lateBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private ending = false;
  private gap = false;

  constructor(setup: PipeSetup) {
    this.setup = setup;
    setup.source.on('data', (chunk) => this.read(chunk as Buffer));
    setup.target.on('drain', () => this.goOn());
  }

  /** Bytes, or the end, are missing: what would come after them is worth nothing. TCP has no such thing, so the connection has to be reset once the way is whole. */
  get hasGap(): boolean {
    return this.gap;
  }

  /** Nothing of what the source says or does reaches the target now, not even its end. */
  get isSilent(): boolean {
    return this.gap || this.setup.treatment().swallow;
  }

  /** The source has said all; the target hears so after what is still on its way, or never where nothing gets through. */
  end(): void {
    this.ending = true;
    if (this.isSilent) this.gap = true;
    else if (this.late.length === 0) this.setup.target.end();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.late = [];
  }

  private read(chunk: Buffer): void {
    const passage = this.setup.passage();
    const { swallow, delayMs } = this.setup.treatment();
    if (passage) passage.bytes += chunk.length;
    if (swallow || this.gap) {
      this.gap = true;
      if (passage) passage.swallowed += chunk.length;
      return;
    }
    if (delayMs === 0 && this.late.length === 0) {
      this.write(chunk);
      return;
    }
    if (passage) passage.delayed += chunk.length;
    this.late.push({ at: performance.now() + delayMs, chunk });
    this.lateBytes += chunk.length;
    if (this.lateBytes > QUEUED_BYTES_MAX) this.setup.source.pause();
    this.wake();
  }

  private wake(): void {
    const [first] = this.late;
    if (!first || this.timer) return;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.deliver();
      },
      Math.max(0, first.at - performance.now()),
    );
  }

  private deliver(): void {
    const now = performance.now();
    while (this.late[0] && this.late[0].at <= now) {
      const { chunk } = this.late.shift()!;
      this.lateBytes -= chunk.length;
      this.write(chunk);
    }
    if (this.late.length > 0) this.wake();
    else if (this.ending) this.setup.target.end();
    if (!this.setup.target.writableNeedDrain) this.goOn();
  }

  private write(chunk: Buffer): void {
    const { source, target } = this.setup;
    if (!target.writable) return;
    if (!target.write(chunk)) source.pause();
  }

  private goOn(): void {
    if (this.lateBytes <= QUEUED_BYTES_MAX) this.setup.source.resume();
  }
}
