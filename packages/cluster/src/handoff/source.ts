// A shard that is in use changes its owner: the source's part. See protocol.ts for the whole way.
//
//   open ──Seal, and the target has caught up──► sealed ──the log is acknowledged, and the hand-over is taken──► done
//   sealed or done ──a new term, or a cancel of this very move──► open
//
// While it is sealed it says so, to every coordinator and again and again; past abortAskMs it asks for an abort. Nothing else opens it (K13).
import type { Millis, PeerId, Position, Term } from '@muster/ports';
import type { HandoffOptions } from './options.js';

export type SourceState =
  | { readonly phase: 'open' }
  | {
      readonly phase: 'sealed';
      readonly move: string;
      readonly to: PeerId;
      readonly term: Term;
      readonly since: Millis;
      readonly sayAt: Millis;
      /** When the hand-over goes again, unless it was taken; undefined: it is still going out. */
      readonly handAt: Millis | undefined;
      /** The backup and the target have acknowledged the whole log. */
      readonly acknowledged: boolean;
      /** The target has what is in no log, and says that its copy ends where the log does. */
      readonly taken: boolean;
    };

/** What the source knows of its shard at this moment. */
export interface SourceFacts {
  /** Open, in this term. */
  readonly openIn: Term | undefined;
  /** The move that its row names. */
  readonly move: string;
  /** The target is the backup or a learner, and has everything that was ever let out. */
  readonly caughtUp: boolean;
}

export type SourceInput =
  | {
      readonly type: 'seal';
      readonly move: string;
      readonly to: PeerId;
      readonly term: Term;
      readonly facts: SourceFacts;
    }
  | { readonly type: 'cancel'; readonly move: string }
  /** Whether every copy that the row names has acknowledged the end of the log. */
  | { readonly type: 'log'; readonly acknowledged: boolean }
  | {
      readonly type: 'taken';
      readonly from: PeerId;
      readonly move: string;
      readonly position: Position;
      readonly end: Position;
      readonly code: string;
    }
  /** All of the hand-over is on its way. */
  | { readonly type: 'handed' }
  /** A link to this process is new: what was sent over the old one may be lost. */
  | { readonly type: 'linked'; readonly peer: PeerId }
  /** A row with a new term came; the shard is open or closed as it says. */
  | { readonly type: 'term' }
  | { readonly type: 'tick' };

export type SourceEffect =
  | { readonly type: 'seal' }
  /** Send the hand-over from its beginning. */
  | { readonly type: 'hand-over'; readonly to: PeerId; readonly move: string }
  | { readonly type: 'reopen'; readonly term: Term }
  /** `toAll`: nobody asked just now. */
  | {
      readonly type: 'say';
      readonly move: string;
      readonly done: boolean;
      readonly abort: boolean;
      readonly toAll: boolean;
    };

export interface SourceStep {
  readonly state: SourceState;
  readonly effects: readonly SourceEffect[];
}

type Sealed = Extract<SourceState, { phase: 'sealed' }>;

const OPEN: SourceState = { phase: 'open' };
const NONE: readonly SourceEffect[] = [];

export const newSource = (): SourceState => OPEN;

export function isDone(state: SourceState): boolean {
  return state.phase === 'sealed' && state.acknowledged && state.taken;
}

export function stepSource(state: SourceState, input: SourceInput, now: Millis, options: HandoffOptions): SourceStep {
  if (input.type === 'seal') return seal(state, input, now, options);
  if (state.phase === 'open') return { state, effects: NONE };
  switch (input.type) {
    case 'cancel':
      if (state.move !== input.move) return { state, effects: NONE };
      return { state: OPEN, effects: [{ type: 'reopen', term: state.term }] };
    case 'log':
      return settle(state, { acknowledged: input.acknowledged }, now, options);
    case 'taken': {
      const { from, move, position, end, code } = input;
      if (from !== state.to || move !== state.move) return { state, effects: NONE };
      // Its copy ends elsewhere: it will have been sent what it lacks when the hand-over comes again.
      return settle(state, { taken: code === '' && position === end }, now, options);
    }
    case 'linked':
      if (input.peer !== state.to || state.taken) return { state, effects: NONE };
      return handOver(state);
    case 'handed':
      return { state: { ...state, handAt: now + options.handoverAgainMs }, effects: NONE };
    case 'term':
      return { state: OPEN, effects: NONE };
    case 'tick':
      return tick(state, now, options);
  }
}

function seal(
  state: SourceState,
  { move, to, term, facts }: Extract<SourceInput, { type: 'seal' }>,
  now: Millis,
  options: HandoffOptions,
): SourceStep {
  if (state.phase === 'sealed') {
    // Asked again. Another move can only be one that a new leader began: the one before was cleared in the store.
    if (state.move === move && state.term === term) return { state, effects: [say(state, now, false, options)] };
    return { state, effects: [{ type: 'say', move, done: false, abort: false, toAll: false }] };
  }
  const ready = facts.openIn === term && facts.move === move && facts.caughtUp;
  if (!ready) return { state, effects: [{ type: 'say', move, done: false, abort: false, toAll: false }] };
  const sealed: Sealed = {
    phase: 'sealed',
    move,
    to,
    term,
    since: now,
    sayAt: now + options.sayEveryMs,
    handAt: undefined,
    acknowledged: false,
    taken: false,
  };
  return { state: sealed, effects: [{ type: 'seal' }, { type: 'hand-over', to, move }] };
}

function settle(
  before: Sealed,
  changes: Partial<Pick<Sealed, 'acknowledged' | 'taken'>>,
  now: Millis,
  options: HandoffOptions,
): SourceStep {
  // What was taken stays taken: the log cannot grow any more.
  const state = { ...before, ...changes, taken: before.taken || changes.taken === true };
  if (isDone(before) || !isDone(state)) return { state, effects: NONE };
  const said = { ...state, sayAt: now + options.sayEveryMs };
  return { state: said, effects: [say(said, now, true, options)] };
}

function tick(state: Sealed, now: Millis, options: HandoffOptions): SourceStep {
  const isDue = !state.taken && state.handAt !== undefined && now >= state.handAt;
  const again = isDue ? handOver(state) : { state, effects: NONE };
  if (now < state.sayAt) return again;
  const next = { ...(again.state as Sealed), sayAt: now + options.sayEveryMs };
  return { state: next, effects: [...again.effects, say(next, now, true, options)] };
}

/** From its beginning. Not again before all of it went out: on a slow link the last piece would never go. */
function handOver(state: Sealed): SourceStep {
  return { state: { ...state, handAt: undefined }, effects: [{ type: 'hand-over', to: state.to, move: state.move }] };
}

function say(state: Sealed, now: Millis, toAll: boolean, { abortAskMs }: HandoffOptions): SourceEffect {
  return { type: 'say', move: state.move, done: isDone(state), abort: now - state.since >= abortAskMs, toAll };
}
