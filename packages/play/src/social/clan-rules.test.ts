import { describe, expect, test } from '@jest/globals';
import {
  type ClanFacts,
  type ClanMember,
  type ClanRecord,
  type Operation,
  type PlayerId,
  playerId,
  SeededRandom,
  VirtualClock,
} from '@muster/ports';
import { MemoryStorage } from '@muster/storage';
import fc from 'fast-check';
import { type ClanAction, ruleOnClans } from './clan-rules.js';
import { socialOptions } from './options.js';

const options = socialOptions({ clanMembersMax: 4, clanInvitesMax: 2, invitesToClansMax: 2 });
const [ANN, BOB, CAS, DORA] = ['1', '2', '3', '4'].map(playerId) as [PlayerId, PlayerId, PlayerId, PlayerId];
const text = { name: 'The Foxes', tag: 'FOX', language: 'en' };

/** Ann leads, Bob is co-leader, Cas a member, Dora invited. */
const foxes: ClanRecord = {
  clanId: 'c',
  ...text,
  createdAt: 0,
  members: (['leader', 'coLeader', 'member'] as const).map(
    (role, n): ClanMember => ({ userId: [ANN, BOB, CAS][n]!, role, joinedAt: n }),
  ),
  invited: [DORA],
};
const nowhere: ClanFacts = {
  clan: undefined,
  myClanId: undefined,
  other: undefined,
  nameTaken: false,
  tagTaken: false,
};
const inFoxes: ClanFacts = {
  ...nowhere,
  clan: foxes,
  myClanId: 'c',
  other: { clanId: undefined, invites: 0, ignoresMe: false },
};

/** What comes of it, in words: what changes, then who is told what. */
function rule(action: ClanAction, me: PlayerId, facts: ClanFacts): unknown {
  const { changes, result } = ruleOnClans(action, me, facts, options);
  if (result.refuse) {
    expect([changes, result.news]).toEqual([[], []]);
    return `${result.refuse.reason}: ${result.refuse.details}`;
  }
  return [
    changes.map(({ type, ...rest }) => [type, ...('userId' in rest ? [rest.userId] : [])].join(' ')).join(),
    ...result.news.map(({ to, word }) => [to.join('+'), ...(word ? [word.name] : [])].join(' ')),
  ];
}

describe('who is in no clan', () => {
  test('may found one, where name and tag are free', () => {
    const create: ClanAction = { type: 'create', clanId: 'n', text };
    expect(rule(create, DORA, nowhere)).toEqual(['found', '4']);
    expect(rule(create, DORA, { ...nowhere, nameTaken: true })).toBe('invalid_request: another clan has that name');
    expect(rule(create, DORA, { ...nowhere, tagTaken: true })).toBe('invalid_request: another clan has that tag');
    expect(rule(create, ANN, inFoxes)).toBe('invalid_request: you are in a clan');
  });

  test('may accept or decline an invitation, and no other', () => {
    const facts = { ...inFoxes, myClanId: undefined };
    expect(rule({ type: 'accept', clanId: 'c' }, DORA, facts)).toEqual(['join 4', '4']);
    expect(rule({ type: 'decline', clanId: 'c' }, DORA, facts)).toEqual(['uninvite 4', '4']);
    expect(rule({ type: 'accept', clanId: 'c' }, DORA, { ...facts, myClanId: 'x' })).toMatch('you are in a clan');
    for (const type of ['accept', 'decline'] as const) {
      expect(rule({ type, clanId: 'c' }, playerId('9'), facts)).toMatch('not invited you');
      expect(rule({ type, clanId: 'x' }, DORA, nowhere)).toMatch('not invited you');
    }
    const members = [...foxes.members, { userId: playerId('7'), role: 'member' as const, joinedAt: 9 }];
    const full = { ...facts, clan: { ...foxes, members } };
    expect(rule({ type: 'accept', clanId: 'c' }, DORA, full)).toMatch('full');
  });

  test('may do nothing else, also of a clan that it is only invited to', () => {
    const actions: readonly ClanAction[] = [
      { type: 'delete' },
      { type: 'leave' },
      { type: 'update', text },
      { type: 'invite', userId: '2' },
      { type: 'cancel', userId: '2' },
      { type: 'kick', userId: '2' },
      { type: 'setRole', userId: '2', clanId: 'c', role: 'member' },
    ];
    for (const action of actions) {
      expect(rule(action, DORA, nowhere)).toBe('invalid_request: you are in no clan');
      expect(rule(action, DORA, { ...inFoxes, myClanId: undefined })).toBe('invalid_request: you are in no clan');
    }
  });
});

describe('in a clan', () => {
  test('the leaders invite and take back', () => {
    const invite: ClanAction = { type: 'invite', userId: '8' };
    expect(rule(invite, ANN, inFoxes)).toEqual(['invite 8', '8 clan/invited']);
    expect(rule(invite, BOB, inFoxes)).toEqual(['invite 8', '8 clan/invited']);
    expect(rule(invite, CAS, inFoxes)).toBe('unauthorized: the leaders alone may do that');
    expect(rule({ type: 'invite', userId: '4' }, BOB, inFoxes)).toEqual(['']);
    expect(rule({ type: 'invite', userId: '3' }, BOB, inFoxes)).toMatch('in your clan');
    expect(rule(invite, ANN, { ...inFoxes, other: undefined })).toMatch('no such user');
    expect(rule(invite, ANN, { ...inFoxes, other: { clanId: undefined, invites: 2, ignoresMe: false } })).toMatch(
      'too many',
    );
    // In the same words: nobody is told that somebody ignores them.
    const ignoring = { clanId: undefined, invites: 0, ignoresMe: true };
    expect(rule(invite, ANN, { ...inFoxes, other: ignoring })).toBe(
      rule(invite, ANN, { ...inFoxes, other: undefined }),
    );
    expect(rule(invite, ANN, { ...inFoxes, clan: { ...foxes, invited: [DORA, playerId('7')] } })).toMatch('too many');
    expect(rule({ type: 'cancel', userId: '4' }, BOB, inFoxes)).toEqual(['uninvite 4', '4']);
    expect(rule({ type: 'cancel', userId: '8' }, BOB, inFoxes)).toEqual(['']);
    expect(rule({ type: 'cancel', userId: '4' }, CAS, inFoxes)).toMatch('unauthorized');
  });

  test('the leaders change what it calls itself, and every member hears it', () => {
    expect(rule({ type: 'update', text }, BOB, inFoxes)).toEqual(['rename', '1+2+3 clan/updated']);
    expect(rule({ type: 'update', text }, BOB, { ...inFoxes, tagTaken: true })).toMatch('that tag');
    expect(rule({ type: 'update', text }, CAS, inFoxes)).toMatch('unauthorized');
  });

  test('a leader removes everybody else, a co-leader members', () => {
    const kick = (me: PlayerId, userId: PlayerId): unknown => rule({ type: 'kick', userId }, me, inFoxes);
    expect(kick(ANN, BOB)).toEqual(['leave 2', '2 clan/kicked']);
    expect(kick(BOB, CAS)).toEqual(['leave 3', '3 clan/kicked']);
    expect(kick(BOB, ANN)).toMatch('unauthorized');
    expect(kick(CAS, ANN)).toMatch('unauthorized');
    expect(kick(ANN, ANN)).toMatch('you can leave');
    expect(kick(ANN, DORA)).toMatch('not in your clan');
  });

  test('the leader gives roles, and is a co-leader from when somebody else leads', () => {
    const set = (me: PlayerId, userId: PlayerId, role: ClanMember['role'], clanId = 'c'): unknown =>
      rule({ type: 'setRole', userId, clanId, role }, me, inFoxes);
    expect(set(ANN, CAS, 'coLeader')).toEqual(['rank 3', '3 clan/roleChanged']);
    expect(set(ANN, BOB, 'leader')).toEqual(['rank 2,rank 1', '2 clan/roleChanged', '1 clan/roleChanged']);
    expect(set(ANN, CAS, 'member')).toEqual(['']);
    expect(set(ANN, ANN, 'member')).toMatch('name another leader');
    expect(set(ANN, DORA, 'member')).toMatch('not in your clan');
    expect(set(ANN, BOB, 'member', 'x')).toMatch('unauthorized: that is not your clan');
    expect(set(BOB, CAS, 'coLeader')).toMatch('unauthorized');
  });

  test('everybody but the leader may leave; the last one ends the clan', () => {
    expect(rule({ type: 'leave' }, CAS, inFoxes)).toEqual(['leave 3', '3']);
    expect(rule({ type: 'leave' }, ANN, inFoxes)).toBe('invalid_request: name another leader first');
    const alone = { ...inFoxes, clan: { ...foxes, members: foxes.members.slice(0, 1) } };
    expect(rule({ type: 'leave' }, ANN, alone)).toEqual(['disband', '1+4']);
  });

  test('the leader ends it, every member hears it, and invitations are gone', () => {
    expect(rule({ type: 'delete' }, ANN, inFoxes)).toEqual(['disband', '1+2+3 clan/deleted', '4']);
    expect(rule({ type: 'delete' }, BOB, inFoxes)).toMatch('unauthorized');
  });
});

test('whatever players do in whatever order: one clan each, one leader in each, names of their own, and everybody whose view changed is named', async () => {
  const who = fc.integer({ min: 0, max: 5 });
  const roles = fc.constantFrom('member', 'coLeader', 'leader');
  const step = fc.record({
    me: who,
    other: who,
    clan: who,
    name: who,
    role: roles,
    kind: fc.integer({ min: 0, max: 9 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 100 }), async (steps) => {
      const { accounts, clans } = new MemoryStorage({ clock: new VirtualClock(), random: new SeededRandom(1) });
      const ids: PlayerId[] = [];
      for (const username of 'abcdef') ids.push((await accounts.create({ username, displayName: 'x' })).id);
      for (const [number, { me, other, clan, name, role, kind }] of steps.entries()) {
        const userId = ids[other]!;
        const clanId = `c${clan}`;
        const called = { name: `N${name}`, tag: `TAG${name}`, language: 'en' };
        const action = [
          { type: 'create', clanId: (await clans.byId(clanId)) ? `d${number}` : clanId, text: called },
          { type: 'delete' },
          { type: 'update', text: called },
          { type: 'invite', userId },
          { type: 'invite', userId },
          { type: 'accept', clanId },
          { type: 'accept', clanId },
          { type: 'leave' },
          { type: 'kick', userId },
          { type: 'setRole', userId, clanId, role },
        ][kind] as ClanAction;
        const question = {
          me: ids[me]!,
          ...('userId' in action && { other: userId }),
          ...(action.type === 'accept' && { clanId }),
          ...('text' in action && { text: action.text }),
        };
        const before = await clans.of(ids);
        const operation: Operation = { sender: `player/${me}`, receiver: 's/1', number };
        const { news } = await clans.change(operation, question, 0, (facts) =>
          ruleOnClans(action, ids[me]!, facts, options),
        );
        const named = new Set(news.flatMap(({ to }) => to));
        for (const [n, after] of (await clans.of(ids)).entries())
          if (after.version !== before[n]!.version) expect([...named]).toContain(ids[n]);
      }
      const all = await Promise.all((await clans.list(99)).map(({ clanId }) => clans.byId(clanId)));
      const members = all.flatMap((one) => one!.members.map(({ userId }) => userId));
      expect(new Set(members).size).toBe(members.length);
      for (const one of all) {
        expect(one!.members.filter(({ role }) => role === 'leader')).toHaveLength(1);
        expect(one!.members.length).toBeLessThanOrEqual(4);
        expect(one!.invited.length).toBeLessThanOrEqual(2);
      }
      expect(new Set(all.map((one) => one!.name)).size).toBe(all.length);
    }),
    { numRuns: 100 },
  );
});
