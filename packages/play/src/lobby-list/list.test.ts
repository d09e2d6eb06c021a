import { expect, test } from '@jest/globals';
import { MemoryMetrics } from '@muster/ports';
import type { LobbyOverview } from '@muster/tachyon';
import { ActorStage } from '../testdata/actor-stage.js';
import { listPartOf, listParts } from './contract.js';
import { lobbyListKind } from './list.js';

const metrics = new MemoryMetrics();

function overview(name: string, playerCount = 1): LobbyOverview {
  const versions = { mapName: 'Comet', engineVersion: '1', gameVersion: 'g' };
  return { id: 'l1', name, playerCount, maxPlayerCount: 4, ...versions, currentBattle: null };
}

function list() {
  return new ActorStage(lobbyListKind(metrics, { lobbiesMax: 2 }), '0');
}

test('every lobby has one part of the list', () => {
  expect(listParts()).toHaveLength(16);
  const parts = new Set(Array.from({ length: 300 }, (_, i) => listPartOf(`lobby-${i}`).id));
  expect([...parts].sort()).toEqual([...listParts()].map(({ id }) => id).sort());
});

test('a line that says something new is told, one that says the same is not', () => {
  const stage = list();
  expect(stage.by('lobby/l1', 'listed', { overview: overview('A') }).published).toEqual([
    { topic: 'list', name: 'changed', data: { l1: overview('A') } },
  ]);
  expect(stage.by('lobby/l1', 'listed', { overview: overview('A') }).published).toEqual([]);
  expect(stage.by('lobby/l1', 'listed', { overview: overview('A', 2) }).published).toHaveLength(1);
  expect(stage.snapshot('list')).toEqual({ l1: overview('A', 2) });
});

test('a lobby that closes is gone at once, one that is not heard of any more after thirty seconds', () => {
  const stage = list();
  stage.by('lobby/l1', 'listed', { overview: overview('A') });
  stage.by('lobby/l2', 'listed', { overview: overview('B') });
  expect(stage.by('lobby/l1', 'listed', { overview: null }).published[0]!.data).toEqual({ l1: null });
  expect(stage.by('lobby/l1', 'listed', { overview: null }).published).toEqual([]);
  stage.pass(30_000);
  expect(stage.snapshot('list')).toEqual({ l2: overview('B') });
  expect(stage.pass(5_000).flatMap(({ published }) => published.map(({ data }) => data))).toEqual([{ l2: null }]);
  expect([stage.kind.blank!(stage.state), stage.timers.size]).toEqual([true, 0]);
});

test('a lobby that repeats its line stays', () => {
  const stage = list();
  for (let i = 0; i < 10; i += 1) {
    stage.by('lobby/l1', 'listed', { overview: overview('A') });
    stage.pass(10_000);
  }
  expect(stage.snapshot('list')).toEqual({ l1: overview('A') });
});

test('lines that it has no room for are counted, and only lobbies speak for lobbies', () => {
  const stage = list();
  for (const id of ['l1', 'l2', 'l3']) stage.by(`lobby/${id}`, 'listed', { overview: overview(id) });
  expect(Object.keys(stage.snapshot('list') as object)).toEqual(['l1', 'l2']);
  expect(metrics.value('muster_play_lobbies_unlisted_total')).toBe(1);
  expect(stage.by('player/l1', 'listed', { overview: null }).refuse).toBe('unauthorized');
});
