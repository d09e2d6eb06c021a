import type { CommitLog, CommitLogs, Position, TurnRecord } from './commit-log.js';

/** The form without a second place: a record is durable when appended. For `ephemeral` kinds, and for everything until there is a backup. */
export class MemoryCommitLog implements CommitLog {
  private position: Position = 0;
  private closed = false;

  append(_record: TurnRecord): Position {
    this.position += 1;
    return this.position;
  }

  get end(): Position {
    return this.position;
  }

  onDurable(_position: Position, run: () => void): void {
    if (!this.closed) run();
  }

  close(): void {
    this.closed = true;
  }
}

export const memoryCommitLogs: CommitLogs = { open: () => new MemoryCommitLog() };
