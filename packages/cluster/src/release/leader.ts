// An empty shard changes its owner: the leader's part.
//
//   leader ──Release move──► owner      "give up shard s of term t": the owner seals it if it holds nothing
//   leader ◄─Released move── owner      done, or not: it is in use
//   leader: one fenced transaction with a new owner and term + 1      the only commit point
//   leader ──Table──► owner, new owner, gateways                      or ──Release cancel──► owner, where it did not commit
//
// A round asks for several shards at once: asking → settling → (over). While it settles nothing is added.
// Only the store ends a seal (K13): the owner keeps a shard sealed until a new term comes, or the leader says that the transaction did
// not happen, which it must know for sure (K2). A leader that dies in between: the owner goes on saying that it has released, and its
// successor, which knows of no such move, cancels it.
// An owner that dies while it is asked drops out of the round; its shards are placed again like all others of the dead.
// A row that gets another term meanwhile (its backup died, say) drops out as well: the new term has ended the seal, and nobody answers about the old one.
import type { Millis, PeerId, ShardId } from '@muster/ports';
import type { ShardRow } from '../table/routing-table.js';

/** One shard on its way from an owner that does not use it. */
export interface ReleaseMove {
  /** The row as it stands: its owner is asked, its term is what the answer must name. */
  readonly row: ShardRow;
  /** Empty: nobody; what it holds is in storage by then. */
  readonly to: PeerId | '';
}

export interface ReleaseRound {
  /** Id of every move of this round; unique within the epoch. */
  readonly move: string;
  readonly phase: 'asking' | 'settling' | 'over';
  readonly until: Millis;
  readonly asked: ReadonlyMap<ShardId, ReleaseMove>;
  readonly released: ReadonlyMap<ShardId, ReleaseMove>;
}

export type ReleaseInput =
  | {
      readonly type: 'released';
      readonly from: PeerId;
      readonly shard: ShardId;
      readonly term: number;
      readonly move: string;
      readonly done: boolean;
    }
  | { readonly type: 'tick' }
  /** Owner or target is dead. */
  | { readonly type: 'died'; readonly peer: PeerId }
  /** These rows are not those that their owners were asked about. */
  | { readonly type: 'overtaken'; readonly shards: ReadonlySet<ShardId> }
  /** Known for sure: the transaction happened, or it did not and never will. */
  | { readonly type: 'settled'; readonly committed: boolean };

export type ReleaseEffect =
  | { readonly type: 'ask'; readonly move: ReleaseMove }
  | { readonly type: 'cancel'; readonly move: ReleaseMove }
  | { readonly type: 'commit'; readonly moves: readonly ReleaseMove[] };

export interface ReleaseStep {
  readonly state: ReleaseRound;
  readonly effects: readonly ReleaseEffect[];
}

/** Asks the owners of these shards; whoever has not answered by `until` is told to go on. */
export function startRelease(move: string, moves: readonly ReleaseMove[], until: Millis): ReleaseStep {
  const asked = new Map(moves.map((each) => [each.row.shard, each]));
  const state: ReleaseRound = { move, phase: 'asking', until, asked, released: new Map() };
  return settleIfAnswered(state, [...asked.values()].map(ask));
}

export function stepRelease(state: ReleaseRound, input: ReleaseInput, now: Millis): ReleaseStep {
  switch (input.type) {
    case 'released':
      return state.phase === 'asking' ? answered(state, input) : late(state, input);
    case 'tick':
      return state.phase === 'asking' && now >= state.until ? settle(state, []) : { state, effects: [] };
    case 'died':
      return state.phase === 'asking' ? died(state, input.peer) : { state, effects: [] };
    case 'overtaken':
      return state.phase === 'asking' ? overtaken(state, input.shards) : { state, effects: [] };
    case 'settled':
      return settled(state, input.committed);
  }
}

function answered(state: ReleaseRound, input: Extract<ReleaseInput, { type: 'released' }>): ReleaseStep {
  const move = state.asked.get(input.shard);
  if (!move || input.move !== state.move || move.row.owner !== input.from || move.row.term !== input.term) {
    return { state, effects: [] };
  }
  const asked = without(state.asked, input.shard);
  const released = input.done ? new Map(state.released).set(input.shard, move) : state.released;
  return settleIfAnswered({ ...state, asked, released }, []);
}

/** Too late for this round: what it sealed for us is opened again, unless it is in the transaction under way. */
function late(state: ReleaseRound, input: Extract<ReleaseInput, { type: 'released' }>): ReleaseStep {
  const move = state.asked.get(input.shard);
  if (!move || input.move !== state.move || move.row.owner !== input.from || !input.done) return { state, effects: [] };
  return { state, effects: [{ type: 'cancel', move }] };
}

function died(state: ReleaseRound, peer: PeerId): ReleaseStep {
  const isOut = ({ row, to }: ReleaseMove) => row.owner === peer || to === peer;
  const out = [...state.asked.values(), ...state.released.values()].filter(isOut);
  const asked = new Map([...state.asked].filter(([, move]) => !isOut(move)));
  const released = new Map([...state.released].filter(([, move]) => !isOut(move)));
  // The target died: its owner goes on. The owner died: there is nobody to tell.
  const effects = out.filter(({ row }) => row.owner !== peer).map(cancel);
  return settleIfAnswered({ ...state, asked, released }, effects);
}

function overtaken(state: ReleaseRound, shards: ReadonlySet<ShardId>): ReleaseStep {
  const standing = (moves: ReadonlyMap<ShardId, ReleaseMove>) =>
    new Map([...moves].filter(([shard]) => !shards.has(shard)));
  return settleIfAnswered({ ...state, asked: standing(state.asked), released: standing(state.released) }, []);
}

function settleIfAnswered(state: ReleaseRound, effects: readonly ReleaseEffect[]): ReleaseStep {
  return state.asked.size > 0 ? { state, effects } : settle(state, effects);
}

function settle(state: ReleaseRound, effects: readonly ReleaseEffect[]): ReleaseStep {
  const cancelled = [...state.asked.values()].map(cancel);
  const moves = [...state.released.values()];
  if (moves.length === 0) return { state: { ...state, phase: 'over' }, effects: [...effects, ...cancelled] };
  return {
    state: { ...state, phase: 'settling' },
    effects: [...effects, ...cancelled, { type: 'commit', moves }],
  };
}

function settled(state: ReleaseRound, committed: boolean): ReleaseStep {
  const over: ReleaseRound = { ...state, phase: 'over', released: new Map() };
  return { state: over, effects: committed ? [] : [...state.released.values()].map(cancel) };
}

function ask(move: ReleaseMove): ReleaseEffect {
  return { type: 'ask', move };
}

function cancel(move: ReleaseMove): ReleaseEffect {
  return { type: 'cancel', move };
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const next = new Map(map);
  next.delete(key);
  return next;
}
