import { describe, expect, test } from '@jest/globals';
import { SeededRandom } from '@muster/ports';
import { type LobbyDetails, type LobbyOverview, lobbyCreate, lobbyExample, TachyonProtocol } from '@muster/tachyon';
import { openingOf, type View, type Wish, wish } from './mind.js';
import { THEMES } from './phrases.js';

const side = { startBox: { top: 0, bottom: 1, left: 0, right: 1 }, maxTeams: 1, teams: { 0: { maxPlayers: 1 } } };
const duel: LobbyDetails = {
  ...lobbyExample,
  allyTeamConfig: { 0: side, 1: side },
  bosses: {},
  players: {},
  spectators: {},
};
const player = (id: string, allyTeam: string, isReady = true) => ({
  [id]: { id, allyTeam, team: '0', player: '0', isReady, assetStatus: 'complete' as const },
});
const ready: LobbyDetails = { ...duel, players: { ...player('1', '0'), ...player('2', '1') } };
const overview = (id: string, playerCount: number): LobbyOverview => ({
  id,
  name: `lobby ${id}`,
  playerCount,
  maxPlayerCount: 4,
  mapName: 'm',
  engineVersion: 'e',
  gameVersion: 'g',
  currentBattle: null,
});

/** Everything that it may wish for, with how often of 2,000 times. */
function wishes(changes: Partial<View>): ReadonlyMap<string, number> {
  const random = new SeededRandom(7);
  const view: View = {
    userId: '1',
    theme: undefined,
    now: 100,
    restUntil: 0,
    calmUntil: 0,
    lobby: undefined,
    fights: false,
    lobbies: [],
    hasGreeted: true,
    ...changes,
  };
  const counts = new Map<string, number>();
  for (let n = 0; n < 2_000; n += 1) {
    const key = textOf(wish(view, random));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function textOf(one: Wish | undefined): string {
  if (one?.what === 'enter') return `enter ${one.id}`;
  if (one?.what === 'sit') return `sit ${one.allyTeam}`;
  return one?.what ?? 'nothing';
}

const may = (changes: Partial<View>): readonly string[] => [...wishes(changes).keys()].sort();

describe('outside of lobbies', () => {
  test('a host opens its lobby, a guest waits for one; who has just left one rests', () => {
    expect(may({ theme: THEMES[0] })).toEqual(['open']);
    expect(may({})).toEqual(['nothing']);
    expect(may({ theme: THEMES[0], restUntil: 101 })).toEqual(['nothing']);
    expect(may({ restUntil: 101, lobbies: [overview('a', 1)] })).toEqual(['nothing']);
  });

  test('a guest enters where there is room, the emptier the likelier; full ones and running ones only where there is no other', () => {
    const running = { ...overview('r', 1), currentBattle: { startedAt: 1 } };
    const counts = wishes({ lobbies: [overview('empty', 1), overview('tight', 3), overview('full', 4), running] });
    expect([...counts.keys()].sort()).toEqual(['enter empty', 'enter tight', 'nothing']);
    expect(counts.get('enter empty')).toBeGreaterThan(2 * counts.get('enter tight')!);
    expect(may({ lobbies: [overview('full', 4), running] })).toEqual(['enter full', 'enter r', 'nothing']);
  });
});

describe('in a lobby', () => {
  test('it takes a place in the smaller team, or one in the queue, then says that it is ready', () => {
    const lobby = { ...duel, spectators: { 1: { id: '1' } } };
    expect(may({ lobby })).toEqual(['sit 0']);
    expect(may({ lobby: { ...lobby, players: player('2', '0') } })).toEqual(['sit 1']);
    expect(may({ lobby: { ...lobby, players: { ...player('2', '0'), ...player('3', '1') } } })).toContain('wait');
    expect(may({ lobby: { ...duel, players: player('1', '0', false) } })).toEqual(['ready']);
  });

  test('a pending vote comes first', () => {
    const currentVote = {
      id: 'vote-1',
      action: { type: 'changeMap', newMapName: 'm' } as const,
      initiator: '2',
      voters: { 1: { vote: 'pending' as const }, 2: { vote: 'yes' as const } },
      until: 1,
    };
    expect(may({ lobby: { ...ready, currentVote } })).toEqual(['vote']);
  });

  test('a battle is begun when two sides are manned, everybody is ready and the calm is over, by a boss where there is one', () => {
    expect(may({ lobby: ready })).toContain('start');
    expect(may({ lobby: ready, calmUntil: 101 })).not.toContain('start');
    expect(may({ lobby: { ...ready, bosses: { 1: {} } } })).toContain('start');
    expect(may({ lobby: { ...ready, bosses: { 2: {} } } })).not.toContain('start');
    expect(may({ lobby: { ...ready, players: { ...player('1', '0'), ...player('2', '1', false) } } })).not.toContain(
      'start',
    );
    expect(may({ lobby: { ...duel, players: player('1', '0') } })).not.toContain('start');
    expect(may({ lobby: { ...ready, spectators: { 9: { id: '9' } } }, userId: '9' })).not.toContain('start');
  });

  test('nobody leaves before a battle is over, or changes anything in it; who is not in it may watch', () => {
    const lobby = { ...ready, currentBattle: { id: 'b', startedAt: 1 } };
    expect(may({ lobby, fights: true })).toEqual(['nothing']);
    expect(may({ lobby, userId: '9' })).toEqual(['nothing', 'watch']);
    expect(may({ lobby: ready, theme: THEMES[0] })).not.toContain('leave');
    expect(may({ lobby: ready, calmUntil: 101, theme: THEMES[0] })).toContain('leave');
  });
});

test('every theme opens a lobby that the server takes', () => {
  const protocol = new TachyonProtocol();
  for (const theme of THEMES) expect(protocol.check(lobbyCreate, openingOf(theme))).toBeUndefined();
});
