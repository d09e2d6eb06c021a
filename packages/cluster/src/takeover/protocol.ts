// Take-over: who of the coordinators leads.
//
//   following ──(leader silent, refused, or none)──► taking ──won──► leading ──(write refused, newer epoch seen)──► following
//                                                      └──lost──► following
//   leading ──(told to stop, has a vice)──► resigned ──(newer epoch seen)──► following, and leaves
//
//   leader ──Beat n (epoch, vice)──► others      every beatMs
//   leader ◄─BeatAck n (epoch)────── others      only the leader of the highest epoch they know is confirmed by it
//   resigned ──Resign (epoch)──► vice      once; it beats no more
//   taking: IF mod_revision(epoch) == seen THEN put epoch {epoch + 1, leader: me, attempt}      the only commit point
//
// Anybody may die at any time. The store alone decides who leads; everything else here only says when to try:
//   refused   nothing listens at the leader's address, or another process does: at once, for the vice. A standby waits until it has
//             been without a leader for 2 × silenceMs, so that it does not race the vice; the store lets only one of them win anyway.
//   silent    no beat for silenceMs, while our own loop kept time, and longer where beats or ticks were late lately (strain.ts); at most once per calmMs of the take-overs by silence seen here:
//             a line that is cut one way would let two coordinators take over in turns.
//   resigned  the leader says that it stops and that we are its vice: at once. Before it said so it stopped to write and to acknowledge, so
//             that, as after its death, nothing of it comes later. Where the message or the vice is lost the others hear no beats, then a
//             refusal: as if it had been killed. It waits for its successor for resignMs at most.
//   former    the leader of record is an earlier run of this very process (K3).
// K2: an attempt whose outcome is unknown is read back; its id tells whether it won. Where the record is unchanged the same attempt is
// made again: whichever of the two arrives, it is the same attempt, and the other one fails its compare.
// K4: the store itself may go back: wiped, or restored from an older copy. A read that was sent after an epoch was known, and shows an
// older one or none, says so. The leader leads again, above everything seen, with what it knows of the table; everybody else only takes note
// of what an attempt has to be compared with now, and follows the leader for as long as it lives. A copy of this very epoch shows to the
// leader alone, in the pages (coordinator's ledger): "went-back".
// K6: a deposed leader that has nothing to write does not notice. So it may acknowledge heartbeats only while confirmed: within
// confirmMs either *every* other registered coordinator acknowledged a beat (with two coordinators: the vice), or the store was read
// and still had its record. Counted from the send time. All of them, because each of them could have taken over in the meantime.
import type { Millis, PeerId } from '@muster/ports';
import { parsePeerId } from '@muster/ports';
import type { TakeoverOptions } from './options.js';
import { newStrain, patienceMs, type Strain } from './strain.js';

export type Standing = 'following' | 'taking' | 'leading' | 'resigned';
/** Why a coordinator tried to lead. */
export type TakeoverReason = 'first' | 'former' | 'resigned' | 'refused' | 'silent';

/** One coordinator's view of who leads. */
export interface Candidate {
  readonly self: PeerId;
  readonly standing: Standing;
  /** Highest known; 0: none. */
  readonly epoch: number;
  /** Since when it is known: a read that was sent later and shows less shows a store that went back (K4). */
  readonly epochAt: Millis;
  /** Highest that storage remembers: a wiped cluster store starts above it (K4). */
  readonly floor: number;
  readonly leader: PeerId | '';
  /** Of the epoch's key where it was last read; undefined: to be read before an attempt. */
  readonly seen: number | undefined;
  /** Who would take over: as the leader says, or as this leader has chosen. */
  readonly vice: PeerId | '';
  readonly heardAt: Millis;
  readonly everHeard: boolean;
  /** No take-over by silence before this. */
  readonly calmUntil: Millis;
  /** The leader's address refuses, or is somebody else's. */
  readonly leaderGone: boolean;
  /** The leader stops, and has named us to follow it. */
  readonly leaderResigned: boolean;
  readonly probedAt: Millis;
  /** Links to other coordinators that stand. */
  readonly linked: readonly PeerId[];
  /** Other coordinators that are registered and not known to be gone. */
  readonly others: readonly PeerId[];
  /** Refused at their address: no longer asked for anything. A new run has another peer id. */
  readonly gone: readonly PeerId[];
  readonly attempts: number;
  readonly why: TakeoverReason;
  readonly triedAt: Millis;
  readonly beats: readonly { readonly number: number; readonly at: Millis }[];
  /** Send time of the last beat that this coordinator acknowledged in our epoch. */
  readonly confirmed: ReadonlyMap<PeerId, Millis>;
  readonly readAt: Millis;
  readonly reading: boolean;
  readonly tickedAt: Millis;
  /** Of its leader's beats and of its own ticks. */
  readonly strain: Strain;
}

/** What was found under the epoch's key. */
export interface EpochSeen {
  readonly epoch: number;
  readonly leader: PeerId;
  readonly attempt: string;
}

export type CandidateInput =
  | { readonly type: 'tick' }
  | { readonly type: 'coordinators'; readonly others: readonly PeerId[] }
  | { readonly type: 'linked' | 'unlinked' | 'refused'; readonly peer: PeerId }
  /** A linearizable read of the epoch's key that was sent at `sentAt`. */
  | {
      readonly type: 'read';
      readonly sentAt: Millis;
      readonly record: EpochSeen | undefined;
      readonly modRevision: number;
    }
  | { readonly type: 'read-failed' }
  | {
      readonly type: 'beat';
      readonly from: PeerId;
      readonly epoch: number;
      readonly number: number;
      readonly vice: PeerId | '';
    }
  | { readonly type: 'ack'; readonly from: PeerId; readonly epoch: number; readonly number: number }
  | { readonly type: 'attempted'; readonly result: 'lost' | 'unknown' | 'unavailable' }
  | { readonly type: 'attempted'; readonly result: 'won'; readonly modRevision: number }
  | { readonly type: 'resigned'; readonly from: PeerId; readonly epoch: number }
  /** This process is told to stop. */
  | { readonly type: 'resign' }
  /** One of our writes failed its compare with the epoch's key. */
  | { readonly type: 'fenced' }
  /** The epoch's record is ours, but what stands beside it is older than what we wrote or read there (K4). */
  | { readonly type: 'went-back' };

export type CandidateEffect =
  | { readonly type: 'read' }
  | { readonly type: 'probe'; readonly peer: PeerId }
  | { readonly type: 'beat'; readonly number: number }
  | { readonly type: 'ack'; readonly to: PeerId; readonly number: number; readonly epoch: number }
  | {
      readonly type: 'attempt';
      readonly epoch: number;
      readonly seen: number;
      readonly attempt: string;
      readonly why: TakeoverReason;
    }
  | {
      readonly type: 'lead';
      readonly epoch: number;
      readonly modRevision: number;
      readonly why: TakeoverReason;
      readonly former: PeerId | '';
    }
  | { readonly type: 'follow'; readonly epoch: number; readonly leader: PeerId; readonly deposed: boolean }
  | { readonly type: 'resign'; readonly to: PeerId; readonly epoch: number }
  | { readonly type: 'vice'; readonly vice: PeerId | '' };

export interface CandidateStep {
  readonly state: Candidate;
  readonly effects: readonly CandidateEffect[];
}

/** `floor`: the highest epoch that storage remembers (K4). */
export function newCandidate(self: PeerId, now: Millis, floor = 0): Candidate {
  return {
    self,
    standing: 'following',
    epoch: 0,
    epochAt: now,
    floor,
    leader: '',
    seen: undefined,
    vice: '',
    heardAt: now,
    everHeard: false,
    calmUntil: now,
    leaderGone: false,
    leaderResigned: false,
    probedAt: Number.NEGATIVE_INFINITY,
    linked: [],
    others: [],
    gone: [],
    attempts: 0,
    why: 'first',
    triedAt: Number.NEGATIVE_INFINITY,
    beats: [],
    confirmed: new Map(),
    readAt: Number.NEGATIVE_INFINITY,
    reading: false,
    tickedAt: now,
    strain: newStrain(now),
  };
}

/** Id of the attempt under way: `self` is unique to this run of the process, so this is unique for ever. */
export function attemptId(state: Candidate): string {
  return `${state.self}/${state.attempts}`;
}

/** Of the next attempt. */
export function nextEpoch(state: Candidate): number {
  return Math.max(state.epoch, state.floor) + 1;
}

/** K6: how much longer this leader may acknowledge heartbeats without another confirmation; 0: not at all. */
export function goodForMs(state: Candidate, now: Millis, options: TakeoverOptions): Millis {
  if (state.standing !== 'leading') return 0;
  const byOthers =
    state.others.length === 0
      ? Number.NEGATIVE_INFINITY
      : Math.min(...state.others.map((peer) => state.confirmed.get(peer) ?? Number.NEGATIVE_INFINITY));
  return Math.max(0, Math.max(byOthers, state.readAt) + options.confirmMs - now);
}

/** Whether the leader of record may be replaced now, and why. */
export function reasonToTake(state: Candidate, now: Millis, options: TakeoverOptions): TakeoverReason | undefined {
  if (state.standing !== 'following' || state.seen === undefined) return undefined;
  if (state.leader === '') return 'first';
  if (parsePeerId(state.leader).id === parsePeerId(state.self).id) return 'former';
  if (state.leaderResigned) return 'resigned';
  const silence = now - state.heardAt;
  const isSecond = state.vice !== '' && state.vice !== state.self;
  if (state.leaderGone && (!isSecond || silence >= 2 * options.silenceMs)) return 'refused';
  const patience = state.everHeard ? patienceMs(state.strain, options) * (isSecond ? 2 : 1) : options.firstSilenceMs;
  return silence >= patience && now >= state.calmUntil ? 'silent' : undefined;
}
