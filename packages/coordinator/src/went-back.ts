// Whether the cluster's store went back: wiped, or restored from an older copy (K4). Pure.
//
// Storage remembers three things of it, all written behind the store, so that a store that was never put back has at least as much:
//   epoch      the highest that a leader wrote
//   revision   of the newest page of the table
//   terms      by which owners have claimed their shards, one by one; and the highest of all
// One maximum of terms is not enough: where one shard has been through many, no other one's shows in it. Terms alone are not either: an
// entity that came home leaves no term behind in storage, only a newer page in the store.
import type { ShardRow } from '@muster/cluster';
import type { RememberedRegime, ShardId, Term } from '@muster/ports';

export interface Recalled extends RememberedRegime {
  /** Of shards that were ever claimed. */
  readonly terms: ReadonlyMap<ShardId, Term>;
}

/** What a new leader found in the store. */
export interface Found {
  /** The one before its own; 0: none. */
  readonly epoch: number;
  /** Of the newest page. */
  readonly revision: number;
  readonly rows: readonly ShardRow[];
}

/**
 * What shows that the store is older than storage. `rows`: only some of its rows are, and nothing says that the others cannot be trusted.
 * Undefined: nothing shows it.
 */
export type Sign = 'epoch' | 'revision' | 'term' | 'rows';

export function signOf({ epoch, revision, rows }: Found, recalled: Recalled): Sign | undefined {
  if (epoch < recalled.epoch) return 'epoch';
  if (revision < recalled.revision) return 'revision';
  if (highestOf(rows) < recalled.term) return 'term';
  return behind(rows, recalled.terms).length > 0 ? 'rows' : undefined;
}

/** Rows whose shards storage knows by newer terms. */
export function behind(rows: readonly ShardRow[], terms: ReadonlyMap<ShardId, Term>): readonly ShardRow[] {
  return rows.filter((row) => row.term < (terms.get(row.shard) ?? 0));
}

export function highestOf(rows: readonly ShardRow[]): number {
  return rows.reduce((highest, row) => Math.max(highest, row.term), 0);
}
