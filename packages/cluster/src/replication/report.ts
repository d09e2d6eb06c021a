import type { PeerId, ShardId, Term } from '@muster/ports';

/** What an owner says of a shard's second place, or anybody of its term, with every beat until the row has changed. */
export type ReportedChange =
  /** The learner has everything, and nothing leaves any more without it (K10): it can become the backup. */
  | 'learner-in-sync'
  /** The backup does not keep up or has no link: another has to take its place in the row (K9), only then does the shard go on without it. */
  | 'backup-lost'
  /** The backup was reported lost in this term and follows again: under the next term the shard may go on with it. */
  | 'backup-back'
  /**
   * The shard had a newer term than this row's (K4): its owner hears so from storage, may not touch what is there (K5) and has closed it; or
   * anybody has had a newer row of it.
   */
  | 'outranked';

export interface ShardReport {
  readonly shard: ShardId;
  /** Of the row that the owner acts on: a report about another term is void. */
  readonly term: Term;
  readonly what: ReportedChange;
  /** The learner or the backup it is about; `outranked`: who says so. */
  readonly peer: PeerId;
  /** `outranked`: the newer term. */
  readonly known?: Term;
}

export function isReportedChange(text: string): text is ReportedChange {
  return text === 'learner-in-sync' || text === 'backup-lost' || text === 'backup-back' || text === 'outranked';
}
