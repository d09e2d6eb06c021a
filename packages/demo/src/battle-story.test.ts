import { describe, expect, test } from '@jest/globals';
import { SeededRandom, VirtualClock } from '@muster/ports';
import type { BattleUpdate } from '@muster/tachyon';
import { type Beat, battleStory, play, sidesOf } from './battle-story.js';
import { FakeEngine } from './fake-engine.js';

const member = (userId: string) => ({ userId, name: `n${userId}`, password: `p${userId}` });
const script = {
  battleId: 'b1',
  engineVersion: 'e',
  allyTeams: [
    { teams: [{ players: [member('1')] }, { players: [member('2')] }] },
    { teams: [{ players: [member('3')] }] },
  ],
};

describe('battleStory', () => {
  test('one seed gives one story, another another', () => {
    const sides = sidesOf(script);
    expect(sides).toEqual([['1', '2'], ['3']]);
    const story = (seed: number) => JSON.stringify(battleStory(sides, 60_000, new SeededRandom(seed)));
    expect(story(1)).toBe(story(1));
    expect(new Set(Array.from({ length: 20 }, (_, seed) => story(seed))).size).toBeGreaterThan(15);
  });

  test('whatever the seed: it begins first, ends with a winner and the engine’s end, only losers are defeated, and who leaves comes back', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const beats = battleStory([['1', '2'], ['3'], []], 60_000, new SeededRandom(seed));
      expect(beats.map(({ at }) => at)).toEqual([...beats.map(({ at }) => at)].sort((a, b) => a - b));
      const what = beats.map((beat) => beat.what);
      expect(what[0]).toBe('begin');
      expect(what.slice(-2)).toEqual(['finish', 'quit']);
      const { winner } = beats.at(-2) as Beat & { readonly winner: number };
      const defeated = beats.flatMap((beat) => (beat.what === 'defeat' ? [beat.userId] : [])).sort();
      expect(defeated).toEqual([['3'], ['1', '2'], ['1', '2', '3']][winner]);
      const away = (kind: 'leave' | 'return') => beats.flatMap((beat) => (beat.what === kind ? [beat.userId] : []));
      expect(away('return')).toEqual(away('leave'));
    }
  });
});

/** An engine whose story is played, and all that its autohost heard. */
function stage(beats: readonly Beat[]) {
  const clock = new VirtualClock();
  const updates: BattleUpdate[] = [];
  const told: string[] = [];
  const engine = new FakeEngine(script, 20_000, (update) => updates.push(update));
  const end = play(engine, beats, { clock, told: ({ what }) => told.push(what) });
  return { clock, engine, updates, told, end };
}

describe('play', () => {
  const beats: readonly Beat[] = [
    { at: 10, what: 'begin' },
    { at: 20, what: 'say', userId: '3', message: 'gl' },
    { at: 30, what: 'leave', userId: '1' },
    { at: 40, what: 'return', userId: '1' },
    { at: 50, what: 'return', userId: '2' },
    { at: 60, what: 'finish', winner: 1 },
    { at: 70, what: 'quit' },
  ];

  test('only who is there acts: who never came says nothing, comes back from nowhere and has no word on who has won', async () => {
    const { clock, engine, updates, told } = stage(beats);
    engine.join('1', 'p1');
    await clock.advance(100);
    expect(updates).toEqual([
      { type: 'player_joined', userId: '1', playerNumber: 0 },
      { type: 'start' },
      { type: 'player_left', userId: '1', reason: 'lost_connection' },
      { type: 'player_joined', userId: '1', playerNumber: 0 },
      { type: 'finished', userId: '1', winningAllyTeams: [1] },
      { type: 'engine_quit' },
    ]);
    expect(told).toEqual(['begin', 'leave', 'return', 'finish', 'quit']);
  });

  test('an engine that was killed plays on no more', async () => {
    const { clock, engine, updates } = stage(beats);
    await clock.advance(15);
    engine.quit();
    await clock.advance(100);
    expect(updates).toEqual([{ type: 'start' }, { type: 'engine_quit' }]);
  });

  test('a story that is ended leaves its engine as it is', async () => {
    const { clock, engine, updates, end } = stage(beats);
    await clock.advance(15);
    end();
    await clock.advance(100);
    expect([engine.running, updates]).toEqual([true, [{ type: 'start' }]]);
  });
});
