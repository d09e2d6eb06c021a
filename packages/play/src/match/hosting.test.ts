import { describe, expect, test } from '@jest/globals';
import { sent } from '../testdata/actor-stage.js';
import { MATCH_DEFAULTS } from './options.js';
import { BATTLE, dataOf, OWNER, SETUP, StagedMatch } from './testdata/staged-match.js';

const NONE = { autohost: null, why: 'no_autohost', young: false } as const;

describe('a battle looks for a host', () => {
  test('in the index of its region, for its engine', () => {
    const match = new StagedMatch();
    expect(match.host().sends).toMatchObject([
      { to: { kind: 'autohost-pool', id: 'default' }, command: 'pick', data: { engine: '2026.02.15', not: [] } },
    ]);
  });

  test('and gives whoever is picked the script, with a password for each', () => {
    const match = new StagedMatch();
    const asked = match.picks(match.host());
    const [{ script }] = dataOf(asked, 'startBattle') as [
      { script: { allyTeams: unknown; spectators: { password: string }[] } },
    ];
    expect(sent(asked)).toEqual(['autohost/a1 startBattle']);
    const passwords = JSON.stringify(script).match(/"password":"[A-Za-z0-9_-]{22}"/g)!;
    expect(new Set(passwords).size).toBe(4);
  });

  test('another one where an actor or its autohost refuses, never the same twice', () => {
    const match = new StagedMatch();
    const first = match.answer(match.host().sends[0]!, { value: { autohost: 'a1' } });
    const again = match.answer(first.sends[0]!, { reason: 'no_room' });
    expect(dataOf(again, 'pick')).toEqual([{ engine: '2026.02.15', not: ['a1'] }]);
    match.picks(again, 'a2');
    const third = match.by('autohost/a2', 'hostAnswered', { ok: false, reason: 'engine_version_not_available' });
    expect(dataOf(third, 'pick')).toEqual([{ engine: '2026.02.15', not: ['a1', 'a2'] }]);
  });

  test('in the next region where this one has none', () => {
    const match = new StagedMatch();
    const eu = match.host(SETUP, ['eu', 'us']);
    const us = match.answer(eu.sends[0]!, { value: NONE });
    expect(us.sends[0]!.to).toEqual({ kind: 'autohost-pool', id: 'us' });
    const failed = match.answer(us.sends[0]!, { value: NONE });
    expect(dataOf(failed, 'battleHostFailed')).toEqual([{ battleId: BATTLE, reason: 'no_autohost' }]);
  });

  test('again where the index is young: reports may be on their way', () => {
    const match = new StagedMatch();
    expect(match.answer(match.host().sends[0]!, { value: { ...NONE, young: true } }).sends).toEqual([]);
    expect(match.pass(MATCH_DEFAULTS.pickAgainMs).flatMap(sent)).toEqual(['autohost-pool/default pick']);
  });

  test.each([
    ['no_engine', 'engine_version_not_available'],
    ['timed_out', 'timed_out'],
    ['refused', 'battle_already_exists'],
  ])('and says %s where the last one answered %s', (reason, answered) => {
    const match = new StagedMatch();
    match.picks(match.host());
    const again = match.by('autohost/a1', 'hostAnswered', { ok: false, reason: answered });
    const failed = match.answer(again.sends[0]!, { value: NONE });
    expect(dataOf(failed, 'battleHostFailed')).toEqual([{ battleId: BATTLE, reason }]);
  });

  test('in so many places and no more', () => {
    const match = new StagedMatch({ hostsTriedMax: 2 });
    let turn = match.host();
    for (const autohost of ['a1', 'a2']) {
      match.picks(turn, autohost);
      turn = match.by(`autohost/${autohost}`, 'hostAnswered', { ok: false, reason: 'internal_error' });
    }
    expect(dataOf(turn, 'battleHostFailed')).toEqual([{ battleId: BATTLE, reason: 'refused' }]);
  });

  test('for so long and no longer; whoever was asked last is told to forget it', () => {
    const match = new StagedMatch();
    match.picks(match.host());
    const turns = match.pass(MATCH_DEFAULTS.hostingMs);
    expect(turns.flatMap((turn) => dataOf(turn, 'battleHostFailed'))).toEqual([
      { battleId: BATTLE, reason: 'timed_out' },
    ]);
    expect(turns.flatMap(sent)).toContain('autohost/a1 forgetBattle');
    // Its answer comes after all.
    const late = match.started();
    expect(late.sends).toEqual([{ to: { kind: 'autohost', id: 'a1' }, command: 'forgetBattle', data: { kill: true } }]);
    expect(match.state.phase).toBe('ended');
  });
});

test('asking for the same battle again changes nothing; nobody else gets it', () => {
  const match = new StagedMatch();
  match.host();
  expect(match.host().sends).toEqual([]);
  const other = { kind: 'lobby', id: 'l2' };
  expect(match.by('lobby/l2', 'host', { owner: other, setup: SETUP }).refuse).toBe('invalid_request');
  expect(match.by('lobby/l2', 'host', { owner: OWNER, setup: SETUP }).refuse).toBe('unauthorized');
});

test('what makes no battle is refused at once', () => {
  const match = new StagedMatch();
  expect(match.host({ ...SETUP, players: [] }).refuse).toBe('invalid_request');
  expect(match.host(SETUP, []).refuse).toBe('invalid_request');
  expect(match.kind.blank!(match.state)).toBe(true);
});

describe('the engine takes players', () => {
  test('all are told where, each with its own password', () => {
    const match = new StagedMatch();
    match.picks(match.host());
    const turn = match.started();
    expect(sent(turn)).toEqual(['42', '43', '44', '45'].map((id) => `player/${id} battleStart`));
    expect(dataOf(turn, 'battleStart')[0]).toEqual({
      battleId: BATTLE,
      battle: {
        username: 'ann',
        password: match.state.passwords['42'],
        ip: '192.0.2.7',
        port: 20_001,
        engine: { version: '2026.02.15' },
        game: { springName: 'Beyond All Reason test-27000' },
        map: { springName: 'Quicksilver Remake 1.24' },
      },
    });
  });

  test('the owner hears of it when all were told', () => {
    const match = new StagedMatch();
    match.picks(match.host());
    const starts = match.started().sends;
    for (const send of starts.slice(1)) expect(match.answer(send, { value: null }).sends).toEqual([]);
    const last = match.answer(starts[0]!, { reason: 'unknown_user' });
    expect(dataOf(last, 'battleHosted')).toEqual([{ battleId: BATTLE, startedAt: match.now }]);
    expect(match.pass(MATCH_DEFAULTS.tellOwnerMs).flatMap(sent)).toEqual([]);
  });

  test('or when one of them keeps it waiting', () => {
    const match = new StagedMatch();
    match.picks(match.host());
    const [first] = match.started().sends;
    expect(match.pass(MATCH_DEFAULTS.tellOwnerMs).flatMap(sent)).toEqual(['lobby/l1 battleHosted']);
    expect(match.answer(first!, { value: null }).sends).toEqual([]);
  });

  test('an answer from another autohost than the one that was asked starts nothing, and is not left running', () => {
    const match = new StagedMatch();
    match.picks(match.host());
    expect(sent(match.started('a9'))).toEqual(['autohost/a9 forgetBattle']);
    expect(match.state.phase).toBe('hosting');
    match.started();
    // Told twice.
    expect(match.started().sends).toEqual([]);
    expect(match.by('lobby/l1', 'hostAnswered', { ok: true, ips: ['192.0.2.9'], port: 1_024 }).sends).toEqual([]);
    expect(match.state.host?.autohost).toBe('a1');
  });
});

test('operators see who is in it, not how to get in', () => {
  const match = new StagedMatch().running();
  const shown = JSON.stringify(match.kind.describe!(match.state));
  expect(shown).toContain('ann');
  for (const password of Object.values(match.state.passwords)) expect(shown).not.toContain(password);
});
