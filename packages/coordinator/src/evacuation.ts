// What has to happen so that no row names a node that drains. Pure, and level-triggered: it compares the table with the members, so a
// drain survives every leader, and whatever failed is asked for again.
//
//   owns, empty          released to whoever owns least (cluster's release/), many at a time
//   owns, in use         handed off: to its backup where that may get shards, for which nothing has to be copied; else to who owns least
//   backs, learns        another node learns beside it and takes its place (second-places.ts)
//   owns, nobody to take it: every other node drains as well, or is gone. Parked: sealed, written to storage, and then nobody's
//
// A node that only backs what nobody else could back is let go: its owner goes on with storage as its second place once the node is
// surely dead. To take it out of the row while it still answers would leave two of them who might go on unseen (K9).
import type { ReleaseMove, ShardRow } from '@muster/cluster';
import type { PeerId, ShardLayout } from '@muster/ports';
import { countOwned } from './placement.js';
import type { SecondPlaceInput } from './second-places.js';

export interface EvacuationInput extends Pick<SecondPlaceInput, 'targets' | 'isWell' | 'isLeaving'> {
  readonly rows: readonly ShardRow[];
  readonly layout: ShardLayout;
  /** Whether a node that may get shards is registered, be it heard at this moment or not: then nothing is parked. */
  readonly mayBeTaken: boolean;
  /** Whether the owner says that the shard holds nothing. */
  readonly isEmpty: (row: ShardRow) => boolean;
  /** It is on its way already. */
  readonly isBusy: (row: ShardRow) => boolean;
}

export interface Evacuation {
  readonly releases: readonly ReleaseMove[];
  /** In the order in which they should begin; more than may be under way at once. */
  readonly handOffs: readonly ReleaseMove[];
  readonly parks: readonly ShardRow[];
}

const NOTHING: Evacuation = { releases: [], handOffs: [], parks: [] };

export function evacuate(input: EvacuationInput): Evacuation {
  const { rows, layout, targets, isWell, isLeaving, isEmpty, isBusy } = input;
  const leaving = rows.filter(
    (row) => row.owner !== '' && isLeaving(row.owner) && isWell(row.owner) && row.state === 'stable' && !isBusy(row),
  );
  if (leaving.length === 0) return NOTHING;
  if (targets.length === 0) return { ...NOTHING, parks: input.mayBeTaken ? [] : leaving };
  const counts = countOwned(rows, layout, targets);
  const take = (wanted?: PeerId): PeerId => {
    const to = wanted ?? leastOf(counts);
    counts.set(to, counts.get(to)! + 1);
    return to;
  };
  const releases = leaving.filter(isEmpty).map((row) => ({ row, to: take() }));
  const handOffs = leaving
    .filter((row) => !isEmpty(row))
    .map((row) => ({ row, to: take(targets.find((peer) => peer === row.backup)) }));
  // What has to be copied comes last: the rest is gone by then.
  const isReady = ({ row, to }: ReleaseMove) => row.backup === to;
  return { releases, handOffs: [...handOffs.filter(isReady), ...handOffs.filter((it) => !isReady(it))], parks: [] };
}

/** True while a row names this node that somebody else could have in its place. */
export function isNeeded(peer: PeerId, rows: readonly ShardRow[], targets: readonly PeerId[]): boolean {
  return rows.some(({ owner, backup, learner }) => {
    if (owner === peer) return true;
    return (backup === peer || learner === peer) && targets.some((other) => other !== owner && other !== peer);
  });
}

function leastOf(counts: ReadonlyMap<PeerId, number>): PeerId {
  let least: PeerId | undefined;
  for (const [peer, count] of counts) if (least === undefined || count < counts.get(least)!) least = peer;
  return least!;
}
