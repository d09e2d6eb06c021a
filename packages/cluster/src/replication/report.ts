import type { PeerId, ShardId, Term } from '@muster/ports';

/** What an owner says of a shard's second place, with every beat until the row has changed. */
export type ReportedChange =
  /** The learner has everything, and nothing leaves any more without it (K10): it can become the backup. */
  | 'learner-in-sync'
  /** The backup does not keep up or has no link: another has to take its place in the row (K9), only then does the shard go on without it. */
  | 'backup-lost'
  /** The backup was reported lost in this term and follows again: under the next term the shard may go on with it. */
  | 'backup-back'
  /** Storage knows a newer term than this row's (K4, K5): what the shard is there this owner may not touch, so it is closed here. */
  | 'outranked';

export interface ShardReport {
  readonly shard: ShardId;
  /** Of the row that the owner acts on: a report about another term is void. */
  readonly term: Term;
  readonly what: ReportedChange;
  /** The learner or the backup it is about; `outranked`: the owner itself. */
  readonly peer: PeerId;
  /** `outranked`: the term that storage knows. */
  readonly known?: Term;
}

export function isReportedChange(text: string): text is ReportedChange {
  return text === 'learner-in-sync' || text === 'backup-lost' || text === 'backup-back' || text === 'outranked';
}
