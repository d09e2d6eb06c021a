import type { Peer } from '../peer.js';
import type { Stage } from '../stage.js';
import { type Case, story } from './case.js';
import { hears, listens, says } from './messaging.js';
import { partyOf } from './party.js';

const ONE_TEAM = [
  { maxTeams: 1, startBox: { top: 0, bottom: 1, left: 0, right: 0.25 }, teams: [{ maxPlayers: 1 }] },
  { maxTeams: 1, startBox: { top: 0, bottom: 1, left: 0.75, right: 1 }, teams: [{ maxPlayers: 1 }] },
];

interface Meeting {
  readonly lobbyId: string;
  /** The first has opened the lobby. */
  readonly members: readonly Peer[];
}

/** A lobby of these players, all of whom have heard of all. */
async function lobbyOf(stage: Stage, ...names: readonly string[]): Promise<Meeting> {
  const members: Peer[] = [];
  let lobbyId = '';
  for (const name of names) {
    const peer = await stage.player(name);
    if (members.length === 0) {
      const settings = { name: 'Talk', mapName: 'Comet', allyTeamConfig: ONE_TEAM, areBossesEnabled: false };
      lobbyId = (await peer.ok<{ id: string }>('lobby/create', settings)).id;
    } else await join(peer, lobbyId, members);
    members.push(peer);
  }
  return { lobbyId, members };
}

async function join(peer: Peer, id: string, others: readonly Peer[]): Promise<void> {
  await peer.ok('lobby/join', { id });
  for (const other of others) await other.hears('lobby/updated');
}

async function saysInLobby(who: Peer, message: string): Promise<void> {
  await who.ok('messaging/send', { target: { type: 'lobby' }, message });
}

function inLobby(lobbyId: string, { userId }: Peer): object {
  return { type: 'lobby', lobbyId, userId };
}

export const CHAT_CASES: readonly Case[] = [
  story(
    'what is said in a lobby is heard by its members in order, not by who said it nor by anybody else',
    async (stage) => {
      const { lobbyId, members } = await lobbyOf(stage, 'ann', 'bob', 'cid');
      const [ann, bob, cid] = members as [Peer, Peer, Peer];
      const eve = await stage.player('eve');
      for (const peer of [ann, bob, cid, eve]) await listens(peer);
      for (const text of ['one', 'two', 'three']) await saysInLobby(ann, text);
      for (const peer of [bob, cid])
        for (const text of ['one', 'two', 'three']) await hears(peer, text, inLobby(lobbyId, ann));
      await saysInLobby(cid, 'four');
      for (const peer of [ann, bob]) await hears(peer, 'four', inLobby(lobbyId, cid));
      await eve.fails('invalid_request', 'messaging/send', { target: { type: 'lobby' }, message: 'let me in' });
    },
  ),

  story('who speaks in the same breath as it joins is heard', async (stage) => {
    const { lobbyId, members } = await lobbyOf(stage, 'ann');
    const [ann] = members as [Peer];
    await listens(ann);
    const bob = await stage.player('bob');
    const joined = bob.send('lobby/join', { id: lobbyId });
    const said = bob.send('messaging/send', { target: { type: 'lobby' }, message: 'hello all' });
    for (const id of [joined, said]) {
      const { status, reason } = await bob.answered(id);
      if (status !== 'success') throw new Error(`${id} failed: ${reason}`);
    }
    await ann.hearsTogether('lobby/updated', 'messaging/received');
  }),

  story('who joins a lobby reads what is said from then on, and who left reads no more', async (stage) => {
    const { lobbyId, members } = await lobbyOf(stage, 'ann', 'bob');
    const [ann, bob] = members as [Peer, Peer];
    await listens(bob);
    await saysInLobby(ann, 'before');
    await hears(bob, 'before', inLobby(lobbyId, ann));
    const cid = await stage.player('cid');
    await listens(cid);
    await join(cid, lobbyId, [ann, bob]);
    await saysInLobby(bob, 'welcome');
    await hears(cid, 'welcome', inLobby(lobbyId, bob));
    if (await listens(cid, { type: 'from_start' })) throw new Error('nothing was missed');
    await hears(cid, 'welcome', inLobby(lobbyId, bob));
    await cid.ok('lobby/leave');
    for (const peer of [ann, bob]) await peer.hears('lobby/updated');
    await saysInLobby(ann, 'behind your back');
    await hears(bob, 'behind your back', inLobby(lobbyId, ann));
    if (await listens(cid, { type: 'from_start' })) throw new Error('nothing was missed');
  }),

  story('one marker brings back what was missed of the lobby and of direct messages, each once', async (stage) => {
    const { lobbyId, members } = await lobbyOf(stage, 'ann', 'bob');
    const [ann, bob] = members as [Peer, Peer];
    await listens(bob);
    await saysInLobby(ann, 'a');
    await hears(bob, 'a', inLobby(lobbyId, ann));
    await says(ann, bob, 'psst');
    const value = await hears(bob, 'psst', { type: 'player', userId: ann.userId });
    if (value.length > 64) throw new Error(`${value} is no marker`);
    bob.drop();
    await saysInLobby(ann, 'b');
    await says(ann, bob, 'are you there?');
    await bob.enter();
    if (await listens(bob, { type: 'marker', value })) throw new Error('nothing was missed');
    const missed: string[] = [];
    for (let n = 0; n < 2; n += 1) missed.push((await bob.hears<{ message: string }>('messaging/received')).message);
    if (missed.sort().join() !== 'are you there?,b') throw new Error(missed.join());
    await saysInLobby(ann, 'c');
    await hears(bob, 'c', inLobby(lobbyId, ann));
  }),

  story('who is thrown out of a lobby cannot speak there any more', async (stage) => {
    const ann = await stage.player('ann');
    const settings = { name: 'Quiet', mapName: 'Comet', allyTeamConfig: ONE_TEAM, areBossesEnabled: true };
    const { id } = await ann.ok<{ id: string }>('lobby/create', settings);
    const bob = await stage.player('bob');
    await join(bob, id, [ann]);
    await ann.ok('lobby/kickban', { userId: bob.userId });
    await ann.hears('lobby/updated');
    await bob.hears('lobby/left');
    await bob.fails('invalid_request', 'messaging/send', { target: { type: 'lobby' }, message: 'why?' });
  }),

  story('what is said in a party is heard by its members, not by those whom it invites', async (stage) => {
    const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
    const partyId = await partyOf(ann, bob);
    await ann.ok('party/invite', { userId: cid.userId });
    for (const peer of [ann, bob]) await peer.hears('party/updated');
    await cid.hears('party/invited');
    for (const peer of [ann, bob, cid]) await listens(peer);
    await ann.ok('messaging/send', { target: { type: 'party' }, message: 'shall we?' });
    const source = { type: 'party', partyId, userId: ann.userId };
    const value = await hears(bob, 'shall we?', source);
    if (await listens(bob, { type: 'marker', value })) throw new Error('nothing was missed');
    if (await listens(bob, { type: 'from_start' })) throw new Error('nothing was missed');
    await hears(bob, 'shall we?', source);
    await cid.fails('invalid_request', 'messaging/send', { target: { type: 'party' }, message: 'me too' });
  }),
];
