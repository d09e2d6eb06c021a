// What a party says may cross what its player says, and what it answers may overtake what it has said.
import { expect, test } from '@jest/globals';
import { entity } from '@muster/ports';
import type { Origin } from '@muster/runtime';
import type { PartyNews } from '../party/contract.js';
import { Stage } from './testdata/stage.js';

const a = 'g1#a/1';
const PARTY: Origin = { type: 'entity', from: entity('party', 'p'), number: 1 };

function news(version: number, you: PartyNews['you']): PartyNews {
  const invited = you === 'member' ? [] : [{ userId: '1', invitedAt: 1 }];
  return { version, you, party: { id: 'p', maxMembers: 3, members: [{ userId: '2', joinedAt: 1 }], invited } };
}

test('a word of a party that was sent before its player came in makes no invitation of it after that', () => {
  const stage = new Stage();
  stage.attach(a);
  const invitedUntil = stage.now + 300_000;
  stage.internal('partyInvited', { ...news(5, { invitedUntil }), by: '2' }, PARTY);
  const { sends } = stage.from(a, 'acceptPartyInvite', { partyId: 'p' });
  const { context } = sends[0]!;
  const value = { version: 7, party: news(7, 'member').party };
  stage.internal('admitAnswered', { from: entity('party', 'p'), context, ok: true, value });
  expect(stage.internal('partyUpdated', news(6, { invitedUntil }), PARTY).published).toEqual([]);
  expect(stage.state.invitations).toEqual([]);
});

test('a party that invites its own member has lost the second in which that came in: the client hears so, in that order', () => {
  for (const command of ['partyInvited', 'partyUpdated'] as const) {
    const stage = new Stage();
    stage.attach(a);
    const { sends } = stage.from(a, 'createParty', {});
    const { to, context } = sends[0]!;
    const id = (to as { id: string }).id;
    const party = { ...news(1, 'member').party, id };
    stage.internal('admitAnswered', { from: entity('party', id), context, ok: true, value: { version: 7, party } });
    const you = { invitedUntil: stage.now + 300_000 };
    const said = stage.internal(command, { version: 8, you, party }, { ...PARTY, from: entity('party', id) });
    expect(said.published.map(({ name }) => name)).toEqual(['muster:place', 'party/removed', 'party/invited']);
    expect(stage.state).toMatchObject({ places: { party: { phase: 'out' } }, invitations: [{ version: 8 }] });
    const old = stage.internal(command, { version: 6, you, party }, { ...PARTY, from: entity('party', id) });
    expect(old.published.map(({ name }) => name)).toEqual(command === 'partyUpdated' ? [] : ['party/invited']);
  }
});

test('an invitation that is used up where its player wants to be out again is over for the client too', () => {
  const stage = new Stage();
  stage.attach(a);
  stage.internal('partyInvited', { ...news(5, { invitedUntil: stage.now + 300_000 }), by: '2' }, PARTY);
  stage.from(a, 'acceptPartyInvite', { partyId: 'p' });
  // Whoever waits for the answer is there no more: the invitation still stands for the next connection.
  const b = 'g2#b/1';
  stage.attach(b);
  stage.from(b, 'leaveParty', {});
  const { published } = stage.internal('partyUpdated', news(6, 'member'), PARTY);
  expect(published).toEqual([{ topic: 'self', name: 'party/removed', data: { partyId: 'p' } }]);
});
