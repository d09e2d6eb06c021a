import type { Peer } from '../peer.js';
import type { Stage } from '../stage.js';
import { type Case, story } from './case.js';

const BOX = { top: 0, bottom: 1, left: 0, right: 0.25 };
const SETTINGS = {
  name: 'Friends only',
  mapName: 'Comet',
  allyTeamConfig: [{ maxTeams: 2, startBox: BOX, teams: [{ maxPlayers: 1 }, { maxPlayers: 1 }] }],
};

type Opened = { readonly token: string; readonly lobby: { readonly id: string; readonly isPrivate: boolean } };

async function friends<N extends readonly string[]>(stage: Stage, ...names: N): Promise<{ [K in keyof N]: Peer }> {
  const peers: Peer[] = [];
  for (const name of names) peers.push(await stage.player(name, 'v0.muster'));
  return peers as { [K in keyof N]: Peer };
}

export const PRIVATE_LOBBY_CASES: readonly Case[] = [
  story('a private lobby is entered with its token or its password, and with nothing else', async (stage) => {
    const [ann, bob, cid, dan] = await friends(stage, 'ann', 'bob', 'cid', 'dan');
    const { token, lobby } = await ann.ok<Opened>('lobby/createPrivate', { ...SETTINGS, password: 'swordfish' });
    const { id } = lobby;
    if (!lobby.isPrivate) throw new Error(JSON.stringify(lobby));
    await bob.fails('unauthorized', 'lobby/join', { id });
    await bob.fails('unauthorized', 'lobby/joinPrivate', { token: `${id}.wrong` });
    await bob.fails('unauthorized', 'lobby/joinPrivate', { id, password: 'wrong' });
    await bob.ok('lobby/joinPrivate', { token });
    await ann.hears('lobby/updated');
    await cid.ok('lobby/joinPrivate', { id, password: 'swordfish' });
    for (const peer of [ann, bob]) await peer.hears('lobby/updated');
    const said = await cid.ok<{ token: string }>('lobby/token');
    if (said.token !== token) throw new Error(said.token);
    await dan.ok('lobby/joinPrivate', { token });
    for (const peer of [ann, bob, cid]) await peer.hears('lobby/updated');
    const [eve] = await friends(stage, 'eve');
    await eve.fails('lobby_full', 'lobby/joinPrivate', { token });
    await ann.ok('lobby/kickban', { userId: dan.userId, banUntil: 4_000_000_000_000_000 });
    await dan.hears('lobby/left');
    for (const peer of [ann, bob, cid]) await peer.hears('lobby/updated');
    await dan.fails('banned', 'lobby/joinPrivate', { token });
  }),

  story('a lobby is closed to others and opened again', async (stage) => {
    const [ann, bob] = await friends(stage, 'ann', 'bob');
    const { id } = await ann.ok<{ id: string }>('lobby/create', SETTINGS);
    await ann.ok('lobby/setAccess', { isPrivate: true });
    await ann.hears('lobby/updated');
    await bob.fails('unauthorized', 'lobby/join', { id });
    await ann.ok('lobby/setAccess', { isPrivate: false });
    await ann.hears('lobby/updated');
    await bob.ok('lobby/join', { id });
    await ann.hears('lobby/updated');
  }),

  story('who has missed an event asks for the state', async (stage) => {
    const [ann] = await friends(stage, 'ann');
    for (const commandId of ['lobby/state', 'lobby/token']) await ann.fails('not_in_lobby', commandId, {});
    await ann.fails('not_in_lobby', 'lobby/setAccess', { isPrivate: true });
    await ann.ok('lobby/create', SETTINGS);
    await ann.ok('lobby/update', { name: 'Renamed' });
    const { eventNumber } = await ann.hears<{ eventNumber: number }>('lobby/updated');
    const missed = await ann.ok<{ details?: { name: string } }>('lobby/state', { since: eventNumber - 1 });
    if (missed.details?.name !== 'Renamed') throw new Error(JSON.stringify(missed));
    const same = await ann.ok<object>('lobby/state', { since: eventNumber });
    if ('details' in same) throw new Error(JSON.stringify(same));
  }),
];
