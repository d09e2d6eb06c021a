// What arrives in an order that is rare: the party's rules alone, one turn at a time.
import { describe, expect, test } from '@jest/globals';
import type { Answer, Send } from '@muster/runtime';
import { ActorStage, type StagedTurn } from '../testdata/actor-stage.js';
import type { PartyCommands } from './contract.js';
import { type PartyEvents, type PartyHolder, partyKind } from './party.js';

class PartyStage extends ActorStage<PartyHolder, PartyCommands, PartyEvents> {
  private requests = 0;

  constructor() {
    super(partyKind(), 'p');
    this.admit('1', '1.1', { create: true });
  }

  admit(userId: string, op: string, data: object = { accept: true }): StagedTurn {
    const user = { userId, username: `user${userId}`, countryCode: '??' };
    return this.by(`player/${userId}`, 'admit', { op, user, data });
  }

  client<K extends 'invite' | 'cancelInvite' | 'kickMember'>(caller: string, command: K, userId: string): StagedTurn {
    this.requests += 1;
    const origin = { type: 'client', session: `g#a/${caller}`, request: this.requests, caller } as const;
    return this.internal(command, { userId }, origin);
  }

  /** The invited player's actor answers. */
  answered({ to, context }: Send, isThere: boolean): StagedTurn {
    const said = isThere
      ? { ok: true as const, value: null }
      : { ok: false as const, code: 'REFUSED', details: { details: 'away' } };
    const answer: Answer = { from: { kind: to.kind, id: to.id }, context, ...said };
    return this.internal('inviteAnswered', answer);
  }

  get shown(): string {
    const { members = [], invited = [] } = this.state.party ?? {};
    return `${members.map(({ userId }) => userId).join()}|${invited.map(({ userId, ticket }) => userId + (ticket ? '?' : '')).join()}`;
  }
}

const told = ({ sends }: StagedTurn): readonly string[] => sends.map(({ to, command }) => `${to.id} ${command}`);

describe('an invitation that nobody has answered for yet', () => {
  test('holds a place, and only the invited player is told of it', () => {
    const stage = new PartyStage();
    const turn = stage.client('1', 'invite', '2');
    expect([turn.deferred, told(turn), stage.shown]).toEqual([true, ['2 partyInvited'], '1|2?']);
    expect(turn.sends[0]!.data).toMatchObject({ party: { invited: [{ userId: '2' }] } });
    stage.client('1', 'invite', '3');
    expect(stage.client('1', 'invite', '4').refuse).toBe('invalid_request');
    expect(stage.client('1', 'cancelInvite', '2').refuse).toBe('invalid_invite');
  });

  test('may be accepted: then it was made, and its answer says nothing new', () => {
    const stage = new PartyStage();
    const invite = stage.client('1', 'invite', '2');
    const accepted = stage.admit('2', '1.5');
    expect(accepted.reply).toMatchObject({ party: { members: [{ userId: '1' }, { userId: '2' }], invited: [] } });
    expect(accepted.resolved).toMatchObject([{ reply: null }]);
    expect(told(accepted)).toEqual(['1 partyUpdated', '2 partyUpdated', 'party:p chatMembers']);
    expect(stage.answered(invite.sends[0]!, true)).toMatchObject({ sends: [], resolved: [] });
  });

  test('may be declined: then it was made', () => {
    const stage = new PartyStage();
    const invite = stage.client('1', 'invite', '2');
    expect(stage.by('player/2', 'decline', null).resolved).toMatchObject([{ reply: null }]);
    // Its answer comes late: the invited player has forgotten it already, and is told once more.
    expect(told(stage.answered(invite.sends[0]!, true))).toEqual(['2 partyRemoved']);
    expect(stage.shown).toBe('1|');
  });

  test('that is declined while the party speaks of it to whom it invites is taken back there once more', () => {
    const stage = new PartyStage();
    stage.answered(stage.client('1', 'invite', '2').sends[0]!, true);
    expect(told(stage.answered(stage.client('1', 'invite', '3').sends[0]!, true))).toContain('2 partyUpdated');
    // That word is still on its way; to a player who has declined it says: you are invited.
    expect(told(stage.by('player/2', 'decline', null))).toEqual(['1 partyUpdated', '3 partyUpdated', '2 partyRemoved']);
  });

  test('is over after its time: who invites is told, and so is the invited player whenever it hears of it', () => {
    const stage = new PartyStage();
    const invite = stage.client('1', 'invite', '2');
    stage.now += 300_001;
    const over = stage.internal('invitesDue', null);
    expect(over.resolved).toMatchObject([{ refuse: { reason: 'invalid_request' } }]);
    expect(told(over)).toContain('2 partyRemoved');
    expect(told(stage.answered(invite.sends[0]!, true))).toEqual(['2 partyRemoved']);
  });

  test('of whom an older one is answered late is not that one', () => {
    const stage = new PartyStage();
    const first = stage.client('1', 'invite', '2').sends[0]!;
    stage.answered(first, false);
    stage.now += 1;
    stage.client('1', 'invite', '2');
    expect(stage.answered(first, false).resolved).toEqual([]);
    expect(stage.shown).toBe('1|2?');
  });

  test('whose last member goes is over', () => {
    const stage = new PartyStage();
    stage.client('1', 'invite', '2');
    const turn = stage.by('player/1', 'leave', { op: '1.1' });
    expect(told(turn)).toEqual(['2 partyRemoved', 'party:p chatMembers']);
    expect(turn.resolved).toMatchObject([{ refuse: { reason: 'invalid_request' } }]);
    expect([stage.state.party, [...stage.timers.keys()]]).toEqual([null, []]);
  });
});

test('an old op of a member changes nothing, a newer one is taken over', () => {
  const stage = new PartyStage();
  stage.by('player/1', 'leave', { op: '1.0' });
  expect(stage.shown).toBe('1|');
  expect(stage.admit('1', '2.7').reply).toMatchObject({ party: { members: [{ userId: '1' }] } });
  expect(stage.admit('1', '1.1').refuse).toBe('invalid_request');
  expect(stage.by('player/1', 'confirm', { op: '2.9' }).reply).toEqual({ member: true });
  expect(stage.by('player/2', 'confirm', { op: '2.9' }).reply).toEqual({ member: false });
  stage.by('player/1', 'leave', { op: '2.7' });
  expect(stage.shown).toBe('1|');
});

test('a party that may lack something asks its members and tells its chat; who is not there any more is removed', () => {
  const stage = new PartyStage();
  stage.client('1', 'invite', '2');
  stage.admit('2', '1.5');
  const asked = stage.internal('adopted', { mayLack: true });
  expect(told(asked)).toEqual(['1 confirm', '2 confirm', 'party:p chatMembers']);
  const answer = (id: string, context: unknown, value: unknown) =>
    stage.internal('playerConfirmed', { from: { kind: 'player', id }, context, ok: true, value });
  answer('1', { op: '1.1' }, { member: true, op: '1.1' });
  answer('2', { op: '1.4' }, { member: false });
  expect(stage.shown).toBe('1,2|');
  expect(told(answer('2', { op: '1.5' }, { member: false }))).toEqual(['1 partyUpdated', 'party:p chatMembers']);
});

test('only actors of players come, go and decline', () => {
  const stage = new PartyStage();
  const user = { userId: '2', username: 'x', countryCode: '??' };
  expect(stage.by('lobby/2', 'admit', { op: '1.5', user, data: { accept: true } }).refuse).toBe('unauthorized');
  stage.by('lobby/1', 'leave', { op: '1.9' });
  stage.client('1', 'invite', '2');
  stage.by('lobby/2', 'decline', null);
  expect(stage.shown).toBe('1|2?');
  expect(stage.by('player/2', 'invite', { userId: '3' }).refuse).toBe('invalid_request');
});
