import type { LedgerEntry, LostBothEntry, RunEntry } from './entries.js';

/** One try to send one message. */
export interface Attempt {
  readonly id: string;
  readonly from: string;
  /** Position among all that the sender ever sent. */
  readonly n: number;
  readonly to: string;
  readonly round: number;
  readonly sentAt: number;
  readonly doneAt: number | undefined;
  /** undefined: nobody wrote down how it ended. */
  readonly outcome: string | undefined;
}

export interface Heard {
  readonly by: string;
  readonly id: string;
  readonly marker: string;
  readonly at: number;
  readonly view: number;
}

type Of<T extends LedgerEntry['t'] | RunEntry['t']> = Extract<LedgerEntry | RunEntry, { t: T }>;

/** Both journals, sorted by what they are about. */
export interface Book {
  readonly attempts: ReadonlyMap<string, Attempt>;
  /** By receiver, in the order of arrival. */
  readonly feeds: ReadonlyMap<string, readonly Heard[]>;
  readonly histories: readonly Of<'history'>[];
  readonly gaveUp: readonly Of<'gave-up'>[];
  readonly missed: readonly Of<'missed'>[];
  readonly moved: readonly Of<'moved'>[];
  readonly sockets: readonly Of<'socket-lost'>[];
  readonly joined: readonly Of<'joined'>[];
  readonly ended: readonly Of<'ended'>[];
  readonly faults: readonly Of<'fault'>[];
  readonly lostBoth: readonly LostBothEntry[];
  readonly clusterViolations: readonly Of<'cluster-violation'>[];
  /** Of each round: when its load began, when it had ended, and whether its histories were taken. */
  readonly rounds: readonly RoundTimes[];
}

export interface RoundTimes {
  readonly round: number;
  readonly from: number;
  readonly until: number;
  readonly checked: boolean;
}

export function bookOf(ledger: readonly LedgerEntry[], run: readonly RunEntry[]): Book {
  const of = <T extends LedgerEntry['t'] | RunEntry['t']>(t: T): Of<T>[] =>
    [...ledger, ...run].filter((entry): entry is Of<T> => entry.t === t);
  return {
    attempts: attemptsOf(ledger),
    feeds: grouped(of('heard'), ({ by }) => by),
    histories: of('history'),
    gaveUp: of('gave-up'),
    missed: of('missed'),
    moved: of('moved'),
    sockets: of('socket-lost'),
    joined: of('joined'),
    ended: of('ended'),
    faults: of('fault'),
    lostBoth: of('lost-both'),
    clusterViolations: of('cluster-violation'),
    rounds: roundsOf(of('round')),
  };
}

function attemptsOf(ledger: readonly LedgerEntry[]): Map<string, Attempt> {
  const attempts = new Map<string, Attempt>();
  for (const entry of ledger) {
    if (entry.t === 'sent') {
      const { id, to, round, at } = entry;
      const dot = id.lastIndexOf('.');
      const [from, n] = [id.slice(0, dot), Number(id.slice(dot + 1))];
      attempts.set(id, { id, from, n, to, round, sentAt: at, doneAt: undefined, outcome: undefined });
    } else if (entry.t === 'done') {
      const attempt = attempts.get(entry.id);
      if (attempt) attempts.set(entry.id, { ...attempt, doneAt: entry.at, outcome: entry.outcome });
    }
  }
  return attempts;
}

function roundsOf(entries: readonly Of<'round'>[]): RoundTimes[] {
  const rounds = new Map<number, RoundTimes>();
  for (const { round, phase, at } of entries) {
    const known = rounds.get(round) ?? { round, from: at, until: Number.POSITIVE_INFINITY, checked: false };
    rounds.set(round, {
      ...known,
      ...(phase === 'quiet' ? { until: at } : {}),
      ...(phase === 'checked' ? { checked: true } : {}),
    });
  }
  return [...rounds.values()];
}

export function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
