// What every form of Storage holds about clans.
import { expect, test } from '@jest/globals';
import {
  type ClanChange,
  type ClanFacts,
  type ClanQuestion,
  type PlayerId,
  playerId,
  type Storage,
} from '@muster/ports';
import { eachForm, type Form, fourPlayers, newcomers, next } from './forms.test-kit.js';

const NOBODY = playerId('999999');
const AT = 1_700_000_000_123;

eachForm(contract);

function contract(start: () => Promise<Form>): void {
  let storage: Storage;
  let other: Storage;
  let ann: PlayerId;
  let bob: PlayerId;
  let cas: PlayerId;
  let dora: PlayerId;
  fourPlayers(start, (town) => {
    ({ storage, other } = town);
    [ann, bob, cas, dora] = town.players;
  });

  const foxes = { name: 'The Foxes', tag: 'FOX', language: 'en', description: 'We meet\non Sundays.' };
  const change = (me: PlayerId, changes: readonly ClanChange[], question: Partial<ClanQuestion> = {}) =>
    storage.clans.change(next(me), { me, ...question }, AT, (facts) => ({ changes, result: facts }));
  const clansOf = async (...ids: readonly PlayerId[]): Promise<unknown> =>
    (await other.clans.of(ids)).map(({ version, clan, invites }) => [version, clan?.tag ?? null, invites]);
  const found = (me: PlayerId, clanId: string, text = foxes): Promise<ClanFacts> =>
    change(me, [{ type: 'found', clanId, text, leader: me }]);

  test('a clan is founded, seen, and listed', async () => {
    expect(await found(ann, 'c1')).toEqual({ nameTaken: false, tagTaken: false });
    await found(bob, 'c2', { ...foxes, name: 'all bears', tag: 'BRR' });
    const clan = {
      clanId: 'c1',
      ...foxes,
      createdAt: AT,
      members: [{ userId: ann, role: 'leader', joinedAt: AT }],
      invited: [],
    };
    expect(await other.clans.byId('c1')).toEqual(clan);
    expect(await other.clans.byId('c9')).toBeUndefined();
    expect(await other.clans.byId('\0')).toBeUndefined();
    const { description: _, ...base } = foxes;
    const bears = { clanId: 'c2', ...base, name: 'all bears', tag: 'BRR' };
    expect(await other.clans.list(9)).toEqual([bears, { clanId: 'c1', ...base }]);
    expect(await other.clans.list(1)).toEqual([bears]);
    expect(await other.clans.of([bob, NOBODY, ann])).toEqual([
      { version: 1, clan: bears, invites: [] },
      { version: 0, clan: null, invites: [] },
      { version: 1, clan: { clanId: 'c1', ...base }, invites: [] },
    ]);
  });

  test('a rule sees the clan of who asks, or the one it asks about, and the other player', async () => {
    await change(ann, [
      { type: 'invite', clanId: 'c1', userId: cas },
      { type: 'invite', clanId: 'c1', userId: dora },
      { type: 'invite', clanId: 'c1', userId: cas },
    ]);
    expect(await change(cas, [], { clanId: 'c2', other: bob })).toMatchObject({
      clan: { clanId: 'c2' },
      other: { clanId: 'c2', invites: 0 },
    });
    expect(await change(ann, [], { other: dora })).toMatchObject({
      clan: { clanId: 'c1', invited: [cas, dora] },
      myClanId: 'c1',
      other: { invites: 1 },
    });
    expect((await change(ann, [], { other: NOBODY })).other).toBeUndefined();
    await storage.friendships.change(next(dora), dora, ann, () => ({ changes: [{ ignoredAt: AT }], result: null }));
    expect((await change(ann, [], { other: dora })).other).toMatchObject({ ignoresMe: true });
    expect((await change(dora, [], { other: ann })).other).toMatchObject({ ignoresMe: false });
    await storage.friendships.change(next(dora), dora, ann, () => ({ changes: [{ ignoredAt: null }], result: null }));
    expect((await change(dora, [])).clan).toBeUndefined();
    expect((await change(dora, [], { clanId: '\0' })).clan).toBeUndefined();
  });

  test('a name or tag is taken in every spelling of its case, but not by the clan itself', async () => {
    const text = { name: 'THE FOXES', tag: 'brr' };
    expect(await change(cas, [], { text })).toMatchObject({ nameTaken: true, tagTaken: true });
    expect(await change(ann, [], { text })).toMatchObject({ nameTaken: false, tagTaken: true });
    expect(await change(cas, [], { text: { name: 'a', tag: 'b' } })).toMatchObject({
      nameTaken: false,
      tagTaken: false,
    });
  });

  test('whoever a change concerns gets another version, and nobody else', async () => {
    expect(await clansOf(ann, bob, cas, dora)).toEqual([
      [1, 'FOX', []],
      [1, 'BRR', []],
      [2, null, ['c1']],
      [1, null, ['c1']],
    ]);
    await change(bob, [{ type: 'invite', clanId: 'c2', userId: cas }]);
    await change(cas, [{ type: 'join', clanId: 'c1', userId: cas }]);
    await change(ann, [{ type: 'rank', clanId: 'c1', userId: cas, role: 'coLeader' }]);
    expect(await clansOf(ann, cas)).toEqual([
      [1, 'FOX', []],
      [4, 'FOX', ['c2']],
    ]);
    expect((await other.clans.byId('c1'))!.members).toMatchObject([
      { userId: ann, role: 'leader' },
      { userId: cas, role: 'coLeader' },
    ]);
    await change(ann, [{ type: 'rename', clanId: 'c1', text: { name: 'Foxes', tag: 'FXS', language: 'sv' } }]);
    expect(await clansOf(ann, cas, dora)).toEqual([
      [2, 'FXS', []],
      [5, 'FXS', ['c2']],
      [1, null, ['c1']],
    ]);
    expect(await other.clans.byId('c1')).not.toHaveProperty('description');
    await change(cas, [{ type: 'leave', clanId: 'c1', userId: cas }]);
    await change(cas, [{ type: 'uninvite', clanId: 'c2', userId: cas }]);
    expect(await clansOf(cas)).toEqual([[7, null, []]]);
  });

  test('a clan that is disbanded leaves no member and no invitation', async () => {
    await change(ann, [{ type: 'disband', clanId: 'c1' }]);
    expect(await clansOf(ann, dora)).toEqual([
      [3, null, []],
      [2, null, []],
    ]);
    expect(await other.clans.byId('c1')).toBeUndefined();
    await found(ann, 'c3');
    expect(await clansOf(ann)).toEqual([[4, 'FOX', []]]);
  });

  test('of many who found clans of one name at once one gets it', async () => {
    const leaders = await newcomers(storage, 6);
    const results = await Promise.all(
      leaders.map((me, n) =>
        [storage, other][n % 2]!.clans.change(
          next(me),
          { me, text: { name: 'Wolves', tag: 'WLF' } },
          AT,
          ({ nameTaken }) =>
            nameTaken
              ? { changes: [], result: 'taken' }
              : {
                  changes: [
                    {
                      type: 'found',
                      clanId: `w${n}`,
                      leader: me,
                      text: { name: 'Wolves', tag: 'WLF', language: 'en' },
                    },
                  ],
                  result: 'founded',
                },
        ),
      ),
    );
    expect(results.filter((result) => result === 'founded')).toHaveLength(1);
  });

  test('what would not come back as it went in is refused, and nothing of it stays', async () => {
    const text = { ...foxes, name: 'Nul', tag: 'NUL', description: 'a\0b' };
    await expect(found(dora, 'c4', text)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    expect(await other.clans.byId('c4')).toBeUndefined();
    expect(await clansOf(dora)).toEqual([[2, null, []]]);
  });
}
