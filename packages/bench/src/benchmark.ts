import type { Finding } from './result.js';

/** One comparison that can be asked for by name. */
export interface Benchmark {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  run(run: BenchmarkRun): Promise<void>;
}

export interface BenchmarkRun {
  /** Measured rounds, where somebody wants more or fewer than the benchmark's own number. */
  readonly rounds: number | undefined;
  /** Players, where the benchmark has any and somebody wants another number of them; what else is in proportion follows. */
  readonly players: number | undefined;
  /** Length of each measured stretch in seconds, where it can be chosen and somebody does. */
  readonly holdS: number | undefined;
  /** Messages that each talking player sends per second, where somebody wants another rate than the benchmark's own. */
  readonly talkPerS: number | undefined;
  /** Publishes one figure. @throws Error where its work was not done. */
  found(finding: Finding): void;
  /** Aborted when somebody wants the program to end: nothing that was started may be left. */
  readonly interrupted: AbortSignal;
  /** For people who wait: what happens now. */
  say(text: string): void;
}
