import { type CommitLog, type CommitLogs, MemoryCommitLog, type PeerId, type ShardId, type Term } from '@muster/ports';
import type { Report } from './violation.js';

interface Written {
  term: Term;
  by: PeerId;
}

/**
 * Invariant 1: at most one owner per (shard, term), and once an owner has changed anything in a term, nobody does in an older one.
 * It watches the one door through which every change of an actor goes: its shard's log.
 */
export class OneWriter {
  private readonly opened = new Map<ShardId, Map<Term, PeerId>>();
  private readonly written = new Map<ShardId, Written>();
  private readonly report: Report;
  /** Shards opened, and turns with records, in all. */
  readonly counts = { opened: 0, records: 0 };

  constructor(report: Report) {
    this.report = report;
  }

  /** The logs of one process. */
  logsOf(owner: PeerId): CommitLogs {
    return {
      open: (shard, term) => {
        this.open(shard, term, owner);
        return this.watch(new MemoryCommitLog(), shard, term, owner);
      },
    };
  }

  private open(shard: ShardId, term: Term, owner: PeerId): void {
    this.counts.opened += 1;
    const terms = this.opened.get(shard) ?? new Map<Term, PeerId>();
    this.opened.set(shard, terms);
    const other = terms.get(term);
    if (other !== undefined && other !== owner)
      this.report('one owner per shard and term', `shard ${shard} term ${term}: ${other} and ${owner}`);
    terms.set(term, owner);
  }

  private watch(log: CommitLog, shard: ShardId, term: Term, owner: PeerId): CommitLog {
    return {
      append: (record) => {
        this.counts.records += 1;
        const last = this.written.get(shard);
        if (last && last.term > term)
          this.report(
            'one writer',
            `${record.entity} in shard ${shard}: ${owner} of term ${term} wrote after ${last.by} of term ${last.term}`,
          );
        else if (!last || last.term < term) this.written.set(shard, { term, by: owner });
        return log.append(record);
      },
      get end() {
        return log.end;
      },
      onDurable: (position, run) => log.onDurable(position, run),
      close: () => log.close(),
    };
  }
}
