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

function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}

export const ROOM_CASES: readonly Case[] = [
  story('what is said in a room is heard by everybody else in it, in order, and by nobody outside', async (stage) => {
    const [ann, bob, cid] = await talkers(stage, 'ann', 'bob', 'cid', 'eve');
    const room = nameOf('talk', ann);
    same(await ann.ok('chat/create', { room }), { room, memberCount: 1, hasMissedMessages: false });
    same(await bob.ok('chat/join', { room }), { room, memberCount: 2, hasMissedMessages: false });
    await cid.ok('chat/join', { room });
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
    const opened = await ann.ok<Entered>('chat/create', { room });
    same(opened.room, room.toLowerCase());
    await bob.fails('room_exists', 'chat/create', { room: room.toUpperCase() });
    await bob.ok('chat/join', { room: room.normalize('NFD').toUpperCase() });
    for (const name of ['two\nlines', '\u202eright', '', 'x'.repeat(33)])
      await bob.fails('invalid_request', 'chat/create', { room: name }, { malformed: true });
  }),

  story('who left reads no more, and begins anew when it comes back', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('talk', ann);
    await ann.ok('chat/create', { room });
    await bob.ok('chat/join', { room });
    await bob.ok('chat/leave', { room });
    await ann.ok('chat/send', { room, message: 'behind your back' });
    await bob.fails('not_in_room', 'chat/send', { room, message: 'let me in' });
    await bob.fails('not_in_room', 'chat/leave', { room });
    await bob.fails('not_in_room', 'chat/members', { room });
    await bob.ok('chat/join', { room });
    await ann.ok('chat/send', { room, message: 'welcome back' });
    await hears(bob, ann, 'welcome back');
  }),

  story('a lost connection keeps its rooms, and joins with a marker for what it has missed', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('talk', ann);
    await ann.ok('chat/create', { room });
    await bob.ok('chat/join', { room });
    await ann.ok('chat/send', { room, message: 'seen' });
    const since = await hears(bob, ann, 'seen');
    bob.drop();
    for (const message of ['missed', 'missed too']) await ann.ok('chat/send', { room, message });
    await bob.enter();
    const back = await bob.ok<Entered>('chat/join', { room, since });
    same(back, { room, memberCount: 2, hasMissedMessages: false });
    for (const text of ['missed', 'missed too']) await hears(bob, ann, text);
    await ann.ok('chat/send', { room, message: 'live' });
    await hears(bob, ann, 'live');
    const odd = await bob.ok<Entered>('chat/join', { room, since: 'nonsense' });
    same(odd.hasMissedMessages, true);
    for (const text of ['seen', 'missed', 'missed too', 'live']) await hears(bob, ann, text);
  }),

  story('a room ends with its last member, and what was said there with it', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('talk', ann);
    await ann.ok('chat/create', { room });
    await bob.ok('chat/join', { room });
    await bob.ok('chat/send', { room, message: 'hello' });
    const since = await hears(ann, bob, 'hello');
    await ann.ok('chat/leave', { room });
    await bob.ok('chat/leave', { room });
    await bob.fails('unknown_room', 'chat/join', { room });
    await bob.ok('chat/create', { room });
    const again = await ann.ok<Entered>('chat/join', { room, since });
    same(again.hasMissedMessages, true);
  }),

  story('rooms are listed with their members', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('listed', ann);
    await ann.ok('chat/create', { room });
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
    await ann.ok('chat/create', { room });
    const long = { room, message: 'x'.repeat(513) };
    await ann.fails('message_too_long', 'chat/send', long, { malformed: true });
    for (let n = 2; n <= 8; n += 1) await ann.ok('chat/create', { room: `${room} ${n}` });
    await ann.fails('too_many_rooms', 'chat/create', { room: `${room} 9` });
    await ann.fails('too_many_rooms', 'chat/join', { room: `${room} 9` });
    await ann.ok('chat/leave', { room });
    await ann.ok('chat/create', { room: `${room} 9` });
  }),

  story('rooms do not exist on v0.tachyon', async (stage) => {
    const [ann] = await talkers(stage, 'ann');
    const room = nameOf('talk', ann);
    await ann.ok('chat/create', { room });
    const bob = await stage.player('bob');
    for (const commandId of ['chat/join', 'chat/create', 'chat/members'])
      await bob.fails('command_unimplemented', commandId, { room });
  }),

  story('who signs in on v0.tachyon is in its rooms still, and hears nothing of them', async (stage) => {
    const [ann, bob] = await talkers(stage, 'ann', 'bob');
    const room = nameOf('talk', ann);
    await ann.ok('chat/create', { room });
    await bob.ok('chat/join', { room });
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
    await ann.ok('chat/create', { room });
    const bot = stage.bot();
    const autohost = await connected(stage, bot);
    await autohost.fails('unknown_room', 'autohost/joinRoom', { room: `${room}s` });
    same(await autohost.ok('autohost/joinRoom', { room }), { room, memberCount: 2, hasMissedMessages: false });
    await ann.ok('chat/send', { room, message: 'steam up' });
    const since = await hears(autohost, ann, 'steam up', 'autohost/roomMessage');
    const { autohosts } = await ann.ok<{ autohosts: string[] }>('chat/members', { room });
    same(autohosts.length, 1);
    autohost.drop();
    await ann.ok('chat/send', { room, message: 'full ahead' });
    const again = await connected(stage, bot);
    same(await again.ok('autohost/joinRoom', { room, since }), { room, memberCount: 2, hasMissedMessages: false });
    await hears(again, ann, 'full ahead', 'autohost/roomMessage');
    await again.ok('autohost/leaveRoom', { room });
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
        await owner.ok('chat/create', { room: rooms.at(-1) });
      }
    const autohost = await connected(stage, stage.bot());
    for (const room of rooms.slice(0, 8)) await autohost.ok('autohost/joinRoom', { room });
    await autohost.fails('too_many_rooms', 'autohost/joinRoom', { room: rooms[8] });
  }),
];

async function connected(stage: Stage, bot: ReturnType<Stage['bot']>): Promise<Peer> {
  const autohost = await stage.autohost(bot, 'v0.muster');
  autohost.tell('autohost/status', STATUS);
  autohost.answer(await autohost.asked('autohost/subscribeUpdates'));
  return autohost;
}
