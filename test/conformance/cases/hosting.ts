import { isDeepStrictEqual } from 'node:util';
import type { Peer } from '../peer.js';
import type { Stage } from '../stage.js';
import { readyAutohost } from './autohost.js';
import { type Case, story } from './case.js';
import { lobbyOf } from './lobby.js';

const ENGINE = '2026.02.15';
const STATUS = { maxBattles: 4, currentBattles: 0, availableEngines: [ENGINE] };
/** Of the last update: every one has a later one. */
let time = Date.now() * 1_000;

interface Access {
  readonly username: string;
  readonly password: string;
  readonly ip: string;
  readonly port: number;
}

interface ScriptPlayer {
  readonly userId: string;
  readonly name: string;
  readonly password: string;
}

interface Script {
  readonly engineVersion: string;
  readonly allyTeams: readonly {
    readonly startBox?: unknown;
    readonly teams: readonly { readonly players?: readonly ScriptPlayer[]; readonly bots?: readonly object[] }[];
  }[];
  readonly spectators?: readonly ScriptPlayer[];
}

/** The autohost takes the battle. @returns its id and who may get in with which password */
async function takesBattle(host: Peer): Promise<{ readonly battleId: string; readonly script: Script }> {
  const asked = await host.asked('autohost/start');
  host.answer(asked, { status: 'success', data: { ips: ['192.0.2.7'], port: 20_001 } });
  host.tell('autohost/status', { ...STATUS, currentBattles: 1 });
  const script = asked.data as Script & { readonly battleId: string };
  return { battleId: script.battleId, script };
}

function update(host: Peer, battleId: string, type: string, more: object = {}): void {
  time += 1;
  host.tell('autohost/update', { battleId, time, update: { type, ...more } });
}

/** Its connection is gone, and it comes back. */
async function comesBack(host: Peer): Promise<void> {
  host.drop();
  for (;;) {
    await host.connect();
    host.tell('autohost/status', STATUS);
    // Until its actor has heard that the former connection is gone, this one is sent away.
    const asked = await host.asked('autohost/subscribeUpdates').catch(() => undefined);
    if (!asked && host.ending?.code !== 1000) throw new Error(JSON.stringify(host.ending));
    if (asked) {
      host.answer(asked);
      return;
    }
  }
}

/** Ann and Bob play, Eve watches; the autohost runs it, and all were told to start. */
async function battle(stage: Stage) {
  const host = await readyAutohost(stage, STATUS);
  const { id, peers } = await lobbyOf(stage, ['ann', 'bob', 'eve']);
  const [ann, bob, eve] = peers as [Peer, Peer, Peer];
  await bob.ok('lobby/joinAllyTeam', { allyTeam: '1' });
  for (const peer of peers) await peer.hears('lobby/updated');
  const asked = ann.send('lobby/startBattle');
  const { battleId, script } = await takesBattle(host);
  // The answer comes first, then the request, then the change of the lobby.
  succeeds(await ann.answered(asked));
  const access: Access[] = [];
  for (const peer of peers) access.push(await starts(peer));
  for (const peer of peers) await changes(peer, battleId);
  return { host, id, ann, bob, eve, peers, battleId, script, access };
}

function succeeds({ status, reason, details }: { status?: string; reason?: string; details?: string }): void {
  if (status !== 'success') throw new Error(`it failed: ${reason} ${details ?? ''}`);
}

async function starts(peer: Peer): Promise<Access> {
  const request = await peer.asked('battle/start');
  peer.answer(request);
  return request.data as Access;
}

async function changes(peer: Peer, battleId: string | null): Promise<void> {
  const { currentBattle } = await peer.hears<{ currentBattle?: { id: string } | null }>('lobby/updated');
  if ((currentBattle === null ? null : currentBattle?.id) !== battleId)
    throw new Error(`currentBattle is ${JSON.stringify(currentBattle)}`);
}

/** Everybody hears how it ended, and the lobby has no battle any more. */
async function over(peers: readonly Peer[], winners: readonly string[]): Promise<void> {
  for (const peer of peers) {
    const [ended] = await peer.hearsTogether('battle/ended', 'lobby/updated');
    const { winningAllyTeamIds } = ended as { winningAllyTeamIds: readonly string[] };
    equals(winningAllyTeamIds, winners);
  }
}

function equals(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${JSON.stringify(actual)} should be ${JSON.stringify(expected)}`);
}

async function quits(host: Peer, battleId: string, peers: readonly Peer[]): Promise<void> {
  update(host, battleId, 'engine_quit');
  await over(peers, []);
}

export const HOSTING_CASES: readonly Case[] = [
  story('a battle: all are told to start with a password of their own, and hear who has won', async (stage) => {
    const { host, ann, bob, eve, peers, battleId, script, access } = await battle(stage);
    const players = script.allyTeams.map(({ teams }) => teams.flatMap((team) => team.players ?? []));
    equals(
      players.map((team) => team.map(({ userId }) => userId)),
      [[ann.userId], [bob.userId]],
    );
    equals(script.engineVersion, ENGINE);
    if (script.allyTeams.some(({ startBox }) => startBox === undefined)) throw new Error('a start box is missing');
    const inScript = [...players.flat(), ...script.spectators!];
    equals(
      access.map(({ username, password, ip, port }) => ({ username, password, ip, port })),
      inScript.map(({ name, password }) => ({ username: name, password, ip: '192.0.2.7', port: 20_001 })),
    );
    equals(new Set(inScript.map(({ password }) => password)).size, 3);
    update(host, battleId, 'start');
    update(host, battleId, 'player_joined', { userId: ann.userId, playerNumber: 0 });
    update(host, battleId, 'player_chat', { userId: ann.userId, message: 'gl', destination: 'all' });
    update(host, battleId, 'finished', { userId: ann.userId, winningAllyTeams: [1] });
    update(host, battleId, 'finished', { userId: eve.userId, winningAllyTeams: [0] });
    update(host, battleId, 'engine_quit');
    await over(peers, ['1']);
  }),

  story('who follows a player hears that it plays, and that it does not any more; nobody else does', async (stage) => {
    const { host, ann, peers, battleId } = await battle(stage);
    const fan = await stage.player('fan');
    const hears = async (status: string): Promise<void> => {
      const { users } = await fan.hears<{ users: { userId: string; status?: string }[] }>('user/updated');
      equals(
        users.map((user) => [user.userId, user.status]),
        [[ann.userId, status]],
      );
    };
    await fan.ok('user/subscribeUpdates', { userIds: [ann.userId] });
    await hears('playing');
    await quits(host, battleId, peers);
    await hears('menu');
  }),

  story('bots are in the script with their name and options', async (stage) => {
    const host = await readyAutohost(stage, STATUS);
    const ann = await stage.player('ann');
    await ann.ok('lobby/create', {
      name: 'bots',
      mapName: 'Comet',
      allyTeamConfig: [0, 1].map(() => ({
        maxTeams: 1,
        startBox: { top: 0, bottom: 1, left: 0, right: 1 },
        teams: [{ maxPlayers: 1 }],
      })),
      areBossesEnabled: false,
    });
    const bot = { name: 'Barb', shortName: 'BARb', version: 'stable', options: { profile: 'hard' } };
    await ann.ok('lobby/addBot', { allyTeam: '1', ...bot });
    await ann.hears('lobby/updated');
    const asked = ann.send('lobby/startBattle');
    const { battleId, script } = await takesBattle(host);
    equals(script.allyTeams[1]!.teams[0]!.bots, [
      {
        hostUserId: ann.userId,
        name: 'Barb',
        aiShortName: 'BARb',
        aiVersion: 'stable',
        aiOptions: { profile: 'hard' },
      },
    ]);
    succeeds(await ann.answered(asked));
    await starts(ann);
    await changes(ann, battleId);
    await quits(host, battleId, [ann]);
  }),

  story('who comes late gets in to watch, and who lost the engine gets in again', async (stage) => {
    const { host, id, ann, bob, eve, battleId, access } = await battle(stage);
    const late = await stage.player('late');
    await late.fails('not_in_lobby', 'lobby/joinBattle');
    await late.ok('lobby/join', { id });
    for (const peer of [ann, bob, eve]) await peer.hears('lobby/updated');
    await late.ok('lobby/joinBattle');
    const asked = await host.asked('autohost/addPlayer');
    equals((asked.data as { userId: string }).userId, late.userId);
    host.answer(asked);
    const { password } = await starts(late);
    equals(password, (asked.data as { password: string }).password);
    await bob.ok('lobby/joinBattle');
    equals((await starts(bob)).password, access[1]!.password);
    await quits(host, battleId, [ann, bob, eve, late]);
    await late.fails('no_battle', 'lobby/joinBattle');
  }),

  story(
    'a player who lost the connection finds the battle in user/self, and is asked until it answers',
    async (stage) => {
      const { host, ann, bob, eve, battleId } = await battle(stage);
      const access = await bob.ok('lobby/joinBattle').then(() => bob.asked('battle/start'));
      bob.drop();
      await bob.enter();
      equals(bob.self!.user.currentBattle, access.data);
      const again = await bob.asked('battle/start');
      equals(again.data, access.data);
      bob.answer(again);
      await quits(host, battleId, [ann, bob, eve]);
    },
  ),

  story('an autohost that refuses or says so too late hosts nothing: the lobby may try again', async (stage) => {
    const host = await readyAutohost(stage, STATUS);
    const ann = (await lobbyOf(stage, ['ann'])).peers[0]!;
    for (const reason of ['engine_version_not_available', 'battle_already_exists']) {
      const asked = ann.send('lobby/startBattle');
      const request = await host.asked('autohost/start');
      host.answer(request, { status: 'failed', reason });
      const { status, reason: why } = await ann.answered(asked);
      equals([status, why], ['failed', 'invalid_request']);
      if (reason !== 'battle_already_exists') continue;
      const kill = await host.asked('autohost/kill');
      equals(kill.data, { battleId: (request.data as { battleId: string }).battleId });
      host.answer(kill);
    }
  }),

  story('an autohost that was cut off comes back and replays: what happened meanwhile counts once', async (stage) => {
    const { host, ann, peers, battleId } = await battle(stage);
    update(host, battleId, 'start');
    await comesBack(host);
    update(host, battleId, 'finished', { userId: ann.userId, winningAllyTeams: [0] });
    update(host, battleId, 'engine_quit');
    await over(peers, ['0']);
  }),

  story(
    'what an autohost says of battles that are not its own, of strangers, or of other times leads to nothing',
    async (stage) => {
      const liar = await readyAutohost(stage, { ...STATUS, maxBattles: 0 });
      const { host, ann, peers, battleId } = await battle(stage);
      update(host, battleId, 'start');
      update(liar, battleId, 'engine_quit');
      update(host, '00000000-0000-4000-8000-000000000000', 'engine_quit');
      update(host, battleId, 'finished', { userId: '999999', winningAllyTeams: [1] });
      update(host, battleId, 'finished', { userId: ann.userId, winningAllyTeams: [7] });
      host.tell('autohost/update', { battleId, time: time - 1, update: { type: 'engine_quit' } });
      host.tell('autohost/update', { battleId, time: Number.MAX_SAFE_INTEGER, update: { type: 'engine_quit' } });
      update(host, battleId, 'finished', { userId: ann.userId, winningAllyTeams: [0] });
      update(host, battleId, 'engine_quit');
      await over(peers, ['0']);
    },
  ),

  story('a second connection of an autohost is closed with 1000 while the first lives', async (stage) => {
    const bot = stage.bot();
    const first = await stage.autohost(bot);
    first.tell('autohost/status', STATUS);
    first.answer(await first.asked('autohost/subscribeUpdates'));
    const second = await stage.autohost(bot);
    equals((await second.ended()).code, 1000);
  }),
];
