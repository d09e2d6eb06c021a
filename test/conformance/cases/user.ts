import type { Peer } from '../peer.js';
import { type Case, story } from './case.js';

type Update = { readonly users: readonly Readonly<Record<string, unknown>>[] };

/** Hears of one user, whole or in part. */
async function hearsOf(who: Peer, whom: Peer, part: Readonly<Record<string, unknown>>): Promise<void> {
  const { users } = await who.hears<Update>('user/updated');
  const [user] = users;
  const isRight = users.length === 1 && user?.userId === whom.userId;
  if (!isRight || Object.entries(part).some(([key, value]) => user[key] !== value))
    throw new Error(`${who.name} should hear that ${whom.name} is ${JSON.stringify(part)}: ${JSON.stringify(users)}`);
}

export const USER_CASES: readonly Case[] = [
  story('user/report is answered when it is kept, and nobody else hears of it', async (stage) => {
    const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
    const userIds = [bob.userId, cid.userId];
    await ann.ok('user/report', { userIds, reason: { type: 'cheating' }, message: 'Saw\nthrough fog.' });
    await ann.ok('user/report', { userIds: [bob.userId, bob.userId], reason: { type: 'spam' } });
    const reason = { type: 'x' };
    await ann.fails('unknown_user', 'user/report', { userIds: [bob.userId, '999999999'], reason });
    await ann.fails('invalid_request', 'user/report', { userIds: [ann.userId], reason });
    await ann.fails('invalid_request', 'user/report', { userIds: ['bob'], reason }, { malformed: true });
    await ann.fails('invalid_request', 'user/report', { userIds, reason, message: 'a\0' }, { malformed: true });
    await ann.fails('invalid_request', 'user/report', { userIds, reason: { type: '' } }, { malformed: true });
  }),

  story('user/self comes first and tells everything about a new account', async (stage) => {
    const ann = await stage.player('ann');
    const { username, party, currentLobby, invitedToParties, friendIds, status } = ann.self!.user;
    const told = JSON.stringify({ party, currentLobby, invitedToParties, friendIds, status });
    const expected = { party: null, currentLobby: null, invitedToParties: [], friendIds: [], status: 'menu' };
    if (told !== JSON.stringify(expected) || !String(username).endsWith('ann')) throw new Error(told);
  }),

  story('user/info tells of oneself, of others, and of those who are away', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    for (const { userId } of [ann, bob]) {
      const user = await ann.ok<{ userId: string; status: string }>('user/info', { userId });
      if (user.userId !== userId || user.status !== 'menu') throw new Error(JSON.stringify(user));
    }
    await bob.ok('system/disconnect');
    await bob.ended();
    const { status } = await ann.ok<{ status: string }>('user/info', { userId: bob.userId });
    if (status !== 'offline') throw new Error(status);
  }),

  story('user/info of nobody fails with unknown_user', async (stage) => {
    const ann = await stage.player('ann');
    await ann.fails('unknown_user', 'user/info', { userId: '999999999' });
    await ann.fails('unknown_user', 'user/info', { userId: 'nobody' }, { malformed: true });
    await ann.fails('invalid_request', 'user/info', { userId: 7 }, { malformed: true });
  }),

  story(
    'user/subscribeUpdates is answered, then each user comes whole, also one that is away or was followed before',
    async (stage) => {
      const [ann, bob] = await stage.players('ann', 'bob');
      const cid = await stage.player('cid');
      await cid.ok('system/disconnect');
      await cid.ended();
      await ann.ok('user/subscribeUpdates', { userIds: [bob.userId] });
      await hearsOf(ann, bob, { status: 'menu', username: bob.self!.user.username });
      await ann.ok('user/subscribeUpdates', { userIds: [cid.userId] });
      await hearsOf(ann, cid, { status: 'offline', username: cid.self!.user.username });
      await ann.ok('user/subscribeUpdates', { userIds: [bob.userId] });
      await hearsOf(ann, bob, { status: 'menu', username: bob.self!.user.username });
    },
  ),

  story('user/updated tells followers, and nobody else, who goes and who comes', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob', 'eve');
    await ann.ok('user/subscribeUpdates', { userIds: [bob.userId] });
    await hearsOf(ann, bob, { status: 'menu' });
    await bob.ok('system/disconnect');
    await bob.ended();
    await hearsOf(ann, bob, { status: 'offline' });
    await bob.enter();
    await hearsOf(ann, bob, { status: 'menu' });
  }),

  story('user/subscribeUpdates of an unknown user fails and follows nobody', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await ann.fails('invalid_request', 'user/subscribeUpdates', { userIds: [bob.userId, '999999999'] });
    await bob.ok('system/disconnect');
    await bob.ended();
    await ann.fails('invalid_request', 'user/subscribeUpdates', { userIds: [] }, { malformed: true });
  }),

  story('user/subscribeUpdates of more than a hundred fails with subscription_limit_reached', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await ann.ok('user/subscribeUpdates', { userIds: [bob.userId] });
    await hearsOf(ann, bob, { status: 'menu' });
    const userIds = Array.from({ length: 100 }, (_, n) => String(900_000_000 + n));
    await ann.fails('subscription_limit_reached', 'user/subscribeUpdates', { userIds });
  }),

  story('user/unsubscribeUpdates ends it, and passes over whom nobody follows', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await ann.ok('user/subscribeUpdates', { userIds: [bob.userId] });
    await hearsOf(ann, bob, { status: 'menu' });
    await ann.ok('user/unsubscribeUpdates', { userIds: [bob.userId, '999999999'] });
    await bob.ok('system/disconnect');
    await bob.ended();
    await ann.fails('invalid_request', 'user/unsubscribeUpdates', { userIds: ['bob'] }, { malformed: true });
  }),
];
