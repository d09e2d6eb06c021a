import { describe, expect, test } from '@jest/globals';
import type { Adopted } from '@muster/runtime';
import { ActorStage, sent } from '../testdata/actor-stage.js';
import type { AutohostPoolCommands, PickReply, PoolReport } from './contract.js';
import { AUTOHOST_DEFAULTS } from './options.js';
import { autohostPoolKind, type PoolEvents, type PoolState } from './pool.js';
import { ENGINE, StagedAutohost } from './testdata/staged-autohost.js';

class Pool extends ActorStage<PoolState, AutohostPoolCommands, PoolEvents> {
  constructor() {
    super(autohostPoolKind(), 'eu');
  }

  report(id: string, changes: Partial<PoolReport> = {}) {
    const data = { connected: true, maxBattles: 4, battles: 0, engines: [ENGINE], ...changes };
    return this.by(`autohost/${id}`, 'report', data);
  }

  pick(not: readonly string[] = [], engine = ENGINE): PickReply {
    return this.by('match/1', 'pick', { engine, not }).reply as PickReply;
  }
}

describe('the index picks', () => {
  test('whoever has the smallest part of its room in use', () => {
    const pool = new Pool();
    pool.report('a', { maxBattles: 4, battles: 2 });
    pool.report('b', { maxBattles: 10, battles: 3 });
    expect(pool.pick()).toEqual({ autohost: 'b' });
  });

  test('another one for the next, though nothing was reported meanwhile', () => {
    const pool = new Pool();
    pool.report('a', { maxBattles: 2 });
    pool.report('b', { maxBattles: 2 });
    expect([pool.pick(), pool.pick(), pool.pick(), pool.pick()].map(({ autohost }) => autohost)).toEqual([
      'a',
      'b',
      'a',
      'b',
    ]);
    expect(pool.pick()).toMatchObject({ autohost: null, why: 'no_autohost' });
  });

  test('none that has refused already', () => {
    const pool = new Pool();
    pool.report('a');
    pool.report('b', { battles: 3 });
    expect(pool.pick(['a'])).toEqual({ autohost: 'b' });
    expect(pool.pick(['a', 'b'])).toMatchObject({ autohost: null });
  });

  test('none without the engine, and says so', () => {
    const pool = new Pool();
    pool.report('a');
    expect(pool.pick([], 'other')).toEqual({ autohost: null, why: 'no_engine', young: false });
  });

  test('none that is gone, by its word or its silence, or that wants no more', () => {
    const pool = new Pool();
    pool.report('a');
    pool.report('a', { connected: false });
    pool.report('b', { maxBattles: 0, battles: 2 });
    expect(pool.pick()).toMatchObject({ autohost: null });
    pool.report('c');
    pool.now += AUTOHOST_DEFAULTS.reportKeepMs + 1;
    expect(pool.pick()).toEqual({ autohost: null, why: 'no_autohost', young: false });
  });
});

test('an empty index is known to be empty; one that goes on elsewhere says for a while that it may not know all', () => {
  const pool = new Pool();
  expect(pool.pick()).toMatchObject({ autohost: null, young: false });
  pool.report('a');
  pool.internal('adopted', { mayLack: false } as Adopted);
  expect(pool.pick()).toEqual({ autohost: 'a' });
  expect(pool.pick(['a'])).toMatchObject({ autohost: null, young: true });
  pool.now += AUTOHOST_DEFAULTS.reportMs + 1;
  expect(pool.pick(['a'])).toMatchObject({ autohost: null, young: false });
});

test('a report that says nothing new is written every other time, so that nobody is forgotten who reports', () => {
  const pool = new Pool();
  let written = 0;
  for (let n = 0; n < 12; n += 1) {
    const before = pool.state.autohosts.a?.at;
    pool.report('a');
    if (pool.state.autohosts.a?.at !== before) written += 1;
    pool.now += AUTOHOST_DEFAULTS.reportMs;
    // Known, though it has not this engine.
    expect(pool.pick([], 'other')).toMatchObject({ why: 'no_engine' });
  }
  expect(written).toBe(6);
});

test('only autohosts report', () => {
  const pool = new Pool();
  const data = { connected: true, maxBattles: 4, battles: 0, engines: [ENGINE] };
  expect(pool.by('player/1', 'report', data).refuse).toBe('unauthorized');
});

describe('an autohost reports', () => {
  const reportOf = (
    turns: readonly { readonly sends: readonly { readonly command: string; readonly data: unknown }[] }[],
  ) => turns.flatMap(({ sends }) => sends).filter(({ command }) => command === 'report');

  test('when it is ready, when a battle starts, and from time to time', () => {
    const host = new StagedAutohost();
    host.attach('g1#a/1');
    const ready = host.from('g1#a/1', 'status', { maxBattles: 4, currentBattles: 0, availableEngines: [ENGINE] });
    expect(sent(ready)).toEqual(['autohost-pool/eu report']);
    expect(ready.sends[0]!.data).toEqual({ connected: true, maxBattles: 4, battles: 0, engines: [ENGINE] });
    expect(host.answer(ready.sends[0]!, { value: null }).sends).toEqual([]);
    expect(reportOf(host.pass(AUTOHOST_DEFAULTS.reportMs))).toHaveLength(1);
  });

  test('one thing at a time: what changed meanwhile is said when the index has heard', () => {
    const host = new StagedAutohost();
    host.attach('g1#a/1');
    const first = host.from('g1#a/1', 'status', { maxBattles: 4, currentBattles: 0, availableEngines: [ENGINE] });
    const second = host.from('g1#a/1', 'status', { maxBattles: 4, currentBattles: 2, availableEngines: [ENGINE] });
    expect(second.sends).toEqual([]);
    const again = host.answer(first.sends[0]!, { value: null });
    expect(again.sends[0]!.data).toMatchObject({ battles: 2 });
  });

  test('that it is gone', () => {
    const host = new StagedAutohost().ready();
    host.answer(
      {
        to: { kind: 'autohost-pool', id: 'eu' },
        command: 'report',
        data: null,
        answer: 'reported',
        context: { connected: true, maxBattles: 4, battles: 0, engines: [ENGINE] },
      },
      { value: null },
    );
    const lost = host.from('g1#a/1', 'detach', { session: 'g1#a/1' });
    expect(lost.sends.map(({ data }) => data)).toEqual([expect.objectContaining({ connected: false })]);
    expect(reportOf(host.pass(60_000))).toEqual([]);
  });
});
