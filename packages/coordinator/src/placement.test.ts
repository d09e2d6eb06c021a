import { describe, expect, test } from '@jest/globals';
import { emptyRow, type ShardRow } from '@muster/cluster';
import { HASHED_SHARDS, type PeerId, peerId, SHARD_COUNT, SHARDS, shardId, term } from '@muster/ports';
import fc from 'fast-check';
import { balance, countOwned, needsOwner, place } from './placement.js';

const node = (n: number): PeerId => peerId(`node-${n}`, 'x');
const all = Array.from({ length: SHARD_COUNT }, (_, shard) => emptyRow(shardId(shard)));
const living = {
  layout: SHARDS,
  isCarved: () => false,
  isAlive: () => true,
  isProvenDead: () => true,
  isAnyAtLarge: () => false,
  floorTerm: term(0),
  outdated: false,
  outrankedBy: () => undefined,
};

/** A table whose hashed shards are owned by `owners[shard % owners.length]`, under terms that vary. */
function owned(owners: readonly (PeerId | '')[]): ShardRow[] {
  return all.map((row) => {
    const owner = row.shard < HASHED_SHARDS ? owners[(row.shard * 7) % owners.length]! : '';
    return { ...row, owner, term: term(owner === '' ? 0 : 1 + (row.shard % 5)) };
  });
}

function applied(rows: readonly ShardRow[], changes: readonly ShardRow[]): ShardRow[] {
  const byShard = new Map(changes.map((row) => [row.shard, row]));
  return rows.map((row) => byShard.get(row.shard) ?? row);
}

describe('place', () => {
  test('a cold start gives every hashed shard an owner, in equal counts', () => {
    const targets = [node(1), node(2), node(3)];
    const counts = countOwned(applied(all, place({ rows: all, targets, ...living })), SHARDS, targets);
    expect([...counts.values()].sort()).toEqual([341, 341, 342]);
  });

  test('solo shards are nobody’s until an entity is in one, and are placed again when their owner dies (K1)', () => {
    const pinned: ShardRow = { ...all[1_030]!, owner: node(2), term: term(3) };
    const rows = applied(owned([node(1)]), [pinned]);
    const changes = place({ ...living, rows, targets: [node(1)], isAlive: (peer) => peer !== node(2) });
    expect(changes).toEqual([{ ...pinned, owner: node(1), term: 4, since: 4 }]);
  });

  test('K4: new terms are above the highest that storage remembers', () => {
    const [first] = place({ ...living, rows: all, targets: [node(1)], floorTerm: term(90) });
    expect(first!.term).toBe(91);
  });

  test('K4: in a table older than storage no owner counts', () => {
    const rows = owned([node(1)]);
    const changes = place({ ...living, rows, targets: [node(1), node(2)], floorTerm: term(90), outdated: true });
    expect(changes.length).toBe(HASHED_SHARDS);
    expect(changes.every((row) => row.term === 91)).toBe(true);
    // Once written, it is left alone.
    const again = { ...living, rows: applied(rows, changes), targets: [node(1)], floorTerm: term(90), outdated: true };
    expect(place(again)).toEqual([]);
  });

  test('K4: a shard that storage knows by a newer term than its row is placed above that, and the others stay', () => {
    const rows = owned([node(1), node(2)]);
    const outrankedBy = ({ shard, term: of }: ShardRow) => (shard === 5 && of < 40 ? term(40) : undefined);
    const input = { ...living, rows, targets: [node(1), node(2)], outrankedBy };
    const changes = place(input);
    expect(changes).toMatchObject([{ shard: 5, origin: 'placed', term: 41, since: 41, backup: '' }]);
    expect(place({ ...input, rows: applied(rows, changes) })).toEqual([]);
  });

  test('K4: nor is it promoted where its owner is dead: what its backup has is of another time', () => {
    const rows = owned([node(1), node(2)]).map((row) => ({ ...row, backup: node(row.owner === node(1) ? 2 : 1) }));
    const outrankedBy = ({ shard, term: of }: ShardRow) => (shard === 5 && of < 40 ? term(40) : undefined);
    const isAlive = (peer: PeerId) => peer !== rows[5]!.owner;
    const changes = place({ ...living, rows, targets: [node(1), node(2)], outrankedBy, isAlive });
    expect(changes).toMatchObject([{ shard: 5, origin: 'placed', term: 41, since: 41, backup: '' }]);
  });

  test('without a target nothing is written', () => {
    expect(place({ ...living, rows: all, targets: [] })).toEqual([]);
  });

  test('whoever dies: every shard has a living owner, terms grow, the others keep theirs, and nobody gets more than its share', () => {
    const counts = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 3 }),
    );
    fc.assert(
      fc.property(counts, ([nodes, deadCount, joiners]) => {
        const owners = Array.from({ length: nodes }, (_, n) => node(n));
        const dead = new Set(owners.slice(0, deadCount));
        const targets = [
          ...owners.filter((peer) => !dead.has(peer)),
          ...Array.from({ length: joiners }, (_, n) => node(90 + n)),
        ];
        const input = { ...living, rows: owned([...owners, '']), targets, isAlive: (peer: PeerId) => !dead.has(peer) };
        const changes = place(input);
        if (targets.length === 0) return changes.length === 0;
        const after = applied(input.rows, changes);
        const before = countOwned(input.rows, SHARDS, targets);
        const counted = countOwned(after, SHARDS, targets);
        const fair = Math.max(Math.ceil(HASHED_SHARDS / targets.length), ...before.values());
        return (
          after.every((row) => !needsOwner(row, input)) &&
          changes.every(
            (row) => targets.includes(row.owner as PeerId) && row.term === input.rows[row.shard]!.term + 1,
          ) &&
          changes.every((row) => needsOwner(input.rows[row.shard]!, input)) &&
          [...counted.values()].every((count) => count <= fair)
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('balance', () => {
  test('a joiner gets its share of the shards that hold nothing', () => {
    const rows = owned([node(1), node(2)]);
    const targets = [node(1), node(2), node(3)];
    const moves = balance({ layout: SHARDS, rows, targets, isEmpty: () => true, max: 10_000 });
    const after = applied(
      rows,
      moves.map(({ row, to }) => ({ ...row, owner: to })),
    );
    expect([...countOwned(after, SHARDS, targets).values()].sort()).toEqual([341, 341, 342]);
    expect(moves.every(({ to }) => to === node(3))).toBe(true);
  });

  test('shards that hold something stay, and no more are asked for than may be at once', () => {
    const rows = owned([node(1)]);
    const targets = [node(1), node(2)];
    expect(balance({ layout: SHARDS, rows, targets, isEmpty: () => false, max: 256 })).toEqual([]);
    expect(balance({ layout: SHARDS, rows, targets, isEmpty: ({ shard }) => shard < 10, max: 256 }).length).toBe(10);
    expect(balance({ layout: SHARDS, rows, targets, isEmpty: () => true, max: 256 }).length).toBe(256);
  });

  test('balancing comes to rest: what it did needs no second time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 4 }), fc.nat(), (owners, joiners, seed) => {
        const targets = Array.from({ length: owners + joiners }, (_, n) => node(n));
        const rows = owned(targets.slice(0, owners));
        const isEmpty = (row: ShardRow) => (row.shard * 31 + seed) % 3 !== 0;
        const moves = balance({ layout: SHARDS, rows, targets, isEmpty, max: 10_000 });
        const after = applied(
          rows,
          moves.map(({ row, to }) => ({ ...row, owner: to })),
        );
        return (
          moves.every(({ row }) => isEmpty(row)) &&
          new Set(moves.map(({ row }) => row.shard)).size === moves.length &&
          balance({ layout: SHARDS, rows: after, targets, isEmpty, max: 10_000 }).length === 0
        );
      }),
      { numRuns: 60 },
    );
  });
});
