import type { EntityRef } from '@muster/ports';

/**
 * An actor that commands go to, from one session of its own. Each command makes its actor's count one more, and the reply is that count: whether every
 * command was executed, once, is seen in each answer.
 */
export class Target {
  readonly entity: EntityRef;
  readonly session: string;
  private requests = 0;
  /** Not answered yet, in the order of sending. */
  private readonly open: number[] = [];
  /** Answered by an error: nobody knows whether they were executed. */
  private failed = 0;

  constructor(entity: EntityRef, session: string) {
    this.entity = entity;
    this.session = session;
  }

  /** Number of the request that is sent now. */
  next(): number {
    this.requests += 1;
    this.open.push(this.requests);
    return this.requests;
  }

  /** Every request up to this one was answered. */
  get answered(): number {
    return (this.open[0] ?? this.requests + 1) - 1;
  }

  /** What was wrong with the answer: the actor's count, or an error's code. Empty: nothing. */
  heard(request: number, answer: number | string): string {
    this.open.splice(this.open.indexOf(request), 1);
    if (typeof answer === 'string') {
      this.failed += 1;
      return answer;
    }
    return answer <= request && answer >= request - this.failed
      ? ''
      : `${MISCOUNT}: ${answer - request} beside what was due`;
  }
}

const MISCOUNT = 'counted';

/** Something was lost or done twice, in contrast to an error that was said. */
export function isMiscount(failure: string): boolean {
  return failure.startsWith(`${MISCOUNT}:`);
}
