// What every form of Storage holds about friends, clans, reports, bans and battles.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type BattleRecord,
  type ClanChange,
  type ClanFacts,
  type ClanQuestion,
  type Operation,
  type PairChange,
  type PairFacts,
  type PlayerId,
  playerId,
  type Storage,
} from '@muster/ports';
import { clock, eachForm, type Form } from './forms-under-test.js';

eachForm(contract);

let numbers = 0;
/** The next one of a sender. */
function next(sender: string, receiver = 'service/1'): Operation {
  numbers += 1;
  return { sender: `player/${sender}`, receiver, number: numbers };
}

const NOBODY = playerId('999999');
const AT = 1_700_000_000_123;
const does =
  <C, R>(changes: readonly C[], result: R) =>
  () => ({ changes, result });

function contract(start: () => Promise<Form>): void {
  let form: Form;
  let storage: Storage;
  let other: Storage;
  let ann: PlayerId;
  let bob: PlayerId;
  let cas: PlayerId;
  let dora: PlayerId;
  let names = 0;

  beforeAll(async () => {
    form = await start();
    [storage, other] = await Promise.all([form.open(), form.open()]);
  });
  beforeAll(async () => {
    [ann, bob, cas, dora] = (await newcomers(4)) as [PlayerId, PlayerId, PlayerId, PlayerId];
  });
  afterAll(async () => {
    await form.close();
  });

  async function newcomers(count: number): Promise<readonly PlayerId[]> {
    const ids: PlayerId[] = [];
    for (let i = 0; i < count; i += 1) {
      names += 1;
      ids.push((await storage.accounts.create({ username: `user${names}`, displayName: 'x' })).id);
    }
    return ids;
  }

  describe('an operation', () => {
    test('is done once, and whoever asks again gets the first result, from another process too', async () => {
      const [me, friend] = await newcomers(2);
      const operation = next(me!);
      let ruled = 0;
      const change = (where: Storage, since: number): Promise<unknown> =>
        where.friendships.change(operation, me!, friend!, () => {
          ruled += 1;
          return { changes: [{ friendsSince: since }], result: { since, list: [1, null, 'ä'] } };
        });
      expect(await change(storage, AT)).toEqual({ since: AT, list: [1, null, 'ä'] });
      expect(await change(other, AT + 1)).toEqual({ since: AT, list: [1, null, 'ä'] });
      expect(ruled).toBe(1);
      expect(await other.friendships.of(friend!)).toMatchObject({ version: 1, friends: [{ userId: me, since: AT }] });
    });

    test('that is asked for by two processes at once is done by one, and both get its result', async () => {
      const [me, friend] = await newcomers(2);
      const operation = next(me!);
      const results = await Promise.all(
        [storage, other, storage, other].map(({ friendships }, n) =>
          friendships.change(operation, me!, friend!, does([{ friendsSince: AT + n }], n)),
        ),
      );
      expect(new Set(results).size).toBe(1);
      expect(await storage.friendships.of(me!)).toMatchObject({ version: 1 });
    });

    test('is refused where a later one of its sender was done, but not for one of another sender or to another receiver', async () => {
      const [me, friend] = await newcomers(2);
      const [first, second] = [next(me!), next(me!)];
      const ask = (operation: Operation): Promise<string> =>
        storage.friendships.change(operation, me!, friend!, does<PairChange, string>([], `n${operation.number}`));
      expect(await ask(second)).toBe(`n${second.number}`);
      await expect(ask(first)).rejects.toMatchObject({ code: 'TOO_OLD', retryable: false });
      expect(await ask({ ...first, sender: 'player/1000000' })).toBe(`n${first.number}`);
      expect(await ask({ ...first, receiver: 'service/2' })).toBe(`n${first.number}`);
    });

    test('whose rule throws did not happen: asked again, it is ruled on anew', async () => {
      const [me, friend] = await newcomers(2);
      const operation = next(me!);
      const broken = storage.friendships.change(operation, me!, friend!, () => {
        throw new TypeError('a defect');
      });
      await expect(broken).rejects.toThrow();
      expect(await storage.friendships.change(operation, me!, friend!, does([{ friendsSince: AT }], 'done'))).toBe(
        'done',
      );
      expect(await storage.friendships.of(me!)).toMatchObject({ version: 1 });
    });
  });

  describe('friends', () => {
    const pair = (me: PlayerId, them: PlayerId, change?: PairChange): Promise<PairFacts | undefined> =>
      storage.friendships.change(next(me), me, them, (facts) => ({
        changes: change ? [change] : [],
        result: facts ?? null,
      })) as Promise<PairFacts | undefined>;

    test('a rule sees what two are to each other, from either side, and how many each has', async () => {
      await pair(ann, bob, { requestedAt: AT });
      await pair(ann, cas, { requestedByThemAt: AT + 1 });
      await pair(ann, dora, { friendsSince: AT + 2, ignoredAt: AT + 3 });
      expect(await pair(ann, bob)).toEqual({
        mine: { friends: 1, outgoing: 1, incoming: 1, ignored: 1 },
        theirs: { friends: 0, outgoing: 0, incoming: 1, ignored: 0 },
        friendsSince: null,
        requestedAt: AT,
        requestedByThemAt: null,
        isIgnored: false,
        ignoresMe: false,
      });
      expect(await pair(bob, ann)).toMatchObject({ requestedAt: null, requestedByThemAt: AT });
      expect(await pair(dora, ann)).toMatchObject({ friendsSince: AT + 2, isIgnored: false, ignoresMe: true });
      expect(await other.friendships.of(ann)).toEqual({
        version: 3,
        friends: [{ userId: dora, since: AT + 2 }],
        outgoing: [{ to: bob, sentAt: AT }],
        incoming: [{ from: cas, sentAt: AT + 1 }],
        ignored: [dora],
      });
    });

    test('what ends is gone for both, and each change counts for both', async () => {
      await pair(bob, ann, { requestedByThemAt: null, friendsSince: AT });
      expect(await storage.friendships.of(bob)).toMatchObject({ version: 2, incoming: [], friends: [{ userId: ann }] });
      await pair(ann, bob, { friendsSince: null });
      await pair(ann, dora, { ignoredAt: null });
      expect(await storage.friendships.of(bob)).toEqual({
        version: 3,
        friends: [],
        outgoing: [],
        incoming: [],
        ignored: [],
      });
      expect(await storage.friendships.of(ann)).toMatchObject({ version: 6, ignored: [] });
    });

    test('nobody is a pair with itself, with nobody, or with what is no id', async () => {
      for (const them of [ann, NOBODY, playerId('x'), playerId('0')]) expect(await pair(ann, them)).toBeNull();
      expect(await pair(NOBODY, ann)).toBeNull();
      expect(await storage.friendships.of(NOBODY)).toMatchObject({ version: 0, friends: [] });
      expect(await storage.friendships.of(playerId('x'))).toMatchObject({ version: 0 });
    });

    test('rules about one player take turns: a limit holds however many ask at once', async () => {
      const [me, ...them] = await newcomers(9);
      const views = [storage, other];
      const rulings = them.map((one, n) =>
        views[n % 2]!.friendships.change(next(one), one, me!, (facts) =>
          facts!.theirs.incoming >= 3
            ? { changes: [], result: 'full' }
            : { changes: [{ requestedAt: AT }], result: 'sent' },
        ),
      );
      expect((await Promise.all(rulings)).filter((result) => result === 'sent')).toHaveLength(3);
      expect((await storage.friendships.of(me!)).incoming).toHaveLength(3);
    });

    test('pairs that cross do not wait for each other in a circle', async () => {
      const [one, two, three] = (await newcomers(3)) as [PlayerId, PlayerId, PlayerId];
      const pairs = [
        [one, two],
        [two, three],
        [three, one],
        [two, one],
        [three, two],
        [one, three],
      ] as const;
      await Promise.all(
        pairs.map(([me, them], n) =>
          [storage, other][n % 2]!.friendships.change(
            next(me, `service/${n}`),
            me,
            them,
            does([{ requestedAt: AT }], n),
          ),
        ),
      );
      expect(await storage.friendships.of(one)).toMatchObject({ version: 4 });
    });
  });

  describe('clans', () => {
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
      const leaders = await newcomers(6);
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
  });

  describe('moderation', () => {
    const file = (users: readonly PlayerId[], changes = {}, limit = { max: 3, since: AT }) =>
      storage.moderation.file(
        next(ann),
        { reporter: ann, users, type: 'cheating', message: 'saw\nthrough fog', at: AT, ...changes },
        limit,
      );

    test('a report is kept with all who are named, where all exist, and so many per time', async () => {
      expect(await file([bob, cas])).toBe('filed');
      expect(await file([bob, NOBODY])).toBe('unknown_user');
      expect(await file([dora], { message: '' })).toBe('filed');
      expect(await file([bob], { at: AT + 9 })).toBe('filed');
      expect(await file([bob])).toBe('too_many');
      expect(await file([bob], { at: AT + 10 }, { max: 2, since: AT + 1 })).toBe('filed');
      const all = await other.moderation.reports({ max: 9 });
      expect(all.map(({ users }) => users)).toEqual([[bob], [bob], [dora], [bob, cas]]);
      expect(all[3]).toEqual({
        id: expect.any(String),
        reporter: ann,
        users: [bob, cas],
        type: 'cheating',
        message: 'saw\nthrough fog',
        at: AT,
      });
      expect(await other.moderation.reports({ max: 2, before: all[1]!.id })).toEqual(all.slice(2));
      expect(await other.moderation.reports({ max: 1, about: cas })).toEqual([all[3]]);
      await expect(file([bob], { message: '\0' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    });

    test('a ban keeps the account out until it ends, the longest counts, and lifting ends all', async () => {
      const until = clock.wall + 60_000;
      const ban = { userId: bob, reason: 'cheating', by: 'mod' };
      const first = await storage.moderation.ban({ ...ban, until });
      expect(first).toEqual({
        ...ban,
        id: expect.any(String),
        at: clock.wall,
        until,
        liftedAt: null,
        liftedBy: null,
      });
      await storage.moderation.ban({ ...ban, until: until - 1 });
      expect(await other.accounts.byId(bob)).toMatchObject({ bannedUntil: until });
      await storage.moderation.ban({ ...ban, until: null });
      expect((await other.accounts.byId(bob))!.bannedUntil).toBeGreaterThan(clock.wall + 1e12);
      expect(await other.moderation.lift(bob, 'boss')).toBe(3);
      expect(await other.accounts.byId(bob)).toMatchObject({ bannedUntil: null });
      expect(await other.moderation.lift(bob, 'boss')).toBe(0);
      expect(await other.moderation.bansOf(bob, 2)).toMatchObject([
        { until: null, liftedBy: 'boss', liftedAt: clock.wall },
        { until: until - 1, liftedBy: 'boss' },
      ]);
      await expect(storage.moderation.ban({ ...ban, userId: NOBODY, until })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });

    test('a ban that is over is not lifted', async () => {
      await storage.moderation.ban({ userId: cas, reason: 'x', by: 'mod', until: clock.wall - 1 });
      expect(await storage.moderation.lift(cas, 'boss')).toBe(0);
      expect(await storage.moderation.bansOf(cas, 9)).toMatchObject([{ liftedAt: null }]);
    });

    test('roles are replaced', async () => {
      expect(await storage.accounts.setRoles(dora, ['admin', 'contributor'])).toMatchObject({ id: dora });
      expect(await other.accounts.byId(dora)).toMatchObject({ roles: ['admin', 'contributor'] });
      expect(await storage.accounts.setRoles(NOBODY, [])).toBeUndefined();
      await expect(storage.accounts.setRoles(dora, ['\0'])).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    });
  });

  describe('battles', () => {
    const battle = (battleId: string, changes: Partial<BattleRecord> = {}): BattleRecord => ({
      battleId,
      hostId: '7',
      engineVersion: '105.1',
      gameName: 'Game',
      mapName: 'Map',
      tags: ['ä', 'b'],
      startedAt: AT,
      endedAt: AT + 1_000,
      how: 'quit',
      winningAllyTeams: ['0'],
      players: [
        { userId: ann, allyTeam: '0', team: '0' },
        { userId: bob, allyTeam: null, team: null },
      ],
      ...changes,
    });

    test('a battle is recorded once, the first record counts', async () => {
      await storage.battles.record(battle('b1'));
      await other.battles.record(battle('b1', { how: 'crashed', endedAt: AT + 5_000 }));
      expect(await other.battles.byId('b1')).toEqual(battle('b1'));
      expect(await other.battles.byId('b9')).toBeUndefined();
      expect(await storage.battles.of(ann, 9)).toEqual(['b1']);
    });

    test('those of a player come latest first, so many', async () => {
      await storage.battles.record(battle('b2', { endedAt: AT + 3_000, hostId: null, players: [] }));
      await storage.battles.record(battle('b3', { endedAt: AT + 2_000 }));
      await storage.battles.record(battle('b4', { endedAt: AT }));
      expect(await other.battles.of(bob, 9)).toEqual(['b3', 'b1', 'b4']);
      expect(await other.battles.of(bob, 2)).toEqual(['b3', 'b1']);
      expect(await other.battles.of(playerId('x'), 2)).toEqual([]);
      expect(await other.battles.byId('b2')).toMatchObject({ hostId: null, players: [] });
    });

    test('what would not come back as it went in is refused', async () => {
      for (const bad of [
        { how: '' },
        { tags: ['\0'] },
        { endedAt: 1.5 },
        { players: [{ userId: playerId('x'), allyTeam: null, team: null }] },
      ])
        await expect(storage.battles.record(battle('b5', bad))).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
      expect(await other.battles.byId('b5')).toBeUndefined();
    });
  });

  test('after it was closed nothing is answered', async () => {
    await storage.close();
    for (const call of [
      storage.friendships.of(ann),
      storage.clans.list(1),
      storage.moderation.bansOf(ann, 1),
      storage.battles.byId('b1'),
      storage.friendships.change(next(ann), ann, bob, does([], null)),
    ])
      await expect(call).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true });
  });
}
