import { isDeepStrictEqual } from 'node:util';
import type { Peer } from '../peer.js';
import type { Stage } from '../stage.js';
import { readyAutohost } from './autohost.js';
import { type Case, story } from './case.js';

const STATUS = { maxBattles: 4, currentBattles: 0, availableEngines: ['2026.02.15'] };
const HOST = { ips: ['192.0.2.7'], port: 20_001 };
const BOX = { top: 0, bottom: 1, left: 0, right: 0.25 };
const TEAM = { maxTeams: 1, startBox: BOX, teams: [{ maxPlayers: 1 }] };
const SETTINGS = { name: 'Battle', mapName: 'Comet', allyTeamConfig: [TEAM, TEAM], areBossesEnabled: false };

/** Two who play, one who watches. */
async function gathered(stage: Stage): Promise<readonly [string, Peer, Peer, Peer]> {
  const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
  const { id } = await ann.ok<{ id: string }>('lobby/create', SETTINGS);
  await bob.ok('lobby/join', { id });
  await bob.ok('lobby/joinQueue');
  await cid.ok('lobby/join', { id });
  for (const [peer, times] of [
    [ann, 3],
    [bob, 2],
  ] as const)
    for (let time = 0; time < times; time += 1) await peer.hears('lobby/updated');
  return [id, ann, bob, cid];
}

/** Answers the server's request to start the engine. @returns the password */
async function starts(peer: Peer): Promise<string> {
  const request = await peer.asked('battle/start');
  peer.answer(request);
  const { ip, port, password } = request.data as { ip: string; port: number; password: string };
  if (ip !== HOST.ips[0] || port !== HOST.port) throw new Error(JSON.stringify(request.data));
  return password;
}

function equals(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${JSON.stringify(actual)} should be ${JSON.stringify(expected)}`);
}

type Battle = { readonly currentBattle: { readonly id: string } | null };

export const BATTLE_CASES: readonly Case[] = [
  story('a battle is started by a member, joined by who comes later, and ends with its engine', async (stage) => {
    const autohost = await readyAutohost(stage, STATUS);
    const [id, ann, bob, cid] = await gathered(stage);
    await ann.fails('no_battle', 'lobby/joinBattle');
    const asked = ann.send('lobby/startBattle');
    const start = await autohost.asked('autohost/start');
    const { battleId, allyTeams, spectators } = start.data as {
      battleId: string;
      allyTeams: readonly object[];
      spectators: readonly { userId: string }[];
    };
    equals([allyTeams.length, spectators.map(({ userId }) => userId)], [2, [cid.userId]]);
    autohost.answer(start, { status: 'success', data: HOST });
    equals((await ann.answered(asked)).status, 'success');
    const passwords = [await starts(ann), await starts(bob), await starts(cid)];
    equals(new Set(passwords).size, 3);
    for (const peer of [ann, bob, cid]) equals((await peer.hears<Battle>('lobby/updated')).currentBattle?.id, battleId);
    await ann.fails('invalid_request', 'lobby/startBattle');

    const dan = await stage.player('dan');
    await dan.ok('lobby/join', { id });
    for (const peer of [ann, bob, cid]) await peer.hears('lobby/updated');
    const joining = dan.send('lobby/joinBattle');
    const added = await autohost.asked('autohost/addPlayer');
    equals((added.data as { userId: string }).userId, dan.userId);
    autohost.answer(added);
    equals((await dan.answered(joining)).status, 'success');
    await starts(dan);

    autohost.tell('autohost/update', { battleId, time: Date.now() * 1_000, update: { type: 'engine_quit' } });
    for (const peer of [ann, bob, cid, dan]) {
      const [ended, updated] = await peer.hearsTogether('battle/ended', 'lobby/updated');
      equals([(ended as { battleId: string }).battleId, (updated as Battle).currentBattle], [battleId, null]);
    }
  }),

  story('a battle that no autohost hosts fails, and may be asked for again', async (stage) => {
    const [, ann] = await gathered(stage);
    await ann.fails('invalid_request', 'lobby/startBattle');
    await ann.fails('invalid_request', 'lobby/startBattle');
  }),
];
