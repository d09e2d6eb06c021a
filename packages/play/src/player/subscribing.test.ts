import { describe, expect, test } from '@jest/globals';
import type { ChatPosition } from '../chat/contract.js';
import { PLAYER_DEFAULTS } from './options.js';
import { Stage, type Turn } from './testdata/stage.js';

const session = 'g1#a/1';

/** Signed in, and in lobby 7 and party 9, or where `places` says. */
function member(places: Readonly<Record<string, string>> = { lobby: '7', party: '9' }): Stage {
  const stage = new Stage();
  stage.attach(session);
  for (const [kind, id] of Object.entries(places))
    stage.state.places[kind as 'lobby' | 'party'] = { phase: 'in', id, op: '1.1' };
  return stage;
}

function answer(stage: Stage, place: string, position: ChatPosition | undefined, number = 1): Turn {
  const from = { kind: 'chat', id: place };
  const context = { number, place: place.split(':')[0] };
  return stage.internal(
    'positionAnswered',
    position
      ? { from, context, ok: true, value: position }
      : { from, context, ok: false, code: 'UNREACHABLE', details: {} },
  );
}

const at = (after: number, missed = false): ChatPosition => ({ life: 'L', after, missed });

describe('speaking in a place', () => {
  test('goes to the chat of the lobby or party that the player is in', () => {
    const stage = member();
    for (const [type, id] of [
      ['lobby', 'lobby:7'],
      ['party', 'party:9'],
    ] as const)
      expect(stage.from(session, 'send', { target: { type }, message: 'hi' })).toMatchObject({
        refuse: undefined,
        sends: [{ to: { kind: 'chat', id }, command: 'say', data: { message: 'hi' } }],
      });
  });

  test('is refused where the player is in none, and to whoever does not hold the session', () => {
    const stage = member({ party: '9' });
    expect(stage.from(session, 'send', { target: { type: 'lobby' }, message: 'hi' }).refuse).toBe('invalid_request');
    expect(stage.from('g2#a/1', 'send', { target: { type: 'party' }, message: 'hi' }).refuse).toBe('superseded');
  });
});

describe('asking for messages in a place', () => {
  test('waits for the chats, then tells what was missed and where each source goes on', () => {
    const stage = member();
    const asked = stage.from(session, 'subscribeReceived', { since: { type: 'from_start' } });
    expect(asked).toMatchObject({ deferred: true, published: [] });
    expect(asked.sends.map(({ to, data }) => [to.id, data])).toEqual([
      ['lobby:7', { since: { type: 'from_start' } }],
      ['party:9', { since: { type: 'from_start' } }],
    ]);
    expect(answer(stage, 'lobby:7', at(3)).resolved).toEqual([]);
    const { resolved } = answer(stage, 'party:9', at(5, true));
    const prefix = stage.state.inbox.prefix;
    expect(resolved).toEqual([
      {
        ticket: expect.any(String),
        reply: {
          hasMissedMessages: true,
          heard: {
            direct: `${prefix}.0`,
            chats: {
              lobby: { id: '7', life: 'L', after: 3, missed: false },
              party: { id: '9', life: 'L', after: 5, missed: true },
            },
          },
        },
      },
    ]);
    expect(stage.state.subscribing).toEqual([]);
  });

  test('sends each chat its part of the marker, and all where the marker says nothing of it', () => {
    const stage = member();
    const value = `${stage.state.inbox.prefix}.0~lL.4`;
    const { sends } = stage.from(session, 'subscribeReceived', { since: { type: 'marker', value } });
    expect(sends.map(({ data }) => (data as { since: unknown }).since)).toEqual([
      { type: 'after', life: 'L', number: 4 },
      { type: 'from_start' },
    ]);
    answer(stage, 'lobby:7', at(4));
    const [resolved] = answer(stage, 'party:9', at(0)).resolved!;
    expect(resolved!.reply).toMatchObject({ hasMissedMessages: false });
  });

  test('gets direct messages that came while the chats were asked, under the request that asked for them', () => {
    const stage = member({ lobby: '7' });
    stage.from(session, 'subscribeReceived', { since: { type: 'from_start' } });
    stage.message('meanwhile');
    const { published } = answer(stage, 'lobby:7', at(0));
    expect(published).toMatchObject([{ name: 'messaging/received', data: { message: 'meanwhile' } }]);
  });

  test('is answered also where a chat cannot be reached, or does not answer in time: then something may be missing', () => {
    const unreachable = member({ lobby: '7' });
    unreachable.from(session, 'subscribeReceived', {});
    expect(answer(unreachable, 'lobby:7', undefined).resolved).toMatchObject([
      { reply: { hasMissedMessages: true, heard: { chats: { lobby: { id: '7', life: '' } } } } },
    ]);
    const late = member();
    const { timers } = late.from(session, 'subscribeReceived', {});
    expect(timers.at(-1)).toMatchObject({ at: late.now + PLAYER_DEFAULTS.positionTimeoutMs, command: 'positionsLate' });
    answer(late, 'party:9', at(2));
    expect(late.internal('positionsLate', { number: 1 }).resolved).toMatchObject([
      { reply: { hasMissedMessages: true, heard: { chats: { party: { after: 2 } } } } },
    ]);
    // Whoever answers after all is heard by nobody.
    expect(answer(late, 'lobby:7', at(1))).toMatchObject({ resolved: [], published: [] });
    expect(late.internal('positionsLate', { number: 1 }).resolved).toEqual([]);
  });

  test('ends with the connection: whoever waits on it is told that another one took over', () => {
    const stage = member();
    stage.from(session, 'subscribeReceived', {});
    expect(stage.attachOnly('g2#a/1').resolved).toMatchObject([{ refuse: { reason: 'superseded' } }]);
    expect(stage.state.subscribing).toEqual([]);
  });

  test('may not pile up', () => {
    const stage = member();
    for (let n = 0; n < PLAYER_DEFAULTS.subscribingMax; n += 1)
      expect(stage.from(session, 'subscribeReceived', {}).deferred).toBe(true);
    expect(stage.from(session, 'subscribeReceived', {}).refuse).toBe('invalid_request');
  });
});
