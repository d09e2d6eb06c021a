import { describe, expect, test } from '@jest/globals';
import { sent } from '../testdata/actor-stage.js';
import { BATTLE, OTHER, StagedAutohost } from './testdata/staged-autohost.js';

const HOUR_US = 3_600_000_000;

function newsOf(turn: { readonly sends: readonly { readonly command: string; readonly data: unknown }[] }) {
  return turn.sends
    .filter(({ command }) => command === 'hostNews')
    .flatMap(({ data }) => (data as { news: { time: number; update: { type: string } }[] }).news)
    .map(({ update }) => update.type);
}

describe('updates', () => {
  test('go to their match together, and only what it cares about', () => {
    const host = new StagedAutohost().ready().running();
    const turn = host.updates([
      [1, 'start'],
      [2, 'engine_message', BATTLE, { message: 'loading' }],
      [3, 'player_joined', BATTLE, { userId: '42', playerNumber: 0 }],
    ]);
    expect(sent(turn)).toEqual([`match/${BATTLE} hostNews`]);
    expect(newsOf(turn)).toEqual(['start', 'player_joined']);
    expect(host.drops('not_followed')).toBe(1);
    expect(host.state.since).toBe(host.time(3));
  });

  test('that are replayed, or go back in time, are passed over and counted', () => {
    const host = new StagedAutohost().ready().running();
    host.updates([
      [5, 'start'],
      [3, 'player_defeated', BATTLE, { userId: '42' }],
      [5, 'engine_quit'],
    ]);
    expect(newsOf(host.update(5, 'engine_quit'))).toEqual([]);
    expect(host.drops('stale')).toBe(3);
    expect(host.state.since).toBe(host.time(5));
  });

  test('from the far future are lies: believed, they would hide what follows', () => {
    const host = new StagedAutohost().ready().running();
    const turn = host.updates([
      [2 * HOUR_US, 'engine_quit'],
      [1, 'start'],
    ]);
    expect(newsOf(turn)).toEqual(['start']);
    expect(host.drops('future')).toBe(1);
  });

  test('of battles that it was not given are counted and go nowhere', () => {
    const host = new StagedAutohost().ready().running();
    const turn = host.update(1, 'engine_quit', OTHER);
    expect(turn.sends).toEqual([]);
    expect(host.drops('foreign_battle')).toBe(1);
    expect(host.open('kill')).toEqual([]);
  });

  test('come from the connection that the actor knows, and from nobody else', () => {
    const host = new StagedAutohost().ready().running();
    expect(host.from('g9#a/1', 'update', { updates: [] }).refuse).toBe('unknown_connection');
    expect(host.by('player/7', 'update', { updates: [] }).refuse).toBe('unauthorized');
  });
});

describe('a match that is slow', () => {
  test('is sent one bundle at a time: what comes meanwhile goes together with the next', () => {
    const host = new StagedAutohost().ready().running();
    const first = host.update(1, 'start').sends[0]!;
    expect(host.update(2, 'player_joined', BATTLE, { userId: '1', playerNumber: 0 }).sends).toEqual([]);
    expect(host.update(3, 'player_defeated', BATTLE, { userId: '1' }).sends).toEqual([]);
    const second = host.answer(first, { value: null });
    expect(newsOf(second)).toEqual(['player_joined', 'player_defeated']);
    expect(host.answer(second.sends[0]!, { value: null }).sends).toEqual([]);
    expect(newsOf(host.update(4, 'engine_quit'))).toEqual(['engine_quit']);
  });

  test('stops the autohost in the end: nothing is taken, and nothing counts as heard', () => {
    const host = new StagedAutohost({ newsQueuedMax: 2 }).ready().running();
    for (const offset of [1, 2, 3]) host.update(offset, 'start');
    expect(host.update(4, 'engine_quit').refuse).toBe('busy');
    expect(host.state.since).toBe(host.time(3));
  });

  test('that wants nothing of it is left alone', () => {
    const host = new StagedAutohost().ready().running();
    host.answer(host.update(1, 'start').sends[0]!, { reason: 'unauthorized' });
    expect(host.update(2, 'engine_quit').sends).toEqual([]);
  });
});

test('a battle that was given up is killed when it shows up', () => {
  const host = new StagedAutohost().ready().running();
  host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
  host.pass(600_000);
  host.ready('g2#a/1', { currentBattles: 1 });
  host.update(601_000_000, 'player_defeated', BATTLE, { userId: '42' });
  expect(host.open('kill').map(({ data }) => data)).toEqual([{ battleId: BATTLE }]);
});
