import { emptyRow, type ReportedChange, type ShardRow } from '@muster/cluster';
import { HASHED_SHARDS, type PeerId, peerId, SHARD_COUNT, SHARDS, shardId, term } from '@muster/ports';
import { applied, arrange, type PlacementInput } from './placement.js';

export const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((id) => peerId(id, '1')) as [PeerId, PeerId, PeerId, PeerId];
export const empty = Array.from({ length: SHARD_COUNT }, (_, shard) => emptyRow(shardId(shard)));

export const NOBODY: ReadonlySet<PeerId> = new Set();

/** Members of a world that are what the sets say, and otherwise well. */
export interface World {
  rows: readonly ShardRow[];
  readonly nodes: readonly PeerId[];
  readonly dead?: ReadonlySet<PeerId>;
  readonly givenUp?: ReadonlySet<PeerId>;
  readonly unwell?: ReadonlySet<PeerId>;
  readonly leaving?: ReadonlySet<PeerId>;
  readonly atLarge?: boolean;
  /** The dead are only known to have been silent for long. */
  readonly unsure?: boolean;
  readonly zones?: ReadonlyMap<PeerId, string>;
  readonly says?: (row: ShardRow) => readonly [ReportedChange, string][];
}

export function input(world: World): PlacementInput {
  const { nodes, rows, zones, says, unsure } = world;
  const { dead = NOBODY, givenUp = NOBODY, unwell = NOBODY, leaving = NOBODY } = world;
  const isWell = (peer: PeerId) => nodes.includes(peer) && !dead.has(peer) && !givenUp.has(peer) && !unwell.has(peer);
  return {
    rows,
    targets: nodes.filter((peer) => isWell(peer) && !leaving.has(peer)),
    eligible: nodes.filter((peer) => !dead.has(peer) && !leaving.has(peer)),
    isAlive: (peer) => nodes.includes(peer) && !dead.has(peer),
    isGivenUp: (peer) => givenUp.has(peer),
    isWell,
    isProvenDead: (peer) => (!unsure && dead.has(peer)) || !(nodes.includes(peer) || dead.has(peer)),
    isSurelyDead: (peer) => !unsure && dead.has(peer),
    zoneOf: (peer) => zones?.get(peer) ?? '',
    isLeaving: (peer) => leaving.has(peer),
    isMoveKnown: () => true,
    isCarved: () => false,
    isAnyAtLarge: () => world.atLarge === true,
    isReported: (row, what, peer) => says?.(row).some(([said, about]) => said === what && about === peer) ?? false,
    ...upToDate,
  };
}
export const upToDate = { layout: SHARDS, floorTerm: term(0), outdated: false, outrankedBy: () => undefined };
export const inSync = (row: ShardRow): [ReportedChange, string][] => [['learner-in-sync', row.learner]];
export const step = (world: World): readonly ShardRow[] => applied(world.rows, arrange(input(world)));

/** Until nothing changes: owners, learners, and learners that catch up. */
export function settle(world: World): readonly ShardRow[] {
  let { rows } = world;
  for (let i = 0; i < 6; i += 1) rows = step({ ...world, rows, says: inSync });
  return rows;
}

export function one(own: Partial<ShardRow>): ShardRow[] {
  return [{ ...empty[0]!, owner: A, backup: B, term: term(7), ...own }, ...empty.slice(1)];
}

export const hashed = (rows: readonly ShardRow[]) => rows.filter(({ shard }) => shard < HASHED_SHARDS);

/** Second places per owner and holder. */
export function pairs(rows: readonly ShardRow[]): Map<string, Map<string, number>> {
  const found = new Map<string, Map<string, number>>();
  for (const { owner, backup, learner } of hashed(rows)) {
    const of = found.get(owner) ?? new Map<string, number>();
    const second = backup || learner;
    found.set(owner, of.set(second, (of.get(second) ?? 0) + 1));
  }
  return found;
}

/** The widest difference between what two nodes hold for the same owner. */
export function unevenness(rows: readonly ShardRow[], nodes: readonly PeerId[]): number {
  const found = pairs(rows);
  const widths = nodes.map((owner) => {
    const held = nodes.filter((peer) => peer !== owner).map((peer) => found.get(owner)?.get(peer) ?? 0);
    return Math.max(...held) - Math.min(...held);
  });
  return Math.max(...widths);
}
