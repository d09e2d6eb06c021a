import type { EntitySnapshot, Position, ShardId, ShardStanding, Term } from '@muster/ports';

/** An actor as it is now. */
export type SavedText = Pick<EntitySnapshot, 'text' | 'seq' | 'version'>;

/** `gated`: nothing leaves before it is stored. `behind`: it leaves when the backup has it, and is stored later (K9). */
export type Standing = Exclude<ShardStanding, 'parked'>;

export interface LogStart {
  readonly shard: ShardId;
  readonly term: Term;
  readonly standing: Standing;
  /** Position of the last record before this owner's first. */
  readonly start: Position;
  /** Actors of which storage may have an older state, or which it may not know to be gone: saved before any record is written. */
  readonly unsaved?: Iterable<string>;
  /** Storage is known to call the shard `behind`: the owner before had heard it say so, and nobody has claimed otherwise since. */
  readonly knownBehind?: boolean;
  /** No former owner can still be answering reads (K7). */
  readonly isSure: boolean;
  /** The actor as it is when asked, with all that was appended; undefined: it is gone. */
  readonly saved: (entity: string) => SavedText | 'unreadable' | undefined;
  /** Names of all actors that there are here; undefined: that is still to be read from storage, and cannot be given back to it. */
  readonly whole?: () => Iterable<string> | undefined;
}

/** What a log needs of storage next. */
export type Need = 'claim' | 'append' | 'review' | 'mark' | 'save' | 'forget' | 'ask';
