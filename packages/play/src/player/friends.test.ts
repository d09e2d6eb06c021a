// Friends through everything that stands between a client and storage: the player's actor, the service, and the other player's actor.
import { describe, expect, test } from '@jest/globals';
import { entity, playerId, shardOfKey } from '@muster/ports';
import type { PlayerState } from './state.js';
import { Stage } from './testdata/stage.js';
import { Town } from './testdata/town.js';

const ANN = 'g1#a/1';
const BOB = 'g2#a/1';

async function town(): Promise<Town> {
  const place = new Town('ann', 'bob', 'cas');
  await place.signIn('1', ANN);
  await place.signIn('2', BOB);
  return place;
}

/** Lists of friends, requests out and in. */
async function friendsOf(place: Town, player: string, session: string): Promise<unknown> {
  place.ask(player, session, 'friends', null);
  const [reply] = await place.told();
  const { friends, outgoingPendingRequests, incomingPendingRequests } = JSON.parse(reply!.slice(session.length)) as {
    readonly friends: { readonly userId: string }[];
    readonly outgoingPendingRequests: { readonly to: string }[];
    readonly incomingPendingRequests: { readonly from: string }[];
  };
  return [
    friends.map(({ userId }) => userId).join(),
    outgoingPendingRequests.map(({ to }) => to).join(),
    incomingPendingRequests.map(({ from }) => from).join(),
  ];
}

describe('a friend request', () => {
  test('is answered, then the other hears of it, and both have it in their lists', async () => {
    const place = await town();
    place.ask('1', ANN, 'sendFriendRequest', { to: '2' });
    expect(await place.told(50)).toEqual(['g1#a/1 null', 'g2#a 2 friend/requestReceived {"from":"1"}']);
    expect(await friendsOf(place, '1', ANN)).toEqual(['', '2', '']);
    expect(await friendsOf(place, '2', BOB)).toEqual(['', '', '1']);
    place.ask('2', BOB, 'acceptFriendRequest', { from: '1' });
    expect(await place.told(50)).toEqual(['g2#a/1 null', 'g1#a 1 friend/requestAccepted {"from":"2"}']);
    expect(await friendsOf(place, '1', ANN)).toEqual(['2', '', '']);
    place.ask('1', ANN, 'removeFriend', { userId: '2' });
    expect(await place.told(50)).toEqual(['g1#a/1 null', 'g2#a 2 friend/removed {"from":"1"}']);
    expect(await friendsOf(place, '2', BOB)).toEqual(['', '', '']);
  });

  test('is refused with the reason of the rule, also where no such user can be', async () => {
    const place = await town();
    for (const to of ['1', '9', 'bob']) place.ask('1', ANN, 'sendFriendRequest', { to });
    place.ask('1', ANN, 'acceptFriendRequest', { from: '2' });
    place.ask('1', ANN, 'removeFriend', { userId: '2' });
    expect([...(await place.told(50))].sort()).toEqual([
      'g1#a/1 REFUSED invalid_user',
      'g1#a/1 REFUSED invalid_user',
      'g1#a/1 REFUSED invalid_user',
      'g1#a/1 REFUSED no_pending_request',
      'g1#a/1 REFUSED not_in_friendlist',
    ]);
  });

  test('of two players at the same moment makes them friends, and both hear it', async () => {
    const place = await town();
    place.ask('1', ANN, 'sendFriendRequest', { to: '2' });
    place.ask('2', BOB, 'sendFriendRequest', { to: '1' });
    const told = await place.told(50);
    expect(told.filter((one) => one.endsWith('null'))).toHaveLength(2);
    expect(told).toContain('g1#a 1 friend/requestAccepted {"from":"2"}');
    expect(told).toContain('g2#a 2 friend/requestAccepted {"from":"1"}');
    expect(await friendsOf(place, '1', ANN)).toEqual(['2', '', '']);
    expect(await friendsOf(place, '2', BOB)).toEqual(['1', '', '']);
  });

  test('to somebody who is away is in user/self when they sign in, with everything else there is', async () => {
    const place = await town();
    place.ask('1', ANN, 'sendFriendRequest', { to: '3' });
    place.ask('2', BOB, 'ignore', { userId: '3' });
    await place.told(50);
    await place.signIn('3', 'g3#a/1');
    await place.listen('g4#a', '3', 'self');
    const [seen] = place.seen.splice(0);
    expect(seen).toMatchObject({
      data: { user: { incomingFriendRequest: [{ from: '1', sentAt: expect.any(Number) }], friendIds: [] } },
    });
    place.ask('3', 'g3#a/1', 'sendFriendRequest', { to: '2' });
    expect(await place.told(50)).toEqual(['g3#a/1 REFUSED invalid_user']);
    await place.listen('g4#a', '2', 'self');
    expect(place.seen[0]).toMatchObject({ data: { user: { ignoreIds: ['3'] } } });
  });
});

describe('while storage is away', () => {
  test('nobody is answered, lists stay, and what was asked is done when it is back', async () => {
    const place = await town();
    place.storageDown = true;
    place.ask('1', ANN, 'sendFriendRequest', { to: '2' });
    expect(await place.told(20_000)).toEqual([]);
    expect(await friendsOf(place, '1', ANN)).toEqual(['', '', '']);
    place.storageDown = false;
    expect(await place.told(2_000)).toEqual(['g1#a/1 null', 'g2#a 2 friend/requestReceived {"from":"1"}']);
  });

  test('so many requests of one player wait, and the rest may be tried again', async () => {
    const place = await town();
    place.storageDown = true;
    for (let i = 0; i < 20; i += 1) place.ask('1', ANN, 'sendFriendRequest', { to: '2' });
    expect(await place.told(50)).toEqual(Array(4).fill('g1#a/1 REFUSED internal_error'));
    place.storageDown = false;
    expect((await place.told(5_000)).filter((one) => one === 'g1#a/1 null')).toHaveLength(16);
    place.ask('1', ANN, 'cancelFriendRequest', { to: '2' });
    expect(await place.told(50)).toContain('g1#a/1 null');
  });

  test('a player whose process dies goes on asking in the next one, and it is done once', async () => {
    const place = await town();
    place.storageDown = true;
    place.ask('1', ANN, 'sendFriendRequest', { to: '2' });
    await place.told(500);
    place.promote();
    place.storageDown = false;
    await place.told(2_000);
    const ties = await place.storage.friendships.of(playerId('2'));
    expect(ties).toMatchObject({ version: 1, incoming: [{ from: '1' }] });
  });
});

test('an actor that may have lost news reads its lists again', async () => {
  const place = await town();
  const op = { sender: 'player/2', receiver: 'friendships/2', number: 1 };
  await place.storage.friendships.change(op, playerId('2'), playerId('1'), () => ({
    changes: [{ requestedAt: 1_000 }],
    result: null,
  }));
  expect(await friendsOf(place, '1', ANN)).toEqual(['', '', '']);
  place.load();
  await place.told(2_000);
  expect(await friendsOf(place, '1', ANN)).toEqual(['', '', '2']);
});

test("friends can be changed by their own actors only, and a client cannot pretend to be another player's actor", async () => {
  const place = await town();
  place.ask('1', ANN, 'friendNews', { ties: { version: 99, friends: [], outgoing: [], incoming: [], ignored: [] } });
  expect(await place.told()).toEqual(['g1#a/1 REFUSED unauthorized']);
  place.askOf(entity('friendships', '2'), '1', ANN, 'change', { action: 'request', other: '2' });
  expect(await place.told()).toEqual(['g1#a/1 UNAUTHORIZED ']);
});

test('news that comes late changes no list, but the client is told of it', async () => {
  const place = await town();
  const news = (version: number, word?: 'friend/removed') =>
    place.runtime.deliver(shardOfKey('player/1'), {
      entity: entity('player', '1'),
      command: 'friendNews',
      data: JSON.stringify({
        ties: { version, friends: [{ userId: String(version), since: 1 }], outgoing: [], incoming: [], ignored: [] },
        word,
      }),
      origin: { type: 'entity', from: entity('player', '2'), number: version === 7 ? 1 : 2, replyTo: 'x' },
      deadline: Infinity,
      cause: '',
      trace: '',
    });
  news(7);
  news(6, 'friend/removed');
  expect(await place.told()).toEqual(['g1#a 1 friend/removed {"from":"2"}']);
  expect(await friendsOf(place, '1', ANN)).toEqual(['7', '', '']);
});

test('an actor that an older build saved reads what that did not know', () => {
  const adopted = (state: Partial<PlayerState>) => {
    const stage = new Stage();
    Object.assign(stage.state, state);
    const { sends } = stage.internal('adopted', { how: 'promoted', mayLack: false });
    return sends.map(({ to, command }) => `${to.kind} ${command}`);
  };
  expect(adopted({})).toEqual(['friendships read', 'clans read']);
  const known = { friends: [], outgoing: [], incoming: [], ignored: [], version: 0 };
  expect(adopted({ ties: known, clan: { version: 0, clan: null, invites: [] } })).toEqual([]);
});
