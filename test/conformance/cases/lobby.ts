import { isDeepStrictEqual } from 'node:util';
import type { Peer } from '../peer.js';
import type { Stage } from '../stage.js';
import { type Case, story } from './case.js';

type Details = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly players: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly spectators: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

const BOX = { top: 0, bottom: 1, left: 0, right: 0.25 };

/** Ally teams with room for so many each. */
export function allyTeams(...rooms: readonly number[]) {
  return rooms.map((maxTeams) => ({
    maxTeams,
    startBox: BOX,
    teams: Array.from({ length: maxTeams }, () => ({ maxPlayers: 1 })),
  }));
}

const SETTINGS = { name: 'All welcome', mapName: 'Comet', allyTeamConfig: allyTeams(1, 1), areBossesEnabled: false };

/** The first opens it, the others come in; all have heard of all. */
export async function lobbyOf(stage: Stage, names: readonly string[], settings: object = {}) {
  const peers: Peer[] = [];
  for (const name of names) peers.push(await stage.player(name));
  const [first, ...others] = peers;
  const { id } = await first!.ok<Details>('lobby/create', { ...SETTINGS, ...settings });
  const inside = [first!];
  for (const peer of others) {
    await peer.ok('lobby/join', { id });
    await allHear(inside, { spectators: { [peer.userId]: { id: peer.userId } } });
    inside.push(peer);
  }
  return { id, peers };
}

/** The next thing that each of them hears is exactly this change. */
export async function allHear(peers: readonly Peer[], change: object): Promise<void> {
  for (const peer of peers) {
    const { id: _, eventNumber: __, ...rest } = await peer.hears<Record<string, unknown>>('lobby/updated');
    if (!isDeepStrictEqual(rest, change))
      throw new Error(`${peer.name} should hear ${JSON.stringify(change)}, not ${JSON.stringify(rest)}`);
  }
}

/** The next thing that each of them hears has these in it. @returns what the first one heard */
export async function allHearOf(
  peers: readonly Peer[],
  ...fields: readonly string[]
): Promise<Record<string, unknown>> {
  const heard: Record<string, unknown>[] = [];
  for (const peer of peers) heard.push(await peer.hears<Record<string, unknown>>('lobby/updated'));
  for (const one of heard)
    if (fields.some((field) => !(field in one))) throw new Error(`${fields.join()} is missing: ${JSON.stringify(one)}`);
  return heard[0]!;
}

export function equals(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${JSON.stringify(actual)} should be ${JSON.stringify(expected)}`);
}

function seat(peer: Peer, allyTeam: string) {
  const status = { isReady: false, assetStatus: 'complete' };
  return { [peer.userId]: { id: peer.userId, allyTeam, team: '0', player: '0', ...status } };
}

const OUTSIDE: readonly (readonly [string, object?])[] = [
  ['lobby/joinAllyTeam', { allyTeam: '0' }],
  ['lobby/spectate'],
  ['lobby/joinQueue'],
  ['lobby/updateClientStatus', { isReady: true }],
  ['lobby/addBot', { allyTeam: '0', shortName: 'BARb' }],
  ['lobby/updateBot', { id: 'bot-1' }],
  ['lobby/removeBot', { id: 'bot-1' }],
  ['lobby/joinBattle'],
];
const OUTSIDE_INVALID: readonly (readonly [string, object?])[] = [
  ['lobby/startBattle'],
  ['lobby/update', { name: 'x' }],
  ['lobby/appointBoss', { userId: '1' }],
  ['lobby/unboss', {}],
  ['lobby/kickban', { userId: '1' }],
  ['lobby/voteSubmit', { id: 'vote-1', vote: 'yes' }],
];

const COMING_AND_GOING: readonly Case[] = [
  story('who creates a lobby is its first player, and its boss where there are bosses', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    const details = await ann.ok<Details>('lobby/create', { ...SETTINGS, tags: { noob: {} } });
    equals([details.players, details.bosses, details.tags], [seat(ann, '0'), {}, { noob: {} }]);
    const { areBossesEnabled: _, ...settings } = SETTINGS;
    equals((await bob.ok<Details>('lobby/create', settings)).bosses, { [bob.userId]: {} });
    await bob.fails('invalid_request', 'lobby/create', settings);
  }),

  story('who joins is answered with everything and hears nothing of its own coming; the others do', async (stage) => {
    const { id, peers } = await lobbyOf(stage, ['ann', 'bob']);
    const [ann, bob] = peers as [Peer, Peer];
    const again = await bob.ok<Details>('lobby/join', { id });
    equals([again.players, again.spectators], [seat(ann, '0'), { [bob.userId]: { id: bob.userId } }]);
    const eve = await stage.player('eve');
    await eve.fails('invalid_request', 'lobby/join', { id: 'no-such-lobby' });
    await eve.ok('lobby/create', SETTINGS);
    await eve.fails('invalid_request', 'lobby/join', { id });
  }),

  story(
    'a lobby with as many game options as it may have is opened, and whoever enters gets all of them',
    async (stage) => {
      const [ann, bob] = await stage.players('ann', 'bob');
      const option = { value: 'v'.repeat(124) };
      const gameOptions = Object.fromEntries(Array.from({ length: 512 }, (_, n) => [`o${n}`, option]));
      const { id } = await ann.ok<Details>('lobby/create', { ...SETTINGS, gameOptions });
      equals((await bob.ok<Details>('lobby/join', { id })).gameOptions, gameOptions);
      await allHear([ann], { spectators: { [bob.userId]: { id: bob.userId } } });
    },
  ),

  story(
    'who leaves is answered, also who was outside, the others hear of it; the last one to go closes the lobby',
    async (stage) => {
      const { id, peers } = await lobbyOf(stage, ['ann', 'bob']);
      const [ann, bob] = peers as [Peer, Peer];
      await ann.ok('lobby/leave');
      await allHear([bob], { players: { [ann.userId]: null } });
      await bob.ok('lobby/leave');
      await bob.ok('lobby/leave');
      await ann.fails('invalid_request', 'lobby/join', { id });
    },
  ),

  story('a lobby that is full takes nobody', async (stage) => {
    const { id } = await lobbyOf(stage, ['ann', 'bob', 'cid', 'dan']);
    await (await stage.player('eve')).fails('lobby_full', 'lobby/join', { id });
  }),

  story('who lost the connection finds its lobby in user/self, and its state by joining again', async (stage) => {
    const { id, peers } = await lobbyOf(stage, ['ann', 'bob']);
    const [ann, bob] = peers as [Peer, Peer];
    bob.drop();
    await ann.ok('lobby/update', { name: 'Renamed' });
    await allHear([ann], { name: 'Renamed' });
    await bob.enter();
    equals(bob.self!.user.currentLobby, id);
    equals((await bob.ok<Details>('lobby/join', { id })).name, 'Renamed');
    await bob.ok('lobby/joinQueue');
    await allHear([ann, bob], { players: seat(bob, '1'), spectators: { [bob.userId]: null } });
  }),

  story('who signs out leaves', async (stage) => {
    const { peers } = await lobbyOf(stage, ['ann', 'bob']);
    const [ann, bob] = peers as [Peer, Peer];
    await bob.ok('system/disconnect');
    await bob.ended();
    await allHear([ann], { spectators: { [bob.userId]: null } });
  }),

  story('of whoever is in no lobby nothing can be done there', async (stage) => {
    const ann = await stage.player('ann');
    for (const [commandId, data] of OUTSIDE) await ann.fails('not_in_lobby', commandId, data);
    for (const [commandId, data] of OUTSIDE_INVALID) await ann.fails('invalid_request', commandId, data);
  }),

  story('requests that were sent in one breath with lobby/join are done there, in their order', async (stage) => {
    const { id, peers } = await lobbyOf(stage, ['ann']);
    const bob = await stage.player('bob');
    const sent = [bob.send('lobby/join', { id }), bob.send('lobby/joinAllyTeam', { allyTeam: '1' })];
    equals((await bob.answered(sent[0]!)).status, 'success');
    equals((await bob.answered(sent[1]!)).status, 'success');
    await allHear(peers, { spectators: { [bob.userId]: { id: bob.userId } } });
    await allHear([...peers, bob], { players: seat(bob, '1'), spectators: { [bob.userId]: null } });
  }),
];

const PLACES: readonly Case[] = [
  story('places are taken, given up and waited for; every member hears of it', async (stage) => {
    const { peers } = await lobbyOf(stage, ['ann', 'bob', 'cid']);
    const [ann, bob, cid] = peers as [Peer, Peer, Peer];
    await bob.fails('ally_team_full', 'lobby/joinAllyTeam', { allyTeam: '0' });
    await bob.fails('invalid_request', 'lobby/joinAllyTeam', { allyTeam: '2' });
    await bob.ok('lobby/joinAllyTeam', { allyTeam: '1' });
    await allHear(peers, { players: seat(bob, '1'), spectators: { [bob.userId]: null } });
    await cid.ok('lobby/joinQueue');
    await allHear(peers, { spectators: { [cid.userId]: { id: cid.userId, joinQueuePosition: 1 } } });
    await ann.ok('lobby/spectate');
    await allHear(peers, {
      players: { [ann.userId]: null, ...seat(cid, '0') },
      spectators: { [ann.userId]: { id: ann.userId }, [cid.userId]: null },
    });
    await cid.ok('lobby/spectate');
    await allHearOf(peers, 'players', 'spectators');
    await cid.ok('lobby/spectate');
  }),

  story('a player tells its status, and is told of it, changed or not', async (stage) => {
    const { peers } = await lobbyOf(stage, ['ann', 'bob']);
    const [ann, bob] = peers as [Peer, Peer];
    const status = { isReady: true, assetStatus: 'downloading' };
    for (let time = 0; time < 2; time += 1) {
      await ann.ok('lobby/updateClientStatus', status);
      await allHear(peers, { players: { [ann.userId]: { id: ann.userId, ...status } } });
    }
    await bob.fails('not_a_player', 'lobby/updateClientStatus', status);
  }),

  story('a bot is added, changed and removed', async (stage) => {
    const { peers } = await lobbyOf(stage, ['ann', 'bob']);
    const [ann, bob] = peers as [Peer, Peer];
    const ai = { shortName: 'BARb', name: 'Barb', version: 'stable', options: { profile: 'hard' } };
    const { id } = await ann.ok<{ id: string }>('lobby/addBot', { allyTeam: '1', ...ai });
    const seatOfBot = { allyTeam: '1', team: '0', player: '0' };
    await allHear(peers, { bots: { [id]: { id, hostUserId: ann.userId, ...seatOfBot, ...ai } } });
    await bob.fails('ally_team_full', 'lobby/addBot', { allyTeam: '1', shortName: 'BARb' });
    await bob.ok('lobby/updateBot', { id, version: null, options: { profile: null, speed: '2' } });
    await allHear(peers, { bots: { [id]: { id, version: null, options: { profile: null, speed: '2' } } } });
    await ann.fails('invalid_bot', 'lobby/updateBot', { id: 'bot-99' });
    await ann.fails('invalid_bot', 'lobby/removeBot', { id: 'bot-99' });
    await ann.ok('lobby/removeBot', { id });
    await allHear(peers, { bots: { [id]: null } });
  }),

  story('who leaves takes its bots with it, and who waits longest moves up', async (stage) => {
    const { peers } = await lobbyOf(stage, ['ann', 'bob', 'cid']);
    const [ann, bob, cid] = peers as [Peer, Peer, Peer];
    const { id } = await ann.ok<{ id: string }>('lobby/addBot', { allyTeam: '1', shortName: 'BARb' });
    await allHearOf(peers, 'bots');
    for (const peer of [bob, cid]) {
      await peer.ok('lobby/joinQueue');
      await allHearOf(peers, 'spectators');
    }
    await ann.ok('lobby/leave');
    // One place was its own, the other its bot's.
    for (const peer of [bob, cid]) {
      const { players, bots, spectators } = await peer.hears<Record<string, Record<string, unknown>>>('lobby/updated');
      equals([bots, spectators], [{ [id]: null }, { [bob.userId]: null, [cid.userId]: null }]);
      equals(Object.keys(players!).sort(), [ann, bob, cid].map(({ userId }) => userId).sort());
      equals(players![ann.userId], null);
    }
  }),

  story('a player who asks for the queue changes places with whoever waits longest', async (stage) => {
    const { peers } = await lobbyOf(stage, ['ann', 'bob'], { allyTeamConfig: allyTeams(1) });
    const [ann, bob] = peers as [Peer, Peer];
    await bob.ok('lobby/joinQueue');
    await allHear(peers, { spectators: { [bob.userId]: { id: bob.userId, joinQueuePosition: 1 } } });
    await ann.ok('lobby/joinQueue');
    const told = await allHearOf(peers, 'players', 'spectators');
    equals(told.players, { [ann.userId]: null, ...seat(bob, '0') });
    await bob.ok('lobby/update', { allyTeamConfig: allyTeams(1, 1) });
    // There is room for who waits.
    equals(Object.keys((await allHearOf(peers, 'players')).players as object), [ann.userId]);
  }),

  story('settings change at once and all together, or not at all', async (stage) => {
    const { peers } = await lobbyOf(stage, ['ann', 'bob']);
    const [ann, bob] = peers as [Peer, Peer];
    await bob.ok('lobby/update', { name: 'Mine', gameOptions: { a: { value: 'b' } }, tags: { noob: {} } });
    await allHear(peers, { name: 'Mine', gameOptions: { a: { value: 'b' } }, tags: { noob: {} } });
    await bob.fails('invalid_request', 'lobby/update', { name: 'Other', mapName: 'Quicksilver' });
    await ann.ok('lobby/update', { mapName: 'Quicksilver', tags: { noob: null } });
    await allHear(peers, { mapName: 'Quicksilver', tags: { noob: null } });
    await ann.ok('lobby/update', { allyTeamConfig: allyTeams(1) });
    await allHear(peers, { allyTeamConfig: { 1: null } });
  }),
];

export const LOBBY_CASES: readonly Case[] = [...COMING_AND_GOING, ...PLACES];
