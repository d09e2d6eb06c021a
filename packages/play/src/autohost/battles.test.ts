import { describe, expect, test } from '@jest/globals';
import { sent } from '../testdata/actor-stage.js';
import { AUTOHOST_DEFAULTS } from './options.js';
import { BATTLE, ENGINE, OTHER, SCRIPT, StagedAutohost } from './testdata/staged-autohost.js';

const MATCH = `match/${BATTLE}`;

describe('starting a battle', () => {
  test('asks the autohost, with the script and the battle’s id, and tells the match where it runs', () => {
    const host = new StagedAutohost().ready();
    expect(host.by(MATCH, 'startBattle', { script: SCRIPT }).refuse).toBeUndefined();
    expect(host.open('start')[0]).toMatchObject({ data: { battleId: BATTLE, ...SCRIPT } });
    const turn = host.answerFirst('start', { ok: true, data: { ips: ['192.0.2.7'], port: 20_001 } });
    expect(turn.sends).toContainEqual({
      to: { kind: 'match', id: BATTLE },
      command: 'hostAnswered',
      data: { ok: true, ips: ['192.0.2.7'], port: 20_001 },
    });
  });

  test.each([
    ['not_connected', new StagedAutohost()],
    ['no_engine', new StagedAutohost().ready('g1#a/1', { availableEngines: ['other'] })],
    ['no_room', new StagedAutohost().ready('g1#a/1', { currentBattles: 4 })],
    ['no_room', new StagedAutohost().ready('g1#a/1', { maxBattles: 0, currentBattles: 1 })],
  ])('is refused with %s where that is so', (reason, host) => {
    expect(host.by(MATCH, 'startBattle', { script: SCRIPT }).refuse).toBe(reason);
  });

  test('counts against the room before the autohost counts it', () => {
    const host = new StagedAutohost().ready('g1#a/1', { maxBattles: 1 });
    host.by(MATCH, 'startBattle', { script: SCRIPT });
    expect(host.by(`match/${OTHER}`, 'startBattle', { script: SCRIPT }).refuse).toBe('no_room');
  });

  test('an autohost that says no leaves nothing behind', () => {
    const host = new StagedAutohost().ready();
    host.by(MATCH, 'startBattle', { script: SCRIPT });
    const turn = host.answerFirst('start', { ok: false, reason: 'engine_version_not_available' });
    expect(turn.sends.find(({ command }) => command === 'hostAnswered')?.data).toEqual({
      ok: false,
      reason: 'engine_version_not_available',
    });
    expect(host.state.battles).toEqual({});
    expect(host.open('kill')).toEqual([]);
  });

  test.each(['battle_already_exists', 'internal_error'])(
    'after %s an engine may run that nobody can find: it is killed',
    (reason) => {
      const host = new StagedAutohost().ready();
      host.by(MATCH, 'startBattle', { script: SCRIPT });
      host.answerFirst('start', { ok: false, reason });
      expect(host.open('kill')).toHaveLength(1);
    },
  );

  test('an answer that never comes ends the attempt; one that comes later changes nothing', () => {
    const host = new StagedAutohost().ready();
    host.by(MATCH, 'startBattle', { script: SCRIPT });
    const { n } = host.open('start')[0]!;
    const [turn] = host
      .pass(AUTOHOST_DEFAULTS.startMs)
      .filter(({ sends }) => sends.some(({ command }) => command === 'hostAnswered'));
    expect(turn?.sends.find(({ command }) => command === 'hostAnswered')?.data).toEqual({
      ok: false,
      reason: 'timed_out',
    });
    expect(turn?.published.map(({ name }) => name)).toContain('muster:requestOver');
    expect(host.open('kill')).toHaveLength(1);
    const late = host.from('g1#a/1', 'answered', { n, ok: true, data: { ips: ['192.0.2.7'], port: 20_001 } });
    expect(late.sends).toEqual([]);
  });

  test('an engine without an address is none', () => {
    const host = new StagedAutohost().ready();
    host.by(MATCH, 'startBattle', { script: SCRIPT });
    const turn = host.answerFirst('start', { ok: true, data: { ips: [], port: 20_001 } });
    expect(turn.sends.find(({ command }) => command === 'hostAnswered')?.data).toMatchObject({ ok: false });
    expect(host.open('kill')).toHaveLength(1);
  });
});

describe('commands of a battle', () => {
  test('bear the id of the match that sent them, whatever it says', () => {
    const host = new StagedAutohost().ready().running();
    const data = { userId: '44', battleId: OTHER };
    host.by(MATCH, 'battleCommand', { commandId: 'autohost/kickPlayer', data });
    expect(host.open('kickPlayer')[0]!.data).toEqual({ userId: '44', battleId: BATTLE });
    expect(host.by('lobby/7', 'battleCommand', { commandId: 'autohost/kill', data: {} }).refuse).toBe('unauthorized');
  });

  test('are answered to the match where it wants to know, in time or not at all', () => {
    const host = new StagedAutohost().ready().running();
    const data = { userId: '44', name: 'eve', password: 'p' };
    host.by(MATCH, 'battleCommand', { commandId: 'autohost/addPlayer', data, tag: '44' });
    const told = host.answerFirst('addPlayer', { ok: true, data: null });
    expect(told.sends[0]).toMatchObject({ command: 'commandAnswered', data: { tag: '44', ok: true } });
    host.by(MATCH, 'battleCommand', { commandId: 'autohost/addPlayer', data, tag: '45' });
    const late = host.pass(AUTOHOST_DEFAULTS.commandMs).flatMap(({ sends }) => sends);
    expect(late).toContainEqual(
      expect.objectContaining({ command: 'commandAnswered', data: { tag: '45', ok: false } }),
    );
    host.by(MATCH, 'battleCommand', { commandId: 'autohost/sendMessage', data: { message: 'x' } });
    expect(host.answerFirst('sendMessage', { ok: true, data: null }).sends).toEqual([]);
  });

  test('are bounded in number', () => {
    const host = new StagedAutohost({ requestsMax: 1 }).ready().running();
    const command = { commandId: 'autohost/sendMessage', data: { message: 'x' } } as const;
    expect(host.by(MATCH, 'battleCommand', command).refuse).toBeUndefined();
    expect(host.by(MATCH, 'battleCommand', command).refuse).toBe('invalid_request');
  });
});

describe('an actor that lost its state', () => {
  test('learns from the match what it follows', () => {
    const host = new StagedAutohost().ready('g1#a/1', { currentBattles: 1 });
    host.by(MATCH, 'holdBattle', null);
    expect(sent(host.update(1, 'engine_quit'))).toEqual([`${MATCH} hostNews`]);
  });

  test('and nobody connected gives it up in time', () => {
    const host = new StagedAutohost();
    host.by(MATCH, 'holdBattle', null);
    host.by(`match/${OTHER}`, 'holdBattle', null);
    expect(host.pass(AUTOHOST_DEFAULTS.replayWindowMs).flatMap(sent)).toEqual([
      `${MATCH} hostGone`,
      `match/${OTHER} hostGone`,
    ]);
  });
});

describe('an autohost that was restarted', () => {
  test('says that it runs nothing: after a while it is believed', () => {
    const host = new StagedAutohost().ready().running();
    host.from('g1#a/1', 'status', { maxBattles: 4, currentBattles: 1, availableEngines: [ENGINE] });
    host.pass(100_000);
    host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
    host.ready('g2#a/1');
    expect(host.pass(AUTOHOST_DEFAULTS.orphanMs - 1).flatMap(sent)).not.toContain(`${MATCH} hostGone`);
    expect(host.pass(1).flatMap(sent)).toContain(`${MATCH} hostGone`);
  });

  test('a count that was only late ends nothing', () => {
    const host = new StagedAutohost().ready().running();
    host.from('g1#a/1', 'status', { maxBattles: 4, currentBattles: 0, availableEngines: [ENGINE] });
    host.from('g1#a/1', 'status', { maxBattles: 4, currentBattles: 1, availableEngines: [ENGINE] });
    expect(host.pass(10 * AUTOHOST_DEFAULTS.orphanMs).flatMap(sent)).not.toContain(`${MATCH} hostGone`);
  });
});

test('a match that has ended is forgotten, and its engine killed where it may run', () => {
  const host = new StagedAutohost().ready().running();
  host.by(MATCH, 'forgetBattle', { kill: true });
  expect(host.state.battles).toEqual({});
  expect(host.open('kill')).toHaveLength(1);
});

test('an operator may have an engine installed; nobody else may', () => {
  const host = new StagedAutohost().ready();
  expect(host.by('match/1', 'installEngine', { version: '1' }).refuse).toBe('unauthorized');
  expect(host.internal('installEngine', { version: '1' }, { type: 'admin', who: 'op' }).refuse).toBeUndefined();
  expect(host.open('installEngine')[0]!.data).toEqual({ version: '1' });
});
