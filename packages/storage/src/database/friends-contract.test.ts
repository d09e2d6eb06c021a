// What every form of Storage holds about writes that happen once, and about friends.
import { describe, expect, test } from '@jest/globals';
import { type Operation, type PairChange, type PairFacts, type PlayerId, playerId, type Storage } from '@muster/ports';
import { eachForm, type Form, fourPlayers, newcomers, next } from './forms.test-kit.js';

const NOBODY = playerId('999999');
const AT = 1_700_000_000_123;
const does =
  <C, R>(changes: readonly C[], result: R) =>
  () => ({ changes, result });

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

  describe('an operation', () => {
    test('is done once, and whoever asks again gets the first result, from another process too', async () => {
      const [me, friend] = await newcomers(storage, 2);
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
      const [me, friend] = await newcomers(storage, 2);
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
      const [me, friend] = await newcomers(storage, 2);
      const [first, second] = [next(me!), next(me!)];
      const ask = (operation: Operation): Promise<string> =>
        storage.friendships.change(operation, me!, friend!, does<PairChange, string>([], `n${operation.number}`));
      expect(await ask(second)).toBe(`n${second.number}`);
      await expect(ask(first)).rejects.toMatchObject({ code: 'TOO_OLD', retryable: false });
      expect(await ask({ ...first, sender: 'player/1000000' })).toBe(`n${first.number}`);
      expect(await ask({ ...first, receiver: 'service/2' })).toBe(`n${first.number}`);
    });

    test('whose rule throws did not happen: asked again, it is ruled on anew', async () => {
      const [me, friend] = await newcomers(storage, 2);
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
      const [me, ...them] = await newcomers(storage, 9);
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
      const [one, two, three] = (await newcomers(storage, 3)) as [PlayerId, PlayerId, PlayerId];
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
