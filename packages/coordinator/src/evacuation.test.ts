import { describe, expect, test } from '@jest/globals';
import { emptyRow, type ShardRow } from '@muster/cluster';
import { HASHED_SHARDS, type PeerId, peerId, SHARD_COUNT, SHARDS, shardId, term } from '@muster/ports';
import { type Evacuation, evacuate, isNeeded } from './evacuation.js';

const [A, B, C] = ['a', 'b', 'c'].map((id) => peerId(id, '1')) as [PeerId, PeerId, PeerId];

/** A table that `owners` share in turn, each backed by the next one. */
function table(owners: readonly PeerId[]): ShardRow[] {
  return Array.from({ length: SHARD_COUNT }, (_, shard) => {
    const row = emptyRow(shardId(shard));
    if (shard >= HASHED_SHARDS) return row;
    const owner = owners[shard % owners.length]!;
    const next = owners[(shard + 1) % owners.length]!;
    return { ...row, owner, backup: next === owner ? ('' as const) : next, term: term(3) };
  });
}

interface World {
  readonly rows: readonly ShardRow[];
  readonly targets: readonly PeerId[];
  readonly leaving?: readonly PeerId[];
  readonly unwell?: readonly PeerId[];
  /** Shards that hold something: all but these. */
  readonly empty?: (row: ShardRow) => boolean;
  readonly busy?: (row: ShardRow) => boolean;
  readonly mayBeTaken?: boolean;
}

function plan(world: World): Evacuation {
  const { rows, targets, leaving = [A], unwell = [], empty = () => false, busy = () => false } = world;
  return evacuate({
    rows,
    layout: SHARDS,
    targets,
    mayBeTaken: world.mayBeTaken ?? targets.length > 0,
    isWell: (peer) => !unwell.includes(peer),
    isLeaving: (peer) => leaving.includes(peer),
    isEmpty: empty,
    isBusy: busy,
  });
}

describe('evacuate', () => {
  const rows = table([A, B, C]);
  const ownedBy = (peer: PeerId) => rows.filter(({ owner }) => owner === peer);

  test('nobody drains: nothing is to be done', () => {
    expect(plan({ rows, targets: [A, B, C], leaving: [] })).toEqual({ releases: [], handOffs: [], parks: [] });
  });

  test('what is in use goes to its backup, where nothing has to be copied; what is empty to whoever owns least', () => {
    const { releases, handOffs, parks } = plan({ rows, targets: [B, C], empty: ({ shard }) => shard % 2 === 0 });
    expect([...releases, ...handOffs].map(({ row }) => row.shard).sort((a, b) => a - b)).toEqual(
      ownedBy(A).map(({ shard }) => shard),
    );
    expect(handOffs.every(({ row, to }) => to === row.backup)).toBe(true);
    expect(releases.every(({ row, to }) => row.shard % 2 === 0 && to !== A)).toBe(true);
    expect(new Set(releases.map(({ to }) => to)).size).toBe(2);
    expect(parks).toEqual([]);
  });

  test('where the backup may get nothing somebody else is chosen, and what has to be copied for that comes last', () => {
    const odd = rows.map((row) => (row.shard % 2 === 1 && row.owner === A ? { ...row, backup: C } : row));
    const { handOffs } = plan({ rows: odd, targets: [C] });
    expect(handOffs.every(({ to }) => to === C)).toBe(true);
    const firstCopied = handOffs.findIndex(({ row }) => row.backup !== C);
    expect(firstCopied).toBeGreaterThan(0);
    expect(handOffs.slice(firstCopied).every(({ row }) => row.backup === B)).toBe(true);
  });

  test('what is on its way, moves already, or has an owner that is not heard is left alone', () => {
    const moving = rows.map((row): ShardRow => (row.owner === A ? { ...row, state: 'moving', move: '1.m1' } : row));
    expect(plan({ rows: moving, targets: [B, C] }).handOffs).toEqual([]);
    expect(plan({ rows, targets: [B, C], busy: () => true }).handOffs).toEqual([]);
    expect(plan({ rows, targets: [B, C], unwell: [A] }).handOffs).toEqual([]);
  });

  test('with nobody to take them shards are parked, but not while somebody is only not heard at this moment', () => {
    expect(plan({ rows, targets: [], leaving: [A, B, C] }).parks.length).toBe(HASHED_SHARDS);
    const { parks, handOffs, releases } = plan({ rows, targets: [], mayBeTaken: true });
    expect([parks, handOffs, releases]).toEqual([[], [], []]);
  });
});

describe('a node that drains', () => {
  const row = (changes: Partial<ShardRow>): ShardRow[] => [{ ...emptyRow(shardId(1)), term: term(3), ...changes }];

  test('is needed while it owns something', () => {
    expect(isNeeded(A, row({ owner: A }), [])).toBe(true);
    expect(isNeeded(A, row({ owner: B, backup: C }), [B, C])).toBe(false);
  });

  test('is needed as a backup while somebody else could be it, and is let go where nobody could', () => {
    expect(isNeeded(A, row({ owner: B, backup: A }), [B, C])).toBe(true);
    expect(isNeeded(A, row({ owner: B, backup: A }), [B])).toBe(false);
    expect(isNeeded(A, row({ owner: B, learner: A }), [B, C])).toBe(true);
  });
});
