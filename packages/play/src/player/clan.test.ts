// Clans through everything that stands between clients and storage: players' actors and the service.
import { expect, test } from '@jest/globals';
import { entity } from '@muster/ports';
import { Town } from './testdata/town.js';

const ANN = 'g1#a/1';
const BOB = 'g2#a/1';
const text = { name: 'The Foxes', tag: 'FOX', language: 'en' };

async function town(): Promise<Town> {
  const place = new Town('ann', 'bob', 'cas');
  await place.signIn('1', ANN);
  await place.signIn('2', BOB);
  return place;
}

async function founded(place: Town): Promise<string> {
  place.ask('1', ANN, 'createClan', text);
  expect(await place.told(50)).toEqual(['g1#a/1 null']);
  return (await place.storage.clans.list(9))[0]!.clanId;
}

/** What of a player everybody sees. */
async function shown(place: Town, player: string): Promise<unknown> {
  place.ask('1', ANN, 'info', null, undefined, player);
  const [reply] = await place.told();
  const { clanId, clanBaseData } = JSON.parse(reply!.slice(ANN.length)) as { clanId: unknown; clanBaseData: unknown };
  return clanId === null && clanBaseData === null ? null : (clanBaseData as { tag: string }).tag;
}

test('a clan is founded, shown beside its leader, joined by whom it invited, and whoever follows them sees it', async () => {
  const place = await town();
  const clanId = await founded(place);
  expect(await shown(place, '1')).toBe('FOX');
  place.ask('1', ANN, 'inviteToClan', { userId: '2' });
  const invited = `g2#a 2 clan/invited ${JSON.stringify({ clanId, ...text })}`;
  expect(await place.told(50)).toEqual(['g1#a/1 null', invited]);
  expect(await shown(place, '2')).toBeNull();
  await place.listen('g3#a', '2', 'public');
  await place.told();
  place.ask('2', BOB, 'acceptClanInvite', { clanId });
  const base = { clanId, ...text };
  expect(await place.told(50)).toEqual([
    'g2#a/1 null',
    `g3#a 2 user/updated ${JSON.stringify({ users: [{ userId: '2', clanId, clanBaseData: base }] })}`,
  ]);
  place.ask('1', ANN, 'updateClan', { ...text, tag: 'FXS', description: 'New!' });
  const told = await place.told(50);
  const updated = JSON.stringify({ ...text, tag: 'FXS', description: 'New!' });
  expect(told.slice(0, 2)).toEqual(['g1#a/1 null', `g1#a 1 clan/updated ${updated}`]);
  expect(told).toContain(`g2#a 2 clan/updated ${updated}`);
  expect(await shown(place, '2')).toBe('FXS');
  place.ask('1', ANN, 'kickFromClan', { userId: '2' });
  expect((await place.told(50)).slice(0, 2)).toEqual(['g1#a/1 null', `g2#a 2 clan/kicked {"clanId":"${clanId}"}`]);
  expect(await shown(place, '2')).toBeNull();
});

test('an invitation to somebody who is away is in user/self, until it is declined', async () => {
  const place = await town();
  const clanId = await founded(place);
  place.ask('1', ANN, 'inviteToClan', { userId: '3' });
  await place.told(50);
  await place.signIn('3', 'g3#a/1');
  await place.listen('g3#a', '3', 'self');
  expect(place.seen.splice(0)[0]).toMatchObject({ data: { user: { clanInvites: [clanId] } } });
  place.ask('3', 'g3#a/1', 'declineClanInvite', { clanId });
  expect(await place.told(50)).toEqual(['g3#a/1 null']);
  await place.listen('g3#a', '3', 'self');
  expect(place.seen[0]).toMatchObject({ data: { user: { clanInvites: [] } } });
});

test('a clan that is handed over and ended tells whom it concerns', async () => {
  const place = await town();
  const clanId = await founded(place);
  place.ask('1', ANN, 'inviteToClan', { userId: '2' });
  await place.told(50);
  place.ask('2', BOB, 'acceptClanInvite', { clanId });
  await place.told(50);
  place.ask('1', ANN, 'setClanRole', { userId: '2', clanId, targetRole: 'leader' });
  const changed = (userId: string, newRole: string): string =>
    `clan/roleChanged ${JSON.stringify({ userId, clanId, newRole })}`;
  expect([...(await place.told(50))].sort()).toEqual([
    `g1#a 1 ${changed('1', 'coLeader')}`,
    'g1#a/1 null',
    `g2#a 2 ${changed('2', 'leader')}`,
  ]);
  place.ask('1', ANN, 'deleteClan', null);
  expect(await place.told(50)).toEqual(['g1#a/1 REFUSED unauthorized']);
  place.ask('2', BOB, 'deleteClan', null);
  const gone = `clan/deleted {"clanId":"${clanId}"}`;
  expect([...(await place.told(50))].sort()).toEqual([`g1#a 1 ${gone}`, `g2#a 2 ${gone}`, 'g2#a/1 null']);
  expect(await shown(place, '1')).toBeNull();
});

test('clans are seen by everybody: one of them, or the list, which may be some seconds old', async () => {
  const place = await town();
  const clanId = await founded(place);
  const view = async (command: string, data: unknown): Promise<string> => {
    place.askOf(entity('clans', '2'), '2', BOB, command, data);
    return (await place.told())[0]!.slice(BOB.length + 1);
  };
  expect(JSON.parse(await view('view', { clanId }))).toEqual({
    clanId,
    ...text,
    members: [{ userId: '1', role: 'leader', joinedAt: expect.any(Number) }],
  });
  expect(await view('view', { clanId: 'x' })).toBe('REFUSED invalid_request');
  expect(JSON.parse(await view('viewList', null))).toEqual({ clanList: [{ clanId, ...text }] });
  place.ask('1', ANN, 'deleteClan', null);
  await place.told(50);
  expect(JSON.parse(await view('viewList', null))).toMatchObject({ clanList: [{ clanId }] });
  await place.told(10_000);
  expect(await view('viewList', null)).toBe('{"clanList":[]}');
  place.storageDown = true;
  await place.told(10_000);
  expect(await view('viewList', null)).toMatch('STORAGE_UNAVAILABLE');
  place.storageDown = false;
  expect(await view('viewList', null)).toBe('{"clanList":[]}');
});

test('an actor that may have lost news reads its clan again, and nobody else can tell it of another', async () => {
  const place = await town();
  await founded(place);
  const op = { sender: 'player/9', receiver: 'clans/9', number: 1 };
  const clanId = (await place.storage.clans.list(1))[0]!.clanId;
  await place.storage.clans.change(op, { me: '1' as never }, 0, () => ({
    changes: [{ type: 'disband', clanId }],
    result: null,
  }));
  expect(await shown(place, '1')).toBe('FOX');
  place.load();
  await place.told(2_000);
  expect(await shown(place, '1')).toBeNull();
  place.ask('1', ANN, 'clanNews', { ties: { version: 99, clan: null, invites: ['x'] } });
  expect(await place.told()).toEqual(['g1#a/1 REFUSED unauthorized']);
  place.ask('1', ANN, 'inviteToClan', { userId: 'x' });
  expect(await place.told()).toEqual(['g1#a/1 REFUSED invalid_request']);
});
