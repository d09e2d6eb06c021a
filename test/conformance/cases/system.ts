import { COMMANDS, type CommandDefinition } from '@muster/tachyon';
import { takesData, wrongData } from '../completeness.js';
import { type Case, story } from './case.js';

const BOX = { top: 0, bottom: 1, left: 0, right: 0.25 };
const LOBBY = {
  name: 'Wrong',
  mapName: 'Comet',
  allyTeamConfig: [{ maxTeams: 1, startBox: BOX, teams: [{ maxPlayers: 1 }] }],
};

/** Requests of players that somebody serves and that have data. */
const WITH_DATA = (COMMANDS as readonly CommandDefinition[]).filter(
  (command) => !command.unserved && command.direction === 'user→server' && takesData(command),
);

export const SYSTEM_CASES: readonly Case[] = [
  story('system/serverStats counts those who are connected', async (stage) => {
    const [ann] = await stage.players('ann', 'bob');
    // What other gateways have is known a moment later.
    for (;;) if ((await ann.ok<{ userCount: number }>('system/serverStats')).userCount >= 2) break;
  }),

  story('system/disconnect is answered, then the connection is closed with 1000', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await ann.ok('system/disconnect', { reason: 'enough' });
    if ((await ann.ended()).code !== 1000) throw new Error(JSON.stringify(ann.ending));
    await bob.ok('system/disconnect');
    if ((await bob.ended()).code !== 1000) throw new Error(JSON.stringify(bob.ending));
  }),

  story('a newer connection of the same account takes over: the older one is closed with 1000', async (stage) => {
    const first = await stage.player('ann');
    const second = await stage.player('ann');
    if ((await first.ended()).code !== 1000) throw new Error(JSON.stringify(first.ending));
    await second.ok('user/info', { userId: first.userId });
  }),

  story(
    'a command that does not exist, or that only others send, is command_unimplemented or unauthorized; the connection stays',
    async (stage) => {
      const ann = await stage.player('ann');
      await ann.fails('command_unimplemented', 'lobby/levitate', {}, { malformed: true });
      await ann.fails('command_unimplemented', 'lobby/updated', {}, { malformed: true });
      await ann.fails('unauthorized', 'autohost/status', {}, { malformed: true });
      await ann.ok('system/serverStats');
    },
  ),

  story(
    'data that is wrong is invalid_request whatever is asked and wherever one is; nothing happens',
    async (stage) => {
      const ann = await stage.player('ann', 'v0.muster');
      for (const command of WITH_DATA)
        await ann.fails('invalid_request', command.commandId, wrongData(command), { malformed: true });
      const { id } = await ann.ok<{ id: string }>('lobby/create', LOBBY);
      const { party } = await ann.ok<{ party: unknown }>('party/create');
      for (const command of WITH_DATA)
        await ann.fails('invalid_request', command.commandId, wrongData(command), { malformed: true });
      ann.drop();
      await ann.enter();
      const { currentLobby, party: still } = ann.self!.user;
      if (currentLobby !== id || JSON.stringify(still) !== JSON.stringify(party)) throw new Error('it is elsewhere');
    },
  ),
];
