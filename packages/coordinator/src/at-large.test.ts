import { expect, test } from '@jest/globals';
import { emptyRow, type ShardRow } from '@muster/cluster';
import { type PeerId, peerId, SHARDS, shardId, term } from '@muster/ports';
import { AtLarge } from './at-large.js';
import type { HeardLoad } from './heard-loads.js';
import type { Member } from './member.js';
import { arrange, givenTo, type PlacementInput } from './placement.js';

const [A, B, C] = ['a', 'b', 'c'].map((id) => peerId(id, '1')) as [PeerId, PeerId, PeerId];
const row: ShardRow = { ...emptyRow(shardId(0)), owner: A, backup: B, term: term(7) };

/** A table of one row in a cluster where nothing but that is wrong which is said. */
function input(from: ShardRow, changes: Partial<PlacementInput>): PlacementInput {
  const no = (): boolean => false;
  const nobody = { isGivenUp: no, isProvenDead: no, isSurelyDead: no, isLeaving: no, isReported: no, outdated: false };
  const outrankedBy = () => undefined;
  const fine = {
    isAlive: () => true,
    isWell: () => true,
    isMoveKnown: () => true,
    isCarved: () => false,
    zoneOf: () => '',
    floorTerm: term(0),
  };
  const members = { targets: [A, B, C], eligible: [A, B, C], outrankedBy };
  return { rows: [from], layout: SHARDS, isAnyAtLarge: no, ...nobody, ...fine, ...members, ...changes };
}

const silent = { isGivenUp: (peer: PeerId) => peer === A };
const surelyDead = (dead: PeerId) => ({
  isAlive: (peer: PeerId) => peer !== dead,
  isProvenDead: (peer: PeerId) => peer === dead,
  isSurelyDead: (peer: PeerId) => peer === dead,
});

test('an owner that is silent, its successor surely dead a moment later: nobody is sure until the first one has heard of it or is dead', () => {
  const promoted = arrange(input(row, silent))[0]!;
  expect(promoted).toMatchObject({ owner: B, atLarge: true });
  expect(promoted.sure).toBeUndefined();
  const backed: ShardRow = { ...promoted, backup: C, learner: '' };
  const again = arrange(input(backed, { ...surelyDead(B), isAnyAtLarge: () => true }))[0]!;
  expect(again).toMatchObject({ owner: C, atLarge: true });
  expect(again.sure).toBeUndefined();
  const later = arrange(input(backed, surelyDead(B)))[0]!;
  expect(later).toMatchObject({ owner: C, sure: true });
  expect(later.atLarge).toBeUndefined();
});

test('a row says so through changes of its backup, and when it is placed afresh, for as long as it is so', () => {
  const promoted: ShardRow = { ...row, origin: 'promoted', atLarge: true };
  for (const isAny of [true, false]) {
    const isAnyAtLarge = (): boolean => isAny;
    const bared = arrange(input(promoted, { ...surelyDead(B), isAnyAtLarge }))[0]!;
    expect([bared.owner, bared.backup, bared.atLarge]).toEqual([A, '', isAny || undefined]);
    const placed = givenTo({ ...promoted, backup: '' }, C, {
      layout: SHARDS,
      floorTerm: term(0),
      outdated: false,
      outrankedBy: () => undefined,
      isCarved: () => false,
      isAnyAtLarge,
    });
    expect([placed.owner, placed.origin, placed.atLarge]).toEqual([C, 'placed', isAny || undefined]);
  }
});

test('K4: what a store that went back says of an owner may not be the last word: who gets the shard keeps ungated actors still', () => {
  const placed = (changes: Partial<PlacementInput>) => givenTo(row, C, input(row, changes)).atLarge;
  expect(placed({})).toBeUndefined();
  expect(placed({ outrankedBy: () => term(9) })).toBe(true);
  expect(placed({ outdated: true, floorTerm: term(9) })).toBe(true);
  // This leader has placed it since.
  expect(placed({ outdated: true, floorTerm: term(6) })).toBeUndefined();
});

test('it is over once every node that may be alive acts on a table that is as new', () => {
  const nodes = new Map<PeerId, number | undefined>([[A, 4], [B, 9]]); // biome-ignore format: pairs
  const all = () => [...nodes.keys()].map((peer) => ({ info: { role: 'node', peer } }) as Member);
  const get = (peer: PeerId) => {
    const tableRevision = nodes.get(peer);
    return tableRevision === undefined ? undefined : ({ beat: { tableRevision }, epoch } as HeardLoad);
  };
  let epoch = 5;
  const atLarge = new AtLarge({ all }, { get }, 5);
  atLarge.rowsChanged([row], 8);
  expect(atLarge.isAny()).toBe(false);
  atLarge.rowsChanged([{ ...row, atLarge: true }], 8);
  expect(atLarge.isAny()).toBe(true);
  nodes.set(A, undefined);
  expect(atLarge.isAny()).toBe(true);
  nodes.set(A, 8);
  expect(atLarge.isAny()).toBe(false);
  nodes.set(C, 2);
  expect(atLarge.isAny()).toBe(true);
  nodes.delete(C);
  expect(atLarge.isAny()).toBe(false);
  // Of a store that may have gone back since: its revisions say nothing.
  epoch = 4;
  expect(atLarge.isAny()).toBe(true);
});
