// Replication: what an actor's turns changed gets a second place before anything of it leaves the process.
//
//   owner ──Snapshot n (first … last)──► learner          the actors as they are, while the log goes on beside it
//   owner ──Append n, term, first, records──► backup, learner
//   owner ◄─Ack n, position─── backup, learner           GAP: send a snapshot · STALE_TERM: the row has a newer term
//   owner ──Dismissed n──► former backup or learner      a row has no place for it any more, and the owner has seen it: it may forget
//   owner ──LeaseAsk──► everybody with a copy of its     every leaseEveryMs; ◄─Lease (but for these shards)─ (K7, leases.ts)
//   owner ──ShardReport──► leader                        learner-in-sync, backup-lost, backup-back: with every beat, until the row has changed
//
// Owner, for each copy (owner.ts): waiting ──link──► seeding ──acknowledged──► following; a backup that was one before this owner knew of it
// begins as joining ──acknowledged──► following, or ──GAP──► seeding; a log that continues no other takes nobody's word for what is there: its
// backup begins as waiting, like a learner. A learner in `following` that has everything
// that was ever let out is *caught up*: from then on nothing leaves without it (K10), and stays so until the row says otherwise.
// Copy (follower.ts): none ──Snapshot first──► seeding ──last──► complete ──row: owner = self──► promoted.
// Positions count the records of one owner's log; a snapshot's number is never used twice by one process, so an acknowledgement of
// another snapshot, or of another owner's log, cannot be taken for one of this.
//
// A log that goes on under another owner (handoff/protocol.ts): its positions go on from where the former owner's ended, and what it sends
// to a backup that it was never acknowledged by says so: `continues`, the former owner. A copy that is complete, has that owner and ends
// exactly before the first of these records follows from there; any other says GAP and gets a snapshot. To the owner it is `joining` until
// it has answered: no read is answered by its lease before, as it may not know yet whom it gives one (K7).
//
// The gate: nothing leaves but what the backup and a caught-up learner have acknowledged; without a backup, what a caught-up learner has
// (K9); without either the process is alone and lets out at once. Reads in addition need the lease of each of them. Where storage stands behind the
// log (persistence/), that is the second place of a shard without a backup, and lets nothing through that it does not have: so a learner
// without its snapshot holds nothing up. One with it does, until it has what was let out meanwhile: it could not catch up under steady load.
//
// Who may die when:
//   a copy     the owner reports it after silenceMs without acknowledgement, and waits: from then on the backup's acknowledgements open
//              nothing, as the row may have dropped it already. Only a row of the next term does (K9). Where the backup may only be cut
//              off, it stays in the row until a learner is in sync: should the owner die before, it has all that was let out. If it
//              follows again first, the owner says so, and the leader gives it the next term.
//   the owner  its backup is promoted by the row; whatever the old owner still sends is refused by its older term, so nothing more
//              leaves it. Reads need no refusal: the promoted one waits until the last lease it gave has run out, or the row is `sure`.
//   a link     following copies get again what they have not acknowledged, and drop what they have; a snapshot starts afresh.
//   a row that a copy sees late: it forgets what it has by a newer term than its owner's, or by the owner's word, not by a row of the
//                very term in which it is sent to: learners come and go within a term, and the leader may be counting on it already.
//   a row that the owner has not seen yet: the copies know the newer term and say so; the owner lets nothing out until it has seen it. A snapshot
//                that was refused so begins again with that row: nobody repeats its pieces.
//
// What this relies on of the leader: a backup leaves a row only where it is surely dead or its owner reported it lost in that row's term
// (a silent backup may still acknowledge to an owner that is cut off with it), or for a learner that is in sync; while owner and backup are both silent and neither
// is surely dead the row stays; a new owner that was not the backup starts without one (`backup` empty).

import type { PeerId, Position, Term } from '@muster/ports';

/** Why a copy does not take what it was sent; empty: it did. */
export type AckCode = '' | 'STALE_TERM' | 'GAP';

export interface AckMessage {
  /** With STALE_TERM the newer one. */
  readonly term: Term;
  readonly seeding: number;
  readonly position: Position;
  readonly code: AckCode;
}

export interface AppendMessage {
  readonly from: PeerId;
  readonly term: Term;
  readonly seeding: number;
  readonly first: Position;
  readonly end: Position;
  /** To a copy that is joining: the former owner, whose log ended before `first`; empty: nobody's. */
  readonly continues: PeerId | '';
}

export interface SnapshotMessage {
  readonly from: PeerId;
  readonly term: Term;
  readonly seeding: number;
  readonly first: boolean;
  readonly last: boolean;
  readonly position: Position;
}
