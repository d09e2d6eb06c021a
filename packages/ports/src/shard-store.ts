import type { MusterError } from './errors.js';
import type { ShardId, Term } from './ids.js';

/**
 * A place in a shard's stored log: 1, 2, 3… over all terms. An owner's {@link CommitLog} counts its own records from 0; what it adds
 * to get here is the position that its claim was answered with.
 */
export type StoredPosition = number;

/** One turn of one actor. */
export interface StoredRecord {
  /** `kind/id` */
  readonly entity: string;
  /** The actor's own count of turns with records. 1: its life begins here, and whatever was before is void. */
  readonly seq: number;
  /** Entries as a JSON array; empty: the actor is gone, and its state was worth nothing. */
  readonly text: string;
}

/** Records of one shard, in log order. Without records: is this still my term? */
export interface LogBatch {
  readonly shard: ShardId;
  readonly term: Term;
  /** Position of the first record. */
  readonly first: StoredPosition;
  readonly records: readonly StoredRecord[];
  /** A mark in the same transaction: with these records everything is there. Refused with them. */
  readonly standing?: ShardStanding | undefined;
}

/** An actor as it was after the record at `position`: earlier ones of it are not needed any more. */
export interface EntitySnapshot {
  readonly entity: string;
  /** Nothing of the entity up to here is missing in `text`; at most the shard's position. */
  readonly position: StoredPosition;
  readonly seq: number;
  /** Of the actor's kind, when this was written. Kept as it is: readers upgrade. */
  readonly version: number;
  readonly text: string;
}

/** Actors of one shard, to be stored whole. */
export interface ShardSaves {
  readonly shard: ShardId;
  readonly term: Term;
  readonly entities: readonly EntitySnapshot[];
  /** A mark in the same transaction: with these actors everything is there. Refused with them. */
  readonly standing?: ShardStanding | undefined;
}

/**
 * What an owner does with the shard, so that its successor knows whether something may be missing.
 * `gated`: nothing leaves before it is stored, so what is stored is everything. `behind`: records are stored later than they are
 * acknowledged (there is a backup). `parked`: nobody works on it, and what is stored is everything.
 */
export type ShardStanding = 'gated' | 'behind' | 'parked';

export interface ShardClaim {
  readonly shard: ShardId;
  readonly term: Term;
  readonly standing: Exclude<ShardStanding, 'parked'>;
}

export interface ShardMark {
  readonly shard: ShardId;
  readonly term: Term;
  readonly standing: ShardStanding;
  /** End of the owner's log: refused as GAP while not everything up to it is stored. */
  readonly through: StoredPosition;
}

/**
 * Why nothing of one shard was written. STALE_TERM: a newer owner has claimed it. NOT_CLAIMED: claim it first (or again: storage was
 * restored from a copy). GAP: records before these are missing here. UNSTORABLE: text that no form could give back, or too long.
 */
export type ShardRefusal = 'STALE_TERM' | 'NOT_CLAIMED' | 'GAP' | 'UNSTORABLE';

/** The shard's line after the call, one per shard asked about, in that order; with UNSTORABLE it was not looked at. */
export interface ShardAnswer {
  readonly shard: ShardId;
  readonly refused: ShardRefusal | undefined;
  /** 0: never claimed. */
  readonly term: Term;
  /** The log is complete up to here. */
  readonly position: StoredPosition;
  /** UNSTORABLE: whose text it is. */
  readonly unstorable?: readonly string[];
}

export interface ClaimAnswer extends ShardAnswer {
  /** What the claimed term found: how the shard's last owner left it. Undefined: nobody had it before. */
  readonly before:
    | { readonly term: Term; readonly position: StoredPosition; readonly standing: ShardStanding }
    | undefined;
}

/** An actor as stored: its last snapshot, and the records after it. */
export interface StoredEntity {
  readonly entity: string;
  /** Empty: the first record of `tail` begins its life. */
  readonly text: string;
  /** Of `text`; 0 where that is empty. */
  readonly version: number;
  /** Entries of the records after `text`: JSON arrays with commas between them. */
  readonly tail: string;
  /** Of the last record that is in it. */
  readonly seq: number;
}

/** What is stored of it cannot be trusted; it stays as it is until the entity is saved or forgotten. */
export interface DamagedEntity {
  readonly entity: string;
  /** STATE_DAMAGED, with shard and entity. */
  readonly error: MusterError;
}

export interface ShardPage {
  /** Whole entities in the order of their names' bytes; those that are gone are left out. */
  readonly entities: readonly (StoredEntity | DamagedEntity)[];
  /** Where the next page begins; undefined: that was the last. */
  readonly next: string | undefined;
}

/** Of one call: records or whole actors, and characters of their texts in all; and characters of one of them. */
export interface ShardStoreLimits {
  readonly records: number;
  readonly chars: number;
  readonly textChars: number;
}

/** An entity of which there is something in this shard, and that is not gone. */
export interface Whereabout {
  readonly entity: string;
  readonly shard: ShardId;
}

/**
 * Log and snapshots of shards. Every write names its term and is refused, shard by shard, where a newer one has claimed the shard:
 * a paused owner's late write changes nothing (K5). A call is one transaction, each shard at most once in it; what may have happened
 * may be repeated: it is then done once. Every call ends within its deadline.
 * @throws MusterError STORAGE_UNAVAILABLE (repeat it), STORAGE_MISMATCH, INVALID_REQUEST (limits of one call)
 */
export interface ShardStore {
  /** What one call takes; whoever makes larger ones is refused at its start, and not by its first large call. Absent: whatever is sent. */
  readonly limits?: ShardStoreLimits;
  /** Raises the shards' terms: to be done before anything is read (K5). Repeated under the same term it answers the same. */
  claim(claims: readonly ShardClaim[]): Promise<readonly ClaimAnswer[]>;
  /** One group commit of many shards. Positions that are stored already are left out, so that a batch may be sent again. */
  append(batches: readonly LogBatch[]): Promise<readonly ShardAnswer[]>;
  /** Stores actors whole, unless a newer copy is there, and drops the records they make unnecessary. */
  save(saves: readonly ShardSaves[]): Promise<readonly ShardAnswer[]>;
  /** A bounded part of a claimed shard, from its beginning or from `next` of the page before. @throws MusterError STALE_TERM also */
  load(shard: ShardId, term: Term, after?: string): Promise<ShardPage>;
  /** Says how far the shard can be trusted from now on. */
  mark(marks: readonly ShardMark[]): Promise<readonly ShardAnswer[]>;
  /** Removes all there is of entities up to a position, records that they are gone included. */
  forget(
    losses: readonly {
      readonly shard: ShardId;
      readonly term: Term;
      readonly entities: readonly { readonly entity: string; readonly position: StoredPosition }[];
    }[],
  ): Promise<readonly ShardAnswer[]>;
  /**
   * Of these entities (`kind/id`), and of those that have something in a shard numbered `first` or higher: all the shards where they are, in
   * the order of their names and of the shards. It claims nothing and reads everything once: for a cluster that has lost who is where (K4).
   */
  whereabouts(first: ShardId, entities?: readonly string[]): Promise<readonly Whereabout[]>;
  /** By which terms shards are known here, those that were ever claimed. It claims nothing: what the cluster's store says is held against it (K4). */
  terms(): Promise<ReadonlyMap<ShardId, Term>>;
}
