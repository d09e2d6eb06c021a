import { type CommitLog, MemoryCommitLog, type Millis, type ShardId, type Term } from '@muster/ports';
import type { Activation } from './activation.js';
import type { Awakening } from './awakening.js';
import type { SavedActor } from './envelope.js';
import type { Adopted } from './host.js';
import { Numbering } from './numbering.js';
import type { WheelTimer } from './timer-wheel.js';

/** An actor that left memory, and a timer that brings it back when one of its own is due. */
export interface Parked {
  readonly saved: SavedActor;
  readonly timer: WheelTimer | undefined;
  /** It came with the shard and has not been awake here. */
  readonly adopted: Adopted | undefined;
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
  /** Of `replicated` kinds. */
  log: CommitLog;
  /** Of the others: what they do is recorded nowhere and waits for nobody. */
  readonly loose = new MemoryCommitLog();
  /** Ungated kinds stand still here: the shard's former process may not have noticed yet that it is fenced. */
  fenced = false;
  /** Actors on their way into or out of another shard of this process (K1): they take no turn, and what comes for them waits. */
  readonly held = new Set<string>();
  awakening: Awakening | undefined;
  state: 'open' | 'sealed' | 'closed' = 'open';
  /** How long turns of its actors have taken. */
  spentMs: Millis = 0;

  constructor(id: ShardId, term: Term, log: CommitLog) {
    this.id = id;
    this.group = `shard-${id}`;
    this.term = term;
    this.log = log;
    this.numbering = new Numbering(term);
  }
}
