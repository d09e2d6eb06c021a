// A shard that is in use changes its owner: the target's part. See protocol.ts for the whole way.
//
//   none ──Handover first──► taking ──last, and the copy ends where the log does──► ready ──row: this process owns it, moved──► taken over
//   any of them ──a newer term that is not ours, or the source's word that it drops the copy──► none
//
// A row of the source's own term says nothing: it may be older than the one that the source acts on.
//
// The copy itself is a learner's or a backup's (replication/follower.ts). What comes here is what no log has: the ungated actors.
import type { PeerId, Position, Term } from '@muster/ports';
import type { ShardRow } from '../table/routing-table.js';
import type { HandoverMessage } from './protocol.js';

export type TargetState =
  | { readonly phase: 'none' }
  | { readonly phase: 'taking' | 'ready'; readonly move: string; readonly from: PeerId; readonly term: Term };

/** The copy that is here, as far as it goes. */
export interface CopyFacts {
  readonly complete: boolean;
  readonly owner: PeerId | '';
  readonly seeding: number;
  readonly position: Position;
}

export type TargetInput =
  | { readonly type: 'handover'; readonly message: HandoverMessage; readonly copy: CopyFacts; readonly knownTerm: Term }
  /** The source has seen a row without this process's copy. */
  | { readonly type: 'dismissed'; readonly from: PeerId }
  /** The row as it is now. */
  | { readonly type: 'row'; readonly row: ShardRow };

export type TargetEffect =
  /** Drop what came before. */
  | { readonly type: 'forget' }
  /** Keep what came with the message. */
  | { readonly type: 'keep' }
  /** To the source; GAP: the copy is not what the source thinks. */
  | {
      readonly type: 'taken';
      readonly to: PeerId;
      readonly move: string;
      readonly position: Position;
      readonly code: '' | 'GAP';
    };

export interface TargetStep {
  readonly state: TargetState;
  readonly effects: readonly TargetEffect[];
}

const NOTHING: TargetState = { phase: 'none' };
const NONE: readonly TargetEffect[] = [];
const FORGOTTEN: TargetStep = { state: NOTHING, effects: [{ type: 'forget' }] };

export const newTarget = (): TargetState => NOTHING;

export function stepTarget(state: TargetState, input: TargetInput): TargetStep {
  switch (input.type) {
    case 'row':
      return row(state, input.row);
    case 'dismissed':
      return dismissed(state, input.from);
    case 'handover':
      return handover(state, input);
  }
}

/**
 * Whether what was taken belongs to the owner's state that begins with this row: the row says that its owner came by a move, and nobody
 * moves a shard to a process that has not taken it. Rows in between may have been missed.
 */
export function belongsTo(state: TargetState, { origin, term }: ShardRow): boolean {
  return state.phase === 'ready' && origin === 'moved' && term > state.term;
}

function handover(
  state: TargetState,
  { message, copy, knownTerm }: Extract<TargetInput, { type: 'handover' }>,
): TargetStep {
  const { from, term, move, first, last } = message;
  if (term < knownTerm) return { state, effects: NONE };
  const isNext = state.phase === 'taking' && state.move === move && state.from === from && state.term === term;
  // A piece was lost: the source begins again when it has no answer.
  if (!first && !isNext) return { state, effects: NONE };
  const taking: TargetState = { phase: 'taking', move, from, term };
  const effects: TargetEffect[] = first ? [{ type: 'forget' }, { type: 'keep' }] : [{ type: 'keep' }];
  if (!last) return { state: taking, effects };
  const { position } = copy;
  if (!endsThere(copy, message))
    return { state: NOTHING, effects: [{ type: 'forget' }, { type: 'taken', to: from, move, position, code: 'GAP' }] };
  return {
    state: { ...taking, phase: 'ready' },
    effects: [...effects, { type: 'taken', to: from, move, position, code: '' }],
  };
}

/** The copy is the source's, whole, and ends exactly where the source's log does: one record less, and something acknowledged is lost. */
export function endsThere(copy: CopyFacts, { from, seeding, position }: HandoverMessage): boolean {
  return copy.complete && copy.owner === from && copy.seeding === seeding && copy.position === position;
}

function row(state: TargetState, { term }: ShardRow): TargetStep {
  return state.phase === 'none' || term <= state.term ? { state, effects: NONE } : FORGOTTEN;
}

function dismissed(state: TargetState, from: PeerId): TargetStep {
  return state.phase === 'none' || state.from !== from ? { state, effects: NONE } : FORGOTTEN;
}
