// One process's subscription to one topic of one actor (K16).
//
// States:   idle     nobody to ask: no owner, or no link to it; or it refused for the moment
//           asking   Subscribe{after: last} is on its way to the owner of this term
//           live     the owner acknowledged it
// Inputs:   place (owner and term, with a link or not), unlinked, acked, refused, event, joined (one more listener), tick.
// Effects:  ask (send Subscribe), deliver (to those who follow, or to all), ended (refused for good), dropped (and why).
//
// Every new term and every new link is asked again with the last number taken: the owner sends what came after it, from its ring of
// recent events, or the topic's whole state where it cannot. So the last event before a crash leaves no gap, even if it was never
// delivered. An event tells the number of the one before it: greater than the last number taken shows a gap, which is
// asked for again. Numbers grow over terms too, even where state was lost.
// Who may die when: the owner at any time (its link goes down, a row with a new term comes). The listener's process: its owner
// forgets it with its link. Events of an older term, or of anybody but the owner, are dropped (fence 3).
import { ERRORS, type ErrorCode, type Millis, type PeerId, type Term, term } from '@muster/ports';
import type { StreamsOptions } from './options.js';

export interface StreamState {
  readonly phase: 'idle' | 'asking' | 'live';
  readonly owner: PeerId | '';
  readonly term: Term;
  /** The owner has a link. */
  readonly linked: boolean;
  /** Last number taken, in whatever term; -1: none yet. */
  readonly last: number;
  /** Somebody waits for a snapshot: it is asked for until it comes. */
  readonly wantsSnapshot: boolean;
  /** Asking: when to ask again. Idle after a refusal: when to try again. */
  readonly retryAt: Millis;
  readonly refusals: number;
}

export type StreamInput =
  | { readonly type: 'place'; readonly owner: PeerId | ''; readonly term: Term; readonly linked: boolean }
  | { readonly type: 'linked'; readonly peer: PeerId }
  | { readonly type: 'unlinked'; readonly peer: PeerId }
  | { readonly type: 'acked'; readonly from: PeerId }
  | { readonly type: 'refused'; readonly from: PeerId; readonly code: ErrorCode }
  | {
      readonly type: 'event';
      readonly from: PeerId;
      readonly term: Term;
      readonly number: number;
      readonly previous: number;
      readonly snapshot: boolean;
    }
  /** One more listener; the first one too. */
  | { readonly type: 'joined'; readonly snapshot: boolean }
  | { readonly type: 'tick' };

export type StreamDrop = 'stranger' | 'old-term' | 'repeated' | 'after-gap' | 'not-asked';

export type StreamEffect =
  | {
      readonly type: 'ask';
      readonly to: PeerId;
      readonly term: Term;
      readonly after: number;
      readonly snapshot: boolean;
    }
  /** `all`: those who wait for a snapshot and those who follow already; else a snapshot goes to the former, an event to the latter. */
  | { readonly type: 'deliver'; readonly all: boolean }
  | { readonly type: 'ended'; readonly code: ErrorCode }
  | { readonly type: 'dropped'; readonly reason: StreamDrop };

export interface StreamStep {
  readonly state: StreamState;
  readonly effects: readonly StreamEffect[];
}

const NONE: readonly StreamEffect[] = [];
const NEVER = Number.POSITIVE_INFINITY;

export function newStream(): StreamState {
  return {
    phase: 'idle',
    owner: '',
    term: term(0),
    linked: false,
    last: -1,
    wantsSnapshot: false,
    retryAt: NEVER,
    refusals: 0,
  };
}

export function step(state: StreamState, input: StreamInput, now: Millis, options: StreamsOptions): StreamStep {
  switch (input.type) {
    case 'place':
      if (input.term <= state.term) return { state, effects: NONE };
      return ask({ ...state, owner: input.owner, term: input.term, linked: input.linked, refusals: 0 }, now, options);
    case 'linked':
      if (input.peer !== state.owner) return { state, effects: NONE };
      return ask({ ...state, linked: true, refusals: 0 }, now, options);
    case 'unlinked':
      if (input.peer !== state.owner) return { state, effects: NONE };
      return { state: { ...state, linked: false, phase: 'idle', retryAt: NEVER }, effects: NONE };
    case 'joined': {
      const wantsSnapshot = state.wantsSnapshot || input.snapshot;
      const joined = { ...state, wantsSnapshot };
      // The first listener is asked for by its place; later ones without a snapshot just follow, and one snapshot on its way serves
      // everybody who came before it arrives.
      const mustAsk = input.snapshot && !state.wantsSnapshot && state.phase !== 'idle';
      return mustAsk ? ask(joined, now, options) : { state: joined, effects: NONE };
    }
    case 'acked':
      if (input.from !== state.owner || state.phase !== 'asking') return { state, effects: NONE };
      // A snapshot that somebody waits for may come after the acknowledgement: until then the time-out stands.
      return {
        state: { ...state, phase: 'live', retryAt: state.wantsSnapshot ? state.retryAt : NEVER, refusals: 0 },
        effects: NONE,
      };
    case 'refused':
      return refused(state, input.from, input.code, now, options);
    case 'event':
      return taken(state, input, now, options);
    case 'tick':
      return now >= state.retryAt ? ask(state, now, options) : { state, effects: NONE };
  }
}

function refused(state: StreamState, from: PeerId, code: ErrorCode, now: Millis, options: StreamsOptions): StreamStep {
  if (from !== state.owner || state.phase === 'idle') return { state, effects: NONE };
  if (!ERRORS[code].retryable) return { state, effects: [{ type: 'ended', code }] };
  const delay = Math.min(options.retryMaxMs, options.retryMinMs * 2 ** Math.min(state.refusals, 16));
  const waiting: StreamState = { ...state, phase: 'idle', retryAt: now + delay, refusals: state.refusals + 1 };
  return { state: waiting, effects: NONE };
}

function taken(
  state: StreamState,
  event: Extract<StreamInput, { type: 'event' }>,
  now: Millis,
  options: StreamsOptions,
): StreamStep {
  if (event.from !== state.owner) return dropped(state, 'stranger');
  if (event.term < state.term) return dropped(state, 'old-term');
  const moved = { ...state, last: event.number };
  if (event.snapshot) {
    // Followers need it where something before it never came; else it is for those who asked.
    const missed = state.last >= 0 && event.number !== state.last;
    if (!missed && !state.wantsSnapshot) return dropped(moved, 'not-asked');
    const retryAt = state.phase === 'live' ? NEVER : state.retryAt;
    return { state: { ...moved, wantsSnapshot: false, retryAt }, effects: [{ type: 'deliver', all: missed }] };
  }
  // Whoever never had a number and wants no state starts with whatever comes.
  if (state.last >= 0 && event.number <= state.last) return dropped(state, 'repeated');
  if (state.last >= 0 && event.previous > state.last) {
    const again = state.phase === 'live' ? ask(state, now, options) : { state, effects: NONE };
    return { state: again.state, effects: [{ type: 'dropped', reason: 'after-gap' }, ...again.effects] };
  }
  return { state: moved, effects: [{ type: 'deliver', all: false }] };
}

function ask(state: StreamState, now: Millis, options: StreamsOptions): StreamStep {
  if (state.owner === '' || !state.linked) return { state: { ...state, phase: 'idle', retryAt: NEVER }, effects: NONE };
  const after = Math.max(0, state.last);
  return {
    state: { ...state, phase: 'asking', retryAt: now + options.askTimeoutMs },
    effects: [{ type: 'ask', to: state.owner, term: state.term, after, snapshot: state.wantsSnapshot }],
  };
}

function dropped(state: StreamState, reason: StreamDrop): StreamStep {
  return { state, effects: [{ type: 'dropped', reason }] };
}
