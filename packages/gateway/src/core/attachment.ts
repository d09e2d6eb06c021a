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
import { ERRORS, type ErrorCode, jitter, MusterError, type Timer } from '@muster/ports';
import type { SharedContext } from './session-context.js';

/** Sends one command of this session to its own player's actor. */
export type SendOwn = (name: string, data: unknown, done: CallDone) => void;

/** What clients of one role say to their actors, and make of the answers: one object for all of them, told of each. `R`: what the actor replies. */
export interface AttachmentRules<C, R> {
  readonly send: (client: C, ...command: Parameters<SendOwn>) => void;
  /** Data of `attach`. `before`: the reply to the last one; undefined: the connection was never attached. */
  readonly data: (client: C, before: R | undefined) => unknown;
  /** `first`: the connection was never attached before. */
  attached(client: C, reply: R, first: boolean): void;
  /** This attempt failed; the next is on its way. */
  delayed(client: C, code: ErrorCode, details: ErrorData): void;
  /** There will be no other attempt. */
  refused(client: C, error: MusterError): void;
}

export class Attachment<C, R> {
  private readonly context: Pick<SharedContext, 'clock' | 'random' | 'options'>;
  private readonly rules: AttachmentRules<C, R>;
  private readonly client: C;
  private before: R | undefined;
  private state: 'detached' | 'attaching' | 'attached' | 'over' = 'detached';
  private failures = 0;
  private retry: Timer | undefined;

  constructor(context: SharedContext, rules: AttachmentRules<C, R>, client: C) {
    this.context = context;
    this.rules = rules;
    this.client = client;
  }

  get attached(): boolean {
    return this.state === 'attached';
  }

  /** Attaches, or attaches again. Does nothing while an attempt is under way. `send`: another way than the usual one. */
  attach(send?: SendOwn): void {
    if (this.state === 'attaching' || this.state === 'over') return;
    this.retry?.cancel();
    this.retry = undefined;
    this.state = 'attaching';
    const data = this.rules.data(this.client, this.before);
    const done: CallDone = (outcome) => this.done(outcome);
    if (send) send('attach', data, done);
    else this.rules.send(this.client, 'attach', data, done);
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
      this.rules.attached(this.client, reply, first);
      return;
    }
    this.state = 'detached';
    const error = refusal(outcome.code, outcome.details);
    if (error) {
      this.end();
      this.rules.refused(this.client, error);
      return;
    }
    const { clock, random, options } = this.context;
    const delay = Math.min(options.attachRetryMaxMs, options.attachRetryMinMs * 2 ** Math.min(this.failures, 16));
    this.failures += 1;
    this.retry = clock.after(jitter(random, delay), () => this.attach());
    this.rules.delayed(this.client, outcome.code, outcome.details);
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
