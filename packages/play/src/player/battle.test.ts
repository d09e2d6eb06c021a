import { describe, expect, test } from '@jest/globals';
import { entity } from '@muster/ports';
import type { Origin } from '@muster/runtime';
import type { PrivateBattle } from '@muster/tachyon';
import type { BattleEnded } from '../match/contract.js';
import type { SelfSnapshot } from './contract.js';
import { PLAYER_DEFAULTS } from './options.js';
import { Stage, type Turn } from './testdata/stage.js';

const FIRST = '75bfc493-2b9d-495d-a453-06722fdca2ea';
const SECOND = '00000000-2b9d-495d-a453-06722fdca2ea';
const ACCESS: PrivateBattle = {
  username: 'ann',
  password: 'pw',
  ip: '192.0.2.7',
  port: 20_001,
  engine: { version: 'e' },
  game: { springName: 'g' },
  map: { springName: 'm' },
};
const SESSION = 'g1#a/1';

let heard = 0;
const match = (id: string): Origin => {
  heard += 1;
  return { type: 'entity', from: entity('match', id), number: heard };
};
const endOf = (battleId: string): BattleEnded => ({ battleId, players: [], spectators: [], winningAllyTeamIds: ['0'] });

function start(stage: Stage, battleId = FIRST, from = battleId): Turn {
  return stage.internal('battleStart', { battleId, battle: ACCESS }, match(from));
}

function playing(): Stage {
  const stage = new Stage();
  stage.attach(SESSION);
  start(stage);
  return stage;
}

const self = (stage: Stage) => stage.snapshot('self') as SelfSnapshot;
const statusOf = (stage: Stage) => (stage.snapshot('public') as { users: { status: string }[] }).users[0]!.status;
const names = (turn: Turn) => turn.published.map(({ topic, name }) => `${topic} ${name}`);

describe('a battle begins', () => {
  test('of somebody who has gone meanwhile nobody is told that it plays', () => {
    const stage = new Stage();
    expect([start(stage).published, statusOf(stage)]).toEqual([[], 'offline']);
  });

  test('the client is asked to start, and everybody sees who plays', () => {
    const stage = new Stage();
    stage.attach(SESSION);
    const turn = start(stage);
    expect(turn.published).toEqual([
      {
        topic: 'self',
        name: 'muster:request',
        data: { session: SESSION, n: stage.state.requests.last, commandId: 'battle/start', data: ACCESS },
      },
      { topic: 'public', name: 'user/updated', data: { users: [{ userId: '1', status: 'playing' }] } },
    ]);
    expect(self(stage)).toMatchObject({
      user: { status: 'playing', currentBattle: ACCESS },
      requests: [{ data: ACCESS }],
    });
  });

  test('a new connection is asked again, until the client has answered', () => {
    const stage = playing();
    stage.attach('g2#a/1');
    expect(self(stage).requests).toMatchObject([{ session: 'g2#a/1', commandId: 'battle/start' }]);
    const { n } = self(stage).requests![0]!;
    expect(stage.from(SESSION, 'answered', { n, ok: true, data: null }).refuse).toBe('superseded');
    stage.from('g2#a/1', 'answered', { n, ok: false, reason: 'internal_error' });
    expect(self(stage)).toMatchObject({ requests: [], user: { currentBattle: ACCESS } });
  });

  test('whoever asks to join is asked once more', () => {
    const stage = playing();
    const { n } = self(stage).requests![0]!;
    stage.from(SESSION, 'answered', { n, ok: true, data: null });
    start(stage);
    expect(self(stage).requests).toHaveLength(1);
    expect(self(stage).requests![0]!.n).toBeGreaterThan(n);
  });

  test('one who is away finds it when coming back', () => {
    const stage = new Stage();
    start(stage);
    expect(statusOf(stage)).toBe('offline');
    stage.attach(SESSION);
    expect(self(stage)).toMatchObject({ user: { status: 'playing', currentBattle: ACCESS }, requests: [{}] });
  });

  test('by its own match’s word alone, and for somebody who exists', () => {
    const stage = new Stage();
    expect(start(stage, FIRST, SECOND).refuse).toBe('unauthorized');
    expect(stage.internal('battleOver', endOf(FIRST), match(SECOND)).refuse).toBe('unauthorized');
    expect(start(new Stage('9', null)).refuse).toBe('unknown_user');
  });
});

describe('a battle ends', () => {
  test('the client hears how, and is asked no more', () => {
    const stage = playing();
    const turn = stage.internal('battleOver', endOf(FIRST), match(FIRST));
    expect(turn.published).toEqual([
      { topic: 'self', name: 'battle/ended', data: endOf(FIRST) },
      { topic: 'public', name: 'user/updated', data: { users: [{ userId: '1', status: 'menu' }] } },
    ]);
    expect(self(stage).requests).toEqual([]);
    expect(self(stage).user).not.toHaveProperty('currentBattle');
  });

  test('an older one than the newest is told and changes nothing else', () => {
    const stage = playing();
    start(stage, SECOND);
    expect(self(stage).requests).toHaveLength(1);
    expect(names(stage.internal('battleOver', endOf(FIRST), match(FIRST)))).toEqual(['self battle/ended']);
    expect(statusOf(stage)).toBe('playing');
    stage.internal('battleOver', endOf(SECOND), match(SECOND));
    expect(statusOf(stage)).toBe('menu');
  });
});

describe('the session of a player who is not there', () => {
  test('lasts as long as the battle, and the whole grace after it', () => {
    const stage = playing();
    stage.internal('connectionLost', { subscriber: 'g1#a' });
    stage.now += PLAYER_DEFAULTS.graceMs;
    const held = stage.internal('graceOver', { session: SESSION });
    expect(held.timers).toEqual([
      { name: 'grace', at: stage.now + PLAYER_DEFAULTS.graceMs, command: 'graceOver', data: { session: SESSION } },
    ]);
    expect(statusOf(stage)).toBe('playing');
    stage.now += 20_000;
    const { timers } = stage.internal('battleOver', endOf(FIRST), match(FIRST));
    expect(timers).toContainEqual(expect.objectContaining({ name: 'grace', at: stage.now + PLAYER_DEFAULTS.graceMs }));
    stage.internal('graceOver', { session: SESSION });
    expect(statusOf(stage)).toBe('offline');
  });

  test('signing out ends it all the same; the battle goes on and is found again', () => {
    const stage = playing();
    stage.from(SESSION, 'detach', { session: SESSION, clean: true });
    expect(statusOf(stage)).toBe('offline');
    expect(stage.kind.blank!(stage.state)).toBe(false);
    stage.attach('g2#a/1');
    expect(self(stage)).toMatchObject({ user: { currentBattle: ACCESS } });
  });
});

describe('a match that was lost', () => {
  const asked = {
    to: entity('match', FIRST),
    command: 'confirmBattle',
    data: { userId: '1' },
    answer: 'battleConfirmed',
  };
  const answer = (value: unknown) => ({ from: entity('match', FIRST), context: null, ok: true as const, value });

  test('is noticed: it is asked now and then, and after this actor may have lost something', () => {
    const stage = playing();
    const due = stage.internal('battleCheckDue', null, { type: 'timer', name: 'battle' });
    expect(due.sends).toEqual([asked]);
    expect(due.timers).toMatchObject([{ name: 'battle', at: stage.now + PLAYER_DEFAULTS.battleCheckMs }]);
    expect(stage.internal('adopted', { how: 'loaded', mayLack: true }).sends).toContainEqual(asked);
    expect(stage.internal('adopted', { how: 'promoted', mayLack: false }).sends).not.toContainEqual(asked);
  });

  test('ends the battle without a word of who won', () => {
    const stage = playing();
    stage.internal('battleConfirmed', answer({ runs: true }));
    expect(statusOf(stage)).toBe('playing');
    expect(names(stage.internal('battleConfirmed', answer({ runs: false })))).toEqual(['public user/updated']);
    expect(statusOf(stage)).toBe('menu');
  });

  test('of a battle that is not this one any more ends nothing', () => {
    const stage = playing();
    start(stage, SECOND);
    stage.internal('battleConfirmed', answer({ runs: false }));
    expect(statusOf(stage)).toBe('playing');
  });
});
