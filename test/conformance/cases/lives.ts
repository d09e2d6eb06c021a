// The life of a lobby and of a party from the first request to the last, in steps between any two of which the whole system may end and begin
// again: every step finds what the one before it left.
import { isDeepStrictEqual } from 'node:util';
import type { Peer } from '../peer.js';
import { readyAutohost } from './autohost.js';
import { type Case, story } from './case.js';
import { hears, listens } from './messaging.js';

const BOX = { top: 0, bottom: 1, left: 0, right: 0.25 };
const TEAMS = [1, 1].map((maxTeams) => ({ maxTeams, startBox: BOX, teams: [{ maxPlayers: 1 }] }));

/** Whatever each of them hears next is this. */
async function allHear(commandId: string, ...peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) await peer.hears(commandId);
}

function same(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}

export const LIVES: readonly Case[] = [
  story('the life of a lobby', async (stage) => {
    const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
    const settings = { name: 'Long lived', mapName: 'Comet', allyTeamConfig: TEAMS, areBossesEnabled: true };
    const { id } = await ann.ok<{ id: string }>('lobby/create', settings);
    await bob.ok('lobby/join', { id });
    await allHear('lobby/updated', ann);
    await cid.ok('lobby/join', { id });
    await allHear('lobby/updated', ann, bob);
    await bob.ok('lobby/joinAllyTeam', { allyTeam: '1' });
    await allHear('lobby/updated', ann, bob, cid);
    await cid.ok('lobby/joinQueue');
    await allHear('lobby/updated', ann, bob, cid);
    await ann.ok('lobby/update', { name: 'Renamed', tags: { noob: {} } });
    await allHear('lobby/updated', ann, bob, cid);
    await bob.ok('lobby/updateClientStatus', { isReady: true });
    await allHear('lobby/updated', ann, bob, cid);
    await ann.ok('lobby/appointBoss', { userId: cid.userId });
    await allHear('lobby/updated', ann, bob, cid);
    await ann.ok('lobby/update', { mapName: 'Quicksilver' });
    await allHear('lobby/updated', bob, cid);
    const { currentVote } = await ann.hears<{ currentVote: { id: string } }>('lobby/updated');
    await bob.ok('lobby/voteSubmit', { id: currentVote.id, vote: 'yes' });
    for (const peer of [ann, bob, cid]) await peer.hearsTogether('lobby/updated', 'lobby/voteEnded');
    await ann.ok('lobby/unboss', { userId: cid.userId });
    await allHear('lobby/updated', ann, bob, cid);
    await ann.ok('messaging/send', { target: { type: 'lobby' }, message: 'still here?' });
    await listens(cid, { type: 'from_start' });
    await hears(cid, 'still here?', { type: 'lobby', lobbyId: id, userId: ann.userId });
    const details: unknown[] = [];
    for (const peer of [ann, bob, cid]) details.push(await peer.ok('lobby/join', { id }));
    same('what bob knows of the lobby', details[1], details[0]);
    same('what cid knows of the lobby', details[2], details[0]);
    const { mapName, bosses } = details[0] as { readonly mapName: string; readonly bosses: object };
    same('what was decided', [mapName, bosses], ['Quicksilver', { [ann.userId]: {} }]);
    // Whoever is next in the queue takes the place of who goes.
    await bob.ok('lobby/spectate');
    await allHear('lobby/updated', ann, bob, cid);
    await ann.ok('lobby/kickban', { userId: bob.userId, banUntil: 4_000_000_000_000_000 });
    await allHear('lobby/updated', ann, cid);
    await bob.hears('lobby/left');
    await bob.fails('banned', 'lobby/join', { id });
    await ann.ok('lobby/leave');
    await allHear('lobby/updated', cid);
    await cid.ok('lobby/leave');
    await cid.fails('invalid_request', 'lobby/join', { id });
  }),

  story('the life of a chat room', async (stage) => {
    const ann = await stage.player('ann', 'v0.muster');
    const bob = await stage.player('bob', 'v0.muster');
    const room = `long talk of ${ann.userId}`;
    await ann.ok('chat/create', { room });
    await allHear('chat/membersChanged', ann);
    // From here on she hears nothing of the room, and he only what he asks for.
    ann.drop();
    await ann.enter();
    await bob.ok('chat/join', { room });
    await allHear('chat/membersChanged', bob);
    bob.drop();
    await bob.enter();
    for (const message of ['still here?', 'or not?']) await ann.ok('chat/send', { room, message });
    same('members', (await bob.ok<{ userIds: object }>('chat/members', { room })).userIds, [ann.userId, bob.userId]);
    await ann.fails('room_exists', 'chat/create', { room });
    const { hasMissedMessages } = await bob.ok<{ hasMissedMessages: boolean }>('chat/join', { room, since: 'x.1' });
    same('hasMissedMessages', hasMissedMessages, true);
    await allHear('chat/membersChanged', bob);
    const { marker: since } = await bob.hears<{ marker: string }>('chat/received');
    same('what comes next', (await bob.hears<{ message: string }>('chat/received')).message, 'or not?');
    same('what is new', await bob.ok('chat/join', { room, since }), { room, memberCount: 2, hasMissedMessages: false });
    const { joined } = await bob.hears<{ joined: { userIds: readonly string[] } }>('chat/membersChanged');
    same('who is there', joined.userIds, [ann.userId, bob.userId]);
    same('what comes again', (await bob.hears<{ message: string }>('chat/received')).message, 'or not?');
    await bob.ok('chat/leave', { room });
    await ann.ok('chat/leave', { room });
    await bob.fails('unknown_room', 'chat/join', { room });
  }),

  story('the life of a party', async (stage) => {
    const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
    const { party } = await ann.ok<{ party: { id: string } }>('party/create');
    const partyId = party.id;
    await ann.ok('party/invite', { userId: bob.userId });
    await ann.hears('party/updated');
    await bob.hears('party/invited');
    await bob.ok('party/acceptInvite', { partyId });
    await allHear('party/updated', ann, bob);
    await bob.ok('party/invite', { userId: cid.userId });
    await allHear('party/updated', ann, bob);
    await cid.hears('party/invited');
    await ann.ok('messaging/send', { target: { type: 'party' }, message: 'just us' });
    await listens(bob, { type: 'from_start' });
    await hears(bob, 'just us', { type: 'party', partyId, userId: ann.userId });
    await cid.fails('invalid_request', 'messaging/send', { target: { type: 'party' }, message: 'and me' });
    await cid.ok('party/declineInvite', { partyId });
    await allHear('party/updated', ann, bob);
    await bob.ok('party/invite', { userId: cid.userId });
    await allHear('party/updated', ann, bob);
    await cid.hears('party/invited');
    await ann.ok('party/cancelInvite', { userId: cid.userId });
    await allHear('party/updated', ann, bob);
    await cid.hearsExactly('party/removed', { partyId });
    await bob.ok('party/kickMember', { userId: ann.userId });
    await ann.hears('party/removed');
    await bob.hears('party/updated');
    await bob.ok('party/leave');
    await bob.fails('invalid_request', 'messaging/send', { target: { type: 'party' }, message: 'nobody?' });
  }),
];

const ENGINE = { maxBattles: 4, currentBattles: 0, availableEngines: ['2026.02.15'] };
const HOST = { ips: ['192.0.2.7'], port: 20_001 };

/** With an autohost, which comes back whenever the system does, and its engine runs on. */
export const BATTLE_LIVES: readonly Case[] = [
  story('the life of a battle', async (stage) => {
    const host = await readyAutohost(stage, ENGINE);
    const [ann, bob] = await stage.players('ann', 'bob');
    const settings = { name: 'Fought out', mapName: 'Comet', allyTeamConfig: TEAMS, areBossesEnabled: false };
    const { id } = await ann.ok<{ id: string }>('lobby/create', settings);
    await bob.ok('lobby/join', { id });
    await ann.hears('lobby/updated');
    await bob.ok('lobby/joinAllyTeam', { allyTeam: '1' });
    await allHear('lobby/updated', ann, bob);
    await ann.ok('system/serverStats');
    const asked = ann.send('lobby/startBattle');
    const start = await host.asked('autohost/start');
    const { battleId } = start.data as { readonly battleId: string };
    host.answer(start, { status: 'success', data: HOST });
    same('the answer', (await ann.answered(asked)).status, 'success');
    const passwords: string[] = [];
    for (const peer of [ann, bob]) {
      const request = await peer.asked('battle/start');
      peer.answer(request);
      passwords.push((request.data as { readonly password: string }).password);
    }
    await allHear('lobby/updated', ann, bob);
    const said: { readonly time: number }[] = [];
    // An autohost's times grow with every update: two of one millisecond would be one and its repetition.
    let time = Date.now() * 1_000;
    const tell = (type: string, more: object = {}): void => {
      time += 1;
      const update = { battleId, time, update: { type, ...more } };
      said.push(update);
      host.tell('autohost/update', update);
    };
    host.greet = async () => {
      host.tell('autohost/status', { ...ENGINE, currentBattles: 1 });
      const subscribe = await host.asked('autohost/subscribeUpdates');
      host.answer(subscribe);
      // What the system had not answered for when it ended.
      const { since } = subscribe.data as { readonly since: number };
      for (const update of said) if (update.time > since) host.tell('autohost/update', update);
    };
    tell('start');
    await ann.ok('lobby/update', { name: 'Fought on' });
    await allHear('lobby/updated', ann, bob);
    // Who lost its engine gets in again with the same password.
    await bob.ok('lobby/joinBattle');
    const again = await bob.asked('battle/start');
    bob.answer(again);
    same('the password', (again.data as { readonly password: string }).password, passwords[1]);
    same(
      'the lobby',
      (await bob.ok<{ currentBattle: { id: string } }>('lobby/join', { id })).currentBattle.id,
      battleId,
    );
    tell('finished', { userId: ann.userId, winningAllyTeams: [1] });
    await ann.ok('system/serverStats');
    tell('engine_quit');
    for (const peer of [ann, bob]) {
      const [ended, updated] = await peer.hearsTogether('battle/ended', 'lobby/updated');
      same('the winners', (ended as { winningAllyTeamIds: object }).winningAllyTeamIds, ['1']);
      same('the lobby’s battle', (updated as { currentBattle: object | null }).currentBattle, null);
    }
    await bob.ok('lobby/leave');
    await ann.hears('lobby/updated');
    await ann.ok('lobby/leave');
  }),
];
