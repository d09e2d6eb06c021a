import type { Peer } from '../peer.js';
import { type Case, story } from './case.js';

interface FriendList {
  readonly friends: readonly { readonly userId: string; readonly addedAt: number }[];
  readonly outgoingPendingRequests: readonly { readonly to: string; readonly sentAt: number }[];
  readonly incomingPendingRequests: readonly { readonly from: string; readonly sentAt: number }[];
}

/** Who is in the lists: friends, requests out, requests in; each as names are given. */
async function listIs(who: Peer, friends: readonly Peer[], out: readonly Peer[], into: readonly Peer[]): Promise<void> {
  const list = await who.ok<FriendList>('friend/list');
  const said = [
    list.friends.map(({ userId }) => userId),
    list.outgoingPendingRequests.map(({ to }) => to),
    list.incomingPendingRequests.map(({ from }) => from),
  ];
  const expected = [friends, out, into].map((peers) => peers.map(({ userId }) => userId).sort());
  if (JSON.stringify(said.map((ids) => [...ids].sort())) !== JSON.stringify(expected))
    throw new Error(`${who.name} has ${JSON.stringify(said)}, not ${JSON.stringify(expected)}`);
  const times = [
    ...list.friends.map(({ addedAt }) => addedAt),
    ...[...list.outgoingPendingRequests, ...list.incomingPendingRequests].map(({ sentAt }) => sentAt),
  ];
  // Microseconds: any number of seconds or milliseconds would be far below.
  if (times.some((time) => time < 1e15)) throw new Error(`these are no microseconds: ${times}`);
}

async function ask(who: Peer, whom: Peer): Promise<void> {
  await who.ok('friend/sendRequest', { to: whom.userId });
  await whom.hearsExactly('friend/requestReceived', { from: who.userId });
}

async function befriend(who: Peer, whom: Peer): Promise<void> {
  await ask(who, whom);
  await whom.ok('friend/acceptRequest', { from: who.userId });
  await who.hearsExactly('friend/requestAccepted', { from: whom.userId });
}

export const FRIEND_CASES: readonly Case[] = [
  story('friend/sendRequest reaches the other, and nobody else; asking again changes nothing', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob', 'eve');
    await listIs(ann, [], [], []);
    await ask(ann, bob);
    await ann.ok('friend/sendRequest', { to: bob.userId });
    await listIs(ann, [], [bob], []);
    await listIs(bob, [], [], [ann]);
  }),

  story('friend/acceptRequest makes friends; the one who asked is told', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob', 'eve');
    await befriend(ann, bob);
    await listIs(ann, [bob], [], []);
    await listIs(bob, [ann], [], []);
    await ann.fails('already_in_friendlist', 'friend/sendRequest', { to: bob.userId });
    await bob.fails('no_pending_request', 'friend/acceptRequest', { from: ann.userId });
  }),

  story('requests that cross make friends at once, and both are told', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await ask(ann, bob);
    await bob.ok('friend/sendRequest', { to: ann.userId });
    await bob.hearsExactly('friend/requestAccepted', { from: ann.userId });
    await ann.hearsExactly('friend/requestAccepted', { from: bob.userId });
    await listIs(ann, [bob], [], []);
    await listIs(bob, [ann], [], []);
  }),

  story('friend/rejectRequest ends it, and who asked is told', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await ask(ann, bob);
    await bob.ok('friend/rejectRequest', { from: ann.userId });
    await ann.hearsExactly('friend/requestRejected', { from: bob.userId });
    await listIs(ann, [], [], []);
    await listIs(bob, [], [], []);
    await bob.fails('no_pending_request', 'friend/rejectRequest', { from: ann.userId });
  }),

  story('friend/cancelRequest takes it back; where there is none it succeeds and nobody hears of it', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await ask(ann, bob);
    await ann.ok('friend/cancelRequest', { to: bob.userId });
    await bob.hearsExactly('friend/requestCancelled', { from: ann.userId });
    await ann.ok('friend/cancelRequest', { to: bob.userId });
    await bob.fails('no_pending_request', 'friend/acceptRequest', { from: ann.userId });
    await listIs(bob, [], [], []);
  }),

  story('friend/remove ends a friendship for both', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await befriend(ann, bob);
    await bob.ok('friend/remove', { userId: ann.userId });
    await ann.hearsExactly('friend/removed', { from: bob.userId });
    await listIs(ann, [], [], []);
    await ann.fails('not_in_friendlist', 'friend/remove', { userId: bob.userId });
  }),

  story('nobody can be anything to oneself, to an unknown user, or to what is no user id', async (stage) => {
    const ann = await stage.player('ann');
    for (const [commandId, field] of [
      ['friend/sendRequest', 'to'],
      ['friend/cancelRequest', 'to'],
      ['friend/acceptRequest', 'from'],
      ['friend/rejectRequest', 'from'],
      ['friend/remove', 'userId'],
    ] as const) {
      await ann.fails('invalid_user', commandId, { [field]: ann.userId });
      await ann.fails('invalid_user', commandId, { [field]: '999999999' });
      await ann.fails('invalid_user', commandId, { [field]: 'bob' }, { malformed: true });
      await ann.fails('invalid_request', commandId, {}, { malformed: true });
    }
  }),

  story('so many requests may wait on either side', async (stage) => {
    const [ann, bob, cid, dan, eve] = await stage.players('ann', 'bob', 'cid', 'dan', 'eve');
    for (const one of [bob, cid, dan]) await ask(ann, one);
    await ann.fails('outgoing_capacity_reached', 'friend/sendRequest', { to: eve.userId });
    for (const one of [bob, cid]) await ask(one, eve);
    await dan.ok('friend/sendRequest', { to: eve.userId });
    await eve.hears('friend/requestReceived');
    const fred = await stage.player('fred');
    await fred.fails('incoming_capacity_reached', 'friend/sendRequest', { to: eve.userId });
    await ann.ok('friend/cancelRequest', { to: bob.userId });
    await bob.hears('friend/requestCancelled');
    await bob.ok('friend/sendRequest', { to: ann.userId });
    await ann.hears('friend/requestReceived');
  }),

  story('who was away finds in user/self what happened', async (stage) => {
    const [ann, bob, cid] = await stage.players('ann', 'bob', 'cid');
    await befriend(ann, bob);
    await ask(ann, cid);
    await ann.ok('system/disconnect');
    await ann.ended();
    await bob.ok('friend/remove', { userId: ann.userId });
    await bob.ok('friend/sendRequest', { to: ann.userId });
    await cid.ok('friend/acceptRequest', { from: ann.userId });
    await ann.enter();
    const { friendIds, incomingFriendRequest, outgoingFriendRequest } = ann.self!.user as unknown as {
      readonly friendIds: readonly string[];
      readonly incomingFriendRequest: readonly { readonly from: string; readonly sentAt: number }[];
      readonly outgoingFriendRequest: readonly unknown[];
    };
    const told = [friendIds, incomingFriendRequest.map(({ from }) => from), outgoingFriendRequest];
    if (JSON.stringify(told) !== JSON.stringify([[cid.userId], [bob.userId], []]))
      throw new Error(JSON.stringify(told));
    await listIs(ann, [cid], [], [bob]);
  }),

  story('friend/ignore ends what there was and lets no request through, until friend/unignore', async (stage) => {
    const bob = await stage.player('bob');
    const ann = await stage.player('ann', 'v0.muster');
    await befriend(bob, ann);
    await ann.ok('friend/ignore', { userId: bob.userId });
    await bob.hearsExactly('friend/removed', { from: ann.userId });
    await ann.ok('friend/ignore', { userId: bob.userId });
    await bob.fails('invalid_user', 'friend/sendRequest', { to: ann.userId });
    await listIs(bob, [], [], []);
    await ann.ok('messaging/subscribeReceived', {});
    await bob.ok('messaging/send', { target: { type: 'player', userId: ann.userId }, message: 'nobody reads this' });
    ann.drop();
    await ann.enter();
    if (JSON.stringify(ann.self!.user.ignoreIds) !== JSON.stringify([bob.userId])) throw new Error('ignoreIds');
    await ann.ok('friend/unignore', { userId: bob.userId });
    await ann.ok('friend/unignore', { userId: bob.userId });
    await ask(bob, ann);
    await ann.fails('invalid_user', 'friend/ignore', { userId: ann.userId });
    await ann.fails('invalid_user', 'friend/unignore', { userId: '999999999' });
    await bob.fails('command_unimplemented', 'friend/ignore', { userId: ann.userId });
  }),
];
