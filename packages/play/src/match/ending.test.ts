import { describe, expect, test } from '@jest/globals';
import { sent } from '../testdata/actor-stage.js';
import { MATCH_DEFAULTS } from './options.js';
import { winnersOf } from './result.js';
import { BATTLE, dataOf, SETUP, StagedMatch } from './testdata/staged-match.js';

const HOUR = 3_600_000;

function recordOf(match: StagedMatch, turn: Parameters<typeof dataOf>[0]) {
  expect(turn.sends.find(({ command }) => command === 'record')?.to).toEqual({ kind: 'battle-records', id: BATTLE });
  expect(match.state.phase).toBe('ended');
  return dataOf(turn, 'record')[0] as { how: string; winningAllyTeams: string[] };
}

describe('a battle ends', () => {
  test('with its engine: everybody hears who won, the owner that it is over, and storage gets all of it', () => {
    const match = new StagedMatch().running();
    match.news([1, 'start'], [2, 'player_joined', { userId: '42', playerNumber: 0 }]);
    match.now += 60_000;
    const turn = match.news([3, 'finished', { userId: '42', winningAllyTeams: [1] }], [4, 'engine_quit']);
    const ended = {
      battleId: BATTLE,
      players: SETUP.players.map(({ userId, allyTeam, team, player }) => ({ userId, allyTeam, team, player })),
      spectators: [{ userId: '45' }],
      winningAllyTeamIds: ['2'],
    };
    expect(dataOf(turn, 'battleOver')).toEqual(Array(4).fill(ended));
    expect(dataOf(turn, 'battleEnded')).toEqual([{ battleId: BATTLE, how: 'quit' }]);
    expect(dataOf(turn, 'forgetBattle')).toEqual([{ kill: false }]);
    expect(recordOf(match, turn)).toEqual({
      battleId: BATTLE,
      hostId: 'a1',
      engineVersion: SETUP.engineVersion,
      gameName: SETUP.gameName,
      mapName: SETUP.mapName,
      tags: ['ranked'],
      startedAt: match.now - 60_000,
      endedAt: match.now,
      how: 'quit',
      winningAllyTeams: ['2'],
      players: [
        { userId: '42', allyTeam: '0', team: '0' },
        { userId: '43', allyTeam: '2', team: '0' },
        { userId: '44', allyTeam: '2', team: '1' },
        { userId: '45', allyTeam: null, team: null },
      ],
    });
  });

  test('when its engine crashes: nobody won who was not said to', () => {
    const match = new StagedMatch().running();
    const turn = match.news([1, 'engine_crash', { details: 'segfault' }]);
    expect(recordOf(match, turn)).toMatchObject({ how: 'crashed', winningAllyTeams: [] });
  });

  test('when its autohost is gone for good, and by the word of no other', () => {
    const match = new StagedMatch().running();
    expect(match.by('autohost/a9', 'hostGone', null).sends).toEqual([]);
    const turn = match.by('autohost/a1', 'hostGone', null);
    expect(recordOf(match, turn).how).toBe('host_lost');
    expect(dataOf(turn, 'forgetBattle')).toEqual([{ kill: true }]);
  });

  test('after eight hours, whatever its engine does', () => {
    const match = new StagedMatch().running();
    match.pass(8 * HOUR - 1);
    expect(match.state.phase).toBe('running');
    const turn = match.pass(1).find(({ sends }) => sends.some(({ command }) => command === 'record'))!;
    expect(recordOf(match, turn).how).toBe('too_long');
  });

  test('not when players say that it is decided, nor when they leave', () => {
    const match = new StagedMatch().running();
    match.news(
      [1, 'finished', { userId: '42', winningAllyTeams: [0] }],
      [2, 'player_left', { userId: '42', reason: 'left' }],
    );
    expect(match.state.phase).toBe('running');
  });

  test('once: what comes later is counted', () => {
    const match = new StagedMatch().running();
    match.news([1, 'engine_quit']);
    expect(match.news([2, 'engine_crash']).sends).toEqual([]);
    expect(match.by('autohost/a1', 'hostGone', null).sends).toEqual([]);
    expect(match.drops('ended')).toBe(1);
  });
});

describe('updates', () => {
  test('that are told twice are heard once', () => {
    const match = new StagedMatch().running();
    const vote = [1, 'finished', { userId: '42', winningAllyTeams: [0] }] as const;
    match.news(vote);
    match.news(vote, [2, 'player_defeated', { userId: '43' }]);
    expect(match.state.votes).toHaveLength(1);
    expect(match.state.present['43']).toEqual({ joined: false, defeated: true });
    expect(match.drops('stale')).toBe(1);
  });

  test('of strangers and of ally teams that there are not count for nothing', () => {
    const match = new StagedMatch().running();
    match.news(
      [1, 'finished', { userId: '99', winningAllyTeams: [0] }],
      [2, 'finished', { userId: '42', winningAllyTeams: [2] }],
      [3, 'player_joined', { userId: '98', playerNumber: 7 }],
    );
    expect(match.state).toMatchObject({ votes: [], present: {}, since: 3 });
    expect([match.drops('stranger'), match.drops('no_such_team')]).toEqual([2, 1]);
  });

  test('of another autohost are refused', () => {
    const match = new StagedMatch().running();
    expect(match.newsBy('a9', [1, 'engine_quit']).refuse).toBe('unauthorized');
    expect(new StagedMatch().news([1, 'engine_quit']).refuse).toBe('unauthorized');
  });

  test('may come before the autohost has answered that the engine runs', () => {
    const match = new StagedMatch();
    match.picks(match.host());
    match.news([1, 'start'], [2, 'player_joined', { userId: '42', playerNumber: 0 }]);
    match.started();
    expect(match.state).toMatchObject({ phase: 'running', since: 2, present: { '42': { joined: true } } });
  });

  test('of an attempt that failed do not count for the next host, whose clock is another', () => {
    const match = new StagedMatch();
    match.picks(match.host());
    match.news([9_000, 'start']);
    const again = match.by('autohost/a1', 'hostAnswered', { ok: false, reason: 'timed_out' });
    match.picks(again, 'a2');
    match.started('a2');
    match.newsBy('a2', [5, 'player_joined', { userId: '42', playerNumber: 0 }]);
    expect(match.state.present['42']?.joined).toBe(true);
  });

  test('an engine that ends before anybody knew where it ran was no battle', () => {
    const match = new StagedMatch();
    match.picks(match.host());
    expect(sent(match.news([1, 'engine_quit']))).toEqual(['lobby/l1 battleHostFailed']);
  });
});

describe('who won', () => {
  const votes = (...all: readonly (readonly [string, readonly number[]])[]) =>
    winnersOf({ setup: SETUP, votes: all.map(([userId, winners]) => ({ userId, winners })) });

  test('is what most players say, by their last word', () => {
    expect(votes(['42', [0]], ['43', [1]], ['44', [1]])).toEqual(['2']);
    expect(votes(['42', [0]], ['43', [1]], ['44', [0]], ['44', [1]])).toEqual(['2']);
  });

  test('of equals what was said first; several may have won together', () => {
    expect(votes(['42', [0]], ['43', [1]])).toEqual(['0']);
    expect(votes(['42', [1, 0]], ['43', [0, 1, 1]])).toEqual(['0', '2']);
  });

  test('is what spectators say only where no player spoke', () => {
    expect(votes(['45', [0]])).toEqual(['0']);
    expect(votes(['45', [0]], ['43', [1]])).toEqual(['2']);
    expect(votes()).toEqual([]);
  });
});

describe('a battle that is over', () => {
  test('is forgotten when storage has it, and not before', () => {
    const match = new StagedMatch().running();
    const record = match.news([1, 'engine_quit']).sends.find(({ command }) => command === 'record')!;
    match.pass(3 * MATCH_DEFAULTS.keepEndedMs);
    expect(match.state.phase).toBe('ended');
    match.answer(record, { value: null });
    match.pass(MATCH_DEFAULTS.keepEndedMs);
    expect(match.kind.blank!(match.state)).toBe(true);
    expect(match.timers.size).toBe(0);
  });

  test('that storage will not take is counted as lost', () => {
    const match = new StagedMatch().running();
    const record = match.news([1, 'engine_quit']).sends.find(({ command }) => command === 'record')!;
    match.answer(record, { reason: 'invalid_request' });
    expect(match.metrics.value('muster_play_battle_records_lost_total')).toBe(1);
    match.pass(MATCH_DEFAULTS.keepEndedMs);
    expect(match.kind.blank!(match.state)).toBe(true);
  });
});
