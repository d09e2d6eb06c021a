// `user/self` is put together from what each slice says of its part: whatever a player is in, has or awaits, it is all there and clients
// understand it.
import { expect, test } from '@jest/globals';
import { type ClanTies, playerId, type Ties } from '@muster/ports';
import { type PartyState, type PrivateUser, TachyonProtocol, USER_ROLES, userSelf } from '@muster/tachyon';
import fc from 'fast-check';
import { type Membership, placeOfMember } from '../membership/protocol.js';
import type { SelfSnapshot } from './contract.js';
import type { PartyPart } from './party.js';
import type { PlayerState } from './state.js';
import { Stage } from './testdata/stage.js';

const id = fc.nat(99).map(String);
const ids = fc.uniqueArray(id, { maxLength: 4 });
const op = fc.nat(9).map((n) => `1.${n}`);
const ms = fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 });
const microseconds = ms.map((at) => at * 1_000);
const stay = fc.record({ id, op });

const membership: fc.Arbitrary<Membership> = fc.oneof(
  fc.constant({ phase: 'out' } as const),
  fc.record({ phase: fc.constant('in' as const), id, op }),
  fc.record({ phase: fc.constant('leaving' as const), id, op, tickets: ids }),
  fc.record({ phase: fc.constant('joining' as const), id, op, from: fc.option(stay), tickets: ids }),
);
const party: fc.Arbitrary<PartyState> = fc.record({
  id,
  maxMembers: fc.integer({ min: 1, max: 9 }),
  members: fc.array(fc.record({ userId: id, joinedAt: microseconds }), { maxLength: 3 }),
  invited: fc.array(fc.record({ userId: id, invitedAt: microseconds }), { maxLength: 3 }),
});
const told = { version: fc.nat(9), state: party };
const parties: fc.Arbitrary<PartyPart> = fc.record({
  party: fc.option(fc.record(told)),
  invitations: fc.array(fc.record({ ...told, until: ms }), { maxLength: 3 }),
});
const player = id.map(playerId);
const ties: fc.Arbitrary<Ties> = fc.record({
  version: fc.nat(9),
  friends: fc.array(fc.record({ userId: player, since: ms }), { maxLength: 3 }),
  outgoing: fc.array(fc.record({ to: player, sentAt: ms }), { maxLength: 3 }),
  incoming: fc.array(fc.record({ from: player, sentAt: ms }), { maxLength: 3 }),
  ignored: fc.uniqueArray(player, { maxLength: 3 }),
});
const clan: fc.Arbitrary<ClanTies> = fc.record({
  version: fc.nat(9),
  clan: fc.option(
    fc.record({ clanId: id, name: fc.constant('Night Owls'), tag: fc.constant('OWL'), language: fc.constant('en') }),
  ),
  invites: ids,
});
const battle: fc.Arbitrary<PlayerState['battle']> = fc.option(
  fc.record({
    id: fc.uuid(),
    access: fc.record({
      username: fc.string(),
      password: fc.string(),
      ip: fc.ipV4(),
      port: fc.integer({ min: 1_024, max: 65_535 }),
      engine: fc.record({ version: fc.constant('2026.02.15') }),
      game: fc.record({ springName: fc.constant('g') }),
      map: fc.record({ springName: fc.constant('m') }),
    }),
  }),
);

interface Life extends PartyPart {
  readonly isOnline: boolean;
  readonly roles: readonly (typeof USER_ROLES)[number][];
  readonly at: { readonly party: Membership; readonly lobby: Membership };
  readonly ties: Ties;
  readonly clan: ClanTies;
  readonly battle: PlayerState['battle'];
}

const lives: fc.Arbitrary<Life> = fc
  .record({
    isOnline: fc.boolean(),
    roles: fc.uniqueArray(fc.constantFrom(...USER_ROLES)),
    at: fc.record({ party: membership, lobby: membership }),
    parties,
    ties,
    clan,
    battle,
  })
  .map(({ parties, ...life }) => ({ ...life, ...parties }));

const protocol = new TachyonProtocol();

function selfOf({ isOnline, roles, at, ...parts }: Life): PrivateUser {
  const stage = new Stage('1', { username: 'ann', displayName: 'Ann', countryCode: 'DE', roles });
  if (isOnline) stage.attach('g1#a/1');
  stage.state = { ...stage.state, ...structuredClone(parts), places: structuredClone(at) };
  const snapshot = stage.snapshot('self') as SelfSnapshot;
  // As it would be told.
  const { user } = JSON.parse(JSON.stringify(snapshot)) as { user: PrivateUser };
  expect(protocol.check(userSelf, { user })).toBeUndefined();
  return user;
}

test('whatever a player has and is in, user/self fits its schema and says all of it', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const user = selfOf(life);
      expect(user.status).toBe(life.isOnline ? (life.battle ? 'playing' : 'menu') : 'offline');
      expect(user.roles).toEqual(life.roles);
      expect(user.friendIds).toEqual(life.ties.friends.map(({ userId }) => userId));
      expect(user.outgoingFriendRequest.map(({ to }) => to)).toEqual(life.ties.outgoing.map(({ to }) => to));
      expect(user.incomingFriendRequest.map(({ from }) => from)).toEqual(life.ties.incoming.map(({ from }) => from));
      expect(user.ignoreIds).toEqual(life.ties.ignored);
      expect([user.clanBaseData, user.clanInvites]).toEqual([life.clan.clan, life.clan.invites]);
      expect(user.currentBattle).toEqual(life.battle?.access);
      expect(user.currentLobby).toBe(placeOfMember(life.at.lobby));
      expect(user.invitedToParties).toEqual(life.invitations.map(({ state }) => state));
    }),
  );
});

test('user/self has the party where the player is a member, and no other', () => {
  fc.assert(
    fc.property(lives, ({ at, ...life }) => {
      const known = life.party?.state ?? null;
      const member: Membership = known ? { phase: 'in', id: known.id, op: '1.1' } : { phase: 'out' };
      expect(selfOf({ ...life, at: { ...at, party: member } }).party).toEqual(known);
      expect(selfOf({ ...life, at: { ...at, party: { phase: 'out' } } }).party).toBeNull();
      expect(selfOf({ ...life, at: { ...at, party: { phase: 'in', id: 'x', op: '1.1' } } }).party).toBeNull();
    }),
  );
});

test('every field of user/self is some slice’s, so that none is left out by mistake', () => {
  // Matchmaking is nobody's yet: a player is in none.
  const user = selfOf({
    isOnline: true,
    roles: [],
    at: { party: { phase: 'out' }, lobby: { phase: 'out' } },
    party: null,
    invitations: [],
    ties: { version: 0, friends: [], outgoing: [], incoming: [], ignored: [] },
    clan: { version: 0, clan: null, invites: [] },
    battle: null,
  });
  expect(user.matchmaking).toEqual({ state: 'no_matchmaking' });
  const fields = (userSelf.data.properties.user.allOf as readonly { readonly properties: object }[]).flatMap(
    ({ properties }) => Object.keys(properties),
  );
  const optional = ['currentBattle', 'rating'];
  expect(Object.keys(user).sort()).toEqual(fields.filter((name) => !optional.includes(name)).sort());
});
