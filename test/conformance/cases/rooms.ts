import { isDeepStrictEqual } from 'node:util';
import type { Peer } from '../peer.js';
import type { Stage } from '../stage.js';
import { STATUS } from './autohost.js';
import { type Case, story } from './case.js';

interface Entered {
  readonly room: string;
  readonly memberCount: number;
  readonly hasMissedMessages: boolean;
}
interface Heard {
  readonly room: string;
  readonly userId: string;
  readonly message: string;
  readonly marker: string;
}

async function talkers<N extends readonly string[]>(stage: Stage, ...names: N): Promise<{ [K in keyof N]: Peer }> {
  const peers: Peer[] = [];
  for (const name of names) peers.push(await stage.player(name, 'v0.muster'));
  return peers as { [K in keyof N]: Peer };
}

/** A name of this case alone: user ids are given once. */
function nameOf(what: string, { userId }: Peer): string {
  return `${what} of ${userId}`;
}

/** Hears this, and returns its marker. */
async function hears(peer: Peer, by: Peer, message: string, event = 'chat/received'): Promise<string> {
  const heard = await peer.hears<Heard>(event);
  if (heard.message !== message || heard.userId !== by.userId)
    throw new Error(`${peer.name} should hear ${message}, not ${JSON.stringify(heard)}`);
  return heard.marker;
}

interface Members {
  readonly memberCount: number;
  readonly isWhole: boolean;
  readonly joined: Named;
  readonly left: Named;
}
interface Named {
  readonly userIds: readonly string[];
  readonly autohosts: readonly string[];
}

/** Hears who is in the room: everybody, or (by `change`) who came or went, which leaves these there. */
async function hearsWho(
  peer: Peer,
  there: readonly Peer[],
  change?: { readonly joined?: Peer; readonly left?: Peer },
): Promise<void> {
  const event = peer.isPlayer ? 'chat/membersChanged' : 'autohost/roomMembersChanged';
  const { memberCount, isWhole, joined, left } = await peer.hears<Members>(event);
  same(memberCount, there.length);
  // Where events were lost with a process, the whole comes in place of the change.
  if (!change || (isWhole && peer.maybeRefreshed)) {
    same(isWhole, true);
    same([...joined.userIds].sort(), idsOf(there.filter(({ isPlayer }) => isPlayer)));
    same(joined.autohosts.length, there.filter(({ isPlayer }) => !isPlayer).length);
    return;
  }
  for (const [named, who] of [
    [joined, change.joined],
    [left, change.left],
  ] as const) {
    same(named.userIds, who?.isPlayer ? [who.userId] : []);
    same(named.autohosts.length, who && !who.isPlayer ? 1 : 0);
  }
}

const idsOf = (peers: readonly Peer[]): readonly string[] => peers.map(({ userId }) => userId).sort();

async function opens(peer: Peer, room: string): Promise<Entered> {
  const entered = await peer.ok<Entered>('chat/create', { room });
  await hearsWho(peer, [peer]);
  return entered;
}

/** Comes in where `others` are: it is told who is there, and they are told of it. */
async function joins(peer: Peer, room: string, ...others: readonly Peer[]): Promise<Entered> {
  const entered = await peer.ok<Entered>(peer.isPlayer ? 'chat/join' : 'autohost/joinRoom', { room });
  const there = [peer, ...others];
  await hearsWho(peer, there);
  for (const other of others) await hearsWho(other, there, { joined: peer });
  return entered;
}

/** Goes; these stay, and are told. */
async function leaves(peer: Peer, room: string, ...others: readonly Peer[]): Promise<void> {
  await peer.ok(peer.isPlayer ? 'chat/leave' : 'autohost/leaveRoom', { room });
  for (const other of others) await hearsWho(other, others, { left: peer });
}

function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}

export const ROOM_CASES: readonly Case[] = [
  story('what is said in a room is heard by everybody else in it, in order, and by nobody outside', async (stage) => {
    const [ann, bob, cid] = await talkers(stage, 'ann', 'bob', 'cid', 'eve');
    const room = nameOf('talk', ann);
    same(await opens(ann, room), { room, memberCount: 1, hasMissedMessages: false });
    same(await joins(bob, room, ann), { room, memberCount: 2, hasMissedMessages: false });
    await joins(cid, room, ann, bob);
    for (const message of ['one', 'two', 'three']) await ann.ok('chat/send', { room, message });
    for (const peer of [bob, cid]) for (const text of ['one', 'two', 'three']) await hears(peer, ann, text);
    await cid.ok('chat/send', { room, message: 'four' });
    for (const peer of [ann, bob]) await hears(peer, cid, 'four');
    const { userIds } = await ann.ok<{ userIds: string[] }>('chat/members', { room });
    same([...userIds].sort(), [ann, bob, cid].map(({ userId }) => userId).sort());
  }),

  story('a name is one room however its letters are cased, and has no control characters', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('Café', ann);
    const opened = await opens(ann, room);
    same(opened.room, room.toLowerCase());
    await bob.fails('room_exists', 'chat/create', { room: room.toUpperCase() });
    await joins(bob, room.normalize('NFD').toUpperCase(), ann);
    for (const name of ['two\nlines', '\u202eright', '', 'x'.repeat(33)])
      await bob.fails('invalid_request', 'chat/create', { room: name }, { malformed: true });
  }),

  story('who left reads no more, and begins anew when it comes back', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('talk', ann);
    await opens(ann, room);
    await joins(bob, room, ann);
    await leaves(bob, room, ann);
    await ann.ok('chat/send', { room, message: 'behind your back' });
    await bob.fails('not_in_room', 'chat/send', { room, message: 'let me in' });
    await bob.fails('not_in_room', 'chat/leave', { room });
    await bob.fails('not_in_room', 'chat/members', { room });
    await joins(bob, room, ann);
    await ann.ok('chat/send', { room, message: 'welcome back' });
    await hears(bob, ann, 'welcome back');
  }),

  story('a lost connection keeps its rooms, and joins with a marker for what it has missed', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('talk', ann);
    await opens(ann, room);
    await joins(bob, room, ann);
    await ann.ok('chat/send', { room, message: 'seen' });
    const since = await hears(bob, ann, 'seen');
    bob.drop();
    for (const message of ['missed', 'missed too']) await ann.ok('chat/send', { room, message });
    await bob.enter();
    const back = await bob.ok<Entered>('chat/join', { room, since });
    same(back, { room, memberCount: 2, hasMissedMessages: false });
    await hearsWho(bob, [ann, bob]);
    for (const text of ['missed', 'missed too']) await hears(bob, ann, text);
    await ann.ok('chat/send', { room, message: 'live' });
    await hears(bob, ann, 'live');
    const odd = await bob.ok<Entered>('chat/join', { room, since: 'nonsense' });
    same(odd.hasMissedMessages, true);
    await hearsWho(bob, [ann, bob]);
    for (const text of ['seen', 'missed', 'missed too', 'live']) await hears(bob, ann, text);
  }),

  story('a room ends with its last member, and what was said there with it', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('talk', ann);
    await opens(ann, room);
    await joins(bob, room, ann);
    await bob.ok('chat/send', { room, message: 'hello' });
    const since = await hears(ann, bob, 'hello');
    await leaves(ann, room, bob);
    await leaves(bob, room);
    await bob.fails('unknown_room', 'chat/join', { room });
    await opens(bob, room);
    const again = await ann.ok<Entered>('chat/join', { room, since });
    same(again.hasMissedMessages, true);
    await hearsWho(ann, [ann, bob]);
    await hearsWho(bob, [ann, bob], { joined: ann });
  }),

  story('members hear who comes and goes, whoever signs out too, and strangers do not', async (stage) => {
    const [ann, bob, cid] = await talkers(stage, 'ann', 'bob', 'cid', 'eve');
    const room = nameOf('door', ann);
    await opens(ann, room);
    await joins(bob, room, ann);
    await joins(cid, room, ann, bob);
    await leaves(bob, room, ann, cid);
    await cid.ok('system/disconnect', { reason: 'bedtime' });
    await hearsWho(ann, [ann], { left: cid });
    await joins(bob, room, ann);
  }),

  story('rooms are listed with their members', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('listed', ann);
    await opens(ann, room);
    const look = { containing: room.toUpperCase() };
    for (;;) {
      const { rooms, hasMore } = await bob.ok<{ rooms: object[]; hasMore: boolean }>('chat/list', look);
      same(hasMore, false);
      if (rooms.length === 0) continue;
      same(rooms, [{ room, memberCount: 1 }]);
      break;
    }
    same(await bob.ok('chat/list', { containing: room, after: room }), { rooms: [], hasMore: false });
  }),

  story('a message has an end, and so have the rooms that one may be in', async (stage) => {
    const [ann] = await talkers(stage, 'ann');
    const room = nameOf('talk', ann);
    await opens(ann, room);
    const long = { room, message: 'x'.repeat(513) };
    await ann.fails('message_too_long', 'chat/send', long, { malformed: true });
    for (let n = 2; n <= 8; n += 1) await opens(ann, `${room} ${n}`);
    await ann.fails('too_many_rooms', 'chat/create', { room: `${room} 9` });
    await ann.fails('too_many_rooms', 'chat/join', { room: `${room} 9` });
    await leaves(ann, room);
    await opens(ann, `${room} 9`);
  }),

  story('rooms do not exist on v0.tachyon', async (stage) => {
    const [ann] = await talkers(stage, 'ann');
    const room = nameOf('talk', ann);
    await opens(ann, room);
    const bob = await stage.player('bob');
    for (const commandId of ['chat/join', 'chat/create', 'chat/members'])
      await bob.fails('command_unimplemented', commandId, { room });
  }),

  story('who signs in on v0.tachyon is in its rooms still, and hears nothing of them', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('talk', ann);
    await opens(ann, room);
    await joins(bob, room, ann);
    bob.drop();
    await stage.player('bob');
    await ann.ok('chat/send', { room, message: 'anybody?' });
    const { userIds } = await ann.ok<{ userIds: string[] }>('chat/members', { room });
    same(userIds.length, 2);
  }),
];

/** With autohosts: whoever plays beside them may be given theirs. */
export const AUTOHOST_ROOM_CASES: readonly Case[] = [
  story('an autohost hears what is said in a room that it joined, and what it missed', async (stage) => {
    const [ann] = await talkers(stage, 'ann');
    const room = nameOf('engine room', ann);
    await opens(ann, room);
    const bot = stage.bot();
    const autohost = await connected(stage, bot);
    await autohost.fails('unknown_room', 'autohost/joinRoom', { room: `${room}s` });
    same(await joins(autohost, room, ann), { room, memberCount: 2, hasMissedMessages: false });
    await ann.ok('chat/send', { room, message: 'steam up' });
    const since = await hears(autohost, ann, 'steam up', 'autohost/roomMessage');
    const { autohosts } = await ann.ok<{ autohosts: string[] }>('chat/members', { room });
    same(autohosts.length, 1);
    autohost.drop();
    await ann.ok('chat/send', { room, message: 'full ahead' });
    const again = await connected(stage, bot);
    same(await again.ok('autohost/joinRoom', { room, since }), { room, memberCount: 2, hasMissedMessages: false });
    await hearsWho(again, [ann, again]);
    await hears(again, ann, 'full ahead', 'autohost/roomMessage');
    await leaves(again, room, ann);
    await ann.ok('chat/send', { room, message: 'stop' });
    await again.fails('not_in_room', 'autohost/leaveRoom', { room });
  }),

  story('what an autohost asks of rooms with wrong data is invalid_request', async (stage) => {
    const autohost = await connected(stage, stage.bot());
    for (const commandId of ['autohost/joinRoom', 'autohost/leaveRoom'])
      await autohost.fails('invalid_request', commandId, { room: [[]] }, { malformed: true });
  }),

  story('an autohost is in a few rooms at a time', async (stage) => {
    const owners = await talkers(stage, 'ann', 'bob');
    const rooms: string[] = [];
    for (const owner of owners)
      for (let n = 1; n <= 5; n += 1) {
        rooms.push(nameOf(`engine ${n}`, owner));
        await opens(owner, rooms.at(-1)!);
      }
    const autohost = await connected(stage, stage.bot());
    for (const [n, room] of rooms.slice(0, 8).entries()) await joins(autohost, room, owners[n < 5 ? 0 : 1]!);
    await autohost.fails('too_many_rooms', 'autohost/joinRoom', { room: rooms[8] });
  }),
];

/** Until its actor has heard that a former connection is gone, it is sent away. */
async function connected(stage: Stage, bot: ReturnType<Stage['bot']>): Promise<Peer> {
  for (;;) {
    const autohost = await stage.autohost(bot, 'v0.muster');
    autohost.tell('autohost/status', STATUS);
    const asked = await autohost.asked('autohost/subscribeUpdates').catch(() => undefined);
    if (!asked && autohost.ending?.code !== 1000) throw new Error(JSON.stringify(autohost.ending));
    if (!asked) continue;
    autohost.answer(asked);
    return autohost;
  }
}
