// An entity goes into another shard of its owner: the leader's part. See protocol.ts for the whole way.
//
//   asking ──store fresh──► Carve, again and again ──Carved done──► committing ──settled──► over (carved)
//   abort, a death, a timer, another row ──► over, and the owner is told where it was asked
//
// Whoever drives this performs `write` as one fenced transaction, after it has made sure that both rows are still what they were
// (`stillStands`), and answers with `settled`: only where it is known for sure whether it happened (K2). A leader that was fenced stops
// driving. No row names a carving: a leader that finds one which it did not begin finds it in its owner's mouth.
import type { Millis, PeerId, ShardId } from '@muster/ports';
import { type ShardRow, sameRow } from '../table/routing-table.js';
import type { CarvingOptions } from './options.js';
import type { CarvedMessage } from './protocol.js';
import { carvedRows } from './rows.js';

/** How a carving ended; anything but `carved`: the entity is where it was. */
export type CarvingEnd =
  | 'carved'
  /** A row was changed: a backup or an owner was replaced. */
  | 'overtaken'
  | 'owner-died'
  /** The owner asked for it. */
  | 'asked'
  /** The owner did not do it in time. */
  | 'no-answer'
  /** The transaction did not happen. */
  | 'not-committed'
  /** An operator's change of mind. */
  | 'cancelled';

export interface Carving {
  readonly id: string;
  /** `kind/id` */
  readonly entity: string;
  /** As the store has them. */
  readonly from: ShardRow;
  readonly into: ShardRow;
  /** What its override is going to say; null: nothing, it comes home. */
  readonly shard: ShardId | null;
  readonly owner: PeerId;
  readonly phase: 'asking' | 'committing' | 'over';
  readonly since: Millis;
  /** When the owner was last asked, or the store. */
  readonly triedAt: Millis;
  /** The owner may hold it. */
  readonly asked: boolean;
  /** Why it is being given up, or how it ended; empty: it goes on. */
  readonly end: CarvingEnd | '';
}

export type CarvingInput =
  /** A row of one of the two shards as the store has it now. */
  | { readonly type: 'row'; readonly row: ShardRow }
  | ({ readonly type: 'carved' } & Pick<CarvedMessage, 'from' | 'id' | 'done' | 'abort'>)
  /** Dead or given up. */
  | { readonly type: 'died'; readonly peer: PeerId }
  | { readonly type: 'abort' }
  | { readonly type: 'tick' }
  /** What became of the `write`, known for sure. */
  | { readonly type: 'settled'; readonly committed: boolean };

export type CarvingEffect =
  | CarvingWrite
  /** Carve, to the owner. */
  | { readonly type: 'carve' }
  /** Carve with cancel, to the owner. */
  | { readonly type: 'cancel' }
  /** Ask the store anything: it has not answered lately. */
  | { readonly type: 'ask-store' }
  /** Nothing more will come of it. */
  | { readonly type: 'over'; readonly end: CarvingEnd };

export interface CarvingWrite {
  readonly type: 'write';
  readonly before: readonly [ShardRow, ShardRow];
  readonly rows: readonly [ShardRow, ShardRow];
  readonly entity: string;
  /** Null: none any more. */
  readonly shard: ShardId | null;
}

export interface CarvingStep {
  readonly state: Carving;
  readonly effects: readonly CarvingEffect[];
}

const NONE: readonly CarvingEffect[] = [];

/** Whether the write may still be tried: both rows are what the carving saw. */
export function stillStands({ before }: CarvingWrite, rowOf: (shard: ShardId) => ShardRow): boolean {
  return before.every((row) => sameRow(row, rowOf(row.shard)));
}

/** `id`: unique over all leaders (`epoch.number`). The rows must be ones that `mayCarve` allows; `shard`: the override that it is for. */
export function startCarving(
  id: string,
  entity: string,
  from: ShardRow,
  into: ShardRow,
  shard: ShardId | null,
  now: Millis,
  storeAgoMs: Millis,
  options: CarvingOptions,
): CarvingStep {
  const owner = from.owner as PeerId;
  const times = { since: now, triedAt: Number.NEGATIVE_INFINITY };
  const state: Carving = { id, entity, from, into, shard, owner, phase: 'asking', ...times, asked: false, end: '' };
  return ask(state, now, storeAgoMs, options);
}

/** `storeAgoMs`: how long ago the store last answered. */
export function stepCarving(
  state: Carving,
  input: CarvingInput,
  now: Millis,
  storeAgoMs: Millis,
  options: CarvingOptions,
): CarvingStep {
  if (state.phase === 'over') return { state, effects: NONE };
  switch (input.type) {
    case 'row': {
      const known = [state.from, state.into].find(({ shard }) => shard === input.row.shard);
      // What is being written is looked at when it is known what became of it.
      if (!known || sameRow(known, input.row) || state.phase === 'committing') return { state, effects: NONE };
      return over(state, 'overtaken');
    }
    case 'carved':
      return carved(state, input, now);
    case 'died':
      return input.peer === state.owner ? abort(state, 'owner-died') : { state, effects: NONE };
    case 'abort':
      return abort(state, 'cancelled');
    case 'tick':
      if (state.phase === 'committing') return { state, effects: NONE };
      return now - state.since >= options.holdMs ? over(state, 'no-answer') : ask(state, now, storeAgoMs, options);
    case 'settled':
      if (state.phase !== 'committing') return { state, effects: NONE };
      return over(state, input.committed ? 'carved' : state.end === '' ? 'not-committed' : state.end);
  }
}

function carved(
  state: Carving,
  { from, id, done, abort: asked }: Extract<CarvingInput, { type: 'carved' }>,
  now: Millis,
): CarvingStep {
  if (state.phase !== 'asking' || from !== state.owner || id !== state.id) return { state, effects: NONE };
  if (!done) return asked ? over(state, 'asked') : { state, effects: NONE };
  const before = [state.from, state.into] as const;
  const write = { before, rows: carvedRows(...before), entity: state.entity, shard: state.shard };
  return { state: { ...state, phase: 'committing', triedAt: now }, effects: [{ type: 'write', ...write }] };
}

/** K13: nothing is held for a store that has not answered lately; what is held already is asked for in any case. */
function ask(state: Carving, now: Millis, storeAgoMs: Millis, { againMs, storeFreshMs }: CarvingOptions): CarvingStep {
  if (now - state.triedAt < againMs) return { state, effects: NONE };
  const tried = { ...state, triedAt: now };
  if (!state.asked && storeAgoMs > storeFreshMs) return { state: tried, effects: [{ type: 'ask-store' }] };
  return { state: { ...tried, asked: true }, effects: [{ type: 'carve' }] };
}

/** A transaction under way is waited for: it may have happened. */
function abort(state: Carving, why: CarvingEnd): CarvingStep {
  if (state.phase !== 'committing') return over(state, why);
  return { state: { ...state, end: state.end === '' ? why : state.end }, effects: NONE };
}

function over(state: Carving, end: CarvingEnd): CarvingStep {
  const effects: CarvingEffect[] = state.asked && end !== 'carved' ? [{ type: 'cancel' }] : [];
  return { state: { ...state, phase: 'over', end }, effects: [...effects, { type: 'over', end }] };
}
