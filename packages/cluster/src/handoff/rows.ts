// What a move writes into its shard's row, and what a leader finds there. Pure; protocol.ts says when.
import { type PeerId, term } from '@muster/ports';
import type { ShardRow } from '../table/routing-table.js';

/** Whether a move of this row to that process may begin: it has an owner, no other move, and no learner whose copy would be thrown away. */
export function mayMove(row: ShardRow, to: PeerId): boolean {
  const { owner, learner, state, move } = row;
  return owner !== '' && owner !== to && state === 'stable' && move === '' && (learner === '' || learner === to);
}

/** The row while move `id` is under way: the target is its learner, unless it is its backup already. No former owner is at large any more. */
export function marked({ atLarge: _, ...row }: ShardRow, id: string, to: PeerId): ShardRow {
  return { ...row, learner: to === row.backup ? '' : to, state: 'moving', move: id };
}

/** The row after the move: the backup stays; where the target was it, the source takes its place. */
export function handedOverTo({ sure: _, ...row }: ShardRow, to: PeerId): ShardRow {
  const backup = to === row.backup ? row.owner : row.backup;
  const next = term(row.term + 1);
  const moved = { owner: to, origin: 'moved', backup, learner: '', term: next, since: next } as const;
  return { ...row, ...moved, state: 'stable', move: '' };
}

/** The row as if there had been no move. Of a shard without a backup the learner stays one: it is about to become the backup. */
export function cleared(row: ShardRow): ShardRow {
  return { ...row, learner: row.backup === '' ? row.learner : '', state: 'stable', move: '' };
}

/** Rows whose move nobody leads any more (K13): what a new leader, or one that gave a move up, has to write. */
export function withoutStrayMoves(rows: readonly ShardRow[], known: (move: string) => boolean): ShardRow[] {
  return rows.filter(({ state, move }) => (state === 'moving' || move !== '') && !known(move)).map(cleared);
}

/**
 * Whether a source that says it is sealed for `move` may be told to go on by a leader that leads no such move: only where the row as it
 * stands in the store has no such move any more, and is still the source's. Under a newer term the row itself tells it.
 */
export function mayCancel(row: ShardRow, from: PeerId, inTerm: number, move: string): boolean {
  return row.owner === from && row.term === inTerm && row.move !== move;
}
