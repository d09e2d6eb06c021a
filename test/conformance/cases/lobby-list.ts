import { type Case, story } from './case.js';

export const LOBBY_LIST_CASES: readonly Case[] = [
  story(
    'lobby/subscribeList is answered, then comes the whole list; asking again brings nothing new',
    async (stage) => {
      const ann = await stage.player('ann');
      await ann.ok('lobby/subscribeList');
      await ann.hears('lobby/listReset');
      await ann.ok('lobby/subscribeList');
      await ann.ok('lobby/unsubscribeList');
      await ann.ok('lobby/unsubscribeList');
      await ann.ok('lobby/subscribeList');
      await ann.hears('lobby/listReset');
    },
  ),
];
