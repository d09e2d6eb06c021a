import type { Millis } from '@muster/ports';
import { ANY_VALUE, isLinearizable, type Operation, type RegisterCall } from './linearizability.js';
import type { Report } from './violation.js';

export interface RegistersSetup {
  readonly report: Report;
  /** When what was in this register was lost, oldest first. */
  readonly lostAt: (register: string) => readonly Millis[];
}

/** What clients did with each register, and whether one register of no cluster could have answered so. */
export class Registers {
  private readonly setup: RegistersSetup;
  private readonly histories = new Map<string, Operation[]>();
  readonly counts = { operations: 0, unknown: 0, unsaid: 0 };

  constructor(setup: RegistersSetup) {
    this.setup = setup;
  }

  record(register: string, operation: Operation): void {
    const history = this.histories.get(register) ?? [];
    this.histories.set(register, history);
    history.push(operation);
    this.counts.operations += 1;
    if (operation.answer === undefined) this.counts.unknown += 1;
  }

  check(): void {
    for (const [register, history] of this.histories) {
      const losses = this.setup.lostAt(register);
      for (let life = 0; life <= losses.length; life += 1) {
        const from = losses[life - 1] ?? Number.NEGATIVE_INFINITY;
        const until = losses[life] ?? Number.POSITIVE_INFINITY;
        const operations = inLife(history, from, until);
        const verdict = isLinearizable(operations, life === 0 ? '' : ANY_VALUE);
        if (verdict === 'too-long-to-say') this.counts.unsaid += 1;
        if (verdict === 'not-linearizable')
          this.setup.report('registers are linearizable', `register/${register}\n${shortest(operations, life > 0)}`);
      }
    }
  }
}

/** What may have been in effect between two losses: of what was under way at either nobody knows whether it was. */
function inLife(history: readonly Operation[], from: Millis, until: Millis): Operation[] {
  return history.flatMap((operation): Operation[] => {
    const { calledAt, answeredAt } = operation;
    if (answeredAt < from || calledAt > until) return [];
    if (calledAt > from && answeredAt < until) return [operation];
    return [
      { ...operation, calledAt: Math.max(calledAt, from), answer: undefined, answeredAt: Number.POSITIVE_INFINITY },
    ];
  });
}

/** The history up to the first answer that no order explains: the last lines of it. */
function shortest(operations: readonly Operation[], anyValue: boolean): string {
  const answers = operations.filter(({ answer }) => answer !== undefined).map(({ answeredAt }) => answeredAt);
  answers.sort((a, b) => a - b);
  const upTo = (at: Millis): Operation[] =>
    operations
      .filter(({ calledAt }) => calledAt <= at)
      .map((each) => (each.answeredAt <= at ? each : { ...each, answer: undefined }));
  let [low, high] = [0, answers.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const verdict = isLinearizable(upTo(answers[middle]!), anyValue ? ANY_VALUE : '');
    if (verdict === 'not-linearizable') high = middle;
    else low = middle + 1;
  }
  const last = upTo(answers[low]!).sort((a, b) => a.calledAt - b.calledAt);
  return last.slice(-12).map(lineOf).join('\n');
}

function lineOf({ call, calledAt, answeredAt, answer }: Operation): string {
  const times = `${calledAt.toFixed(1)}–${answer === undefined ? '?' : answeredAt.toFixed(1)}`;
  return `${times} ${callText(call)} → ${answer === undefined ? 'unknown' : JSON.stringify(answer)}`;
}

function callText(call: RegisterCall): string {
  if (call.type === 'read') return 'read';
  return call.type === 'write' ? `write ${call.value}` : `compareAndSet ${call.expected} ${call.value}`;
}
