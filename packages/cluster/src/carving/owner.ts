// An entity goes into another shard of its owner: the owner's part, for one entity. See protocol.ts for the whole way.
//
//   idle ──Carve, and both shards are open in the terms it names──► holding ──the other shard's log has it──► says so, again and again
//   holding ──the override names the other shard──► settling: the shard that it left gives it up
//           ──cancel, or a row in another term without the override──► settling: the other shard gives it up
//   settling ──that is in a second place, or not this process's business any more──► idle: it goes on in the shard that it belongs to
//
// While it holds the entity it says so, to every coordinator; past abortAskMs it asks for an abort. Nothing else lets go (K13).
import type { Millis, ShardId, Term } from '@muster/ports';
import type { CarvingOptions } from './options.js';
import type { CarveMessage } from './protocol.js';

export type OwnerState =
  | { readonly phase: 'idle' }
  | {
      readonly phase: 'holding';
      readonly id: string;
      readonly from: ShardId;
      readonly fromTerm: Term;
      readonly into: ShardId;
      readonly intoTerm: Term;
      readonly since: Millis;
      readonly sayAt: Millis;
      /** The other shard's log has it in a second place. */
      readonly durable: boolean;
    }
  | { readonly phase: 'settling'; readonly winner: ShardId; readonly loser: ShardId; readonly triedAt: Millis };

/** What the table says: where the entity is, and this process's terms of the two shards; undefined: it does not own it. */
export interface OwnerFacts {
  readonly at: ShardId;
  readonly termOf: (shard: ShardId) => Term | undefined;
}

export type OwnerInput =
  | { readonly type: 'carve'; readonly message: CarveMessage; readonly facts: OwnerFacts }
  | { readonly type: 'cancel'; readonly id: string }
  /** The runtime could not hold it at the moment. */
  | { readonly type: 'not-held' }
  | { readonly type: 'durable'; readonly id: string }
  /** A row of one of the shards has a new term. */
  | { readonly type: 'term'; readonly facts: OwnerFacts }
  /** The end of it in the shard that gives it up is in a second place. */
  | { readonly type: 'settled' }
  | { readonly type: 'tick'; readonly facts: OwnerFacts };

export type OwnerEffect =
  /** Hold it in both, with all of it in `into`'s log. */
  | { readonly type: 'hold'; readonly from: ShardId; readonly into: ShardId }
  /** The loser gives it up; `settled` when that is in a second place. */
  | { readonly type: 'settle'; readonly winner: ShardId; readonly loser: ShardId }
  | { readonly type: 'go-on'; readonly winner: ShardId }
  /** `toAll`: nobody asked just now. */
  | {
      readonly type: 'say';
      readonly id: string;
      readonly into: ShardId;
      readonly done: boolean;
      readonly abort: boolean;
      readonly toAll: boolean;
    };

export interface OwnerStep {
  readonly state: OwnerState;
  readonly effects: readonly OwnerEffect[];
}

type Holding = Extract<OwnerState, { phase: 'holding' }>;

const IDLE: OwnerState = { phase: 'idle' };
const NONE: readonly OwnerEffect[] = [];

export const newOwner = (): OwnerState => IDLE;

export function stepOwner(state: OwnerState, input: OwnerInput, now: Millis, options: CarvingOptions): OwnerStep {
  if (input.type === 'carve') return carve(state, input, now, options);
  switch (state.phase) {
    case 'idle':
      return { state, effects: NONE };
    case 'holding':
      return holding(state, input, now, options);
    case 'settling':
      return settling(state, input, now, options);
  }
}

function carve(
  state: OwnerState,
  { message, facts }: Extract<OwnerInput, { type: 'carve' }>,
  now: Millis,
  options: CarvingOptions,
): OwnerStep {
  const { id, from, fromTerm, into, intoTerm } = message;
  const not: OwnerEffect = { type: 'say', id, into, done: false, abort: false, toAll: false };
  if (state.phase === 'holding' && state.id === id)
    return { state, effects: [{ ...say(state, now, options), toAll: false }] };
  // Another carving can only be one that a new leader began, which will cancel the one before when it hears of it.
  const ready = facts.at === from && facts.termOf(from) === fromTerm && facts.termOf(into) === intoTerm;
  if (state.phase !== 'idle' || !ready) return { state, effects: [not] };
  const terms = { from, fromTerm, into, intoTerm };
  return {
    state: { phase: 'holding', id, ...terms, since: now, sayAt: now + options.sayEveryMs, durable: false },
    effects: [{ type: 'hold', from, into }],
  };
}

function holding(state: Holding, input: OwnerInput, now: Millis, options: CarvingOptions): OwnerStep {
  const { id, from, into } = state;
  switch (input.type) {
    case 'not-held':
      return { state: IDLE, effects: [{ type: 'say', id, into, done: false, abort: false, toAll: true }] };
    case 'cancel':
      return input.id === id ? settle(from, into, now) : { state, effects: NONE };
    case 'durable': {
      if (input.id !== id || state.durable) return { state, effects: NONE };
      const done = { ...state, durable: true, sayAt: now + options.sayEveryMs };
      return { state: done, effects: [say(done, now, options)] };
    }
    case 'term':
      return judged(state, input.facts, now) ?? { state, effects: NONE };
    case 'tick': {
      const over = judged(state, input.facts, now);
      if (over) return over;
      if (now < state.sayAt) return { state, effects: NONE };
      const said = { ...state, sayAt: now + options.sayEveryMs };
      return { state: said, effects: [say(said, now, options)] };
    }
    default:
      return { state, effects: NONE };
  }
}

/**
 * Committed; or never to be, as the transaction compares both rows. It goes on in the new term of its shard, whose row comes with the
 * override: numbers that it counts on with are above all that it has counted.
 */
function judged(state: Holding, { at, termOf }: OwnerFacts, now: Millis): OwnerStep | undefined {
  const { from, fromTerm, into, intoTerm } = state;
  if (at === into) return termOf(into) === intoTerm ? undefined : settle(into, from, now);
  return termOf(from) === fromTerm && termOf(into) === intoTerm ? undefined : settle(from, into, now);
}

function settling(
  state: Extract<OwnerState, { phase: 'settling' }>,
  input: OwnerInput,
  now: Millis,
  { settleAgainMs }: CarvingOptions,
): OwnerStep {
  const { winner, loser } = state;
  switch (input.type) {
    case 'settled':
      return { state: IDLE, effects: [{ type: 'go-on', winner }] };
    case 'term':
    case 'tick':
      // Whoever owns it now finds a stray there.
      if (input.facts.termOf(loser) === undefined) return { state: IDLE, effects: [{ type: 'go-on', winner }] };
      return input.type === 'tick' && now - state.triedAt >= settleAgainMs
        ? settle(winner, loser, now)
        : { state, effects: NONE };
    default:
      return { state, effects: NONE };
  }
}

function settle(winner: ShardId, loser: ShardId, now: Millis): OwnerStep {
  return {
    state: { phase: 'settling', winner, loser, triedAt: now },
    effects: [{ type: 'settle', winner, loser }],
  };
}

function say(state: Holding, now: Millis, { abortAskMs }: CarvingOptions): Extract<OwnerEffect, { type: 'say' }> {
  const { id, into, durable, since } = state;
  return { type: 'say', id, into, done: durable, abort: now - since >= abortAskMs, toAll: true };
}
