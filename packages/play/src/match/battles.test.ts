// Whole battles: a lobby's players, the index, autohosts, matches, storage.
import { describe, expect, test } from '@jest/globals';
import { MATCH_DEFAULTS } from './options.js';
import { BattleTown } from './testdata/battle-town.js';

const WINDOW_MS = 600_000;

async function begun() {
  const world = new BattleTown();
  const host = await world.host('7').connect();
  const lobby = await world.lobby();
  for (const user of ['1', '2', '3']) world.said(user);
  const request = world.ofLobby(lobby, '1', 'startBattle');
  await world.settle(200);
  expect(world.replies.get(request)).toBe('ok');
  const [battleId] = [...host.scripts.keys()];
  return { world, host, lobby, battleId: battleId! };
}

const phase = (world: BattleTown, battleId: string) => world.state<{ phase: string }>('match', battleId).phase;
const currentBattle = (world: BattleTown, lobby: string) =>
  world.state<{ lobby: { details: { currentBattle?: { id: string } } } }>('lobby', lobby).lobby.details.currentBattle;

describe('a battle', () => {
  test('is played: all are told to start, hear how it ended, and storage has it', async () => {
    const { world, host, lobby, battleId } = await begun();
    for (const user of ['1', '2', '3']) expect(world.said(user)).toEqual(['battle/start']);
    expect(currentBattle(world, lobby)?.id).toBe(battleId);
    expect(host.scripts.get(battleId)).toMatchObject({
      allyTeams: [
        { teams: [{ players: [{ userId: '1', name: 'ann' }] }], startBox: { left: 0, right: 0.5 } },
        { teams: [{ players: [{ userId: '2', name: 'bob' }] }], startBox: { left: 0.5, right: 1 } },
      ],
      spectators: [{ userId: '3', name: 'eve' }],
    });
    host.happens(battleId, 'start');
    host.happens(battleId, 'finished', { userId: '1', winningAllyTeams: [1] });
    host.happens(battleId, 'engine_quit');
    await world.settle(200);
    for (const user of ['1', '2', '3']) expect(world.said(user)).toEqual(['battle/ended']);
    expect(currentBattle(world, lobby)).toBeUndefined();
    expect(await world.town.storage.battles.byId(battleId)).toMatchObject({
      hostId: '7',
      how: 'quit',
      winningAllyTeams: ['1'],
      players: [{ userId: '1' }, { userId: '2' }, { userId: '3', allyTeam: null }],
    });
  });

  test('outlives its node: what the engine said is heard once, before and after', async () => {
    const { world, host, battleId } = await begun();
    for (const user of ['1', '2', '3']) world.said(user);
    host.happens(battleId, 'start');
    host.happens(battleId, 'finished', { userId: '1', winningAllyTeams: [0] });
    await world.settle();
    await world.nodeDies();
    expect(phase(world, battleId)).toBe('running');
    host.happens(battleId, 'finished', { userId: '2', winningAllyTeams: [0] });
    await world.settle();
    expect(world.state<{ votes: unknown[] }>('match', battleId).votes).toHaveLength(2);
    host.happens(battleId, 'engine_quit');
    await world.settle(2_000);
    for (const user of ['1', '2', '3']) expect(world.said(user)).toEqual(['battle/ended']);
    expect(await world.town.storage.battles.byId(battleId)).toMatchObject({ winningAllyTeams: ['0'] });
  });

  test('outlives its autohost’s connection: what happened meanwhile is replayed, and nothing twice', async () => {
    const { world, host, battleId } = await begun();
    for (const user of ['1', '2', '3']) world.said(user);
    host.happens(battleId, 'start');
    await world.settle();
    await host.cut();
    host.happens(battleId, 'finished', { userId: '1', winningAllyTeams: [1] });
    await world.settle(WINDOW_MS / 2);
    expect(phase(world, battleId)).toBe('running');
    await host.connect();
    expect(world.state<{ votes: unknown[] }>('match', battleId).votes).toHaveLength(1);
    await host.cut();
    host.happens(battleId, 'engine_quit');
    await host.connect();
    await world.settle(200);
    for (const user of ['1', '2', '3']) expect(world.said(user)).toEqual(['battle/ended']);
    expect(await world.town.storage.battles.byId(battleId)).toMatchObject({ how: 'quit', winningAllyTeams: ['1'] });
  });

  test('outlives both at once', async () => {
    const { world, host, battleId } = await begun();
    await host.cut();
    host.happens(battleId, 'engine_crash', { details: 'segfault' });
    await world.nodeDies();
    await host.connect();
    await world.settle(2_000);
    expect(await world.town.storage.battles.byId(battleId)).toMatchObject({ how: 'crashed', winningAllyTeams: [] });
  });

  test('is over when its autohost stays away for longer than it keeps updates', async () => {
    const { world, host, lobby, battleId } = await begun();
    await host.cut();
    await world.settle(WINDOW_MS + 1_000);
    expect(await world.town.storage.battles.byId(battleId)).toMatchObject({ how: 'host_lost' });
    expect(currentBattle(world, lobby)).toBeUndefined();
    // It comes back with the engine still running: nobody's any more.
    await host.connect();
    host.happens(battleId, 'player_defeated', { userId: '1' });
    await world.settle();
    expect(host.asked).toContain('autohost/kill');
  });

  test('keeps its result while storage is away', async () => {
    const { world, host, battleId } = await begun();
    world.town.storageDown = true;
    host.happens(battleId, 'engine_quit');
    await world.settle(5_000);
    for (const user of ['1', '2', '3']) expect(world.said(user)).toContain('battle/ended');
    await world.settle(2 * MATCH_DEFAULTS.keepEndedMs);
    expect(phase(world, battleId)).toBe('ended');
    world.town.storageDown = false;
    await world.settle(5_000);
    expect(await world.town.storage.battles.byId(battleId)).toMatchObject({ how: 'quit' });
  });
});

describe('a host', () => {
  test('that refuses is not the last one: another takes the battle', async () => {
    const world = new BattleTown();
    const bad = await world.host('7', { refuses: 'engine_version_not_available' }).connect();
    const good = await world.host('8').connect();
    const lobby = await world.lobby();
    const request = world.ofLobby(lobby, '1', 'startBattle');
    await world.settle(200);
    expect(world.replies.get(request)).toBe('ok');
    expect([bad.scripts.size, good.scripts.size]).toEqual([0, 1]);
  });

  test('that says nothing is given up in time, and killed should it say so later', async () => {
    const world = new BattleTown();
    await world.host('7', { isSilent: true }).connect();
    const good = await world.host('8').connect();
    const lobby = await world.lobby();
    world.ofLobby(lobby, '1', 'startBattle');
    await world.settle(25_000);
    expect(good.scripts.size).toBe(1);
    expect(currentBattle(world, lobby)?.id).toBe([...good.scripts.keys()][0]);
  });

  test('is missing: whoever wanted to start reads so, and may try again', async () => {
    const world = new BattleTown();
    const lobby = await world.lobby();
    const first = world.ofLobby(lobby, '1', 'startBattle');
    await world.settle(8_000);
    expect(world.replies.get(first)).toBe('no autohost has room');
    await world.host('7').connect();
    const second = world.ofLobby(lobby, '1', 'startBattle');
    await world.settle(200);
    expect(world.replies.get(second)).toBe('ok');
  });
});

test('who comes while a battle runs gets in to watch', async () => {
  const { world, host, lobby, battleId } = await begun();
  for (const user of ['1', '2', '3']) world.said(user);
  world.ofLobby(lobby, '3', 'joinBattle');
  await world.settle(200);
  expect(world.said('3')).toEqual(['battle/start']);
  expect(host.asked).not.toContain('autohost/addPlayer');
  host.happens(battleId, 'engine_quit');
  await world.settle(200);
  const late = world.ofLobby(lobby, '3', 'joinBattle');
  await world.settle();
  expect(world.replies.get(late)).toBe('no_battle');
});
