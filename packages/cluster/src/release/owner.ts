// An empty shard changes its owner: the owner's part.
//
//   leader ──Release(move)──► owner     seal it, if it holds nothing
//   leader ◄──Released(move, done)──    done: sealed and empty; it stays so until a new term or a cancel comes
//   leader ──row with term+1──► everybody, or Release(move, cancel) where the transaction did not happen
//   Release(move, park): seal it, whatever it holds, and say so once storage has all of it: nobody is there to take it
//
// States:   open → sealing (→ writing) → sealed → (new term: over, whoever owns it then) or (cancel: open again)
// Any message may be lost or come twice. Who may die when: the leader while the shard is sealed: the owner says Released again and again
// to every coordinator, and a leader that does not know the move cancels it. The owner: its death is handled like every other death.
// Only a new term or a cancel ends a seal, never the owner's own timer (K13).
import type { Millis, Term } from '@muster/ports';
import type { ShardState } from '@muster/runtime';
import type { ReleaseOptions } from './options.js';

export type ReleaseState =
  | { readonly phase: 'open' }
  | {
      readonly phase: 'sealing' | 'writing';
      readonly move: string;
      readonly term: Term;
      readonly park: boolean;
      readonly cancelled: boolean;
    }
  | { readonly phase: 'sealed'; readonly move: string; readonly term: Term; readonly askAt: Millis };

export type ReleaseInput =
  /** `shard`: what it is at this moment. */
  | {
      readonly type: 'release';
      readonly move: string;
      readonly term: Term;
      readonly park: boolean;
      readonly shard: { readonly state: ShardState; readonly term: Term | undefined; readonly actors: number };
    }
  | { readonly type: 'cancel'; readonly move: string }
  /** The seal stands. */
  | { readonly type: 'sealed'; readonly actors: number }
  /** Storage has all that the shard holds; or cannot be told to keep anything. */
  | { readonly type: 'written'; readonly kept: boolean }
  /** A row with a new term came. */
  | { readonly type: 'term' }
  | { readonly type: 'tick' };

export type ReleaseEffect =
  | { readonly type: 'seal' }
  /** Let storage have all that the shard holds. */
  | { readonly type: 'write' }
  | { readonly type: 'reopen'; readonly term: Term }
  /** Answers the leader; `toAll`: nobody asked just now, so every coordinator is told. */
  | { readonly type: 'say'; readonly move: string; readonly done: boolean; readonly toAll: boolean };

export interface ReleaseStep {
  readonly state: ReleaseState;
  readonly effects: readonly ReleaseEffect[];
}

const OPEN: ReleaseState = { phase: 'open' };
const NONE: readonly ReleaseEffect[] = [];

export const newRelease = (): ReleaseState => OPEN;

export function step(state: ReleaseState, input: ReleaseInput, now: Millis, options: ReleaseOptions): ReleaseStep {
  switch (input.type) {
    case 'release':
      return release(state, input, now, options);
    case 'cancel':
      if (state.phase === 'open' || state.move !== input.move) return { state, effects: NONE };
      // A seal that is under way is waited for: opening before it stands would race with it. What is being written can be written again.
      if (state.phase === 'sealing') return { state: { ...state, cancelled: true }, effects: NONE };
      return { state: OPEN, effects: [{ type: 'reopen', term: state.term }] };
    case 'sealed':
      return sealed(state, input.actors, now, options);
    case 'written':
      return written(state, input.kept, now, options);
    case 'term':
      return { state: OPEN, effects: NONE };
    case 'tick':
      if (state.phase !== 'sealed' || now < state.askAt) return { state, effects: NONE };
      return { state: { ...state, askAt: now + options.askEveryMs }, effects: [say(state.move, true, true)] };
  }
}

function release(
  state: ReleaseState,
  { move, term, park, shard }: Extract<ReleaseInput, { type: 'release' }>,
  now: Millis,
  options: ReleaseOptions,
): ReleaseStep {
  // Asked again, perhaps by a new leader under a new name: what counts is that it is sealed in this term.
  if ((state.phase === 'sealing' || state.phase === 'writing') && state.term === term)
    return { state: { ...state, move, park, cancelled: false }, effects: NONE };
  if (state.phase === 'sealed' && state.term === term)
    return { state: { ...state, move, askAt: now + options.askEveryMs }, effects: [say(move, true, false)] };
  const free = state.phase === 'open' && shard.state === 'open' && shard.term === term && (park || shard.actors === 0);
  if (!free) return { state, effects: [say(move, false, false)] };
  return { state: { phase: 'sealing', move, term, park, cancelled: false }, effects: [{ type: 'seal' }] };
}

function sealed(state: ReleaseState, actors: number, now: Millis, options: ReleaseOptions): ReleaseStep {
  if (state.phase !== 'sealing') return { state, effects: NONE };
  const { move, term, park, cancelled } = state;
  if (park && !cancelled) return { state: { ...state, phase: 'writing' }, effects: [{ type: 'write' }] };
  // Somebody may have come in before the seal closed the door.
  if (cancelled || actors > 0) return { state: OPEN, effects: [{ type: 'reopen', term }, say(move, false, true)] };
  const askAt = now + options.askEveryMs;
  return { state: { phase: 'sealed', move, term, askAt }, effects: [say(move, true, true)] };
}

function written(state: ReleaseState, kept: boolean, now: Millis, options: ReleaseOptions): ReleaseStep {
  if (state.phase !== 'writing') return { state, effects: NONE };
  const { move, term } = state;
  if (!kept) return { state: OPEN, effects: [{ type: 'reopen', term }, say(move, false, true)] };
  return { state: { phase: 'sealed', move, term, askAt: now + options.askEveryMs }, effects: [say(move, true, true)] };
}

function say(move: string, done: boolean, toAll: boolean): ReleaseEffect {
  return { type: 'say', move, done, toAll };
}
