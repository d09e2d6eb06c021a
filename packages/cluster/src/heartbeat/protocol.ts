// Heartbeats: is this member alive, and may it go on?
//
//   member ──Heartbeat n──► every coordinator          every beatMs, with its load
//   member ◄─HeartbeatAck n─ coordinator               good: leads ∧ goodForMs > 0 ∧ no older epoch than seen
//   leader ──Probe──► witnesses (itself, its vice, one other node) ──dial──► the member's address
//
// Member (member.ts): running → frozen, selfFenceMs after it *sent* the last beat that was acknowledged well; back with the next
// good acknowledgement. It never decides that it is dead: it exits when told that it was replaced.
//
// Leader, for each member (watch.ts): joining → up ⇄ suspect ⇄ silent → dead, and two verdicts about it.
//   promote          its replicated ("gated") shards go to their backups, and it is nobody's backup or learner any more. Either its link is
//                    down, the leader's own dial was refused, and witnessMs later nobody had reached it; or no beat came for silentMs.
//                    May be wrong: a former owner that lives lets nothing out without its backup's acknowledgement, and the backup
//                    refuses its term (fence 2). For the same reason an operator may say it of one that is late (break glass), without the
//                    patience that silence gets. So no witness is needed, and no mercy after a take-over. Its next beat takes it back.
//   dead             for good; what it alone had is placed again:
//   dead by refusal  its link is down and every witness of one round was refused at its address, or found another process there:
//                    nothing listens, so nothing runs. Not a matter of time, so a slow observer may say it too. Only this death is
//                    sure enough for a promoted backup to answer before the read lease that it gave has run out (K7).
//   dead by silence  no beat for placeAgainMs, and not before `mercyUntil` (K6). Only from an observer whose own loop kept time, and only
//                    where another node is well enough to take what it had: given up it can be taken back, dead it cannot.
//   replaced         another incarnation has its name (K3).
//   forgotten        an operator says that it never comes back. Not of one that is heard.
// Both verdicts by silence are put off (mass-silence.ts) while more than half of the nodes fell silent together: the observer, or what lies
// between, is the likelier culprit; after massPatienceMs one is believed at a time. And a node that was just given much to do gets
// ladenMercyMs more, or a fail-over would kill those who work on it. What is refused is believed at once, as ever.
// A lost registration kills nobody: leases may all run out at once after an outage of the store.
//
// Why placing again by silence is safe: a member that beats is heard at R, was sent its last good acknowledgement for a beat sent at
// S ≤ R, and is frozen at S + selfFenceMs ≤ R + placeAgainMs − fenceMarginMs. After a take-over at T the deposed leader may
// have acknowledged well until T + confirmMs (K6), so nobody is placed again by silence before T + confirmMs + selfFenceMs + margin.
// A member that was given up, and came back before it was dead, is acknowledged well only once the digest of what it owns is that of
// the table: until then ungated actors of promoted shards may run on it. The table lists it as suspect for so long.

import type { ProbeOutcome } from '../links/probe.js';

/**
 * Why a member counts as dead. Only `silent` is a guess; it is the one that had to wait. `forgotten`: an operator's word. It ends the waiting
 * for somebody who never comes back, and is no more than that: whoever goes on elsewhere still waits out what the forgotten may have begun.
 */
export type DeathCause = 'refused' | 'silent' | 'replaced' | 'left' | 'forgotten';

export function isProbeOutcome(text: string): text is ProbeOutcome {
  return text === 'alive' || text === 'other-incarnation' || text === 'refused' || text === 'silent';
}

/** A hash of what is owned, independent of order: both sides of a heartbeat compare it. */
export function ownedDigest(owned: Iterable<readonly [shard: number, term: number]>): number {
  let digest = 0;
  for (const [shard, term] of owned) {
    let h = Math.imul(shard + 1, 0x9e3779b1) ^ Math.imul(term % 0x1_0000_0000, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
    digest = (digest + ((h ^ (h >>> 13)) >>> 0)) % 0x1_0000_0000;
  }
  return digest;
}
