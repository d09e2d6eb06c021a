import type { Millis } from '@muster/ports';
import type { Entry, Ledger } from '../clients/ledger.js';
import type { Fleet } from '../engine/fleet.js';
import { mayBeRefused } from './refusals.js';
import type { Trouble } from './trouble.js';
import type { Report } from './violation.js';

/** A gateway answers after 10 s whatever happens; the rest is the way there and back. */
const ANSWER_WITHIN_MS: Millis = 12_000;
/** What was counted stays counted: it need not be looked at all the time. */
const LOOK_EVERY_MS: Millis = 500;
/** Outcomes that no fault can bring about: only a defect can. */
const NEVER = [
  'ACTOR_FAILED',
  'BAD_FRAME',
  'INVALID_ENTITY',
  'UNKNOWN_KIND',
  'UNKNOWN_COMMAND',
  'UNAUTHORIZED',
  'STALE_TERM',
];

export interface AnswersSetup {
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly trouble: Trouble;
  readonly report: Report;
  readonly now: () => Millis;
  /** Whether retryable errors are excused by trouble at all. */
  readonly strict: boolean;
}

/** Invariants 2 and 5, as clients see them: exactly one answer to each request while its connection lives, and no error without a cause. */
export class Answers {
  private readonly setup: AnswersSetup;
  private readonly resumedAt = new Map<string, Millis>();
  private lookedAt: Millis = 0;
  excused = 0;

  constructor(setup: AnswersSetup) {
    this.setup = setup;
  }

  answered(entry: Entry): void {
    const { report, trouble, now, strict } = this.setup;
    if (!entry.reason) return;
    const what = `${entry.messageId} ${entry.commandId} of player ${entry.player} at ${entry.gateway}: ${entry.reason} ${entry.details}`;
    if (mayBeRefused(entry.commandId, entry.reason, entry.details)) return;
    if (entry.reason !== 'internal_error') report('clients only ask what is allowed', what);
    // TOO_OLD, for one: whoever still waits for an answer is never too old to get it (K11).
    else if (!entry.details?.includes('try again')) report('no command fails for good', what);
    else if (strict || !trouble.excuses(entry.sentAt, now())) report('no client command fails', what);
    else this.excused += 1;
  }

  tick(): void {
    const { ledger, fleet, now, report } = this.setup;
    for (const { process } of fleet.living('gateway'))
      if (process.state === 'paused') this.resumedAt.set(process.id, now());
    for (const entry of ledger.waiting()) {
      const since = Math.max(entry.sentAt, this.resumedAt.get(entry.gateway) ?? 0);
      if (now() - since <= ANSWER_WITHIN_MS) continue;
      report(
        'exactly one answer',
        `${entry.messageId} ${entry.commandId} at ${entry.gateway} has waited since ${entry.sentAt.toFixed(1)}`,
      );
    }
    if (now() - this.lookedAt < LOOK_EVERY_MS) return;
    this.lookedAt = now();
    for (const { process } of fleet.living())
      for (const outcome of NEVER)
        if (process.metrics.value('muster_router_outcomes_total', { outcome }) > 0)
          report('no command fails for good', `${process.peer}: ${outcome}`);
  }

  /**
   * Once nobody asks any more: sent = answered + lost with the connection, at the clients and at every router; empty: so it is. A router hands
   * its counts on with each sweep, and actors still talk to each other: what is true of it may be seen a moment later only.
   */
  unbalanced(): readonly string[] {
    const { ledger, fleet } = this.setup;
    const wrong: string[] = [];
    const { sent, succeeded, failed, lost } = ledger.counts;
    const waiting = ledger.waiting().length;
    if (sent !== succeeded + failed + lost + waiting || waiting > 0)
      wrong.push(JSON.stringify({ ...ledger.counts, waiting }));
    for (const { process, running } of fleet.living()) {
      const calls = process.metrics.value('muster_router_calls_total');
      const outcomes = process.metrics.value('muster_router_outcomes_total');
      if (calls !== outcomes + running.pending)
        wrong.push(`${process.peer}: ${calls} calls, ${outcomes} outcomes, ${running.pending} pending`);
    }
    return wrong;
  }
}
