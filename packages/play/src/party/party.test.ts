// Parties in a real runtime, with their players' actors: what every client hears, whatever dies in between.
import { describe, expect, test } from '@jest/globals';
import { BETWEENS, PartyTown } from './testdata/party-town.test-kit.js';

describe.each(BETWEENS)('with %s between any two steps', (between) => {
  const town = (count: number): Promise<PartyTown> => new PartyTown(count, between).open();

  test('a party is made, others are invited and come: each hears what concerns it', async () => {
    const t = await town(3);
    expect(await t.does('1', 'createParty')).toBe('ok');
    expect(t.news()).toEqual({});
    expect(await t.does('1', 'invite', { userId: '2' })).toBe('ok');
    expect(t.news()).toEqual({ 1: ['party/updated 1|2'], 2: ['party/invited 1|2'] });
    expect(await t.does('1', 'invite', { userId: '3' })).toBe('ok');
    expect(t.news()).toEqual({ 1: ['party/updated 1|2,3'], 2: ['party/updated 1|2,3'], 3: ['party/invited 1|2,3'] });
    expect(await t.does('3', 'acceptPartyInvite', { partyId: t.party })).toBe('ok');
    const came = ['party/updated 1,3|2'];
    expect(t.news()).toEqual({ 1: came, 2: came, 3: came });
    expect(await t.self('1')).toEqual({ party: '1,3|2', invited: [] });
    expect(await t.self('2')).toEqual({ party: null, invited: ['1,3|2'] });
    expect(await t.self('3')).toEqual({ party: '1,3|2', invited: [] });
  });

  test('an invitation is declined: the others hear of it, who declined does not', async () => {
    const t = await partyOf(town, '1', ['2', '3'], 1);
    expect(await t.does('3', 'declinePartyInvite', { partyId: t.party })).toBe('ok');
    expect(t.news()).toEqual({ 1: ['party/updated 1,2|'], 2: ['party/updated 1,2|'] });
    expect(await t.self('3')).toEqual({ party: null, invited: [] });
    expect(await t.does('3', 'acceptPartyInvite', { partyId: t.party })).toBe('invalid_request');
    expect(await t.does('3', 'declinePartyInvite', { partyId: t.party })).toBe('invalid_request');
    expect(t.news()).toEqual({});
  });

  test('an invitation is taken back: the invited player is told that it is over', async () => {
    const t = await partyOf(town, '1', ['2', '3'], 1);
    expect(await t.does('2', 'cancelInvite', { userId: '3' })).toBe('ok');
    expect(t.news()).toEqual({ 1: ['party/updated 1,2|'], 2: ['party/updated 1,2|'], 3: ['party/removed it'] });
    expect(await t.self('3')).toEqual({ party: null, invited: [] });
  });

  test('a member is thrown out: it is told so, the others that it is gone', async () => {
    const t = await partyOf(town, '1', ['2', '3'], 1);
    expect(await t.does('2', 'kickMember', { userId: '1' })).toBe('ok');
    expect(t.news()).toEqual({ 1: ['party/removed it'], 2: ['party/updated 2|3'], 3: ['party/updated 2|3'] });
    expect(await t.self('1')).toEqual({ party: null, invited: [] });
    expect(await t.does('1', 'invite', { userId: '3' })).toBe('not_a_member');
  });

  test('a member leaves: the others hear of it; the last one out ends the party and its invitations', async () => {
    const t = await partyOf(town, '1', ['2', '3'], 1);
    expect(await t.does('1', 'leaveParty')).toBe('ok');
    expect(t.news()).toEqual({ 2: ['party/updated 2|3'], 3: ['party/updated 2|3'] });
    expect(await t.does('2', 'leaveParty')).toBe('ok');
    expect(t.news()).toEqual({ 3: ['party/removed it'] });
    expect(await t.does('3', 'acceptPartyInvite', { partyId: t.party })).toBe('invalid_request');
    for (const player of t.players) expect(await t.self(player)).toEqual({ party: null, invited: [] });
    expect(await t.does('1', 'leaveParty')).toBe('ok');
    expect(t.news()).toEqual({});
  });

  test('who accepts leaves the party where it is, and its other invitations stand', async () => {
    const t = await partyOf(town, '1', ['2'], 1, 4);
    const first = t.party;
    expect(await t.does('3', 'createParty')).toBe('ok');
    const second = t.party;
    expect(await t.does('3', 'invite', { userId: '2' })).toBe('ok');
    expect(await t.does('3', 'invite', { userId: '1' })).toBe('ok');
    t.news();
    expect(await t.does('2', 'acceptPartyInvite', { partyId: second })).toBe('ok');
    expect(t.news()).toEqual({
      1: expect.arrayContaining(['party/updated 1|', 'party/updated 3,2|1']),
      2: ['party/updated 3,2|1'],
      3: ['party/updated 3,2|1'],
    });
    expect(await t.self('2')).toEqual({ party: '3,2|1', invited: [] });
    expect(await t.self('1')).toEqual({ party: '1|', invited: ['3,2|1'] });
    expect(first).not.toBe(second);
  });
});

/** A party of `owner` and the first `came` of the invited. */
async function partyOf(
  town: (count: number) => Promise<PartyTown>,
  owner: string,
  invited: readonly string[],
  came: number,
  count = 3,
): Promise<PartyTown> {
  const t = await town(count);
  await t.does(owner, 'createParty');
  for (const userId of invited) expect(await t.does(owner, 'invite', { userId })).toBe('ok');
  for (const player of invited.slice(0, came))
    expect(await t.does(player, 'acceptPartyInvite', { partyId: t.party })).toBe('ok');
  t.news();
  return t;
}

describe('refused is', () => {
  const town = (count: number): Promise<PartyTown> => new PartyTown(count).open();

  test('a second party, and an invitation by or for whom it cannot be', async () => {
    const t = await town(5);
    expect(await t.does('1', 'createParty')).toBe('ok');
    expect(await t.does('1', 'createParty')).toBe('invalid_request');
    expect(await t.does('1', 'invite', { userId: '77' })).toBe('invalid_request');
    expect(await t.does('1', 'invite', { userId: 'bob' })).toBe('invalid_request');
    expect(await t.does('1', 'invite', { userId: '1' })).toBe('invalid_request');
    expect(await t.does('2', 'invite', { userId: '3' })).toBe('not_a_member');
    expect(await t.does('1', 'invite', { userId: '2' })).toBe('ok');
    expect(await t.does('1', 'invite', { userId: '2' })).toBe('invalid_request');
    expect(await t.does('1', 'invite', { userId: '3' })).toBe('ok');
    t.news();
    expect(await t.does('1', 'invite', { userId: '4' })).toBe('invalid_request');
    expect(await t.does('1', 'cancelInvite', { userId: '4' })).toBe('invalid_invite');
    expect(await t.does('1', 'kickMember', { userId: '2' })).toBe('invalid_request');
    expect(await t.does('2', 'kickMember', { userId: '1' })).toBe('not_a_member');
    expect(t.news()).toEqual({});
  });

  test('an invitation of somebody who is not there, which nobody hears of and which holds no place', async () => {
    const t = await town(4);
    await t.does('1', 'createParty');
    t.town.ask('4', t.session('4'), 'detach', { session: t.session('4'), clean: true });
    await t.pass(20);
    for (let i = 0; i < 3; i += 1) expect(await t.does('1', 'invite', { userId: '4' })).toBe('invalid_request');
    expect(t.news()).toEqual({});
    expect(await t.does('1', 'invite', { userId: '2' })).toBe('ok');
    expect(await t.does('1', 'invite', { userId: '3' })).toBe('ok');
  });

  test('the invitation to a party that there is not', async () => {
    const t = await town(1);
    expect(await t.does('1', 'acceptPartyInvite', { partyId: 'none' })).toBe('invalid_request');
  });
});

describe('an invitation', () => {
  test('ends after five minutes, also where its process died meanwhile: the invited player is told, and the members', async () => {
    const t = await partyOf((count) => new PartyTown(count).open(), '1', ['2', '3'], 1);
    await t.pass(200_000);
    await t.shake('promotion');
    t.news();
    await t.pass(99_000);
    expect(t.news()).toEqual({});
    await t.pass(2_000);
    expect(t.news()).toEqual({ 1: ['party/updated 1,2|'], 2: ['party/updated 1,2|'], 3: ['party/removed it'] });
    expect(await t.self('3')).toEqual({ party: null, invited: [] });
  });

  test('ends with the session of the invited player, and a membership with that of the member', async () => {
    const t = await partyOf((count) => new PartyTown(count).open(), '1', ['2', '3'], 1);
    t.town.ask('3', t.session('3'), 'detach', { session: t.session('3'), clean: true });
    await t.pass(20);
    expect(t.news()).toMatchObject({ 1: ['party/updated 1,2|'], 2: ['party/updated 1,2|'] });
    t.town.ask('2', t.session('2'), 'detach', { session: t.session('2'), clean: true });
    await t.pass(20);
    expect(t.news()).toMatchObject({ 1: ['party/updated 1|'] });
  });
});

describe('a session', () => {
  test('that is taken over stays in its party; one whose grace runs out leaves it', async () => {
    const t = await partyOf((count) => new PartyTown(count).open(), '1', ['2'], 1);
    await t.town.signIn('2', 'g5#b/1');
    expect(await t.self('2')).toEqual({ party: '1,2|', invited: [] });
    t.town.runtime.forgetSubscriber('g5#b');
    await t.pass(29_000);
    expect(t.news()).toEqual({});
    await t.pass(2_000);
    expect(t.news()).toMatchObject({ 1: ['party/updated 1|'] });
  });
});

describe('what cannot be known', () => {
  test('is asked: a party that is gone without a word ends for who looks for it, and for the others after five minutes', async () => {
    const t = await partyOf((count) => new PartyTown(count).open(), '1', ['2', '3'], 1);
    t.town.forget({ kind: 'party', id: t.party });
    for (const player of t.players) await t.comeBack(player);
    expect(await t.does('1', 'invite', { userId: '3' })).toBe('not_a_member');
    // As its gateway does then.
    expect(await t.does('1', 'places', { doubt: 'party' })).toBe('ok');
    expect(t.news()).toEqual({ 1: ['party/removed it'] });
    await t.pass(301_000);
    expect(t.news()).toEqual({ 2: ['party/removed it'] });
    expect(await t.self('1')).toEqual({ party: null, invited: [] });
    expect(await t.does('3', 'acceptPartyInvite', { partyId: t.party })).toBe('invalid_request');
    expect(t.news()).toEqual({ 3: ['party/removed it'] });
  });

  test('is asked: a member whose actor knows nothing of it is removed, at the latest after five minutes', async () => {
    const t = await partyOf((count) => new PartyTown(count).open(), '1', ['2'], 1);
    t.town.forget({ kind: 'player', id: '2' });
    for (const player of t.players) await t.comeBack(player);
    await t.pass(10);
    t.news();
    await t.pass(301_000);
    expect(t.news()).toEqual({ 1: ['party/updated 1|'] });
    expect(await t.self('2')).toEqual({ party: null, invited: [] });
  });
});
