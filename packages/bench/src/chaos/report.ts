import { bookOf } from './ledger/book.js';
import { check, type Violation } from './ledger/check.js';
import type { FaultEntry, LedgerEntry, RunEntry } from './ledger/entries.js';
import { figuresOf, type RoundFigures } from './ledger/figures.js';

/** One round, as `--json` prints it. */
export interface RoundReport extends RoundFigures {
  readonly round: number;
  readonly seed: number;
  readonly verdict: 'kept' | 'violation';
  readonly faults: readonly Omit<FaultEntry, 't' | 'round'>[];
  /** Of owner and backup killed together: players of whom some second may be missing, and acknowledged messages that are. */
  readonly fellBack: { readonly players: readonly string[]; readonly lost: readonly string[] };
  readonly violations: readonly Violation[];
  /** Where the journals and the processes' logs are. */
  readonly folder: string;
}

/** How many violations stand in a report: the rest is in the journals. */
const VIOLATIONS_SHOWN = 20;

/** What both journals say about a round. The rounds before it count: what was acknowledged then must not be there twice now. */
export function reportOf(
  round: number,
  folder: string,
  ledger: readonly LedgerEntry[],
  run: readonly RunEntry[],
): RoundReport {
  const book = bookOf(ledger, run);
  const verdict = check(book);
  const { excused } = verdict;
  const next = book.rounds.find((one) => one.round === round + 1)?.from ?? Number.POSITIVE_INFINITY;
  const from = round === 1 ? 0 : (book.rounds.find((one) => one.round === round)?.from ?? 0);
  const violations = verdict.violations.filter(({ at }) => at >= from && at < next);
  const begin = run.find((entry) => entry.t === 'run');
  const lostBoth = book.lostBoth.filter((entry) => entry.round === round);
  return {
    round,
    seed: begin?.seed ?? 0,
    verdict: violations.length === 0 ? 'kept' : 'violation',
    ...figuresOf(book, round),
    faults: book.faults.filter((fault) => fault.round === round).map(({ t: _, round: __, ...fault }) => fault),
    fellBack: {
      players: lostBoth.flatMap(({ players }) => Object.keys(players)),
      lost: excused.filter((id) => book.attempts.get(id)?.round === round),
    },
    violations: violations.slice(0, VIOLATIONS_SHOWN),
    folder,
  };
}

/** One line for people; more only where something is wrong. */
export function lineOf(report: RoundReport): string {
  const { round, seconds, sent, acknowledged, retryable, unknown, faults, longestGapMs, longestWaitMs, fellBack } =
    report;
  const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  const sockets = Object.entries(report.socketsLost).map(([gateway, count]) => `${count} of ${gateway}`);
  const parts = [
    `${count(acknowledged)} of ${count(sent)} acknowledged in ${seconds} s`,
    `${sum(retryable)} refused for the moment, ${sum(unknown)} unanswered`,
    ...faults.map(
      ({ what, healedMs, proofs }) =>
        `${what} (${proofs.length === 0 ? 'NOT SHOWN' : 'shown'}; whole after ${healedMs} ms)`,
    ),
    `longest gap ${longestGapMs} ms, longest wait ${longestWaitMs} ms`,
    `sockets lost: ${sockets.join(', ') || 'none'}`,
    ...(sum(report.movedOn) > 0 ? [`${sum(report.movedOn)} clients moved on when told to`] : []),
    ...(fellBack.players.length > 0
      ? [
          `${fellBack.players.length} players lived on owner and backup, ${fellBack.lost.length} of their messages fell back`,
        ]
      : []),
    report.verdict === 'kept' ? 'all kept' : 'violation',
  ];
  const line = `round ${round}: ${parts.join('; ')}`;
  if (report.verdict === 'kept') return line;
  const listed = report.violations.map(
    ({ rule, at, what }) => `  violation (${rule}, ${new Date(at).toISOString()}): ${what}`,
  );
  return [line, ...listed, `  evidence: ${report.folder}`].join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en');
}
