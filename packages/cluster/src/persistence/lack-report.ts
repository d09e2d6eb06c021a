import type { Clock, Log, ShardId, Term, Timer } from '@muster/ports';

/** Shards that are named in a line; the rest is counted. */
const NAMED_MAX = 8;
const EVERY_MS = 1_000;

interface Lack {
  readonly shard: ShardId;
  readonly term: Term;
  /** Position of storage's log. */
  readonly stored: number;
  readonly formerTerm: number;
}

/** Shards whose former owners may have let out what storage does not have: one line a second, as after a death of everybody it is all of them. */
export class LackReport {
  private readonly clock: Clock;
  private readonly log: Log;
  private named: Lack[] = [];
  private shards = 0;
  private timer: Timer | undefined;

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  add(lack: Lack): void {
    this.shards += 1;
    if (this.named.length < NAMED_MAX) this.named.push(lack);
    this.timer ??= this.clock.after(EVERY_MS, () => this.write());
  }

  private write(): void {
    this.timer = undefined;
    this.log.write('warn', 'state.may-lack', { shards: this.shards, first: this.named });
    this.named = [];
    this.shards = 0;
  }
}
