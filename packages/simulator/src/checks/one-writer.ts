import type { CommitLog, CommitLogs, PeerId, ShardId, Term } from '@muster/ports';
import type { Freshness } from './freshness.js';
import type { Report } from './violation.js';

interface Written {
  term: Term;
  by: PeerId;
}

/**
 * Invariant 1: at most one owner per (shard, term), and once an owner has let anything out in a term, nobody does in an older one.
 * A deposed owner may go on deciding; nothing of it may leave. Once an owner let anything out in a term, no older one answers a read.
 * It watches the one door through which everything leaves: the shard's log.
 */
export class OneWriter {
  private readonly opened = new Map<ShardId, Map<Term, PeerId>>();
  private readonly left = new Map<ShardId, Written>();
  private readonly begun = new Map<ShardId, Written>();
  private readonly report: Report;
  private readonly freshness: Pick<Freshness, 'watch'> | undefined;
  /** Shards opened, and turns with records, in all. */
  readonly counts = { opened: 0, records: 0 };

  /** `freshness` is told what is appended, and what leaves. */
  constructor(report: Report, freshness?: Pick<Freshness, 'watch'>) {
    this.report = report;
    this.freshness = freshness;
  }

  /** The logs of one process. */
  watched(owner: PeerId, logs: CommitLogs): CommitLogs {
    return {
      open: (shard, term, go) => {
        this.open(shard, term, owner);
        this.begun.set(shard, { term, by: owner });
        return this.watch(logs.open(shard, term, go), shard, term, owner);
      },
    };
  }

  /** This process began with the shard in this term: it did not have it open in the one before. */
  began(shard: ShardId, term: Term, owner: PeerId): boolean {
    const last = this.begun.get(shard);
    return last?.term === term && last.by === owner;
  }

  /** Somebody had it open in an older term. */
  hadOwner(shard: ShardId, term: Term): boolean {
    for (const of of this.opened.get(shard)?.keys() ?? []) if (of < term) return true;
    return false;
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

  private watch(log: CommitLog, shard: ShardId, opened: Term, owner: PeerId): CommitLog {
    let term = opened;
    const fresh = this.freshness?.watch(shard, owner);
    // From here on records were appended after a newer owner had let something out: no copy can have taken them.
    let lateFrom = Number.POSITIVE_INFINITY;
    return {
      append: (record) => {
        this.counts.records += 1;
        const position = log.append(record);
        fresh?.appended(position, record);
        if (position < lateFrom && (this.left.get(shard)?.term ?? 0) > term) lateFrom = position;
        return position;
      },
      get end() {
        return log.end;
      },
      get gated() {
        return log.gated === true;
      },
      get full() {
        return log.full === true;
      },
      onDurable: (position, run, recorded = false) =>
        log.onDurable(
          position,
          () => {
            this.leaves(shard, term, owner, recorded && position < lateFrom);
            fresh?.letOut(position, term);
            run();
          },
          recorded,
        ),
      raise: (next) => {
        term = next;
        this.open(shard, term, owner);
        log.raise!(next);
      },
      close: () => log.close(),
    };
  }

  /** What was acknowledged before the successor began is part of what it began with: that may still leave, late. Nothing else may. */
  private leaves(shard: ShardId, term: Term, owner: PeerId, recorded: boolean): void {
    const last = this.left.get(shard);
    if (last && last.term > term) {
      if (recorded) return;
      const what = `shard ${shard}: ${owner} of term ${term} let something out after ${last.by} of term ${last.term}`;
      this.report('one writer', what);
    } else if (!last || last.term < term) this.left.set(shard, { term, by: owner });
  }
}
