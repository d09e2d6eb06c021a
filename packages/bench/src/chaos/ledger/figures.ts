import { type Book, grouped } from './book.js';

/** What one round was, in numbers. */
export interface RoundFigures {
  readonly seconds: number;
  readonly sent: number;
  readonly acknowledged: number;
  /** Tries that the server refused for the moment, by what it said. */
  readonly retryable: Readonly<Record<string, number>>;
  /** Tries that ended without an answer (time-out, lost connection): they may have happened, and the client asked again. */
  readonly unknown: Readonly<Record<string, number>>;
  /** Tries that the server refused and that happened all the same. */
  readonly refusedYetHappened: number;
  /** Longest time in which nobody's command was acknowledged. */
  readonly longestGapMs: number;
  /** Longest time from the first try of one command until it was acknowledged. */
  readonly longestWaitMs: number;
  /** How many clients lost their socket, by gateway. */
  readonly socketsLost: Readonly<Record<string, number>>;
  /** How many clients moved on to another gateway when they were told to, by the one they left. */
  readonly movedOn: Readonly<Record<string, number>>;
}

export function figuresOf(book: Book, round: number): RoundFigures {
  const times = book.rounds.find((one) => one.round === round);
  const [from, until] = [times?.from ?? 0, times?.until ?? 0];
  const attempts = [...book.attempts.values()].filter((attempt) => attempt.round === round);
  const acknowledged = attempts.filter(({ outcome }) => outcome === 'ok');
  const failed = attempts.filter(({ outcome }) => outcome !== undefined && outcome !== 'ok');
  const refused = failed.filter(({ outcome }) => outcome!.startsWith('refused'));
  const heard = new Set([...book.feeds.values()].flat().map(({ id }) => id));
  const inRound = ({ at }: { readonly at: number }): boolean => at >= from && at <= until;
  return {
    seconds: Math.round((until - from) / 100) / 10,
    sent: attempts.length,
    acknowledged: acknowledged.length,
    retryable: counted(refused.map(({ outcome }) => outcome!)),
    unknown: counted(failed.filter(({ outcome }) => !outcome!.startsWith('refused')).map(({ outcome }) => outcome!)),
    refusedYetHappened: refused.filter(({ id }) => heard.has(id)).length,
    longestGapMs: longestGap(acknowledged.map(({ doneAt }) => doneAt!)),
    longestWaitMs: longestWait(book, round),
    socketsLost: counted(book.sockets.filter(inRound).map(({ gateway }) => gateway)),
    movedOn: counted(book.moved.filter(inRound).map(({ gateway }) => gateway)),
  };
}

function longestGap(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted.reduce((longest, at, index) => Math.max(longest, index === 0 ? 0 : at - sorted[index - 1]!), 0);
}

/** A sender has one command under way: its tries up to the next acknowledged one belong together. */
function longestWait({ attempts }: Book, round: number): number {
  const bySender = grouped(
    [...attempts.values()].filter((attempt) => attempt.round === round),
    ({ from }) => from,
  );
  let longest = 0;
  for (const tries of bySender.values()) {
    let since: number | undefined;
    for (const { sentAt, doneAt, outcome } of tries) {
      since ??= sentAt;
      if (outcome !== 'ok') continue;
      longest = Math.max(longest, doneAt! - since);
      since = undefined;
    }
  }
  return longest;
}

function counted(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...grouped(names, (name) => name)].map(([name, all]) => [name, all.length]));
}
