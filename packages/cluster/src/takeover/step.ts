import { type Millis, type PeerId, parsePeerId } from '@muster/ports';
import type { TakeoverOptions } from './options.js';
import {
  attemptId,
  type Candidate,
  type CandidateEffect,
  type CandidateInput,
  type CandidateStep,
  nextEpoch,
  reasonToTake,
} from './protocol.js';
import { strained } from './strain.js';

/** Peers remembered as gone. More than coordinators that can die while one registration runs out. */
const GONE_MAX = 64;

type Input<T extends CandidateInput['type']> = Extract<CandidateInput, { type: T }>;

/** One step of a coordinator in the struggle for the lead (protocol.ts). */
export function stepCandidate(
  state: Candidate,
  input: CandidateInput,
  now: Millis,
  options: TakeoverOptions,
): CandidateStep {
  switch (input.type) {
    case 'tick':
      return tick(state, now, options);
    case 'coordinators':
      return done({ ...state, others: otherCoordinators(state, input.others) });
    case 'linked':
      return done(linked(state, input.peer));
    case 'unlinked':
      return unlinked(state, input.peer, now);
    case 'refused':
      return refused(state, input.peer, now, options);
    case 'read':
      return read({ ...state, reading: false }, input, now, options);
    case 'read-failed':
      return done({ ...state, reading: false });
    case 'beat':
      return beat(state, input, now, options);
    case 'ack':
      return acked(state, input);
    case 'attempted':
      return attempted(state, input, now, options);
    case 'resign':
      return resign(state);
    case 'resigned':
      return resigned(state, input, now, options);
    case 'fenced':
      return state.standing === 'leading' ? ask({ ...state, readAt: Number.NEGATIVE_INFINITY }) : done(state);
    case 'went-back':
      return state.standing === 'leading' ? leadAgain(state, state.seen ?? 0, now, options) : done(state);
  }
}

function tick(before: Candidate, now: Millis, options: TakeoverOptions): CandidateStep {
  const late = now - before.tickedAt - options.beatMs;
  // We did not run: what the leader sent meanwhile is still in our socket.
  const heardAt = late > options.stallMs ? Math.min(now, before.heardAt + late) : before.heardAt;
  const state = { ...before, tickedAt: now, heardAt, strain: strained(before.strain, late, now, options) };
  if (state.standing === 'leading') return lead(state, now, options);
  if (state.standing === 'resigned') return done(state);
  if (state.standing === 'taking') {
    // The store did not take the attempt, or did not say: once more, after a look at what it holds.
    return now - state.triedAt >= options.readMs ? ask({ ...state, triedAt: now }) : done(state);
  }
  if (state.seen === undefined)
    return now - state.triedAt >= options.readMs ? ask({ ...state, triedAt: now }) : done(state);
  const taken = take(state, now, options);
  if (taken) return taken;
  return watchLeader(state, now, options);
}

function lead(state: Candidate, now: Millis, options: TakeoverOptions): CandidateStep {
  const number = (state.beats.at(-1)?.number ?? 0) + 1;
  const kept = Math.ceil((2 * options.confirmMs) / options.beatMs);
  const vice = chooseVice(state, now, options);
  const effects: CandidateEffect[] = vice === state.vice ? [] : [{ type: 'vice', vice }];
  effects.push({ type: 'beat', number });
  const asks = !state.reading && now - state.triedAt >= options.readMs;
  if (asks) effects.push({ type: 'read' });
  const lost = state.others.filter((peer) => !state.linked.includes(peer));
  const probes = lost.length > 0 && now - state.probedAt >= options.readMs;
  if (probes) effects.push(...lost.map((peer) => ({ type: 'probe', peer }) as const));
  const beats = [...state.beats, { number, at: now }].slice(-kept);
  const next = { ...state, vice, beats, probedAt: probes ? now : state.probedAt };
  return { state: asks ? { ...next, reading: true, triedAt: now } : next, effects };
}

/** The vice stays while it acknowledges: changing it costs its successor the knowledge that it is one. */
function chooseVice(state: Candidate, now: Millis, options: TakeoverOptions): PeerId | '' {
  const fresh = state.others.filter(
    (peer) =>
      state.linked.includes(peer) && now - (state.confirmed.get(peer) ?? Number.NEGATIVE_INFINITY) < options.silenceMs,
  );
  if (state.vice !== '' && fresh.includes(state.vice)) return state.vice;
  return [...fresh].sort()[0] ?? '';
}

function watchLeader(state: Candidate, now: Millis, options: TakeoverOptions): CandidateStep {
  const { leader } = state;
  if (leader === '' || state.linked.includes(leader) || now - state.probedAt < options.readMs) return done(state);
  return { state: { ...state, probedAt: now }, effects: [{ type: 'probe', peer: leader }] };
}

function take(state: Candidate, now: Millis, options: TakeoverOptions): CandidateStep | undefined {
  const why = reasonToTake(state, now, options);
  if (!why || state.seen === undefined) return undefined;
  return attempt({ ...state, standing: 'taking', attempts: state.attempts + 1, why }, state.seen, now);
}

function attempt(state: Candidate, seen: number, now: Millis): CandidateStep {
  const effect = { type: 'attempt', epoch: nextEpoch(state), seen, attempt: attemptId(state), why: state.why } as const;
  return { state: { ...state, triedAt: now }, effects: [effect] };
}

function unlinked(state: Candidate, peer: PeerId, now: Millis): CandidateStep {
  // Killed or only cut off? A refusal tells within a millisecond, silence would take hundreds.
  const linked = state.linked.filter((other) => other !== peer);
  return { state: { ...state, linked, probedAt: now }, effects: [{ type: 'probe', peer }] };
}

function refused(state: Candidate, peer: PeerId, now: Millis, options: TakeoverOptions): CandidateStep {
  if (state.linked.includes(peer)) return done(state);
  // Who is gone cannot take over, so its word is not needed any more (K6); a new run of it registers anew.
  const others = state.others.filter((other) => other !== peer);
  const gone = [...state.gone.filter((other) => other !== peer), peer].slice(-GONE_MAX);
  const vice = state.vice === peer ? ('' as const) : state.vice;
  const next = { ...state, others, gone, vice, leaderGone: state.leaderGone || peer === state.leader };
  return take(next, now, options) ?? done(next);
}

function beat(state: Candidate, input: Input<'beat'>, now: Millis, options: TakeoverOptions): CandidateStep {
  const { from, epoch, number, vice } = input;
  // An older leader learns from our epoch that it was deposed; it is not confirmed.
  if (epoch < state.epoch) return { state, effects: [{ type: 'ack', to: from, number, epoch: state.epoch }] };
  if (epoch === state.epoch && from !== state.leader) return done(state);
  const ack: CandidateEffect = { type: 'ack', to: from, number, epoch };
  const heard = { heardAt: now, everHeard: true, leaderGone: false, vice } as const;
  if (epoch === state.epoch) {
    // What we missed by our own fault is not counted again: the tick before this has moved `heardAt`.
    const late = state.everHeard ? now - state.heardAt - options.beatMs : 0;
    return { state: { ...state, ...heard, strain: strained(state.strain, late, now, options) }, effects: [ack] };
  }
  const { state: next, effects } = follow(state, { leader: from, epoch, seen: undefined }, now, options);
  return { state: { ...next, ...heard, reading: true }, effects: [...effects, ack, { type: 'read' }] };
}

function acked(state: Candidate, { from, epoch, number }: Input<'ack'>): CandidateStep {
  if (state.standing !== 'leading') return done(state);
  // Somebody knows a newer regime: no acknowledgement of ours is good until the store has said who leads.
  if (epoch > state.epoch) return ask({ ...state, confirmed: new Map(), readAt: Number.NEGATIVE_INFINITY });
  const sent = state.beats.find((each) => each.number === number);
  if (epoch !== state.epoch || !sent) return done(state);
  return done({ ...state, confirmed: new Map(state.confirmed).set(from, sent.at) });
}

/** Without a vice nobody would follow it any sooner: then it goes on until it ends. */
function resign(state: Candidate): CandidateStep {
  const { vice, epoch } = state;
  if (state.standing !== 'leading' || vice === '') return done(state);
  return { state: { ...state, standing: 'resigned' }, effects: [{ type: 'resign', to: vice, epoch }] };
}

function resigned(state: Candidate, input: Input<'resigned'>, now: Millis, options: TakeoverOptions): CandidateStep {
  // Of another regime than the one that we know: nothing follows from it.
  if (input.from !== state.leader || input.epoch !== state.epoch) return done(state);
  const next = { ...state, leaderResigned: true };
  return take(next, now, options) ?? done(next);
}

function read(state: Candidate, input: Input<'read'>, now: Millis, options: TakeoverOptions): CandidateStep {
  const { record, modRevision, sentAt } = input;
  if (record && record.epoch < state.epoch) {
    // Read before what we already know of; or the store went back behind it.
    return sentAt < state.epochAt ? done(state) : wentBack(state, modRevision, now, options);
  }
  if (state.standing === 'taking') return readBack(state, input, now, options);
  if (state.standing === 'leading') {
    if (record?.leader === state.self && record.epoch === state.epoch) {
      return done({ ...state, readAt: Math.max(state.readAt, sentAt) });
    }
    // Asked for before our epoch was written, or before our own last read, which will tell the same.
    if (!record && sentAt < state.triedAt) return done(state);
    if (!record) return leadAgain(state, 0, now, options);
    return follow(state, { ...record, seen: modRevision }, now, options);
  }
  if (!record) {
    if (state.leader !== '' && sentAt >= state.epochAt) return wentBack(state, 0, now, options);
    return take({ ...state, leader: '', seen: 0 }, now, options) ?? done({ ...state, leader: '', seen: 0 });
  }
  if (record.epoch === state.epoch && record.leader === state.leader) return done({ ...state, seen: modRevision });
  const { state: next, effects } = follow(state, { ...record, seen: modRevision }, now, options);
  const taken = take(next, now, options) ?? watchLeader(next, now, options);
  return { state: taken.state, effects: [...effects, ...taken.effects] };
}

/** K4: wiped or restored under us. Above everything seen, and nobody in between: the attempt is compared with what was found. */
function leadAgain(state: Candidate, seen: number, now: Millis, options: TakeoverOptions): CandidateStep {
  return take({ ...state, standing: 'following', leader: '', seen }, now, options) ?? done(state);
}

/** K4: whoever leads knows what the store has lost, so nobody hurries to take over from it. */
function wentBack(state: Candidate, seen: number, now: Millis, options: TakeoverOptions): CandidateStep {
  if (state.standing === 'leading') return leadAgain(state, seen, now, options);
  if (state.standing === 'resigned') return done(state);
  // The same attempt once more, where it is still against what stands there.
  if (state.standing === 'taking' && seen === state.seen) return attempt(state, seen, now);
  const next: Candidate = { ...state, standing: 'following', seen };
  return take(next, now, options) ?? watchLeader(next, now, options);
}

/** K2: what became of our attempt. */
function readBack(state: Candidate, input: Input<'read'>, now: Millis, options: TakeoverOptions): CandidateStep {
  const { record, modRevision } = input;
  if (record?.attempt === attemptId(state)) return won(state, modRevision, now, options);
  if ((record ? modRevision : 0) === state.seen) return attempt(state, state.seen, now);
  if (record) return follow(state, { ...record, seen: modRevision }, now, options);
  return done({ ...state, standing: 'following', leader: '', seen: 0 });
}

function attempted(state: Candidate, input: Input<'attempted'>, now: Millis, options: TakeoverOptions): CandidateStep {
  if (state.standing !== 'taking') return done(state);
  if (input.result === 'won') return won(state, input.modRevision, now, options);
  if (input.result === 'lost' || input.result === 'unknown') return ask(state);
  // Surely not taken: judge again once the store answers. The leader may be back by then.
  return done({ ...state, standing: 'following', seen: undefined, triedAt: now });
}

function won(state: Candidate, modRevision: number, now: Millis, options: TakeoverOptions): CandidateStep {
  const { why, leader: former } = state;
  const epoch = nextEpoch(state);
  const next: Candidate = {
    ...state,
    standing: 'leading',
    epoch,
    epochAt: now,
    leader: state.self,
    seen: modRevision,
    vice: '',
    leaderGone: false,
    leaderResigned: false,
    calmUntil: why === 'silent' ? now + options.calmMs : state.calmUntil,
    confirmed: new Map(),
    beats: [],
    // Not confirmed by the attempt itself: its answer may have been long on its way.
    readAt: Number.NEGATIVE_INFINITY,
    reading: true,
    triedAt: now,
    tickedAt: now,
  };
  return { state: next, effects: [{ type: 'lead', epoch, modRevision, why, former }, { type: 'read' }] };
}

function follow(
  state: Candidate,
  { leader, epoch, seen }: { readonly leader: PeerId; readonly epoch: number; readonly seen: number | undefined },
  now: Millis,
  options: TakeoverOptions,
): CandidateStep {
  // Deposed while alive: the other one judged by silence, and would be judged so by us in turn.
  const deposed = state.standing === 'leading';
  const next: Candidate = {
    ...state,
    standing: 'following',
    epoch,
    epochAt: epoch === state.epoch ? state.epochAt : now,
    leader,
    seen,
    vice: '',
    heardAt: now,
    everHeard: false,
    leaderGone: state.gone.includes(leader),
    leaderResigned: false,
    calmUntil: deposed ? now + options.calmMs : state.calmUntil,
    confirmed: new Map(),
  };
  return { state: next, effects: [{ type: 'follow', epoch, leader, deposed }] };
}

function ask(state: Candidate): CandidateStep {
  return state.reading ? done(state) : { state: { ...state, reading: true }, effects: [{ type: 'read' }] };
}

function done(state: Candidate): CandidateStep {
  return { state, effects: [] };
}

/** Who is registered, and who was and still has a link: leases may all run out at once. A new run takes its former self's place. */
function otherCoordinators(state: Candidate, registered: readonly PeerId[]): PeerId[] {
  const names = new Set(registered.map((peer) => parsePeerId(peer).id));
  const kept = state.others.filter((peer) => state.linked.includes(peer) && !names.has(parsePeerId(peer).id));
  return [...registered.filter((peer) => !state.gone.includes(peer)), ...kept];
}

function linked(state: Candidate, peer: PeerId): Candidate {
  return {
    ...state,
    linked: [...state.linked.filter((other) => other !== peer), peer],
    gone: state.gone.filter((other) => other !== peer),
    leaderGone: state.leaderGone && peer !== state.leader,
  };
}
