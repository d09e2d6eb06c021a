import type { Millis, PeerId, Role } from '@muster/ports';
import type { ProbeOutcome } from '../links/probe.js';
import type { HeartbeatOptions } from './options.js';
import type { DeathCause } from './protocol.js';

/** How the leader sees one member (protocol.ts). */
export type Phase = 'joining' | 'up' | 'suspect' | 'silent' | 'dead';

/** The leader's watch over one member. */
export interface Watch {
  readonly peer: PeerId;
  readonly role: Role;
  /** Where it listens; empty: it cannot be probed. */
  readonly address: string;
  readonly phase: Phase;
  readonly linked: boolean;
  /** Its last beat, or when the timers were started anew. */
  readonly heardAt: Millis;
  /** Silence that kills it: longer for one that was never heard. */
  readonly patienceMs: Millis;
  /** Not dead by silence before this (K6). */
  readonly mercyUntil: Millis;
  /** Of the last round of probes. */
  readonly round: number;
  readonly probedAt: Millis;
  /** Witnesses of the round that have not said "refused" yet; undefined: no round is under way. */
  readonly waitsFor: readonly string[] | undefined;
}

export type WatchInput =
  | { readonly type: 'beat' }
  | { readonly type: 'linked' }
  | { readonly type: 'unlinked' }
  | { readonly type: 'tick' }
  /** The observer itself did not run for so long. */
  | { readonly type: 'stalled'; readonly ms: Millis }
  /** After a take-over or an outage of the store silence counts from now; `mercyMs`: and nobody is dead by it for so long. */
  | { readonly type: 'restart'; readonly mercyMs: Millis }
  /** Not dead by silence for so long: while the store is away no verdict could be acted on. */
  | { readonly type: 'spare'; readonly ms: Millis }
  | { readonly type: 'probed'; readonly round: number; readonly witness: string; readonly outcome: ProbeOutcome }
  /** Another incarnation has its name (K3). */
  | { readonly type: 'replaced' }
  /** It said that it goes, and its registration is gone. */
  | { readonly type: 'left' };

export type WatchEffect =
  | { readonly type: 'probe'; readonly round: number; readonly witnesses: readonly string[] }
  | { readonly type: 'phase'; readonly phase: Phase; readonly before: Phase }
  | { readonly type: 'dead'; readonly cause: DeathCause; readonly silentMs: Millis };

export interface WatchStep {
  readonly state: Watch;
  readonly effects: readonly WatchEffect[];
}

/** What the observer knows when a step is made. */
export interface Observer {
  readonly now: Millis;
  /** Who can be asked right now, itself first; never the member in question. */
  readonly witnesses: readonly string[];
  readonly options: HeartbeatOptions;
}

export interface NewWatch {
  readonly peer: PeerId;
  readonly role: Role;
  readonly address: string;
  readonly linked: boolean;
  /** Has just registered: may take its time to be heard. Otherwise it was there before us, or should have been. */
  readonly newcomer: boolean;
}

export function newWatch(member: NewWatch, { now, options }: Pick<Observer, 'now' | 'options'>): Watch {
  const { peer, role, address, linked, newcomer } = member;
  return {
    peer,
    role,
    address,
    phase: 'joining',
    linked,
    heardAt: now,
    patienceMs: newcomer ? options.joinPatienceMs : options.placeAgainMs,
    mercyUntil: now,
    round: 0,
    probedAt: now,
    waitsFor: undefined,
  };
}

export function stepWatch(state: Watch, input: WatchInput, observer: Observer): WatchStep {
  if (state.phase === 'dead') return { state, effects: [] };
  switch (input.type) {
    case 'beat':
      return heard(state, observer);
    case 'linked':
      return { state: { ...state, linked: true }, effects: [] };
    case 'unlinked':
      return state.linked ? probe({ ...state, linked: false }, observer) : { state, effects: [] };
    case 'stalled':
      return { state: { ...state, heardAt: Math.min(observer.now, state.heardAt + input.ms) }, effects: [] };
    case 'spare':
      return { state: { ...state, mercyUntil: Math.max(state.mercyUntil, observer.now + input.ms) }, effects: [] };
    case 'restart':
      return restart(state, input.mercyMs, observer);
    case 'probed':
      return probed(state, input, observer.now);
    case 'replaced':
    case 'left':
      return die(state, input.type, observer.now);
    case 'tick':
      return tick(state, observer);
  }
}

function heard(state: Watch, { now, options }: Observer): WatchStep {
  const { placeAgainMs: patienceMs } = options;
  const next: Watch = { ...state, heardAt: now, patienceMs, phase: 'up', waitsFor: undefined };
  return { state: next, effects: entered(state, 'up') };
}

function restart(state: Watch, mercyMs: Millis, observer: Observer): WatchStep {
  const { now } = observer;
  const phase: Phase = state.phase === 'joining' ? 'joining' : 'up';
  // A second restart does not shorten the mercy of the first.
  const next: Watch = { ...state, phase, heardAt: now, mercyUntil: Math.max(state.mercyUntil, now + mercyMs) };
  // Whoever has no link at this moment may have died under the leader before us: ask at once.
  const asked = next.linked ? { state: next, effects: [] } : probe(next, observer);
  return { state: asked.state, effects: [...entered(state, phase), ...asked.effects] };
}

function tick(state: Watch, observer: Observer): WatchStep {
  const { now, options } = observer;
  const silence = now - state.heardAt;
  if (silence >= state.patienceMs && now >= state.mercyUntil) return die(state, 'silent', now);
  const phase = state.phase === 'joining' ? 'joining' : phaseAfter(silence, options);
  const next: Watch = { ...state, phase };
  const asks = (!state.linked || silence >= options.suspectMs) && now - state.probedAt >= options.probeEveryMs;
  const open = state.waitsFor !== undefined && now - state.probedAt < options.probeRoundMs;
  const asked = asks && !open ? probe(next, observer) : { state: next, effects: [] };
  return { state: asked.state, effects: [...entered(state, phase), ...asked.effects] };
}

function phaseAfter(silence: Millis, options: HeartbeatOptions): Phase {
  if (silence < options.suspectMs) return 'up';
  return silence < options.silentMs ? 'suspect' : 'silent';
}

function probe(state: Watch, { now, witnesses }: Observer): WatchStep {
  if (state.address === '' || witnesses.length === 0) return { state, effects: [] };
  const round = state.round + 1;
  return {
    state: { ...state, round, probedAt: now, waitsFor: witnesses },
    effects: [{ type: 'probe', round, witnesses }],
  };
}

function probed(state: Watch, answer: Extract<WatchInput, { type: 'probed' }>, now: Millis): WatchStep {
  if (answer.round !== state.round || !state.waitsFor) return { state, effects: [] };
  const gone = answer.outcome === 'refused' || answer.outcome === 'other-incarnation';
  if (!gone) return { state: { ...state, waitsFor: undefined }, effects: [] };
  const waitsFor = state.waitsFor.filter((witness) => witness !== answer.witness);
  // A link that stands outweighs refusals: they may have come from an address that is only unreachable for some.
  if (waitsFor.length > 0 || state.linked) return { state: { ...state, waitsFor }, effects: [] };
  return die(state, 'refused', now);
}

function die(state: Watch, cause: DeathCause, now: Millis): WatchStep {
  return {
    state: { ...state, phase: 'dead', waitsFor: undefined },
    effects: [{ type: 'dead', cause, silentMs: now - state.heardAt }],
  };
}

function entered(state: Watch, phase: Phase): WatchEffect[] {
  return phase === state.phase ? [] : [{ type: 'phase', phase, before: state.phase }];
}
