// How a client's connection holds on to its player's actor.
//
//   attaching ── reply ──► attached ── the actor has a new owner, lost its state, or ended the session ──► attaching (resume)
//       │  ▲                   │
//       │  └── retryable ──────┘ newer sign-in (refused or told): over, 1000
//       └── refused for good: over
//
// While attaching, requests wait; each failed attempt answers those that waited. The socket stays open however long it takes.
// The owner may die at any time: the router repeats what it did not answer, and `resume` brings the session back where state was lost.

import type { CallDone, ErrorData, RoutedOutcome } from '@muster/cluster';
import { REASON_SUPERSEDED, REASON_UNKNOWN_USER } from '@muster/play';
import { type Clock, ERRORS, type ErrorCode, jitter, MusterError, type Random, type Timer } from '@muster/ports';
import type { GatewayOptions } from './options.js';

/** Sends one command of this session to its own player's actor. */
export type SendOwn = (name: string, data: unknown, done: CallDone) => void;

/** `R`: what the actor replies. */
export interface AttachmentSetup<R> {
  readonly clock: Clock;
  readonly random: Random;
  readonly options: GatewayOptions;
  readonly send: SendOwn;
  /** Data of `attach`. `before`: the reply to the last one; undefined: the connection was never attached. */
  readonly data: (before: R | undefined) => unknown;
  readonly on: {
    /** `first`: the connection was never attached before. */
    attached(reply: R, first: boolean): void;
    /** This attempt failed; the next is on its way. */
    delayed(code: ErrorCode, details: ErrorData): void;
    /** There will be no other attempt. */
    refused(error: MusterError): void;
  };
}

export class Attachment<R> {
  private readonly setup: AttachmentSetup<R>;
  private before: R | undefined;
  private state: 'detached' | 'attaching' | 'attached' | 'over' = 'detached';
  private failures = 0;
  private retry: Timer | undefined;

  constructor(setup: AttachmentSetup<R>) {
    this.setup = setup;
  }

  get attached(): boolean {
    return this.state === 'attached';
  }

  /** Attaches, or attaches again. Does nothing while an attempt is under way. `send`: another way than the usual one. */
  attach(send: SendOwn = this.setup.send): void {
    if (this.state === 'attaching' || this.state === 'over') return;
    this.retry?.cancel();
    this.retry = undefined;
    this.state = 'attaching';
    send('attach', this.setup.data(this.before), (outcome) => this.done(outcome));
  }

  /** The connection is over: no attempt any more. */
  end(): void {
    this.state = 'over';
    this.retry?.cancel();
  }

  private done(outcome: RoutedOutcome): void {
    if (this.state !== 'attaching') return;
    if (outcome.ok) {
      const reply = JSON.parse(Buffer.from(outcome.data).toString()) as R;
      const first = this.before === undefined;
      this.before = reply;
      this.failures = 0;
      this.state = 'attached';
      this.setup.on.attached(reply, first);
      return;
    }
    this.state = 'detached';
    const error = refusal(outcome.code, outcome.details);
    if (error) {
      this.end();
      this.setup.on.refused(error);
      return;
    }
    const { clock, random, options } = this.setup;
    const delay = Math.min(options.attachRetryMaxMs, options.attachRetryMinMs * 2 ** Math.min(this.failures, 16));
    this.failures += 1;
    this.retry = clock.after(jitter(random, delay), () => this.attach());
    this.setup.on.delayed(outcome.code, outcome.details);
  }
}

/** Why there is no point in another attempt, or undefined. */
function refusal(code: ErrorCode, details: ErrorData): MusterError | undefined {
  if (code !== 'REFUSED') return ERRORS[code].retryable ? undefined : new MusterError(code);
  if (details.reason === REASON_SUPERSEDED) return new MusterError('SUPERSEDED');
  if (details.reason === REASON_UNKNOWN_USER) return new MusterError('UNAUTHENTICATED', { details: 'no such user' });
  const reason = String(details.reason);
  return new MusterError('UNAUTHORIZED', { details: String(details.details ?? reason), reason });
}
