// A view that takes everything proves nothing: it is shown what no server may say.
import { beforeEach, expect, test } from '@jest/globals';
import { playerId } from '@muster/ports';
import { PlacesView } from './places-view.js';

let now: number;
let lostAt: number;
let view: PlacesView;

beforeEach(() => {
  now = 1_000;
  lostAt = Number.NEGATIVE_INFINITY;
  view = new PlacesView({ player: playerId('1'), now: () => now, lostAt: () => lostAt });
});

const lobby = (eventNumber: number) => ({
  id: 'a',
  name: 'old',
  players: {},
  spectators: { 1: { id: '1' } },
  eventNumber,
});
const party = (id: string, members: readonly string[], invited: readonly string[] = []) => ({
  id,
  maxMembers: 3,
  members: members.map((userId) => ({ userId, joinedAt: 1 })),
  invited: invited.map((userId) => ({ userId, invitedAt: 1 })),
});

function asks(messageId: string, commandId: string, data: unknown, reply?: unknown): void {
  view.requested(messageId, commandId, data);
  if (reply !== undefined) view.answered(messageId, '', reply);
}

test('a lobby is as its changes make it; a number that is left out is seen, unless it is said how many come at once', () => {
  asks('m1', 'lobby/join', { id: 'a' }, lobby(4));
  expect(view.event('lobby/updated', { id: 'a', name: 'new', eventNumber: 5 })).toBeUndefined();
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 8, events: 3 })).toBeUndefined();
  // How many there were says something of the message, not of the lobby.
  expect(view.details).toEqual({ ...lobby(8), name: 'new' });
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 10 })).toMatch('10 (1 events) of a after 8');
});

test('a lobby whose state was lost may count from further back, once', () => {
  asks('m1', 'lobby/join', { id: 'a' }, lobby(9));
  lostAt = 1_500;
  now = 19_000;
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 7 })).toBeUndefined();
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 7 })).toMatch('after 7');
});

test('what was on its way to the client when a lobby was lost does not use up what is allowed after that', () => {
  asks('m1', 'lobby/join', { id: 'a' }, lobby(3));
  lostAt = 1_500;
  now = 1_600;
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 4 })).toBeUndefined();
  asks('m2', 'lobby/join', { id: 'a' }, lobby(5));
  now = 1_900;
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 3 })).toBeUndefined();
  now = 19_000;
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 4 })).toBeUndefined();
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 6 })).toMatch('after 4');
});

test('a change that the client itself makes may not come before its answer (K16)', () => {
  asks('m1', 'lobby/join', { id: 'a' }, lobby(4));
  asks('m2', 'lobby/update', { name: 'mine' });
  expect(view.event('lobby/updated', { id: 'a', name: 'mine', eventNumber: 5 })).toMatch('m2');
});

test('what happens in a place where the client is not is none of its business', () => {
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 5 })).toMatch('in no lobby');
  asks('m1', 'lobby/join', { id: 'a' }, lobby(4));
  asks('m2', 'lobby/leave', undefined, null);
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 5 })).toMatch('in no lobby');
  expect(view.event('lobby/left', { id: 'a' })).toMatch('in no lobby');
  expect(view.event('party/updated', party('p', ['1']))).toMatch('not its own');
});

test('a party that a client enters speaks after its answer; one that it does not know cannot end', () => {
  expect(view.event('party/invited', { party: party('p', ['2'], ['1']) })).toBeUndefined();
  asks('m1', 'party/acceptInvite', { partyId: 'p' });
  expect(view.event('party/updated', party('p', ['2', '1']))).toMatch('m1 entered');
  view.answered('m1', '', null);
  expect(view.event('party/updated', party('p', ['2', '1']))).toBeUndefined();
  expect([view.stay('party')?.id, view.invitations.size]).toEqual(['p', 0]);
  expect(view.event('party/removed', { partyId: 'q' })).toMatch('does not know');
});

test('who was told to try again does not know where it is, until it has left', () => {
  asks('m1', 'lobby/join', { id: 'a' });
  view.answered('m1', 'internal_error', undefined);
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 5 })).toBeUndefined();
  asks('m2', 'lobby/leave', undefined);
  view.answered('m2', 'invalid_request', undefined);
  expect(view.event('lobby/updated', { id: 'a', eventNumber: 6 })).toMatch('in no lobby');
});

test('who was told to try again to decline does not know whether it is invited, until somebody says so', () => {
  const declines = (failure: string): void => {
    view.event('party/invited', { party: party('p', ['2'], ['1']) });
    asks('m1', 'party/declineInvite', { partyId: 'p' });
    view.answered('m1', failure, undefined);
  };
  declines('invalid_request');
  expect([...view.unsureInvitations]).toEqual([]);
  declines('internal_error');
  expect([...view.unsureInvitations]).toEqual(['p']);
  expect(view.event('party/removed', { partyId: 'p' })).toBeUndefined();
  expect([view.unsureInvitations.size, view.invitations.size]).toEqual([0, 0]);
  declines('internal_error');
  declines('');
  expect([view.unsureInvitations.size, view.invitations.size]).toEqual([0, 0]);
});
