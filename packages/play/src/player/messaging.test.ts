import { describe, expect, test } from '@jest/globals';
import { playerId } from '@muster/ports';
import fc from 'fast-check';
import { emptyInbox, keep, messagesAfter, missedAfter, startAfter } from './inbox.js';
import { Stage, type Turn } from './testdata/stage.js';

const session = 'g1#a/1';

interface Received {
  readonly message: string;
  readonly marker: string;
  readonly timestamp: number;
}

function signedIn(options = {}): Stage {
  const stage = new Stage('1', undefined, options);
  stage.attach(session);
  return stage;
}

function received(turn: Turn): readonly Received[] {
  return turn.published
    .filter(({ topic, name }) => topic === 'self' && name === 'messaging/received')
    .map(({ data }) => data as Received);
}

const texts = (turn: Turn) => received(turn).map(({ message }) => message);

describe('sending', () => {
  test('a message goes to the actor of the player it is for', () => {
    const { sends, reply } = signedIn().from(session, 'send', {
      target: { type: 'player', userId: '2' },
      message: 'hi',
    });
    expect(reply).toBeNull();
    expect(sends).toEqual([
      {
        to: { kind: 'player', id: '2' },
        command: 'receive',
        data: { message: 'hi', source: { type: 'player', userId: '1' } },
      },
    ]);
  });

  test.each([
    [{ type: 'player', userId: 'bob' }, 'hi', 'invalid_target'],
    [{ type: 'party' }, 'hi', 'invalid_request'],
    [{ type: 'lobby' }, 'hi', 'invalid_request'],
    [{ type: 'player', userId: '2' }, 'x'.repeat(513), 'message_too_long'],
  ] as const)('to %j fails with %s', (target, message, reason) => {
    expect(signedIn().from(session, 'send', { target, message })).toMatchObject({ refuse: reason, sends: [] });
  });

  test('characters are counted as people count them', () => {
    const send = (message: string) =>
      signedIn().from(session, 'send', { target: { type: 'player', userId: '2' }, message }).refuse;
    expect(send('😀'.repeat(512))).toBeUndefined();
    expect(send('😀'.repeat(513))).toBe('message_too_long');
  });
});

describe('receiving', () => {
  test('a message of somebody who is ignored is dropped and counted', () => {
    const stage = new Stage();
    stage.attach('g1#a/1');
    stage.from('g1#a/1', 'subscribeReceived', {});
    stage.state.ties = { version: 1, friends: [], outgoing: [], incoming: [], ignored: [playerId('2')] };
    expect(stage.message('noise', '2').published).toEqual([]);
    expect(stage.metrics.value('muster_play_messages_dropped_total', { reason: 'ignored' })).toBe(1);
    expect(stage.message('news', '3').published).toHaveLength(1);
  });

  test('a message to somebody who is offline, or who does not exist, is dropped and counted', () => {
    const offline = new Stage();
    expect(offline.message('hi')).toMatchObject({ refuse: undefined, published: [] });
    expect(offline.metrics.value('muster_play_messages_dropped_total', { reason: 'offline' })).toBe(1);
    const unknown = new Stage('9', null);
    unknown.message('hi');
    expect(unknown.metrics.value('muster_play_messages_dropped_total', { reason: 'unknown_user' })).toBe(1);
  });

  test('nothing is pushed before it was asked for, but it is kept', () => {
    const stage = signedIn();
    expect(received(stage.message('early'))).toEqual([]);
    expect(texts(stage.from(session, 'subscribeReceived', { since: { type: 'from_start' } }))).toEqual(['early']);
  });

  test('a live message says who sent it and when it came, in microseconds', () => {
    const stage = signedIn();
    stage.from(session, 'subscribeReceived', {});
    expect(received(stage.message('hi'))).toMatchObject([
      { message: 'hi', source: { type: 'player', userId: '2' }, timestamp: stage.now * 1_000 },
    ]);
  });

  test('no actor can speak in the name of another', () => {
    const stage = signedIn();
    const origin = { type: 'entity', from: { kind: 'player', id: '3' }, number: 1 } as const;
    const forged = { message: 'x', source: { type: 'player', userId: '2' } } as const;
    expect(stage.internal('receive', forged, origin).refuse).toBe('unauthorized');
    expect(stage.from(session, 'receive', forged).refuse).toBe('unauthorized');
  });
});

describe('coming back', () => {
  test('latest, the default, sends nothing of what was', () => {
    const stage = signedIn();
    stage.message('old');
    for (const data of [{}, { since: { type: 'latest' } }] as const)
      expect(stage.from(session, 'subscribeReceived', data)).toMatchObject({
        reply: { hasMissedMessages: false },
        published: [],
      });
  });

  test('a marker brings what came strictly after it', () => {
    const stage = signedIn();
    stage.from(session, 'subscribeReceived', {});
    const [first] = received(stage.message('one'));
    stage.message('two');
    stage.attach('g2#a/1');
    stage.message('three');
    const turn = stage.from('g2#a/1', 'subscribeReceived', { since: { type: 'marker', value: first!.marker } });
    expect(turn.reply).toMatchObject({ hasMissedMessages: false });
    expect(texts(turn)).toEqual(['two', 'three']);
    expect(texts(stage.message('live'))).toEqual(['live']);
  });

  test('an unknown marker, also one of an earlier session, brings everything and says that something was missed', () => {
    const stage = signedIn();
    stage.from(session, 'subscribeReceived', {});
    const [old] = received(stage.message('other life'));
    stage.from(session, 'detach', { session, clean: true });
    stage.attach('g1#a/2');
    stage.message('this life');
    for (const value of [old!.marker, 'nonsense', '', `${stage.state.inbox.prefix}.99`]) {
      const turn = stage.from('g1#a/2', 'subscribeReceived', { since: { type: 'marker', value } });
      expect(turn.reply).toMatchObject({ hasMissedMessages: true });
      expect(texts(turn)).toEqual(['this life']);
    }
  });

  test('200 messages are kept; from the start tells that older ones are gone', () => {
    const stage = signedIn();
    stage.from(session, 'subscribeReceived', {});
    const markers = Array.from({ length: 201 }, (_, i) => received(stage.message(`m${i}`))[0]!.marker);
    const all = stage.from(session, 'subscribeReceived', { since: { type: 'from_start' } });
    expect(all.reply).toMatchObject({ hasMissedMessages: true });
    expect(texts(all)).toHaveLength(200);
    expect(texts(all)[0]).toBe('m1');
    expect(received(all).map(({ marker }) => marker)).toEqual(markers.slice(1));
    const since = (value: string) => stage.from(session, 'subscribeReceived', { since: { type: 'marker', value } });
    // The one that is gone is the one that was heard: nothing after it is missing.
    expect(since(markers[0]!).reply).toMatchObject({ hasMissedMessages: false });
    stage.message('one more');
    expect(since(markers[0]!).reply).toMatchObject({ hasMissedMessages: true });
    expect(texts(since(markers[200]!))).toEqual(['one more']);
  });

  test('a subscription dies with its socket', () => {
    const stage = signedIn();
    stage.from(session, 'subscribeReceived', {});
    stage.attach('g1#a/2');
    expect(received(stage.message('not asked for'))).toEqual([]);
  });
});

test('whatever the marker, no message is sent twice and only dropped ones are missing', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 12 }), fc.nat(45), (count, max, at) => {
      const inbox = emptyInbox('p');
      for (let i = 1; i <= count; i += 1)
        keep(inbox, { message: `${i}`, source: { type: 'player', userId: '2' }, timestamp: i }, max);
      const { after, missed } = startAfter(inbox, { type: 'marker', value: `p.${at}` });
      const got = messagesAfter(inbox, after).map(({ message }) => Number(message));
      const kept = Array.from({ length: Math.min(count, max) }, (_, i) => Math.max(0, count - max) + i + 1);
      const known = at <= count && at >= count - kept.length;
      expect(missed).toBe(!known);
      expect(got).toEqual(known ? kept.filter((number) => number > at) : kept);
    }),
  );
});

test('K16: who has to be told the state instead of events is told what it asked for and is still kept', () => {
  const stage = signedIn({ inboxMessagesMax: 3 });
  const told = () =>
    (stage.snapshot('self') as { messages?: readonly Received[] }).messages?.map(({ message }) => message);
  stage.message('a');
  expect(told()).toBeUndefined();
  stage.from(session, 'subscribeReceived', {});
  expect(told()).toEqual([]);
  for (const text of ['b', 'c']) stage.message(text);
  expect(told()).toEqual(['b', 'c']);
  for (const text of ['d', 'e']) stage.message(text);
  expect(told()).toEqual(['c', 'd', 'e']);
});

test('what was missed after a marker: nothing twice, and everything of another inbox', () => {
  const [a, b] = ['x', 'y'].map((prefix) => {
    const inbox = emptyInbox(prefix);
    for (const message of ['1', '2', '3']) keep(inbox, { message } as never, 10);
    return messagesAfter(inbox, 0);
  }) as [ReturnType<typeof messagesAfter>, ReturnType<typeof messagesAfter>];
  expect(missedAfter(a, undefined)).toEqual(a);
  expect(missedAfter(a, 'x.2')).toEqual(a.slice(2));
  expect(missedAfter(a, 'x.9')).toEqual([]);
  expect(missedAfter(b, 'x.2')).toEqual(b);
});
