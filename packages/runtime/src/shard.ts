import type { CommitLog, ShardId, Term } from '@muster/ports';
import type { Activation } from './activation.js';
import type { JsonText } from './host.js';
import { Numbering } from './numbering.js';
import type { WheelTimer } from './timer-wheel.js';

/** An actor that left memory: its envelope as text, and a timer that brings it back when one of its own is due. */
export interface Parked {
  readonly text: JsonText;
  readonly timer: WheelTimer | undefined;
}

/** One shard that this process owns: its log, its actors in memory and those parked. */
export class Shard {
  readonly id: ShardId;
  /** Keeps the shard's workers together in the scheduler. */
  readonly group: string;
  readonly actors = new Map<string, Activation>();
  readonly parked = new Map<string, Parked>();
  readonly numbering: Numbering;
  term: Term;
  log: CommitLog;
  state: 'open' | 'sealed' | 'closed' = 'open';

  constructor(id: ShardId, term: Term, log: CommitLog) {
    this.id = id;
    this.group = `shard-${id}`;
    this.term = term;
    this.log = log;
    this.numbering = new Numbering(term);
  }
}
