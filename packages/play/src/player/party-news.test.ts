// What a party says may cross what its player says, and what it answers may overtake what it has said.
import { describe, expect, test } from '@jest/globals';
import { entity } from '@muster/ports';
import type { Origin } from '@muster/runtime';
import type { PartyNews } from '../party/contract.js';
import { Stage, type Turn } from './testdata/stage.js';

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
  const { published } = stage.from(b, 'leaveParty', {});
  expect(published).toEqual([{ topic: 'self', name: 'party/removed', data: { partyId: 'p' } }]);
  expect(stage.internal('partyUpdated', news(6, 'member'), PARTY).published).toEqual([]);
});

describe('an invitation that was used in vain is over, and its client is told so', () => {
  const invited = (): Stage => {
    const stage = new Stage();
    stage.attach(a);
    stage.internal('partyInvited', { ...news(5, { invitedUntil: stage.now + 300_000 }), by: '2' }, PARTY);
    return stage;
  };
  const names = ({ published }: Turn): readonly string[] => published.map(({ name }) => name);

  test('where the player turned round on its way in', () => {
    const stage = invited();
    stage.from(a, 'acceptPartyInvite', { partyId: 'p' });
    expect(names(stage.from(a, 'leaveParty', {}))).toEqual(['party/removed']);
    expect(stage.state.invitations).toEqual([]);
    expect(names(stage.internal('partyUpdated', news(6, 'member'), PARTY))).toEqual([]);
  });

  test('where the party had spoken of its new member before that one turned round', () => {
    const stage = invited();
    stage.from(a, 'acceptPartyInvite', { partyId: 'p' });
    expect(names(stage.internal('partyUpdated', news(6, 'member'), PARTY))).toEqual(['party/updated']);
    expect(names(stage.from(a, 'leaveParty', {}))).toEqual(['party/removed']);
    expect(stage.state.invitations).toEqual([]);
  });

  test('where the party sent the player away before its answer came', () => {
    const stage = invited();
    const { sends } = stage.from(a, 'acceptPartyInvite', { partyId: 'p' });
    const { op } = sends[0]!.context as { op: string };
    expect(names(stage.internal('dismissed', { op, reason: 'kicked' }, PARTY))).toEqual(['party/removed']);
    expect(stage.state.invitations).toEqual([]);
  });

  test('where a party speaks of a member that is not there', () => {
    const stage = invited();
    expect(names(stage.internal('partyUpdated', news(6, 'member'), PARTY))).toEqual(['party/removed']);
    expect(stage.state.invitations).toEqual([]);
  });

  test('but not by the word of a party that comes before the answer that lets the player in', () => {
    const stage = invited();
    const { sends } = stage.from(a, 'acceptPartyInvite', { partyId: 'p' });
    stage.internal('partyUpdated', news(7, 'member'), PARTY);
    const value = { version: 7, party: news(7, 'member').party };
    const answer = { from: entity('party', 'p'), context: sends[0]!.context, ok: true, value } as const;
    expect(names(stage.internal('admitAnswered', answer))).toEqual(['muster:place']);
    expect(stage.state.invitations).toEqual([]);
  });
});
