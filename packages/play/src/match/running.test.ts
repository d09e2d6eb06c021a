import { describe, expect, test } from '@jest/globals';
import { sent } from '../testdata/actor-stage.js';
import { MATCH_DEFAULTS } from './options.js';
import { BATTLE, dataOf, SETUP, StagedMatch } from './testdata/staged-match.js';

const LATE = { userId: '50', name: 'kim' };
const OPERATOR = { type: 'admin', who: 'op' } as const;

describe('who comes late', () => {
  test('is let in by the autohost first, then told to start', () => {
    const match = new StagedMatch().running();
    const asked = match.by('lobby/l1', 'joinBattle', LATE);
    expect(dataOf(asked, 'battleCommand')).toEqual([
      {
        commandId: 'autohost/addPlayer',
        data: { userId: '50', name: 'kim', password: match.state.passwords['50'] },
        tag: '50',
      },
    ]);
    const let_in = match.by('autohost/a1', 'commandAnswered', { tag: '50', ok: true });
    expect(sent(let_in)).toEqual(['player/50 battleStart']);
    match.answer(let_in.sends[0]!, { value: null });
    expect(match.by('player/50', 'confirmBattle', { userId: '50' }).reply).toEqual({ runs: true });
  });

  test('and whom the autohost does not let in is not in it', () => {
    const match = new StagedMatch().running();
    match.by('lobby/l1', 'joinBattle', LATE);
    expect(match.by('autohost/a9', 'commandAnswered', { tag: '50', ok: true }).sends).toEqual([]);
    expect(match.by('autohost/a1', 'commandAnswered', { tag: '50', ok: false }).sends).toEqual([]);
    expect(match.by('player/50', 'confirmBattle', { userId: '50' }).reply).toEqual({ runs: false });
    expect(match.state.passwords['50']).toBeUndefined();
  });

  test('who is in it already is told once more, with the same password', () => {
    const match = new StagedMatch().running();
    const again = match.by('lobby/l1', 'joinBattle', { userId: '42', name: 'ann' });
    expect(sent(again)).toEqual(['player/42 battleStart']);
    expect(JSON.stringify(again.sends)).toContain(match.state.passwords['42']);
  });

  test('who is being let in is not let in twice', () => {
    const match = new StagedMatch().running();
    match.by('lobby/l1', 'joinBattle', LATE);
    expect(match.by('lobby/l1', 'joinBattle', LATE).sends).toEqual([]);
  });

  test('is refused where 254 are in it, where there is no battle, and by nobody but its owner', () => {
    const spectators = Array.from({ length: 250 }, (_, i) => ({ userId: String(100 + i), name: `s${i}` }));
    const full = new StagedMatch().running({ ...SETUP, spectators });
    expect(full.by('lobby/l1', 'joinBattle', LATE).refuse).toBe('battle_full');
    expect(new StagedMatch().by('lobby/l1', 'joinBattle', LATE).refuse).toBe('no_battle');
    const running = new StagedMatch().running();
    expect(running.by('lobby/l2', 'joinBattle', LATE).refuse).toBe('unauthorized');
    expect(running.by('player/42', 'joinBattle', LATE).refuse).toBe('unauthorized');
  });
});

describe('orders', () => {
  const match = () => new StagedMatch().running();

  test.each([
    ['kickPlayer', { userId: '43' }],
    ['mutePlayer', { userId: '43', chat: true, draw: false }],
    ['specPlayers', { userIds: ['43', '44'] }],
    ['sendMessage', { message: 'hello' }],
    ['sendCommand', { command: 'pause', arguments: ['1'] }],
  ] as const)('%s goes to the autohost, from the owner and from operators', (name, data) => {
    const expected = [{ commandId: `autohost/${name}`, data }];
    expect(dataOf(match().by('lobby/l1', name, data as never), 'battleCommand')).toEqual(expected);
    expect(dataOf(match().internal(name, data as never, OPERATOR), 'battleCommand')).toEqual(expected);
    expect(match().by('lobby/l2', name, data as never).refuse).toBe('unauthorized');
    expect(new StagedMatch().by('lobby/l1', name, data as never).refuse).toBe('no_battle');
  });

  test('about somebody who is not in the battle are refused', () => {
    expect(match().by('lobby/l1', 'kickPlayer', { userId: '99' }).refuse).toBe('not_in_battle');
    expect(match().by('lobby/l1', 'specPlayers', { userIds: ['43', '99'] }).refuse).toBe('not_in_battle');
  });

  test('kill ends the battle at once, and its engine', () => {
    const killed = match().by('lobby/l1', 'kill', null);
    expect(dataOf(killed, 'forgetBattle')).toEqual([{ kill: true }]);
    expect(dataOf(killed, 'battleEnded')).toEqual([{ battleId: BATTLE, how: 'killed' }]);
  });
});

test('the autohost’s actor is reminded of the battle from time to time, and after this actor moved', () => {
  const match = new StagedMatch().running();
  expect(match.pass(2 * MATCH_DEFAULTS.holdMs).flatMap(sent)).toEqual([
    'autohost/a1 holdBattle',
    'autohost/a1 holdBattle',
  ]);
  expect(sent(match.internal('adopted', { how: 'promoted', mayLack: false }))).toEqual(['autohost/a1 holdBattle']);
});

test('a player’s actor that asks hears whether the battle goes on, with this player in it', () => {
  const match = new StagedMatch().running();
  expect(match.by('player/45', 'confirmBattle', { userId: '45' }).reply).toEqual({ runs: true });
  expect(match.by('player/99', 'confirmBattle', { userId: '99' }).reply).toEqual({ runs: false });
  match.news([1, 'engine_quit']);
  expect(match.by('player/45', 'confirmBattle', { userId: '45' }).reply).toEqual({ runs: false });
});
