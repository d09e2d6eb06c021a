// Rooms with the real actors of their members, while machines die.
import { expect, test } from '@jest/globals';
import { Town } from '../player/testdata/town.js';
import { roomOf } from './contract.js';

const GATEWAY = 'g1#a';
const TALK = roomOf('talk');

async function town(): Promise<Town> {
  const made = new Town('ann', 'bob', 'cid');
  for (const player of ['1', '2', '3']) await made.signIn(player, `${GATEWAY}/${player}`);
  return made;
}

async function asks(made: Town, player: string, command: 'createRoom' | 'joinRoom' | 'leaveRoom', room = 'talk') {
  made.ask(player, `${GATEWAY}/${player}`, command, { room });
  return (await made.told()).filter((line) => line.startsWith(`${GATEWAY}/${player} `));
}

function says(made: Town, player: string, ...messages: readonly string[]): void {
  for (const message of messages) made.ask(player, `${GATEWAY}/${player}`, 'sendToRoom', { room: 'talk', message });
}

interface Kept {
  readonly ops?: Readonly<Record<string, string>>;
  readonly count?: number;
}
const kept = (made: Town): Kept => made.stateOf(TALK) as Kept;
const members = (made: Town): readonly string[] => Object.keys(kept(made).ops ?? {}).sort();

test('members, messages and their order survive the death of the node, with every message between actors in doubt', async () => {
  const made = await town();
  await asks(made, '1', 'createRoom');
  await asks(made, '2', 'joinRoom');
  await made.listenTo(GATEWAY, TALK, 'messages');
  let n = 0;
  made.loses = () => {
    n += 1;
    return n % 3 === 0;
  };
  says(made, '1', 'one', 'two', 'three');
  await made.clock.advance(5);
  made.promote();
  await made.listenTo(GATEWAY, TALK, 'messages');
  says(made, '1', 'four');
  const lines = await made.told(30_000);
  const heard = JSON.stringify(lines);
  expect(members(made)).toEqual(['player/1', 'player/2']);
  expect(kept(made).count).toBe(4);
  const at = ['one', 'two', 'three', 'four'].map((text) => heard.indexOf(`\\"message\\":\\"${text}\\"`));
  expect(at.filter((one) => one >= 0)).toEqual([...at].filter((one) => one >= 0).sort((a, b) => a - b));
  expect(at.at(-1)).toBeGreaterThan(0);
});

test('who signs out leaves its rooms; the last one ends them', async () => {
  const made = await town();
  await asks(made, '1', 'createRoom');
  await asks(made, '2', 'joinRoom');
  made.ask('2', `${GATEWAY}/2`, 'detach', { session: `${GATEWAY}/2`, clean: true });
  await made.clock.advance(50);
  expect(members(made)).toEqual(['player/1']);
  made.ask('1', `${GATEWAY}/1`, 'detach', { session: `${GATEWAY}/1`, clean: false });
  await made.clock.advance(29_000);
  expect(members(made)).toEqual(['player/1']);
  await made.clock.advance(2_000);
  expect(members(made)).toEqual([]);
});

test('members of a room that was lost are told so when they speak, and may open it again', async () => {
  const made = await town();
  await asks(made, '1', 'createRoom');
  await asks(made, '2', 'joinRoom');
  made.forget(TALK);
  for (const player of ['1', '2']) await made.listen(GATEWAY, player, 'self');
  made.seen.length = 0;
  says(made, '1', 'hello?');
  const told = await made.told(100);
  expect(told).toContain(`${GATEWAY} 1 chat/left {"room":"talk"}`);
  expect(await asks(made, '1', 'createRoom')).toMatchObject([expect.stringContaining('"memberCount":1')]);
  // The other one finds out at its next question at the latest.
  await made.clock.advance(300_000);
  expect(members(made)).toEqual(['player/1']);
  expect(await asks(made, '2', 'joinRoom')).toMatchObject([expect.stringContaining('"memberCount":2')]);
});

test('a room whose last second is lost, and members whose last second is lost, agree again', async () => {
  const made = await town();
  await asks(made, '1', 'createRoom');
  await asks(made, '2', 'joinRoom');
  made.store();
  await asks(made, '2', 'leaveRoom');
  await asks(made, '3', 'joinRoom');
  made.rollBack(TALK);
  for (const player of ['1', '2', '3']) await made.listen(GATEWAY, player, 'self');
  await made.clock.advance(600_000);
  // 2 has left, and the room knows again; 3 came in during that second, and is told that it is out.
  expect(members(made)).toEqual(['player/1']);
  const rooms = (player: string) =>
    Object.keys((made.stateOf({ kind: 'player', id: player }) as { rooms: object }).rooms);
  expect(['1', '2', '3'].map(rooms)).toEqual([['talk'], [], []]);
});

test('a request of a connection that was taken over is refused, and the room has the player once', async () => {
  const made = await town();
  await asks(made, '1', 'createRoom');
  made.loses = () => true;
  made.ask('2', `${GATEWAY}/2`, 'joinRoom', { room: 'talk' });
  await made.clock.advance(5);
  made.ask('2', `${GATEWAY}/9`, 'attach', { session: `${GATEWAY}/9`, gateway: GATEWAY, resume: false });
  expect(await made.told()).toContain(`${GATEWAY}/2 REFUSED superseded`);
  made.loses = () => false;
  await made.clock.advance(30_000);
  expect(members(made)).toEqual(['player/1', 'player/2']);
});
