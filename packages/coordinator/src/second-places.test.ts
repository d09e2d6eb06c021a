import { describe, expect, test } from '@jest/globals';
import { emptyRow, type ReportedChange, type ShardRow } from '@muster/cluster';
import { HASHED_SHARDS, type PeerId, peerId, SHARD_COUNT, SHARDS, shardId, term } from '@muster/ports';
import fc from 'fast-check';
import { applied, arrange, handedOver, isWaiting, type PlacementInput } from './placement.js';
import { levelled } from './second-places.js';

const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((id) => peerId(id, '1')) as [PeerId, PeerId, PeerId, PeerId];
const empty = Array.from({ length: SHARD_COUNT }, (_, shard) => emptyRow(shardId(shard)));

const NOBODY: ReadonlySet<PeerId> = new Set();

/** Members of a world that are what the sets say, and otherwise well. */
interface World {
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

function input(world: World): PlacementInput {
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
const upToDate = { layout: SHARDS, floorTerm: term(0), outdated: false, outrankedBy: () => undefined };
const inSync = (row: ShardRow): [ReportedChange, string][] => [['learner-in-sync', row.learner]];
const step = (world: World): readonly ShardRow[] => applied(world.rows, arrange(input(world)));

/** Until nothing changes: owners, learners, and learners that catch up. */
function settle(world: World): readonly ShardRow[] {
  let { rows } = world;
  for (let i = 0; i < 6; i += 1) rows = step({ ...world, rows, says: inSync });
  return rows;
}

function one(own: Partial<ShardRow>): ShardRow[] {
  return [{ ...empty[0]!, owner: A, backup: B, term: term(7), ...own }, ...empty.slice(1)];
}

const hashed = (rows: readonly ShardRow[]) => rows.filter(({ shard }) => shard < HASHED_SHARDS);

/** Second places per owner and holder. */
function pairs(rows: readonly ShardRow[]): Map<string, Map<string, number>> {
  const found = new Map<string, Map<string, number>>();
  for (const { owner, backup, learner } of hashed(rows)) {
    const of = found.get(owner) ?? new Map<string, number>();
    const second = backup || learner;
    found.set(owner, of.set(second, (of.get(second) ?? 0) + 1));
  }
  return found;
}

/** The widest difference between what two nodes hold for the same owner. */
function unevenness(rows: readonly ShardRow[], nodes: readonly PeerId[]): number {
  const found = pairs(rows);
  const widths = nodes.map((owner) => {
    const held = nodes.filter((peer) => peer !== owner).map((peer) => found.get(owner)?.get(peer) ?? 0);
    return Math.max(...held) - Math.min(...held);
  });
  return Math.max(...widths);
}

describe('a row', () => {
  const nodes = [A, B, C];
  const first = (world: Omit<World, 'nodes'>) => step({ nodes, ...world })[0]!;

  test('its owner dies: the backup owns it under the next term, and somebody else learns it, in one step', () => {
    const row = first({ rows: one({}), dead: new Set([A]) });
    expect(row).toMatchObject({ owner: B, backup: '', learner: C, term: 8, sure: true });
    expect(first({ rows: one({}), dead: new Set([A]), unsure: true }).sure).toBeUndefined();
  });

  test('its owner is given up: the backup takes over, and nobody says that the owner is surely dead (K7)', () => {
    const row = first({ rows: one({}), givenUp: new Set([A]) });
    expect(row).toMatchObject({ owner: B, backup: '', learner: C, term: 8 });
    expect(row.sure).toBeUndefined();
  });

  test('its backup is given up: it stays, and somebody learns beside it before the owner asks; that one replaces it', () => {
    const row = first({ rows: one({}), givenUp: new Set([B]) });
    expect(row).toMatchObject({ owner: A, backup: B, learner: C, term: 7 });
    expect(first({ rows: [row], givenUp: new Set([B]), says: inSync })).toMatchObject({
      backup: C,
      learner: '',
      term: 8,
    });
    expect(first({ rows: one({}), nodes: [A, B], givenUp: new Set([B]) } as World)).toMatchObject({
      backup: B,
      learner: '',
    });
  });

  test('its owner is given up and there is no backup: it waits until the owner is dead or back', () => {
    const rows = one({ backup: '', learner: C });
    expect(first({ rows, givenUp: new Set([A]) })).toBe(rows[0]);
    expect(first({ rows, dead: new Set([A]) })).toMatchObject({ owner: expect.stringMatching(/#1/), term: 8 });
  });

  test('a row says how its owner came to own it, until somebody else does', () => {
    const promoted = first({ rows: one({}), dead: new Set([A]) });
    expect(promoted).toMatchObject({ owner: B, origin: 'promoted', learner: C, term: 8 });
    const backed = first({ rows: [promoted], says: inSync });
    expect(backed).toMatchObject({ owner: B, origin: 'promoted', backup: C, term: 9 });
    const alone = step({ nodes: [B], rows: [backed], dead: new Set([A, C]) })[0]!;
    expect(alone).toMatchObject({ owner: B, origin: 'promoted', backup: '', term: 10 });
    expect(first({ rows: [alone], dead: new Set([B]) })).toMatchObject({ origin: 'placed', term: 11 });
  });

  test('K10: a learner is never promoted', () => {
    const rows = one({ backup: '', learner: C });
    const row = first({ rows, dead: new Set([A]), says: inSync });
    // Placed afresh, perhaps even on C, but as a shard that begins with nothing: C is told by its own row that it has no copy.
    expect(row).toMatchObject({ backup: '', term: 8 });
    expect(row.sure).toBeUndefined();
    expect(first({ rows: one({ backup: B, learner: C }), dead: new Set([A]) }).owner).toBe(B);
  });

  test('owner dead and backup silent: it waits for the only copy there is, and is placed afresh once both are dead', () => {
    const rows = one({});
    for (const silent of [{ unwell: new Set([B]) }, { givenUp: new Set([B]) }]) {
      const world = { rows, dead: new Set([A]), ...silent };
      expect(first(world)).toBe(rows[0]);
      expect(isWaiting(rows[0]!, input({ nodes, ...world }))).toBe(true);
    }
    expect(first({ rows, dead: new Set([A, B]) })).toMatchObject({ owner: C, backup: '', learner: '', term: 8 });
  });

  test('owner and backup are both silent: nothing is taken from either', () => {
    const rows = one({});
    expect(first({ rows, givenUp: new Set([A, B]) })).toBe(rows[0]);
  });

  test('K9: owner and backup are both silent for ever: they may be cut off together and answer, so the shard is nobody else’s', () => {
    const rows = one({});
    const world = { rows, dead: new Set([A, B]), unsure: true };
    expect(first(world)).toBe(rows[0]);
    expect(isWaiting(rows[0]!, input({ nodes, ...world }))).toBe(true);
    // Alone the owner could let nothing out without its backup, or without storage.
    expect(first({ ...world, rows: one({ backup: '' }) })).toMatchObject({ origin: 'placed', term: 8 });
  });

  test('its backup dies: term + 1 without it, and another learner at once', () => {
    expect(first({ rows: one({}), dead: new Set([B]) })).toMatchObject({ owner: A, backup: '', learner: C, term: 8 });
  });

  test('K9: a backup that is only silent stays, however long, until its owner says that it has lost it', () => {
    const rows = one({});
    const says = (): [ReportedChange, string][] => [['backup-lost', B]];
    const givenUp = new Set([B]);
    expect(first({ rows, givenUp })).toMatchObject({ owner: A, backup: B, learner: C, term: 7 });
    expect(first({ rows, givenUp, says })).toMatchObject({ owner: A, backup: B, learner: C, term: 7 });
    const world = { rows, dead: new Set([B]), unsure: true };
    expect(first(world)).toBe(rows[0]);
    expect(first({ ...world, says })).toMatchObject({ owner: A, backup: '', learner: C, term: 8 });
  });

  test('while it moves its target is no backup to be, and only who drives the move replaces it', () => {
    const rows = one({ learner: C, state: 'moving', move: '7.1' });
    expect(first({ rows, says: inSync })).toBe(rows[0]);
    expect(first({ rows, dead: new Set([C]) })).toBe(rows[0]);
    const ended = { backup: '', learner: C, state: 'stable', move: '', term: 8 };
    expect(first({ rows, dead: new Set([B]) })).toMatchObject(ended);
    expect(first({ rows, dead: new Set([A]) })).toMatchObject({ owner: B, learner: C, state: 'stable', move: '' });
  });

  test('K3: a new incarnation of its backup is nobody’s backup, and may learn like everybody else', () => {
    const next = peerId('b', '2');
    const row = step({ nodes: [A, next], rows: one({}) })[0]!;
    expect(row).toMatchObject({ owner: A, backup: '', learner: next, term: 8 });
  });

  test('its learner dies: another one, under the same term', () => {
    const rows = one({ backup: '', learner: B });
    expect(first({ rows, dead: new Set([B]) })).toMatchObject({ owner: A, backup: '', learner: C, term: 7 });
  });

  test('its learner has caught up: it is the backup, and no report about another learner counts', () => {
    const rows = one({ backup: '', learner: C });
    expect(first({ rows, says: inSync })).toMatchObject({ owner: A, backup: C, learner: '', term: 8 });
    expect(first({ rows, says: () => [['learner-in-sync', B]] })).toBe(rows[0]);
  });

  test('a learner beside a backup takes its place without a moment with neither', () => {
    const rows = one({ learner: C });
    expect(first({ rows })).toBe(rows[0]);
    expect(first({ rows, says: inSync })).toMatchObject({ backup: C, learner: '', term: 8 });
    expect(first({ rows, dead: new Set([B]) })).toMatchObject({ backup: '', learner: C, term: 8 });
  });

  test('K9: a backup that its owner reports lost stays while it may be alive, and a learner beside it takes its place', () => {
    const says = (): [ReportedChange, string][] => [['backup-lost', B]];
    const beside = first({ rows: one({}), says });
    expect(beside).toMatchObject({ owner: A, backup: B, learner: C, term: 7 });
    // The owner dies before the learner is in sync: who has everything that was let out goes on.
    expect(first({ rows: [beside], says, dead: new Set([A]) })).toMatchObject({
      owner: B,
      backup: '',
      learner: C,
      term: 8,
    });
    expect(first({ rows: [beside], says: (row) => [...says(), ...inSync(row)] })).toMatchObject({
      owner: A,
      backup: C,
      learner: '',
      term: 8,
    });
    // Not heard at this moment is no reason to give up what is there: a learner will be heard again, or be given up.
    expect(first({ rows: one({}), says, unwell: new Set([C]) })).toMatchObject({ backup: B, learner: '', term: 7 });
    // The learner is lost as well: a third one learns.
    const lost = (): [ReportedChange, string][] => [...says(), ['backup-lost', C]];
    expect(step({ nodes: [A, B, C, D], rows: [beside], says: lost })[0]).toMatchObject({
      backup: B,
      learner: D,
      term: 7,
    });
  });

  test('K9: a backup that its owner reports lost is dropped where it is dead, or where nobody else could learn: storage is the second place then', () => {
    const says = (): [ReportedChange, string][] => [['backup-lost', B]];
    const dropped = { owner: A, backup: '', term: 8 };
    expect(first({ rows: one({}), says, dead: new Set([B]), unsure: true })).toMatchObject({ ...dropped, learner: C });
    expect(first({ rows: one({ learner: C }), says, dead: new Set([B]) })).toMatchObject({ ...dropped, learner: C });
    expect(step({ nodes: [A, B], rows: one({}), says })[0]).toMatchObject({ ...dropped, learner: B });
    for (const out of [{ givenUp: new Set([C]) }, { dead: new Set([C]) }, { leaving: new Set([C]) }])
      expect(first({ rows: one({}), says, ...out })).toMatchObject({ ...dropped, learner: B });
    const lost = (): [ReportedChange, string][] => [...says(), ['backup-lost', C]];
    expect(first({ rows: one({ learner: C }), says: lost })).toMatchObject(dropped);
    expect(first({ rows: one({ backup: '', learner: B }), says })).toMatchObject({ backup: '', learner: C, term: 7 });
  });

  test('a backup that is back is the backup under the next term, which makes void what was said of it before', () => {
    const says = ({ term: of }: ShardRow): [ReportedChange, string][] => (of === 7 ? [['backup-back', B]] : []);
    const back = first({ rows: one({ learner: C }), says });
    expect(back).toMatchObject({ owner: A, backup: B, learner: C, term: 8 });
    expect(first({ rows: [back], says })).toBe(back);
    expect(first({ rows: one({}), says, unwell: new Set([A]) })).toMatchObject({ term: 7 });
  });

  test('a move cannot go on without the backup: it ends, and its target is to be the backup', () => {
    const says = (): [ReportedChange, string][] => [['backup-lost', B]];
    const stable = { owner: A, backup: B, learner: C, state: 'stable', move: '', term: 7 };
    for (const learner of [C, ''] as const)
      expect(first({ rows: one({ state: 'moving', move: '7.1', learner }), says })).toMatchObject(stable);
  });

  test('K4: in a table older than storage neither owner nor backup counts', () => {
    const old = { ...input({ nodes, rows: one({}) }), floorTerm: term(90), outdated: true };
    expect(arrange(old)[0]).toMatchObject({ backup: '', term: 91 });
  });
});

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
