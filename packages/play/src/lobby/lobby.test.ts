import { describe, expect, test } from '@jest/globals';
import type { StagedTurn } from '../testdata/actor-stage.js';
import { LobbyStage } from './testdata/lobby-stage.test-kit.js';
import { allyTeams } from './testdata/room.test-kit.js';

const MINUTE = 60_000;
const MATCH = /^match\//;

describe('members', () => {
  test('who opens a lobby and who comes gets its details; the others are told, who comes is not', () => {
    const stage = new LobbyStage();
    expect(stage.open('1').reply).toMatchObject({ details: { id: 'l1', players: { 1: {} }, eventNumber: 0 } });
    const turn = stage.admit('2');
    expect(turn.reply).toMatchObject({ details: { spectators: { 2: { id: '2' } }, eventNumber: 1 } });
    expect(turn.published).toEqual([
      {
        topic: 'members',
        name: 'lobby/updated',
        data: { id: 'l1', spectators: { 2: { id: '2' } }, eventNumber: 1 },
        to: { except: ['2'] },
      },
    ]);
    expect(turn.sends).toContainEqual({
      to: { kind: 'chat', id: 'lobby:l1' },
      command: 'chatMembers',
      data: { members: ['1', '2'] },
    });
  });

  test('coming again is answered with the details and tells nobody anything', () => {
    const stage = new LobbyStage('1', '2');
    const again = stage.admit('2');
    expect([again.reply, again.published, again.sends]).toMatchObject([{ details: { eventNumber: 1 } }, [], []]);
    expect(stage.admit('2', '1.9').published).toEqual([]);
    expect(stage.by('player/2', 'confirm', { op: '1.9' }).reply).toEqual({ member: true });
    expect(stage.admit('2', '1.2').refuse).toBe('invalid_request');
  });

  test('a lobby that nobody opened has nobody', () => {
    const stage = new LobbyStage();
    expect(stage.admit('2').refuse).toBe('invalid_request');
    expect(stage.by('player/2', 'confirm', { op: '1.2' }).reply).toEqual({ member: false });
    expect(stage.ask('2', 'joinQueue', undefined).refuse).toBe('not_a_member');
    expect(stage.kind.blank!(stage.state)).toBe(true);
  });

  test('a lobby is opened once', () => {
    const stage = new LobbyStage('1');
    expect(stage.open('2').refuse).toBe('invalid_request');
    expect(stage.open('1').reply).toMatchObject({ details: { eventNumber: 0 } });
  });

  test('only the actor of a player speaks for it', () => {
    const stage = new LobbyStage('1');
    const data = { op: '1.1', user: { userId: '2', username: 'x', countryCode: '??' }, data: {} };
    expect(stage.by('party/2', 'admit', data).refuse).toBe('unauthorized');
    stage.by('party/1', 'leave', { op: '1.1' });
    expect(stage.members).toEqual(['1']);
  });

  test('who leaves is not told; the last one to go closes the lobby', () => {
    const stage = new LobbyStage('1', '2');
    const turn = stage.by('player/2', 'leave', { op: '1.2' });
    expect(turn.published[0]).toMatchObject({ data: { spectators: { 2: null } }, to: { except: ['2'] } });
    expect(stage.sentTo(turn, /^player/)).toEqual([]);
    const last = stage.by('player/1', 'leave', { op: '1.1' });
    expect(stage.state.lobby).toBeNull();
    expect(stage.sentTo(last, /^chat/)).toEqual([{ members: [] }]);
    expect(stage.sentTo(last, /^lobby-list/)).toEqual([{ overview: null }]);
    expect([...stage.timers.keys()]).toEqual([]);
  });

  test('who is thrown out hears it from its own actor, and nothing of what the others see', () => {
    const stage = new LobbyStage('1', '2', '3');
    const until = (stage.now + MINUTE) * 1_000;
    const turn = stage.ask('1', 'kickban', { userId: '2', banUntil: until });
    expect(stage.sentTo(turn, /^player/)).toEqual([{ op: '1.2', reason: { reason: 'banned', bannedUntil: until } }]);
    expect(turn.published[0]!.to).toEqual({ except: ['2'] });
    expect(stage.sentTo(stage.ask('1', 'kickban', { userId: '3' }), /^player/)).toEqual([
      { op: '1.3', reason: { reason: 'kicked' } },
    ]);
    expect(stage.admit('2', '1.7').refuse).toBe('banned');
    expect(stage.ask('2', 'spectate', undefined).refuse).toBe('not_a_member');
  });

  test('members whose actors do not know of it any more are removed, and a lobby that everybody has forgotten closes', () => {
    const stage = new LobbyStage('1', '2');
    const [audit] = stage.pass(5 * MINUTE).slice(-1);
    const [first, second] = audit!.sends.filter(({ command }) => command === 'confirm');
    stage.answer(first!, { value: { member: true, op: '1.8' } });
    expect(stage.state.lobby!.inside.members['1']!.op).toBe('1.8');
    expect(stage.sentTo(stage.answer(second!, { value: { member: false } }), /^player/)).toEqual([]);
    expect(stage.members).toEqual(['1']);
    const [again] = stage.pass(5 * MINUTE).slice(-1);
    stage.answer(again!.sends.find(({ command }) => command === 'confirm')!, { value: { member: false } });
    expect(stage.state.lobby).toBeNull();
  });

  test('where the last second may be gone, members are asked at once', () => {
    const stage = new LobbyStage('1', '2');
    expect(stage.internal('adopted', { how: 'promoted', mayLack: false }).sends).toEqual([]);
    const turn = stage.internal('adopted', { how: 'loaded', mayLack: true });
    expect(stage.sentTo(turn, /^player/)).toEqual([{ op: '1.1' }, { op: '1.2' }]);
  });
});

describe('events', () => {
  test('every turn that members see has the next number', () => {
    const stage = new LobbyStage('1', '2');
    stage.ask('2', 'joinQueue', undefined);
    stage.ask('2', 'joinAllyTeam', { allyTeam: '9' });
    expect(stage.ask('2', 'spectate', undefined).published[0]!.data).toMatchObject({ eventNumber: 3 });
    expect(stage.ask('2', 'spectate', undefined).published).toEqual([]);
    expect(stage.snapshot('members')).toMatchObject({ eventNumber: 3 });
  });

  test('a status is told again although it is the same', () => {
    const turn = new LobbyStage('1').ask('1', 'updateClientStatus', { isReady: false });
    expect(turn.published[0]!.data).toEqual({
      id: 'l1',
      players: { 1: { id: '1', isReady: false, assetStatus: 'complete' } },
      eventNumber: 1,
    });
  });

  test('a vote that ends is told, and carried out in the same turn', () => {
    const stage = new LobbyStage('1', '2');
    stage.ask('2', 'joinQueue', undefined);
    stage.ask('1', 'update', { mapName: 'Other' });
    expect(stage.timers.get('vote')!.at).toBe(stage.now + MINUTE);
    const turn = stage.ask('2', 'voteSubmit', { id: 'vote-1', vote: 'yes' });
    expect(turn.published.map(({ name }) => name)).toEqual(['lobby/updated', 'lobby/voteEnded']);
    expect(turn.published[0]!.data).toMatchObject({ mapName: 'Other', currentVote: null });
    expect(turn.published[1]!.data).toEqual({ id: 'vote-1', outcome: 'passed' });
    expect(stage.timers.has('vote')).toBe(false);
  });

  test('a vote that nobody ends ends by its timer', () => {
    const stage = new LobbyStage('1', '2');
    stage.ask('2', 'joinQueue', undefined);
    stage.ask('1', 'update', { mapName: 'Other' });
    const published = stage.pass(MINUTE).flatMap((turn) => turn.published);
    expect(published.at(-1)!.data).toEqual({ id: 'vote-1', outcome: 'timeout' });
  });

  test('a bot has the id that its host is told', () => {
    expect(new LobbyStage('1').ask('1', 'addBot', { allyTeam: '1', shortName: 'AI' }).reply).toEqual({ id: 'bot-1' });
  });
});

describe('the list of lobbies', () => {
  test('hears of a new lobby at once, of changes once a second, and the same again every ten', () => {
    const stage = new LobbyStage();
    const [line] = stage.sentTo(stage.open('1'), /^lobby-list/);
    expect(line).toMatchObject({ overview: { id: 'l1', playerCount: 1, maxPlayerCount: 4, currentBattle: null } });
    stage.listAnswers();
    stage.now += 2_000;
    expect(stage.sentTo(stage.ask('1', 'update', { name: 'A' }), /^lobby-list/)).toHaveLength(1);
    stage.listAnswers();
    expect(stage.sentTo(stage.ask('1', 'update', { name: 'B' }), /^lobby-list/)).toEqual([]);
    stage.ask('1', 'update', { name: 'C' });
    expect(stage.lines(999)).toEqual([]);
    expect(stage.lines(1)).toEqual(['C']);
    stage.listAnswers();
    expect(stage.lines(9_999)).toEqual([]);
    expect(stage.lines(1)).toEqual(['C']);
  });

  test('is told one line at a time: while it does not answer, the newest one waits', () => {
    const stage = new LobbyStage('1');
    stage.ask('1', 'update', { name: 'A' });
    stage.now += MINUTE;
    expect(stage.sentTo(stage.ask('1', 'update', { name: 'B' }), /^lobby-list/)).toEqual([]);
    expect(stage.sentTo(stage.internal('listDue', null), /^lobby-list/)).toEqual([]);
    expect(stage.lines(MINUTE)).toEqual([]);
    stage.listAnswers();
    expect(stage.lines(0)).toEqual(['B']);
  });

  test('hears nothing of who is ready', () => {
    const stage = new LobbyStage('1');
    stage.listAnswers();
    stage.now += 2_000;
    expect(stage.sentTo(stage.ask('1', 'updateClientStatus', { isReady: true }), /^lobby-list/)).toEqual([]);
  });
});

describe('the battle', () => {
  /** Both play; the match has been asked. */
  function starting() {
    const stage = new LobbyStage('1', '2');
    stage.ask('2', 'joinQueue', undefined);
    stage.admit('3');
    stage.ask('1', 'addBot', { allyTeam: '0', shortName: 'AI', options: { hard: 'yes' } });
    stage.ask('1', 'update', { gameOptions: { a: { value: 'b' } }, tags: { noob: {} } });
    const turn = stage.ask('1', 'startBattle', undefined);
    const host = turn.sends.find(({ command }) => command === 'host')!;
    return { stage, turn, host, match: `match/${host.to.id}`, battleId: host.to.id };
  }

  test('everybody who is in the lobby is in the start script', () => {
    const { turn, host } = starting();
    expect(turn.deferred).toBe(true);
    expect(host.data).toEqual({
      owner: { kind: 'lobby', id: 'l1' },
      setup: {
        engineVersion: '2026.02.15',
        gameName: 'Beyond All Reason test-27000',
        mapName: 'Comet',
        allyTeams: { 0: { startBox: expect.anything() }, 1: { startBox: expect.anything() } },
        players: [
          { userId: '1', name: 'user1', countryCode: '??', allyTeam: '0', team: '0', player: '0' },
          { userId: '2', name: 'user2', countryCode: '??', allyTeam: '1', team: '0', player: '0' },
        ],
        bots: [{ hostUserId: '1', shortName: 'AI', options: { hard: 'yes' }, allyTeam: '0', team: '1', player: '0' }],
        spectators: [{ userId: '3', name: 'user3', countryCode: '??' }],
        gameOptions: { a: 'b' },
        tags: ['noob'],
      },
    });
  });

  test('who starts it is answered when it is hosted; members see it until it ends', () => {
    const { stage, host, match, battleId } = starting();
    expect(stage.ask('2', 'startBattle', undefined).refuse).toBe('invalid_request');
    expect(stage.answer(host, { value: null }).resolved).toEqual([]);
    const hosted = stage.by(match, 'battleHosted', { battleId, startedAt: stage.now });
    expect(hosted.resolved).toEqual([{ ticket: 't', reply: null }]);
    expect(hosted.published[0]!.data).toMatchObject({ currentBattle: { id: battleId, startedAt: stage.now * 1_000 } });
    expect(stage.by(match, 'battleHosted', { battleId, startedAt: stage.now }).published).toEqual([]);
    expect(stage.ask('2', 'startBattle', undefined).refuse).toBe('invalid_request');
    const ended = stage.by(match, 'battleEnded', { battleId, how: 'quit' });
    expect(ended.published[0]!.data).toMatchObject({ currentBattle: null });
    expect(stage.ask('2', 'startBattle', undefined).deferred).toBe(true);
  });

  test('where nobody hosts it, who asked reads why, and may ask again', () => {
    const { stage, match, battleId } = starting();
    const failed = stage.by(match, 'battleHostFailed', { battleId, reason: 'no_autohost' });
    expect(failed.resolved).toMatchObject([{ refuse: { reason: 'invalid_request', details: 'no autohost has room' } }]);
    const again = stage.ask('1', 'startBattle', undefined);
    expect(stage.sentTo(again, MATCH)).toHaveLength(1);
    expect(again.sends.find(({ command }) => command === 'host')!.to.id).not.toBe(battleId);
  });

  test('a setup that makes no battle is refused', () => {
    const { stage, host } = starting();
    expect(stage.answer(host, { reason: 'invalid_request' }).resolved).toMatchObject([
      { refuse: { reason: 'invalid_request' } },
    ]);
    expect(stage.state.lobby!.inside.battle).toBeUndefined();
  });

  test('only its own match speaks of a battle', () => {
    const { stage, battleId } = starting();
    expect(stage.by('match/other', 'battleHosted', { battleId, startedAt: 1 }).published).toEqual([]);
    expect(stage.by('player/1', 'battleEnded', { battleId, how: 'quit' }).resolved).toEqual([]);
  });

  test('a battle that it has forgotten is its battle, unless another one began meanwhile', () => {
    const stage = new LobbyStage('1');
    stage.by('match/b1', 'battleHosted', { battleId: 'b1', startedAt: 1 });
    expect(stage.state.lobby!.details.currentBattle!.id).toBe('b1');
    const turn = stage.by('match/b2', 'battleHosted', { battleId: 'b2', startedAt: 1 });
    expect(turn.sends).toMatchObject([{ to: { kind: 'match', id: 'b2' }, command: 'kill' }]);
  });

  test('who comes later joins the battle that runs; its match says whether there is room', () => {
    const { stage, match, battleId } = starting();
    expect(stage.ask('3', 'joinBattle', undefined).refuse).toBe('no_battle');
    stage.by(match, 'battleHosted', { battleId, startedAt: 1 });
    stage.admit('4');
    const asked = stage.ask('4', 'joinBattle', undefined);
    expect([asked.deferred, stage.sentTo(asked, MATCH)]).toEqual([
      true,
      [{ userId: '4', name: 'user4', countryCode: '??' }],
    ]);
    const [join] = asked.sends;
    expect(stage.answer(join!, { value: null }).resolved).toEqual([{ ticket: 't', reply: null }]);
    expect(stage.answer(join!, { reason: 'battle_full' }).resolved).toMatchObject([
      { refuse: { reason: 'battle_full' } },
    ]);
    expect(stage.state.lobby!.details.currentBattle).toBeDefined();
    const lost = stage.answer(join!, { reason: 'no_battle' });
    expect(lost.resolved).toMatchObject([{ refuse: { reason: 'no_battle' } }]);
    expect(lost.published[0]!.data).toMatchObject({ currentBattle: null });
  });

  test('a match that was lost is noticed when another battle is wanted, and now and then', () => {
    const { stage, match, battleId } = starting();
    const again = stage.ask('2', 'startBattle', undefined);
    const doubts = (turn: StagedTurn) => turn.sends.filter(({ command }) => command === 'confirmBattle');
    expect([again.refuse, doubts(again)]).toMatchObject(['invalid_request', [{ to: { id: battleId } }]]);
    expect(stage.answer(doubts(again)[0]!, { value: { runs: true } }).resolved).toEqual([]);
    expect(stage.answer(doubts(again)[0]!, { value: { runs: false } }).resolved).toMatchObject([{ ticket: 't' }]);
    stage.by(match, 'battleHosted', { battleId, startedAt: 1 });
    const [doubt] = stage.pass(5 * MINUTE).flatMap(doubts);
    expect(stage.answer(doubt!, { value: { runs: false } }).published[0]!.data).toMatchObject({ currentBattle: null });
    expect(stage.ask('2', 'startBattle', undefined).deferred).toBe(true);
  });

  test('a lobby that closes leaves nobody waiting', () => {
    const { stage } = starting();
    for (const user of ['1', '2']) stage.by(`player/${user}`, 'leave', { op: `1.${user}` });
    expect(stage.by('player/3', 'leave', { op: '1.3' }).resolved).toMatchObject([{ ticket: 't' }]);
  });
});

test('keys of lobbies with many teams reach the match as members see them', () => {
  const stage = new LobbyStage();
  stage.open('1', { allyTeamConfig: allyTeams(...Array.from({ length: 12 }, () => 1)) });
  const turn = stage.ask('1', 'startBattle', undefined);
  expect(stage.sentTo(turn, MATCH)).toMatchObject([{ setup: { players: [{ allyTeam: '00', team: '0' }] } }]);
});
