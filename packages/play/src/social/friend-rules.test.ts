import { describe, expect, test } from '@jest/globals';
import { type Operation, type PairFacts, type PlayerId, SeededRandom, VirtualClock } from '@muster/ports';
import { MemoryStorage } from '@muster/storage';
import fc from 'fast-check';
import { FRIEND_ACTIONS, type FriendAction, ruleOnFriends } from './friend-rules.js';
import { socialOptions } from './options.js';

const AT = 1_700_000_000_000;
const none = { friends: 0, outgoing: 0, incoming: 0, ignored: 0 };
const strangers: PairFacts = {
  mine: none,
  theirs: none,
  friendsSince: null,
  requestedAt: null,
  requestedByThemAt: null,
  isIgnored: false,
  ignoresMe: false,
};
const options = socialOptions({ friendsMax: 3, outgoingRequestsMax: 2, incomingRequestsMax: 2, ignoredMax: 2 });

/** What comes of it, in words. */
function rule(action: FriendAction, changes: Partial<PairFacts> = {}): unknown {
  const { changes: changed, result } = ruleOnFriends(action, { ...strangers, ...changes }, AT, options);
  const { refuse, toMe, toThem } = result;
  if (refuse) return [refuse.reason, refuse.details].filter(Boolean).join(': ');
  expect(result.changed).toBe(changed.length > 0);
  return [changed[0] ?? 'nothing', ...(toMe ? [`me ${toMe}`] : []), ...(toThem ? [`them ${toThem}`] : [])];
}

const asked = { requestedAt: AT - 1 };
const wanted = { requestedByThemAt: AT - 1 };
const friends = { friendsSince: AT - 1 };
const made = { friendsSince: AT, requestedAt: null, requestedByThemAt: null };

describe('a friend request', () => {
  test('reaches the other, once', () => {
    expect(rule('request')).toEqual([{ requestedAt: AT }, 'them friend/requestReceived']);
    expect(rule('request', asked)).toEqual(['nothing']);
  });

  test('that crosses one of the other makes friends, and both are told', () => {
    expect(rule('request', wanted)).toEqual([made, 'me friend/requestAccepted', 'them friend/requestAccepted']);
  });

  test('is refused among friends, by who ignores, and where either side has no room', () => {
    expect(rule('request', friends)).toBe('already_in_friendlist');
    expect(rule('request', { ignoresMe: true })).toBe('invalid_user');
    expect(rule('request', { ...friends, ignoresMe: true })).toBe('invalid_user');
    expect(rule('request', { mine: { ...none, outgoing: 2 } })).toBe('outgoing_capacity_reached');
    expect(rule('request', { mine: { ...none, friends: 3 } })).toMatch('outgoing_capacity_reached: ');
    expect(rule('request', { theirs: { ...none, incoming: 2 } })).toBe('incoming_capacity_reached');
    expect(rule('request', { isIgnored: true })).toEqual([{ requestedAt: AT }, 'them friend/requestReceived']);
  });

  test('can be taken back, and where there is none that succeeds', () => {
    expect(rule('cancel', asked)).toEqual([{ requestedAt: null }, 'them friend/requestCancelled']);
    expect(rule('cancel', wanted)).toEqual(['nothing']);
  });

  test('is accepted or rejected by whoever got it, and nobody else', () => {
    expect(rule('accept', wanted)).toEqual([made, 'them friend/requestAccepted']);
    expect(rule('reject', wanted)).toEqual([{ requestedByThemAt: null }, 'them friend/requestRejected']);
    for (const action of ['accept', 'reject'] as const) expect(rule(action, asked)).toBe('no_pending_request');
  });

  test('is not accepted where either friend list is full, nor by crossing', () => {
    for (const action of ['accept', 'request'] as const) {
      expect(rule(action, { ...wanted, mine: { ...none, friends: 3 } })).toMatch('invalid_request: your friend list');
      expect(rule(action, { ...wanted, theirs: { ...none, friends: 3 } })).toMatch('invalid_request: the other');
    }
  });
});

test('a friendship ends for both, and where there is none it cannot', () => {
  expect(rule('remove', friends)).toEqual([{ friendsSince: null }, 'them friend/removed']);
  expect(rule('remove', wanted)).toBe('not_in_friendlist');
});

test('ignoring ends what there was, as if one had only gone away; and ends itself', () => {
  const ends = { ignoredAt: AT, friendsSince: null, requestedAt: null, requestedByThemAt: null };
  expect(rule('ignore')).toEqual([{ ignoredAt: AT }]);
  expect(rule('ignore', friends)).toEqual([ends, 'them friend/removed']);
  expect(rule('ignore', asked)).toEqual([ends, 'them friend/requestCancelled']);
  expect(rule('ignore', wanted)).toEqual([ends, 'them friend/requestRejected']);
  expect(rule('ignore', { isIgnored: true })).toEqual(['nothing']);
  expect(rule('ignore', { mine: { ...none, ignored: 2 } })).toMatch('invalid_request: ');
  expect(rule('heed', { isIgnored: true })).toEqual([{ ignoredAt: null }]);
  expect(rule('heed')).toEqual(['nothing']);
});

test('nobody is anything to themselves or to nobody', () => {
  for (const action of FRIEND_ACTIONS)
    expect(ruleOnFriends(action, undefined, AT, options).result).toMatchObject({ refuse: { reason: 'invalid_user' } });
});

test('whatever players do in whatever order, both sides agree, nobody is two things at once, and no limit is passed', async () => {
  const steps = fc.array(
    fc.record({
      me: fc.integer({ min: 0, max: 4 }),
      other: fc.integer({ min: 0, max: 4 }),
      action: fc.constantFrom(...FRIEND_ACTIONS),
    }),
    { maxLength: 120 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const { accounts, friendships } = new MemoryStorage({ clock: new VirtualClock(), random: new SeededRandom(1) });
      const ids: PlayerId[] = [];
      for (const username of ['a', 'b', 'c', 'd', 'e'])
        ids.push((await accounts.create({ username, displayName: 'x' })).id);
      for (const [number, { me, other, action }] of list.entries()) {
        const operation: Operation = { sender: `player/${me}`, receiver: 's/1', number };
        await friendships.change(operation, ids[me]!, ids[other]!, (facts) =>
          ruleOnFriends(action, facts, AT, options),
        );
      }
      const all = new Map(await Promise.all(ids.map(async (id) => [id, await friendships.of(id)] as const)));
      for (const [id, ties] of all) {
        const named = [
          ...ties.friends.map(({ userId }) => userId),
          ...ties.outgoing.map(({ to }) => to),
          ...ties.incoming.map(({ from }) => from),
        ];
        expect(new Set(named).size).toBe(named.length);
        expect(named).not.toContain(id);
        for (const { userId } of ties.friends)
          expect(all.get(userId)!.friends.map((friend) => friend.userId)).toContain(id);
        for (const { to } of ties.outgoing) expect(all.get(to)!.incoming.map(({ from }) => from)).toContain(id);
        for (const { from } of ties.incoming) expect(all.get(from)!.outgoing.map(({ to }) => to)).toContain(id);
        expect(ties.friends.length).toBeLessThanOrEqual(3);
        expect(Math.max(ties.outgoing.length, ties.incoming.length, ties.ignored.length)).toBeLessThanOrEqual(2);
      }
    }),
    { numRuns: 100 },
  );
});
