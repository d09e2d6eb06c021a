import type { Peer } from '../peer.js';
import { type Case, story } from './case.js';

interface Received {
  readonly message: string;
  readonly source: unknown;
  readonly timestamp: number;
  readonly marker: string;
}

/** One more than is kept. */
const MANY = 201;

export async function listens(peer: Peer, since?: object): Promise<boolean> {
  const data = since === undefined ? {} : { since };
  return (await peer.ok<{ hasMissedMessages: boolean }>('messaging/subscribeReceived', data)).hasMissedMessages;
}

export async function says(from: Peer, to: Peer, message: string): Promise<void> {
  await from.ok('messaging/send', { target: { type: 'player', userId: to.userId }, message });
}

/** Hears this text from that player. @returns its marker. */
export async function hears(peer: Peer, message: string, source: object): Promise<string> {
  const heard = await peer.hears<Received>('messaging/received');
  const isRight = heard.message === message && JSON.stringify(heard.source) === JSON.stringify(source);
  if (!isRight)
    throw new Error(`${peer.name} should hear ${message} from ${JSON.stringify(source)}: ${JSON.stringify(heard)}`);
  return heard.marker;
}

function from({ userId }: Peer): object {
  return { type: 'player', userId };
}

function isNot(missed: boolean, expected: boolean): void {
  if (missed !== expected) throw new Error(`hasMissedMessages is ${missed}`);
}

export const MESSAGING_CASES: readonly Case[] = [
  story('messaging/send to a player is heard there, in the order in which it was sent', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob', 'eve');
    isNot(await listens(bob), false);
    for (const text of ['one', 'two', 'three']) await says(ann, bob, text);
    for (const text of ['one', 'two', 'three']) await hears(bob, text, from(ann));
  }),

  story('messages that were sent without waiting for answers keep their order', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await listens(bob);
    const target = { type: 'player', userId: bob.userId };
    const sent = Array.from({ length: 20 }, (_, n) => ann.send('messaging/send', { target, message: `m${n}` }));
    for (const id of sent) if ((await ann.answered(id)).status !== 'success') throw new Error(`${id} failed`);
    for (let n = 0; n < 20; n += 1) await hears(bob, `m${n}`, from(ann));
  }),

  story('one may write to oneself: the answer comes before the message', async (stage) => {
    const ann = await stage.player('ann');
    await listens(ann);
    await says(ann, ann, 'do not forget');
    await hears(ann, 'do not forget', from(ann));
  }),

  story('messaging/send of more than 512 characters fails with message_too_long', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await listens(bob);
    const target = { type: 'player', userId: bob.userId };
    await ann.fails('message_too_long', 'messaging/send', { target, message: 'x'.repeat(513) }, { malformed: true });
    // Characters, not the two halves that some of them are made of.
    const long = '\u{1f4a3}'.repeat(512);
    await says(ann, bob, long);
    await hears(bob, long, from(ann));
  }),

  story('messaging/send to what is no user id fails with invalid_target', async (stage) => {
    const ann = await stage.player('ann');
    const target = { type: 'player', userId: 'bob' };
    await ann.fails('invalid_target', 'messaging/send', { target, message: 'hello?' }, { malformed: true });
  }),

  story('messaging/send to a party or lobby that one is not in fails with invalid_request', async (stage) => {
    const ann = await stage.player('ann');
    for (const type of ['party', 'lobby'])
      await ann.fails('invalid_request', 'messaging/send', { target: { type }, message: 'hello?' });
  }),

  story('messaging/send to somebody who is away, or to nobody, succeeds and is dropped', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await bob.ok('system/disconnect');
    await bob.ended();
    await says(ann, bob, 'gone');
    await ann.ok('messaging/send', { target: { type: 'player', userId: '999999999' }, message: 'nobody' });
  }),

  story('messaging/subscribeReceived from the start brings what came before anybody asked', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await says(ann, bob, 'before');
    isNot(await listens(bob, { type: 'from_start' }), false);
    await hears(bob, 'before', from(ann));
    await says(ann, bob, 'after');
    await hears(bob, 'after', from(ann));
  }),

  story('messaging/subscribeReceived with latest, or without since, brings nothing that came before', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await listens(bob);
    await says(ann, bob, 'before');
    await hears(bob, 'before', from(ann));
    isNot(await listens(bob, { type: 'latest' }), false);
    isNot(await listens(bob), false);
    await says(ann, bob, 'after');
    await hears(bob, 'after', from(ann));
  }),

  story('messaging/subscribeReceived with a marker brings strictly what came after it', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await listens(bob);
    for (const text of ['a', 'b', 'c']) await says(ann, bob, text);
    const value = await hears(bob, 'a', from(ann));
    await hears(bob, 'b', from(ann));
    const last = await hears(bob, 'c', from(ann));
    isNot(await listens(bob, { type: 'marker', value }), false);
    await hears(bob, 'b', from(ann));
    await hears(bob, 'c', from(ann));
    isNot(await listens(bob, { type: 'marker', value: last }), false);
  }),

  story('a marker that nobody knows brings everything and the word that messages were missed', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await says(ann, bob, 'kept');
    for (const value of ['', 'unknown', '-9223372036854775808', 'x.1~y.2~z.3']) {
      isNot(await listens(bob, { type: 'marker', value }), true);
      await hears(bob, 'kept', from(ann));
    }
  }),

  story(
    'of more than two hundred messages the newest are kept, and the client is told that it missed some',
    async (stage) => {
      const [ann, bob] = await stage.players('ann', 'bob');
      await listens(bob);
      for (let n = 0; n < MANY; n += 1) await says(ann, bob, `m${n}`);
      // A message is on record with its sender first: it is here when it was heard.
      for (let n = 0; n < MANY; n += 1) await hears(bob, `m${n}`, from(ann));
      isNot(await listens(bob, { type: 'from_start' }), true);
      for (let n = 1; n < MANY; n += 1) await hears(bob, `m${n}`, from(ann));
    },
  ),

  story('who lost the connection gets what came meanwhile, and asks for messages anew', async (stage) => {
    const [ann, bob] = await stage.players('ann', 'bob');
    await listens(bob);
    await says(ann, bob, 'before');
    const value = await hears(bob, 'before', from(ann));
    bob.drop();
    await says(ann, bob, 'meanwhile');
    await bob.enter();
    await says(ann, bob, 'unheard');
    isNot(await listens(bob, { type: 'marker', value }), false);
    await hears(bob, 'meanwhile', from(ann));
    await hears(bob, 'unheard', from(ann));
  }),
];
