import { type Case, story } from './case.js';

export const SYSTEM_CASES: readonly Case[] = [
  story('system/serverStats counts those who are connected', async (stage) => {
    const [ann] = await stage.players('ann', 'bob');
    const { userCount } = await ann.ok<{ userCount: number }>('system/serverStats');
    if (userCount < 2) throw new Error(`${userCount} are counted`);
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
];
