// Hand-off: a shard that is in use changes its owner, and nobody notices but for a pause of some milliseconds.
//
//   STABLE     leader: row {state moving, move m, learner = target}; where the target is the backup, no learner is needed
//   MOVING     source ──Snapshot, Append──► target       as to every learner (replication/protocol.ts); the source goes on working
//   CATCH UP   source ──report learner-in-sync──► leader
//   SEAL       leader ──Seal m──► source                 no turn, no timer, no send, no command from here on; what ran has ended
//              source ──Append…──► target, backup        until both have acknowledged the very end of the log
//              source ──Handover m──► target             what is in no log: the ungated actors as they are; and the end of the log
//              source ◄─HandoverTaken m── target         it has the whole copy, up to exactly that position
//              source ──Sealed m, done──► every coordinator, again and again
//   COMMIT     leader: one fenced transaction: owner = target, term + 1, origin moved; the backup stays, or, where the target was it,
//              the source becomes the backup             the only commit point
//   OPEN       target: goes on from its copy. Its log goes on counting where the source's ended, so the backup (or the source with
//              what it sealed) follows without a snapshot: Append says whose log it continues and where
//   REDIRECT   the row is pushed; the source closes the shard, and what waited there bounces (K14); routers send it to the target
//
// Leader (leader.ts):   marking ──written──► catching-up ──in sync, store fresh──► sealing ──Sealed──► committing ──written──► over
//                           any of them ──abort, timer, death──► clearing ──row has no move m──► over, Seal cancel to the source
// Source (source.ts):   open ──Seal──► sealing ──log acknowledged, handover taken──► sealed ──new term, or cancel──► open
// Target (target.ts):   none ──Handover──► ready ──row: owner = self, origin moved, next term──► the copy is an owner's state
//
// Only the store ends a seal (K13). The source never opens again by a timer of its own: after abortAskMs its message asks for an abort,
// and it goes on asking. Nothing is sealed unless the store answered within storeFreshMs. A cancel is sent only when it is certain that
// the move will never be committed: its row was cleared or overwritten in the store. A new leader clears every row whose move it did
// not begin, before it cancels: so both a source that is sealed and a leader that has forgotten come to an end.
//
// Who may die when:
//   source   before COMMIT its backup is promoted like always, the move is cleared with it; the target's copy is a learner's and counts
//            for nothing (K10). After COMMIT it is nobody.
//   target   before COMMIT the move is cleared and the source goes on. After COMMIT it is an owner that died: its backup is promoted,
//            and that one continued the log or got a snapshot, else it is not complete and says so.
//   backup   its row changes (term + 1), and with it the move is gone: the source sees a new term and goes on.
//   leader   in any phase: its successor clears the row, or finds the move committed. A sealed source repeats itself to everybody.
// Any message may be lost, late or repeated: each carries shard, term and move; Seal and Sealed are repeated by their senders until
// answered, Handover until it is taken.
//
// K7, why the target need not wait: a read leaves the source late only if its turn was before the seal, and the commit comes after the
// seal. So the read ran while no other owner could have written: the order "read, then the target's writes" is one that its caller,
// who was waiting all the time, cannot tell from any other. What a promoted backup waits out is a source that still takes new reads.

import type { PeerId, Position, Term } from '@muster/ports';

/** From a leader; `cancel`: the move will never be committed, go on. */
export interface SealMessage {
  readonly term: Term;
  readonly move: string;
  readonly to: PeerId;
  readonly cancel: boolean;
}

/** From a source, repeated. */
export interface SealedMessage {
  readonly term: Term;
  readonly move: string;
  /** Everything is at the target. */
  readonly done: boolean;
  /** It takes too long: please abort. */
  readonly abort: boolean;
}

/** From a source to its target; the last piece names the end of the log. */
export interface HandoverMessage {
  readonly from: PeerId;
  readonly term: Term;
  readonly move: string;
  readonly seeding: number;
  readonly position: Position;
  readonly first: boolean;
  readonly last: boolean;
}
