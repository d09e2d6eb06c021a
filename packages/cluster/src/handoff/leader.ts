// A shard that is in use changes its owner: the leader's part. See protocol.ts for the whole way.
//
//   marking ──settled──► catching-up ──in-sync, store fresh──► sealing ──sealed──► committing ──settled──► over (moved)
//   abort, a death, a timer ──► clearing ──the row has no such move──► over, and the source is told where it was asked to seal
//
// Whoever drives this performs `write` as one fenced transaction, after it has made sure that the ledger's row is still `before`
// (`stands`), and answers with `settled`: only where it is known for sure whether it happened (K2). It gives every change of the row as
// `row`, and what the source reports and says as `in-sync` and `sealed`. A leader that was fenced simply stops driving.
import type { Millis, PeerId, Term } from '@muster/ports';
import { type ShardRow, sameRow } from '../table/routing-table.js';
import type { HandoffOptions } from './options.js';
import { cleared, handedOverTo, marked } from './rows.js';

/** How a move ended; anything but `moved`: its source still owns the shard, or somebody else's change of the row came first. */
export type MoveEnd =
  | 'moved'
  /** The row was another before the move could begin. */
  | 'refused'
  /** Its row was changed: a backup or an owner was replaced. */
  | 'overtaken'
  | 'source-died'
  | 'target-died'
  /** The target did not catch up in time. */
  | 'too-slow'
  /** The source asked for it. */
  | 'asked'
  /** The source did not answer the seal in time. */
  | 'no-answer'
  /** The transaction did not happen. */
  | 'not-committed'
  /** An operator, or the placer's change of mind. */
  | 'cancelled';

export interface Move {
  readonly id: string;
  /** As the store has it. */
  readonly row: ShardRow;
  readonly from: PeerId;
  readonly to: PeerId;
  /** Of the source. */
  readonly term: Term;
  readonly phase: 'marking' | 'catching-up' | 'sealing' | 'committing' | 'clearing' | 'over';
  /** Of the phase. */
  readonly since: Millis;
  /** When something was last sent or written: repeated after `againMs`. */
  readonly triedAt: Millis;
  /** A transaction is under way. */
  readonly writing: boolean;
  readonly inSync: boolean;
  /** The source may be sealed. */
  readonly sealAsked: boolean;
  /** Why it is being given up, or how it ended; empty: it goes on. */
  readonly end: MoveEnd | '';
}

export type MoveInput =
  /** The row as the store has it now. */
  | { readonly type: 'row'; readonly row: ShardRow }
  /** The row's owner reports that the learner has everything; `storeAgoMs`: since the store last answered. */
  | { readonly type: 'in-sync'; readonly from: PeerId; readonly term: number; readonly peer: PeerId }
  | {
      readonly type: 'sealed';
      readonly from: PeerId;
      readonly term: number;
      readonly move: string;
      readonly done: boolean;
      readonly abort: boolean;
    }
  /** Dead or given up. */
  | { readonly type: 'died'; readonly peer: PeerId }
  | { readonly type: 'abort' }
  | { readonly type: 'tick' }
  /** What became of the last `write`, known for sure. */
  | { readonly type: 'settled'; readonly committed: boolean };

export type MoveEffect =
  | {
      readonly type: 'write';
      readonly what: 'mark' | 'commit' | 'clear';
      readonly before: ShardRow;
      readonly row: ShardRow;
    }
  /** Seal, to the source: shard, term and id of the move, and its target. */
  | { readonly type: 'seal' }
  /** Seal with cancel, to the source. */
  | { readonly type: 'cancel' }
  /** Ask the store anything: it has not answered lately. */
  | { readonly type: 'ask-store' }
  /** Nothing more will come of this move. */
  | { readonly type: 'over'; readonly end: MoveEnd };

export interface MoveStep {
  readonly state: Move;
  readonly effects: readonly MoveEffect[];
}

const NONE: readonly MoveEffect[] = [];

/** Whether a write may still be tried: the ledger's row is what the move saw. */
export function stands({ before }: Extract<MoveEffect, { type: 'write' }>, row: ShardRow): boolean {
  return sameRow(before, row);
}

/** `id`: unique over all leaders (`epoch.number`). The row must be one that {@link mayMove} allows. */
export function startMove(id: string, row: ShardRow, to: PeerId, now: Millis): MoveStep {
  const state: Move = {
    id,
    row,
    from: row.owner as PeerId,
    to,
    term: row.term,
    phase: 'marking',
    since: now,
    triedAt: now,
    writing: true,
    inSync: row.backup === to,
    sealAsked: false,
    end: '',
  };
  return { state, effects: [{ type: 'write', what: 'mark', before: row, row: marked(row, id, to) }] };
}

/** `storeAgoMs`: how long ago the store last answered. */
export function stepMove(
  state: Move,
  input: MoveInput,
  now: Millis,
  storeAgoMs: Millis,
  options: HandoffOptions,
): MoveStep {
  if (state.phase === 'over') return { state, effects: NONE };
  switch (input.type) {
    case 'row':
      return row(state, input.row);
    case 'in-sync': {
      const ours = input.from === state.from && input.term === state.term && input.peer === state.to;
      if (!ours || state.inSync) return { state, effects: NONE };
      return proceed({ ...state, inSync: true }, now, storeAgoMs, options);
    }
    case 'sealed':
      return sealed(state, input, now);
    case 'died':
      if (input.peer === state.to) return abort(state, 'target-died', now);
      return input.peer === state.from ? abort(state, 'source-died', now) : { state, effects: NONE };
    case 'abort':
      return abort(state, 'cancelled', now);
    case 'tick':
      return tick(state, now, storeAgoMs, options);
    case 'settled':
      return settled(state, input.committed, now, storeAgoMs, options);
  }
}

function row(before: Move, newest: ShardRow): MoveStep {
  const state = { ...before, row: newest };
  // What is being written is looked at when it is known what became of it.
  if (newest.move === state.id || state.writing || state.phase === 'marking') return { state, effects: NONE };
  return over(state, state.end === '' ? 'overtaken' : state.end);
}

function sealed(
  state: Move,
  { from, term, move, done, abort: asked }: Extract<MoveInput, { type: 'sealed' }>,
  now: Millis,
): MoveStep {
  if (state.phase !== 'sealing' || from !== state.from || term !== state.term || move !== state.id)
    return { state, effects: NONE };
  if (done) {
    const after = handedOverTo(state.row, state.to);
    return write({ ...state, phase: 'committing', since: now }, 'commit', after, now);
  }
  return asked ? abort(state, 'asked', now) : { state, effects: NONE };
}

function tick(state: Move, now: Millis, storeAgoMs: Millis, options: HandoffOptions): MoveStep {
  if (state.writing) return { state, effects: NONE };
  const due = now - state.triedAt >= options.againMs;
  switch (state.phase) {
    case 'catching-up':
      if (now - state.since >= options.catchUpMs) return abort(state, 'too-slow', now);
      return proceed(state, now, storeAgoMs, options);
    case 'sealing':
      if (now - state.since >= options.sealMs) return abort(state, 'no-answer', now);
      return due ? seal(state, now) : { state, effects: NONE };
    case 'clearing':
      return due ? clear(state, now) : { state, effects: NONE };
    default:
      return { state, effects: NONE };
  }
}

/** K13: nothing is sealed for a store that has not answered lately. */
function proceed(state: Move, now: Millis, storeAgoMs: Millis, options: HandoffOptions): MoveStep {
  if (state.phase !== 'catching-up' || !state.inSync) return { state, effects: NONE };
  if (mayAskForSeal(storeAgoMs, options)) return seal({ ...state, phase: 'sealing', since: now, sealAsked: true }, now);
  if (now - state.triedAt < options.againMs) return { state, effects: NONE };
  return { state: { ...state, triedAt: now }, effects: [{ type: 'ask-store' }] };
}

/** K13. */
export function mayAskForSeal(storeAgoMs: Millis, { storeFreshMs }: HandoffOptions): boolean {
  return storeAgoMs <= storeFreshMs;
}

function seal(state: Move, now: Millis): MoveStep {
  return { state: { ...state, triedAt: now }, effects: [{ type: 'seal' }] };
}

function settled(before: Move, committed: boolean, now: Millis, storeAgoMs: Millis, options: HandoffOptions): MoveStep {
  const state = { ...before, writing: false };
  switch (state.phase) {
    case 'marking':
      if (!committed) return over(state, state.end === '' ? 'refused' : state.end);
      // It may have been overwritten since, or be unwanted by now.
      if (state.row.move !== state.id) return over(state, state.end === '' ? 'overtaken' : state.end);
      if (state.end !== '') return clear({ ...state, phase: 'clearing', since: now }, now);
      return proceed({ ...state, phase: 'catching-up', since: now }, now, storeAgoMs, options);
    case 'committing':
      if (committed)
        return { state: { ...state, phase: 'over', end: 'moved' }, effects: [{ type: 'over', end: 'moved' }] };
      return giveUp(state, state.end === '' ? 'not-committed' : state.end, now);
    case 'clearing':
      // Not written: tried again, unless somebody else has changed the row.
      return committed || state.row.move !== state.id ? over(state, state.end as MoveEnd) : { state, effects: NONE };
    default:
      return { state, effects: NONE };
  }
}

/** A transaction under way is waited for: it may have happened. */
function abort(state: Move, why: MoveEnd, now: Millis): MoveStep {
  if (state.end !== '') return { state, effects: NONE };
  return state.writing ? { state: { ...state, end: why }, effects: NONE } : giveUp(state, why, now);
}

function giveUp(state: Move, why: MoveEnd, now: Millis): MoveStep {
  const given: Move = { ...state, phase: 'clearing', since: now, end: why };
  return given.row.move === given.id ? clear(given, now) : over(given, why);
}

function clear(state: Move, now: Millis): MoveStep {
  return write(state, 'clear', cleared(state.row), now);
}

function write(state: Move, what: 'commit' | 'clear', after: ShardRow, now: Millis): MoveStep {
  return {
    state: { ...state, writing: true, triedAt: now },
    effects: [{ type: 'write', what, before: state.row, row: after }],
  };
}

function over(state: Move, end: MoveEnd): MoveStep {
  const effects: MoveEffect[] = state.sealAsked ? [{ type: 'cancel' }] : [];
  return { state: { ...state, phase: 'over', end }, effects: [...effects, { type: 'over', end }] };
}
