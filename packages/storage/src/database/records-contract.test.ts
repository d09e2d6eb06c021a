// What every form of Storage holds about reports, bans and battles.
import { describe, expect, test } from '@jest/globals';
import { type BattleRecord, type PlayerId, playerId, type Storage } from '@muster/ports';
import { clock, eachForm, type Form, fourPlayers, newcomers, next } from './forms.test-kit.js';

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

    test('those that stand are found by when they were decided', async () => {
      const [eve, fred, gina] = (await newcomers(storage, 3)) as [PlayerId, PlayerId, PlayerId];
      const ban = { reason: 'x', by: 'mod' };
      clock.wall += 1_000;
      const since = clock.wall;
      await storage.moderation.ban({ ...ban, userId: eve, until: null });
      await storage.moderation.ban({ ...ban, userId: fred, until: clock.wall });
      await storage.moderation.ban({ ...ban, userId: gina, until: clock.wall + 5 });
      const standing = async (from: number, max = 9): Promise<unknown> =>
        (await other.moderation.standing(from, max)).map(({ userId }) => userId);
      expect(await standing(since)).toEqual([gina, eve]);
      expect(await standing(since, 1)).toEqual([gina]);
      expect(await standing(since + 1)).toEqual([]);
      await storage.moderation.lift(eve, 'boss');
      expect(await standing(since)).toEqual([gina]);
    });

    test('a ban that is over is not lifted', async () => {
      await storage.moderation.ban({ userId: cas, reason: 'x', by: 'mod', until: clock.wall - 1 });
      expect(await storage.moderation.lift(cas, 'boss')).toBe(0);
      expect(await storage.moderation.bansOf(cas, 9)).toMatchObject([{ liftedAt: null }]);
    });

    test('roles are replaced, and whoever looks for changes finds them, the last first', async () => {
      const before = clock.wall;
      expect(await storage.accounts.setRoles(dora, ['admin', 'contributor'])).toMatchObject({ id: dora });
      expect(await other.accounts.byId(dora)).toMatchObject({ roles: ['admin', 'contributor'] });
      clock.wall += 10;
      await storage.accounts.setRoles(cas, ['caster']);
      const changed = async (since: number, max = 9) =>
        (await other.accounts.changedSince(since, max)).map(({ id }) => id);
      expect(await changed(before)).toEqual([cas, dora]);
      expect(await changed(before, 1)).toEqual([cas]);
      expect(await changed(before + 10)).toEqual([cas]);
      expect(await changed(before + 11)).toEqual([]);
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
}
