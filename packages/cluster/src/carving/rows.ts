// What a carving writes into the rows of its two shards. Pure; protocol.ts says when.
import { type Term, term } from '@muster/ports';
import type { ShardRow } from '../table/routing-table.js';

/** Whether an entity may go from the one shard into the other now: one owner has both, at rest, and its log has a second place there as here. */
export function mayCarve(from: ShardRow, into: ShardRow): boolean {
  const isAtRest = (row: ShardRow): boolean => row.state === 'stable' && row.move === '';
  const isBacked = from.backup === '' || into.backup !== '';
  return from.owner !== '' && from.owner === into.owner && isAtRest(from) && isAtRest(into) && isBacked;
}

/** Both rows after it: nothing but their term is another, and it is the same. */
export function carvedRows(from: ShardRow, into: ShardRow): readonly [ShardRow, ShardRow] {
  const next = term(Math.max(from.term, into.term) + 1);
  return [raised(from, next), raised(into, next)];
}

function raised({ sure: _, ...row }: ShardRow, to: Term): ShardRow {
  return { ...row, term: to, since: row.since ?? row.term };
}
