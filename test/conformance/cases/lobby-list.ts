import type { Peer } from '../peer.js';
import { type Case, story } from './case.js';

type Lines = Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;

const BOX = { top: 0, bottom: 1, left: 0, right: 0.25 };
const LOBBY = {
  name: 'Listed',
  mapName: 'Comet',
  allyTeamConfig: [{ maxTeams: 2, startBox: BOX, teams: [{ maxPlayers: 1 }, { maxPlayers: 1 }] }],
};

/** Shows the list. The lobbies of other cases come and go at any time. */
async function shows(reader: Peer): Promise<Lines> {
  reader.overhears.add('lobby/listUpdated');
  await reader.ok('lobby/subscribeList');
  return (await reader.hears<{ lobbies: Lines }>('lobby/listReset')).lobbies;
}

/** The next line about this lobby. */
async function lineOf(reader: Peer, id: string): Promise<Lines[string]> {
  for (;;) {
    const { lobbies } = await reader.hears<{ lobbies: Lines }>('lobby/listUpdated');
    if (id in lobbies) return lobbies[id]!;
  }
}

function says(line: Lines[string], part: Readonly<Record<string, unknown>>): void {
  if (!line || Object.entries(part).some(([key, value]) => line[key] !== value))
    throw new Error(`${JSON.stringify(line)} should say ${JSON.stringify(part)}`);
}

export const LOBBY_LIST_CASES: readonly Case[] = [
  story('lobby/subscribeList is answered, then comes the whole list; asking again brings nothing', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    const { id } = await bob.ok<{ id: string }>('lobby/create', LOBBY);
    const lobbies = await shows(ann);
    if (id in lobbies) says(lobbies[id]!, { name: 'Listed' });
    await ann.ok('lobby/subscribeList');
    await ann.ok('lobby/unsubscribeList');
    await ann.ok('lobby/unsubscribeList');
  }),

  story('who shows the list hears of lobbies that open, change and close', async (stage) => {
    const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
    await shows(ann);
    const { id } = await bob.ok<{ id: string }>('lobby/create', LOBBY);
    says(await lineOf(ann, id), { id, name: 'Listed', playerCount: 1, maxPlayerCount: 2, currentBattle: null });
    await cid.ok('lobby/join', { id });
    await bob.hears('lobby/updated');
    await cid.ok('lobby/joinQueue');
    for (const peer of [bob, cid]) await peer.hears('lobby/updated');
    says(await lineOf(ann, id), { id, playerCount: 2 });
    await cid.ok('lobby/leave');
    await bob.hears('lobby/updated');
    await bob.ok('lobby/leave');
    let line = await lineOf(ann, id);
    while (line !== null) line = await lineOf(ann, id);
    await ann.ok('lobby/unsubscribeList');
  }),
];
