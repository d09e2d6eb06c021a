import { quantile } from '../rounds.js';

/** One command of one client. Instants are those of the process that sent it, in milliseconds. */
export interface Observed {
  readonly client: number;
  readonly sentAt: number;
  /** When the answer came, a failure's too; undefined: none came. */
  readonly answeredAt: number | undefined;
  /** Why it failed; empty: it was answered, and rightly. */
  readonly failure: string;
}

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly count: number;
}

/** How a stretch of commands went. */
export interface Tally {
  readonly asked: number;
  /** Answered, with success or with a failure that says so. */
  readonly answered: number;
  readonly failed: number;
  /** By reason. */
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * For each of these clients, the first command that it sent at `at` or later. A client that sent none by the end is left out; `of` says who should be there.
 * Commands are in the order in which they were sent.
 */
export function firstSince(
  commands: readonly Observed[],
  at: number,
  of: ReadonlySet<number>,
): ReadonlyMap<number, Observed> {
  const first = new Map<number, Observed>();
  for (const command of commands) {
    if (command.sentAt >= at && of.has(command.client) && !first.has(command.client))
      first.set(command.client, command);
  }
  return first;
}

/** Commands that these clients sent in [from, until). */
export function sentIn(
  commands: readonly Observed[],
  from: number,
  until: number,
  of?: ReadonlySet<number>,
): readonly Observed[] {
  return commands.filter(
    ({ sentAt, client }) => sentAt >= from && sentAt < until && (of === undefined || of.has(client)),
  );
}

/** Of answered commands, failures included: their senders waited, too. */
export function latencies(commands: Iterable<Observed>): readonly number[] {
  return [...commands].flatMap(({ sentAt, answeredAt }) => (answeredAt === undefined ? [] : [answeredAt - sentAt]));
}

export function percentiles(values: readonly number[]): Percentiles {
  return {
    p50Ms: quantile(values, 0.5),
    p99Ms: quantile(values, 0.99),
    maxMs: values.reduce((most, value) => Math.max(most, value), 0),
    count: values.length,
  };
}

export function tally(commands: readonly Observed[]): Tally {
  const failures: Record<string, number> = {};
  let answered = 0;
  let failed = 0;
  for (const { answeredAt, failure } of commands) {
    if (answeredAt !== undefined) answered += 1;
    if (failure === '') continue;
    failed += 1;
    failures[failure] = (failures[failure] ?? 0) + 1;
  }
  return { asked: commands.length, answered, failed, failures };
}

/**
 * The longest time within [from, until] in which no command was answered: a pause as those see it who wait. Answers that came before or
 * after bound it, so that a pause at an edge counts whole up to the edge.
 */
export function longestSilence(answeredAt: readonly number[], from: number, until: number): number {
  const within = answeredAt.filter((at) => at > from && at < until).sort((a, b) => a - b);
  let longest = 0;
  let last = from;
  for (const at of [...within, until]) {
    longest = Math.max(longest, at - last);
    last = at;
  }
  return longest;
}
