import type { ShardId, Term } from './ids.js';

/** A place in one shard's log: 0 before the first record, then 1, 2, 3… */
export type Position = number;

/**
 * What one turn of one actor changed: everything a new owner needs to go on as if the turn had been its own (K8).
 * `entries` are the runtime's; a log that ships them encodes them, the memory form never does.
 */
export interface TurnRecord {
  /** `kind/id` */
  readonly entity: string;
  /** The actor's own count of turns with records: 1, 2, 3… */
  readonly seq: number;
  /** Empty: the actor is gone, and its state was worth nothing. */
  readonly entries: readonly unknown[];
  /** `entries` as JSON, empty where there are none, if somebody has encoded them already. */
  readonly text?: string;
  /** The actor after this record as text, which makes all records up to it unnecessary; to be called in `append`, or not at all. */
  readonly whole?: () => string;
}

/**
 * One shard's ordered log, in the term it was opened for. Replies, events and sends wait at their position (the gate, K7):
 * for a turn without records that is the log's end when the turn ended.
 */
export interface CommitLog {
  /** True where records get a second place before anything leaves: `replicated` kinds then go on while the process is self-fenced. Absent: false. */
  readonly gated?: boolean;
  /** Whoever ships records encodes them here and now: what they hold may change with the actor's next turn. */
  append(record: TurnRecord): Position;
  /** Position of the last record appended. */
  readonly end: Position;
  /**
   * Runs `run` once everything up to `position` has its second place; in position order, at once where it already has. `recorded`:
   * `position` is the turn's own record, and with its second place it is true for good. Anything else is a read (K7): the log lets it
   * out only while it is sure that nobody else owns the shard, or was when the turn was taken.
   */
  onDurable(position: Position, run: () => void, recorded?: boolean): void;
  /** True while too much waits for its second place, or for too long: no turns until there is room (`go` of {@link CommitLogs.open}). */
  readonly full?: boolean;
  /** The shard stays with its owner under a newer term: positions go on, and what waits goes on waiting. Absent: another log is opened. */
  raise?(term: Term): void;
  /** Drops what waits: nothing more leaves in this term. */
  close(): void;
}

/** Opens the log of a shard that this process now owns. */
export interface CommitLogs {
  /** `go`: to be called when turns may go on that could not before: the log is no longer full, or has become gated. */
  open(shard: ShardId, term: Term, go: () => void): CommitLog;
}
