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
import {
  type AccountView,
  type AttachData,
  type AttachReply,
  REASON_SUPERSEDED,
  REASON_UNKNOWN_USER,
} from '@muster/play';
import {
  type Clock,
  ERRORS,
  type ErrorCode,
  jitter,
  MusterError,
  type PeerId,
  type Random,
  type Timer,
} from '@muster/ports';
import type { GatewayOptions } from './options.js';

/** Sends one command of this session to its own player's actor. */
export type SendOwn = (name: string, data: unknown, done: CallDone) => void;

export interface AttachmentSetup {
  readonly clock: Clock;
  readonly random: Random;
  readonly options: GatewayOptions;
  readonly session: string;
  readonly gateway: PeerId;
  readonly account: AccountView | undefined;
  readonly send: SendOwn;
  /** What the actor must learn again where it has lost the session. */
  readonly held: () => NonNullable<AttachData['held']>;
  readonly on: {
    /** `first`: the connection was never attached before. */
    attached(reply: AttachReply, first: boolean): void;
    /** This attempt failed; the next is on its way. */
    delayed(code: ErrorCode, details: ErrorData): void;
    /** There will be no other attempt. */
    refused(error: MusterError): void;
  };
}

export class Attachment {
  private readonly setup: AttachmentSetup;
  private login: number | undefined;
  private state: 'detached' | 'attaching' | 'attached' | 'over' = 'detached';
  private failures = 0;
  private retry: Timer | undefined;

  constructor(setup: AttachmentSetup) {
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
    const { session, gateway, account } = this.setup;
    const data: AttachData =
      this.login === undefined
        ? { session, gateway, resume: false, ...(account && { account }) }
        : { session, gateway, resume: true, login: this.login, held: this.setup.held(), ...(account && { account }) };
    send('attach', data, (outcome) => this.done(outcome));
  }

  /** The connection is over: no attempt any more. */
  end(): void {
    this.state = 'over';
    this.retry?.cancel();
  }

  private done(outcome: RoutedOutcome): void {
    if (this.state !== 'attaching') return;
    if (outcome.ok) {
      const reply = JSON.parse(Buffer.from(outcome.data).toString()) as AttachReply;
      const first = this.login === undefined;
      this.login = reply.login;
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
  return new MusterError('UNAUTHORIZED', { details: String(details.details ?? details.reason) });
}
