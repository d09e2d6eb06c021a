import type { PeerId, Position, Term } from '@muster/ports';
import type { AckMessage, AppendMessage, SnapshotMessage } from './protocol.js';

/** A copy's side of one shard (protocol.ts). */
export interface FollowerState {
  /** Highest known, from whomever. */
  readonly term: Term;
  readonly phase: 'none' | 'seeding' | 'complete';
  /** Whose actors these are. */
  readonly owner: PeerId | '';
  readonly seeding: number;
  readonly position: Position;
  /** The newest term in which its owner has sent something; 0: nothing is here. */
  readonly heardIn: number;
}

export type FollowerInput =
  /** A row. `holds`: it makes this process the backup or the learner. */
  | { readonly type: 'row'; readonly term: Term; readonly holds: boolean }
  | ({ readonly type: 'append' } & AppendMessage)
  | ({ readonly type: 'snapshot' } & SnapshotMessage)
  /** Its owner has seen a row that has no place for this process. */
  | { readonly type: 'dismissed'; readonly from: PeerId; readonly seeding: number }
  /** What came does not fit what is here. */
  | { readonly type: 'mismatch' };

export type FollowerEffect =
  /** Forget every actor. */
  | { readonly type: 'forget' }
  /** Take the message's records but for the first `skip`, which are here already. */
  | { readonly type: 'records'; readonly skip: number }
  /** It goes on under another owner, with what it has. */
  | { readonly type: 'continued'; readonly former: PeerId }
  /** Take the message's actors. */
  | { readonly type: 'actors' }
  | { readonly type: 'ack'; readonly to: PeerId; readonly ack: AckMessage };

export interface FollowerStep {
  readonly state: FollowerState;
  readonly effects: readonly FollowerEffect[];
}

const NONE: readonly FollowerEffect[] = [];
const FORGET: FollowerEffect = { type: 'forget' };

export function newFollower(term: Term): FollowerState {
  return { term, phase: 'none', owner: '', seeding: 0, position: 0, heardIn: 0 };
}

/** Fence 2: what was sent in an older term than is known here comes from somebody who no longer owns the shard. */
export function isOlderTerm(sentIn: Term, known: Term): boolean {
  return sentIn < known;
}

export function stepFollower(
  state: FollowerState,
  input: FollowerInput,
  isOlder: typeof isOlderTerm = isOlderTerm,
): FollowerStep {
  if (input.type === 'append' || input.type === 'snapshot') {
    const refusal = refuse(state, input, isOlder);
    if (refusal) return { state, effects: [refusal] };
  }
  switch (input.type) {
    case 'row':
      return row(state, input.term, input.holds);
    case 'append':
      return append(state, input);
    case 'snapshot':
      return snapshot(state, input);
    case 'dismissed':
      if (input.from !== state.owner || input.seeding !== state.seeding) return { state, effects: NONE };
      return { state: newFollower(state.term), effects: [FORGET] };
    case 'mismatch':
      return {
        state: { ...state, phase: 'none' },
        effects: [FORGET, gap(state, state.owner as PeerId, state.seeding)],
      };
  }
}

function row(state: FollowerState, term: Term, holds: boolean): FollowerStep {
  if (term < state.term) return { state, effects: NONE };
  if (holds || mayBeNamed(state, term)) return { state: { ...state, term }, effects: NONE };
  return { state: newFollower(term), effects: [FORGET] };
}

/**
 * A learner is named and dropped without a new term. So a row of the term in which the owner sends may be older than the one that the
 * owner acts on, and with it the leader, who may be making a backup of what it heard is in sync: what is here stays until a newer term,
 * or the owner's own word (`dismissed`).
 */
export function mayBeNamed({ phase, heardIn }: FollowerState, rowTerm: Term): boolean {
  return phase !== 'none' && rowTerm <= heardIn;
}

function append(before: FollowerState, message: AppendMessage): FollowerStep {
  const { from, term, seeding, first, end } = message;
  if (mayContinue(before, message)) {
    const former = before.owner as PeerId;
    const { state, effects } = append({ ...before, owner: from, seeding }, { ...message, continues: '' });
    return { state, effects: [{ type: 'continued', former }, ...effects] };
  }
  const fits = before.phase !== 'none' && from === before.owner && seeding === before.seeding;
  if (!fits || first > before.position + 1) {
    const state = { ...before, term, heardIn: term };
    // Of a snapshot that was given up: its owner knows.
    if (!fits && from === state.owner && seeding < state.seeding) return { state, effects: NONE };
    return { state, effects: [gap(state, from, seeding)] };
  }
  const state = before;
  const position = Math.max(state.position, end);
  const taken: FollowerState = { term, phase: state.phase, owner: from, seeding, position, heardIn: term };
  const records: FollowerEffect = { type: 'records', skip: state.position + 1 - first };
  return { state: taken, effects: taken.phase === 'complete' ? [records, ack(taken)] : [records] };
}

/**
 * Whether a copy may take up another owner's log where its former owner's ended: both have acknowledged exactly that end, so what is
 * here is what the new owner began with. One record more or less, and it is not.
 */
export function mayContinue(
  { phase, owner, position }: FollowerState,
  { from, continues, first }: AppendMessage,
): boolean {
  return phase === 'complete' && owner !== '' && owner !== from && owner === continues && first === position + 1;
}

function snapshot(before: FollowerState, message: SnapshotMessage): FollowerStep {
  const { from, term, seeding, first, last, position } = message;
  if (from === before.owner && seeding < before.seeding) return { state: before, effects: NONE };
  const isNext = before.phase === 'seeding' && from === before.owner && seeding === before.seeding;
  if (!first && !isNext) return { state: { ...before, term }, effects: [gap(before, from, seeding)] };
  const begun: FollowerState = first
    ? { term, phase: 'seeding', owner: from, seeding, position, heardIn: term }
    : { ...before, term, heardIn: term };
  const effects: FollowerEffect[] = first ? [FORGET, { type: 'actors' }] : [{ type: 'actors' }];
  if (!last) return { state: begun, effects };
  const state: FollowerState = { ...begun, phase: 'complete' };
  return { state, effects: [...effects, ack(state)] };
}

function ack({ term, seeding, position, owner }: FollowerState): FollowerEffect {
  return { type: 'ack', to: owner as PeerId, ack: { term, seeding, position, code: '' } };
}

function gap({ term }: FollowerState, to: PeerId, seeding: number): FollowerEffect {
  return { type: 'ack', to, ack: { term, seeding, position: 0, code: 'GAP' } };
}

/** The fence (2): whoever sends in an older term no longer owns the shard, or not with the same backup. */
function refuse(
  { term }: FollowerState,
  { from, term: sentIn, seeding }: AppendMessage | SnapshotMessage,
  isOlder: typeof isOlderTerm,
): FollowerEffect | undefined {
  if (!isOlder(sentIn, term)) return undefined;
  return { type: 'ack', to: from, ack: { term, seeding, position: 0, code: 'STALE_TERM' } };
}
