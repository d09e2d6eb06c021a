import { expect, test } from '@jest/globals';
import { playerId } from '@muster/ports';
import type { Device } from '../clients/device.js';
import { PlacesView } from '../gathering/places-view.js';
import { disagreements } from './places.js';

const inLobby = (id: string, op = '1.1') => ({ phase: 'in', id, op });
const OUT = { phase: 'out' };
const lobby = (id: string, members: object) => ({
  lobby: { details: { id, name: id, players: {} }, inside: { members } },
});

function wrong(actors: Readonly<Record<string, unknown>>, lobbies: readonly string[] = ['a', 'b']): readonly string[] {
  return disagreements({
    actor: (entity) => actors[entity] && { state: actors[entity] },
    players: ['1'],
    wasLost: () => false,
    lobbies,
    parties: [],
    devices: [],
  });
}

const player = (place: object) => ({ session: null, places: { lobby: place, party: OUT } });

test('a player and its lobby that name the same stay agree', () => {
  expect(wrong({ 'player/1': player(inLobby('a')), 'lobby/a': lobby('a', { 1: { op: '1.1' } }) })).toEqual([]);
});

test('a lobby that has a player of old, none, or two of them do not', () => {
  const a = { 'player/1': player(inLobby('a')) };
  expect(wrong({ ...a, 'lobby/a': lobby('a', { 1: { op: '1.0' } }) }).join()).toMatch('by 1.1, there by 1.0');
  expect(wrong({ ...a, 'lobby/a': lobby('a', {}) }).join()).toMatch('in lobby a, but no lobby has it');
  const both = { 'lobby/a': lobby('a', { 1: { op: '1.1' } }), 'lobby/b': lobby('b', { 1: { op: '1.0' } }) };
  expect(wrong({ ...a, ...both }).join()).toMatch('a and b has it');
  expect(wrong({ 'player/1': player(OUT), ...both }).join()).toMatch('in no lobby, but a and b has it');
});

test('a player that is on its way for ever does not', () => {
  expect(wrong({ 'player/1': player({ phase: 'joining', id: 'a', op: '1.1' }) }).join()).toMatch('is joining lobby a');
});

test('a client that shows an invitation to a party that invites it not does not, unless nobody told it whether it has declined', () => {
  const actors: Readonly<Record<string, unknown>> = { 'player/1': { ...player(OUT), session: { id: 'g#a/1' } } };
  const shows = (...unsure: readonly string[]): readonly string[] => {
    const view = new PlacesView({ player: playerId('1'), now: () => 0, lostAt: () => 0 });
    view.event('party/invited', { party: { id: 'p', maxMembers: 3, members: [], invited: [] } });
    for (const id of unsure) view.unsureInvitations.add(id);
    const device = { id: '1a', player: '1', gathering: { view } } as unknown as Device;
    const actor = (entity: string) => actors[entity] && { state: actors[entity] };
    const nobody = { players: [], wasLost: () => false, lobbies: [], parties: ['p'] };
    return disagreements({ ...nobody, actor, devices: [device] });
  };
  expect(shows()).toEqual(['client 1a shows an invitation to p']);
  expect(shows('q')).toEqual(['client 1a shows an invitation to p']);
  expect(shows('p')).toEqual([]);
});
