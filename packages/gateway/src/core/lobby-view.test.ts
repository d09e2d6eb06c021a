import { describe, expect, test } from '@jest/globals';
import { type LobbyDetails, lobbyExample, TachyonProtocol } from '@muster/tachyon';
import { lobbyView } from './lobby-view.js';

const before: LobbyDetails = { ...lobbyExample, eventNumber: 3 };
const past = { vote: { type: 'start' }, outcome: 'failed', finishedAt: 1 } as const;
const after: LobbyDetails = {
  ...before,
  spectators: {},
  name: 'Renamed',
  voteHistory: { 'vote-1': past },
  eventNumber: 5,
};

describe('a lobby that the gateway follows', () => {
  test('is what its events make of it', () => {
    const patch = { id: before.id, spectators: { 43: null }, eventNumber: 4 };
    expect(lobbyView.after(before, 'lobby/updated', patch)).toEqual({ ...before, spectators: {}, eventNumber: 4 });
    expect(lobbyView.after(before, 'lobby/voteEnded', { id: 'vote-1', outcome: 'failed' })).toBe(before);
    expect(lobbyView.after(null, 'lobby/updated', patch)).toBeNull();
  });

  test('makes up for events that were lost with one patch that says how many they were, and the votes that ended', () => {
    const frames = lobbyView
      .between(before, after)
      .map(({ commandId, json }) => [commandId, JSON.parse(json)] as const);
    expect(frames).toEqual([
      [
        'lobby/updated',
        {
          id: before.id,
          name: 'Renamed',
          spectators: { 43: null },
          voteHistory: { 'vote-1': past },
          eventNumber: 5,
          events: 2,
        },
      ],
      ['lobby/voteEnded', { id: 'vote-1', outcome: 'failed' }],
    ]);
    const protocol = new TachyonProtocol();
    for (const [commandId, data] of frames)
      expect(protocol.check(protocol.definition(commandId)!, data)).toBeUndefined();
    expect(lobbyView.between(after, after)).toEqual([]);
  });

  test('says its number also where that is the one that the client has: the lobby lost its last events and got there by others', () => {
    const other = { ...before, name: 'Renamed' };
    const frames = lobbyView.between(before, other).map(({ json }) => JSON.parse(json));
    expect(frames).toEqual([{ id: before.id, name: 'Renamed', eventNumber: 3 }]);
  });

  test('knows who is in it; one that is closed has nobody', () => {
    expect([lobbyView.has(before, '42'), lobbyView.has(before, '43'), lobbyView.has(before, '44')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(lobbyView.has(null, '42')).toBe(false);
    expect(lobbyView.between(before, null)).toEqual([]);
  });
});
