// Carving: an entity leaves the shard that it hashes to for one of its own, or goes back, and nobody notices but for a pause (K1).
//
//   PLACE      leader: the other shard, empty, with the owner of the one that the entity is in, and with a backup where that has one
//   HOLD       leader ──Carve c──► owner                 its turn has ended, no other begins, in either shard; its mailbox waits
//              owner: the other shard's log gets all of it as the first record of a life there (`carved`)
//              owner ──Carved c, done──► every coordinator, again and again: once that record is in a second place
//   COMMIT     leader: one fenced transaction: the override, and both rows in one new term     the only commit point
//   SETTLE     owner, by the table: the shard that the override does not name gives it up: its log says that it is gone, and who waits
//              there is sent back (K14). When that is in a second place the entity goes on where the override says
//   REDIRECT   the override and the rows are pushed together; routers send what E has not answered to its new shard, in order, before
//              anything newer; streams ask there with the last number they have
//
// Leader (leader.ts):   asking ──Carved done──► committing ──written──► over (carved)
//                          any of them ──timer, a death, another row──► over, and Carve cancel to the owner
// Owner (owner.ts):     idle ──Carve──► holding ──the override, or a cancel, or a row that makes the commit impossible──► settling ──► idle
//
// Where an entity is, is what the override says, and nothing else. Both shards have all of it while it is held, and it takes no turn then:
// so either copy may be thrown away until the transaction, and afterwards the one in the shard that the override does not name is void
// wherever it is found: whoever opens a shard with an entity that belongs to another one lets its log say that it is gone (strays.ts).
// Only the store ends a hold (K13): the owner never lets go by a timer. A row of either shard in another term, without the override,
// says that the transaction cannot happen any more: it compares both. Rows and overrides travel together.
// Both rows get a term above both: numbers that grow within a shard's terms grow on for the entity, and receivers' fences hold (fence 3).
// An entity goes on only when the other shard's end of it is in a second place: so storage alone tells, where the cluster store is
// lost, that one which it has in two shards has done nothing since (K4): it belongs where it hashes to.
//
// Who may die when:
//   owner    before COMMIT both shards are promoted like always, in another term: the transaction fails, and the entity is where it was.
//            What the other shard's backup or storage has of it is a stray. After COMMIT it is in its new shard, which has it in a second
//            place, and what the old one's backup has is the stray.
//   backup   of either: its row changes, so the transaction fails. After COMMIT it is nobody's concern.
//   leader   in any phase: an owner that holds says so to everybody. The next leader has read the store after its epoch was written: what
//            is not in it then will never be, so it cancels.
// Any message may be lost, late or repeated: each carries both shards, both terms and the carving's id.

import type { PeerId, ShardId, Term } from '@muster/ports';

/** From a leader; `cancel`: it will never be committed, the entity stays where it is. */
export interface CarveMessage {
  readonly id: string;
  /** `kind/id` */
  readonly entity: string;
  readonly from: ShardId;
  readonly fromTerm: Term;
  readonly into: ShardId;
  readonly intoTerm: Term;
  readonly cancel: boolean;
}

/** From an owner, repeated while it holds the entity. */
export interface CarvedMessage {
  readonly from: PeerId;
  readonly id: string;
  readonly entity: string;
  readonly into: ShardId;
  /** The other shard has all of it, in a second place. */
  readonly done: boolean;
  /** It takes too long: please cancel. */
  readonly abort: boolean;
}
