import { requestFrame } from '@muster/tachyon';
import { ClientError } from './errors.js';
import type { ClientOptions } from './options.js';

interface Pending {
  readonly messageId: string;
  readonly commandId: string;
  readonly frame: string;
  sent: boolean;
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: ClientError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Requests without a response, in the order they were made. Each ends exactly once: answered, refused, timed out, or lost. */
export class PendingRequests {
  private readonly byId = new Map<string, Pending>();
  private readonly options: ClientOptions;
  private whenAnswered: (() => void) | undefined;

  constructor(options: ClientOptions) {
    this.options = options;
  }

  get size(): number {
    return this.byId.size;
  }

  /**
   * Adds a request; `transmit` is given its frame at once where it is defined, else {@link flush} sends it later.
   * Rejects with `too_many_requests`, `timeout`, or what `answer` and `lose` are told.
   */
  add(
    commandId: string,
    data: unknown,
    timeoutMs: number,
    transmit: ((frame: string) => void) | undefined,
  ): Promise<unknown> {
    if (this.byId.size >= this.options.pendingMax)
      return Promise.reject(
        new ClientError('too_many_requests', `${this.options.pendingMax} requests wait for an answer`),
      );
    const messageId = crypto.randomUUID();
    const frame = requestFrame(messageId, commandId, data === undefined ? undefined : JSON.stringify(data));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.byId.delete(messageId);
        if (this.whenAnswered && !this.someSent()) this.whenAnswered();
        reject(new ClientError('timeout', `${commandId} was not answered within ${timeoutMs} ms`));
      }, timeoutMs);
      this.byId.set(messageId, { messageId, commandId, frame, sent: transmit !== undefined, resolve, reject, timer });
      transmit?.(frame);
    });
  }

  /** Sends what could not be sent before. */
  flush(transmit: (frame: string) => void): void {
    for (const request of this.byId.values()) {
      if (request.sent) continue;
      request.sent = true;
      transmit(request.frame);
    }
  }

  /** Resolves when everything that was sent has its outcome, or after `limitMs`. */
  answered(limitMs: number): Promise<void> {
    if (!this.someSent()) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.whenAnswered?.(), limitMs);
      this.whenAnswered = () => {
        clearTimeout(timer);
        this.whenAnswered = undefined;
        resolve();
      };
    });
  }

  /** @returns false where nobody waits for this message id (any more). */
  answer(messageId: string, commandId: string, outcome: { readonly data: unknown } | ClientError): boolean {
    const request = this.byId.get(messageId);
    if (!request || request.commandId !== commandId) return false;
    this.settle(request, outcome);
    return true;
  }

  /** The connection broke. What was sent may have happened: its callers are told. What was not is kept for the next one. */
  lose(): void {
    for (const request of this.byId.values()) {
      if (request.sent)
        this.settle(
          request,
          new ClientError('connection_lost', `the connection broke before ${request.commandId} was answered`),
        );
    }
  }

  /** No connection will come any more. */
  abandon(error: ClientError): void {
    for (const request of this.byId.values()) this.settle(request, error);
  }

  private someSent(): boolean {
    for (const { sent } of this.byId.values()) if (sent) return true;
    return false;
  }

  private settle(request: Pending, outcome: { readonly data: unknown } | ClientError): void {
    this.byId.delete(request.messageId);
    clearTimeout(request.timer);
    if (this.whenAnswered && !this.someSent()) this.whenAnswered();
    if (outcome instanceof ClientError) request.reject(outcome);
    else request.resolve(outcome.data);
  }
}
