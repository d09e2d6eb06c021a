import type { ClaimAnswer, Clock, Log, Metrics, Random, ShardRefusal, ShardStore, Term } from '@muster/ports';
import type { PersistenceOptions } from './options.js';
import type { StoredLog } from './stored-log.js';

export interface StorageWriterSetup {
  readonly store: ShardStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly options?: Partial<PersistenceOptions>;
  readonly on?: {
    /** How the last owner left the shard: where it was `behind`, something may be missing. */
    claimed?(log: StoredLog, answer: ClaimAnswer): void;
    /** What there is of these actors cannot be stored. Called before anything that waited for the others leaves. */
    unstorable?(log: StoredLog, entities: readonly string[]): void;
    /** Nothing leaves this log any more. STALE_TERM: the shard has another owner, or had one in `known`. UNSTORABLE: storage cannot take a record. Else storage
     *  has lost what was being read from it. */
    refused?(log: StoredLog, refused: ShardRefusal, known: Term): void;
  };
}
