import { describe, expect, test } from '@jest/globals';
import type { ShardRow } from '@muster/cluster';
import { HASHED_SHARDS, type PeerId, peerId, term } from '@muster/ports';
import fc from 'fast-check';
import { applied, handedOver } from './placement.js';
import { levelled } from './second-places.js';
import {
  A,
  B,
  C,
  D,
  empty,
  hashed,
  input,
  pairs,
  settle,
  step,
  unevenness,
  type World,
} from './small-world.test-kit.js';

describe('second places', () => {
  test('one node alone gets no learner; with the second every shard has one, in one step', () => {
    expect(hashed(step({ nodes: [A], rows: empty })).every((row) => row.owner === A && row.learner === '')).toBe(true);
    const rows = step({ nodes: [A, B], rows: step({ nodes: [A], rows: empty }) });
    expect(hashed(rows).every(({ owner, learner }) => owner === A && learner === B)).toBe(true);
  });

  test('are in another zone than the owner where there is one', () => {
    const zones = new Map([[A, 'x'], [B, 'x'], [C, 'y'], [D, 'y']]); // biome-ignore format: pairs
    const rows = settle({ nodes: [A, B, C, D], rows: empty, zones });
    expect(hashed(rows).every(({ owner, backup }) => zones.get(owner as PeerId) !== zones.get(backup as PeerId))).toBe(
      true,
    );
    const alone = settle({ nodes: [A, B], rows: empty, zones });
    expect(hashed(alone).every(({ owner, backup }) => backup !== '' && backup !== owner)).toBe(true);
  });

  test('whoever dies, in whatever order: owner and backup differ, terms grow, nothing is lost while one copy lives, and the load of the dead goes to all others evenly', () => {
    const orders = fc.tuple(fc.integer({ min: 3, max: 8 }), fc.array(fc.nat(), { minLength: 1, maxLength: 5 }));
    fc.assert(
      fc.property(orders, ([count, deaths]) => {
        let nodes = Array.from({ length: count }, (_, n) => peerId(`n${n}`, 'x'));
        let rows = settle({ nodes, rows: empty });
        for (const death of deaths) {
          if (nodes.length < 3) break;
          if (unevenness(rows, nodes) > 2) return false;
          const dead = nodes[death % nodes.length]!;
          nodes = nodes.filter((peer) => peer !== dead);
          const before = rows;
          rows = step({ nodes, rows });
          for (const row of hashed(rows)) {
            const was = before[row.shard]!;
            const expected = was.owner === dead ? was.backup : was.owner;
            const touched = was.owner === dead || was.backup === dead;
            if (row.owner !== expected || row.owner === row.learner || row.owner === row.backup) return false;
            if (row.term !== was.term + (touched ? 1 : 0)) return false;
            if (row.backup === '' && row.learner === '') return false;
          }
          const got = nodes.map((peer) => before.filter((row) => row.owner === dead && row.backup === peer).length);
          if (Math.max(...got) - Math.min(...got) > 2) return false;
          rows = settle({ nodes, rows });
        }
        return hashed(rows).every(({ owner, backup, learner }) => backup !== '' && backup !== owner && learner === '');
      }),
      { numRuns: 25 },
    );
  });

  test('whatever members are and owners say: doing it once is enough, and no row names a process twice or as anything but its owner alone', () => {
    const peers = ['', ...[A, B, C, D]];
    const row = fc.record({
      owner: fc.constantFrom(...peers),
      backup: fc.constantFrom(...peers),
      learner: fc.constantFrom(...peers),
    });
    const sets = fc.record({
      dead: fc.subarray([A, B, C, D]),
      givenUp: fc.subarray([A, B, C, D]),
      unwell: fc.subarray([A, B, C, D]),
      lost: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 12, maxLength: 12 }), sets, (drawn, { dead, givenUp, unwell, lost }) => {
        const rows = empty.map((none): ShardRow => {
          const { owner, backup, learner } = drawn[none.shard % drawn.length]!;
          const second = owner === '' || backup === owner ? '' : backup;
          const third = owner === '' || learner === owner || learner === second ? '' : learner;
          const ids = { owner: owner as PeerId, backup: second as PeerId, learner: third as PeerId };
          return none.shard < HASHED_SHARDS ? { ...none, ...ids, term: term(3) } : none;
        });
        const world: World = {
          nodes: [A, B, C, D],
          rows,
          dead: new Set(dead),
          givenUp: new Set(givenUp),
          unwell: new Set(unwell),
          // Reports are about a row as it was: after one step they are void.
          says: ({ term: of, backup }) => (lost && of === 3 ? [['backup-lost', backup]] : []),
        };
        const after = step(world);
        const again = step({ ...world, rows: after });
        return (
          again.every((next, i) => next === after[i]) &&
          after.every(({ owner, backup, learner }) => {
            const named = [owner, backup, learner].filter((peer) => peer !== '');
            return new Set(named).size === named.length && (owner !== '' || named.length === 0);
          })
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('levelling', () => {
  test('a joiner becomes the backup of its share, a few at a time, and backups stay until it has caught up', () => {
    let rows = settle({ nodes: [A, B], rows: empty });
    const nodes = [A, B, C];
    let rounds = 0;
    for (; rounds < 40; rounds += 1) {
      const changes = levelled(rows, input({ nodes, rows }), 64);
      if (changes.length === 0) break;
      expect(changes.length).toBeLessThanOrEqual(64);
      expect(changes.every(({ backup, learner, shard }) => backup === rows[shard]!.backup && learner === C)).toBe(true);
      rows = settle({ nodes, rows: applied(rows, changes) });
    }
    expect(rounds).toBeLessThan(40);
    expect(unevenness(rows, [A, B])).toBe(0);
    expect(pairs(rows).get(A)!.get(C)).toBe(256);
  });

  test('brings backups into another zone when one comes up', () => {
    const zones = new Map([[A, 'x'], [B, 'x'], [C, 'y']]); // biome-ignore format: pairs
    const rows = settle({ nodes: [A, B], rows: empty, zones });
    const changes = levelled(rows, input({ nodes: [A, B, C], rows, zones }), 10_000);
    expect(changes.length).toBe(HASHED_SHARDS);
    const after = settle({ nodes: [A, B, C], rows: applied(rows, changes), zones });
    expect(levelled(after, input({ nodes: [A, B, C], rows: after, zones }), 10_000)).toEqual([]);
  });
});

test('an empty shard that changes its owner leaves its backup behind and gets a learner in the same transaction', () => {
  const rows = settle({ nodes: [A, B, C], rows: empty });
  const own = hashed(rows)
    .filter(({ owner, backup }) => owner === A && backup === B)
    .slice(0, 9);
  for (const to of [B, C]) {
    const changes = handedOver(
      own.map((row) => ({ row, to })),
      input({ nodes: [A, B, C], rows }),
    );
    expect(changes.map(({ shard }) => shard)).toEqual(own.map(({ shard }) => shard));
    for (const { shard, owner, backup, learner, term: of } of changes) {
      expect({ owner, backup, of }).toEqual({ owner: to, backup: '', of: rows[shard]!.term + 1 });
      expect([A, B, C].filter((peer) => peer !== to)).toContain(learner);
    }
  }
});
