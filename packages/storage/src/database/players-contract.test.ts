// What every form of Storage holds about all of a player at once.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type PlayerId, playerId, type Storage } from '@muster/ports';
import { eachForm, type Form, newcomers, next } from './forms.test-kit.js';

eachForm(contract);

function contract(start: () => Promise<Form>): void {
  let form: Form;
  let storage: Storage;
  let ann: PlayerId;
  let bob: PlayerId;

  beforeAll(async () => {
    form = await start();
    storage = await form.open();
    [ann, bob] = (await newcomers(storage, 2)) as [PlayerId, PlayerId];
  });
  afterAll(async () => {
    await form.close();
  });

  const parts = async (id: PlayerId): Promise<unknown> => {
    const [account, ties, [clan]] = await Promise.all([
      storage.accounts.byId(id),
      storage.friendships.of(id),
      storage.clans.of([id]),
    ]);
    return { account, ties, clan };
  };

  test('who is new has an account and nothing else; nobody is nobody', async () => {
    expect(await storage.players.read(ann)).toEqual(await parts(ann));
    expect(await storage.players.read(playerId('999999'))).toBeUndefined();
    expect(await storage.players.read('x' as PlayerId)).toBeUndefined();
  });

  test('account, friends and clan come as each of them is read alone', async () => {
    const text = { name: 'The "Foxes"', tag: 'FOX', language: 'en', description: 'x' };
    const found = { type: 'found', clanId: 'c1', text, leader: ann } as const;
    await storage.clans.change(next(ann), { me: ann }, 1, () => ({ changes: [found], result: null }));
    await storage.clans.change(next(ann), { me: ann }, 1, () => ({
      changes: [{ type: 'invite', clanId: 'c1', userId: bob }],
      result: null,
    }));
    await storage.accounts.setRoles(ann, ['admin', 'moderator']);
    await storage.friendships.change(next(ann), ann, bob, () => ({
      changes: [{ requestedAt: 7, ignoredAt: 8 }],
      result: null,
    }));
    for (const id of [ann, bob]) expect(await storage.players.read(id)).toEqual(await parts(id));
    const { account, clan } = (await storage.players.read(ann))!;
    expect([account.roles, clan.clan?.name]).toEqual([['admin', 'moderator'], 'The "Foxes"']);
    expect((await storage.players.read(bob))!.clan.invites).toEqual(['c1']);
  });
}
