import { describe, expect, test } from '@jest/globals';
import { type EntityRef, entity, MemoryMetrics, SeededRandom } from '@muster/ports';
import type { DecideContext, Decision, Origin } from '@muster/runtime';
import fc from 'fast-check';
import { chatKind } from './chat.js';
import { type ChatPosition, type ChatSince, type ChatSnapshot, chatOf, placeOf } from './contract.js';
import { CHAT_DEFAULTS } from './options.js';
import type { ChatEvents, OwnChatCommands } from './rules.js';
import { type ChatState, initialChat } from './state.js';

const LOBBY = entity('lobby', '7');
const MAX = 5;

interface Turn {
  readonly reply: unknown;
  readonly refuse: string | undefined;
  readonly deferred: boolean;
  /** `author: text`, as published. */
  readonly said: readonly string[];
  readonly resolved: readonly string[];
  readonly timer: number | null | undefined;
}

/** One chat without a runtime: a turn is one call. */
class Room {
  readonly metrics = new MemoryMetrics();
  readonly kind = chatKind({ metrics: this.metrics, options: { messagesMax: MAX, waitingMax: 2 } });

  get dropped(): number {
    return this.metrics.value('muster_play_messages_dropped_total', { reason: 'not_a_member' });
  }
  state: ChatState = initialChat();
  now = 1_000;
  private readonly random = new SeededRandom(1);
  private turns = 0;

  members(...members: string[]): Turn {
    return this.turn('chatMembers', { members }, LOBBY);
  }

  say(author: string, message: string): Turn {
    return this.turn('say', { message }, entity('player', author));
  }

  position(reader: string, since: ChatSince): ChatPosition {
    return this.turn('position', { since }, entity('player', reader)).reply as ChatPosition;
  }

  get snapshot(): ChatSnapshot {
    return this.kind.topics!.messages!(this.state, chatOf('lobby', '7')) as ChatSnapshot;
  }

  /** What this member would read after `position`. */
  read(reader: string, since: ChatSince): readonly string[] {
    const { after } = this.position(reader, since);
    return this.snapshot.messages.filter(({ number }) => number > after).map(({ message }) => message);
  }

  turn<K extends keyof OwnChatCommands & string>(command: K, data: OwnChatCommands[K]['data'], from?: EntityRef): Turn {
    this.turns += 1;
    const origin: Origin = from ? { type: 'entity', from, number: this.turns } : { type: 'runtime' };
    const ctx: DecideContext = {
      self: chatOf('lobby', '7'),
      now: this.now,
      origin,
      random: this.random,
      ticket: `t${this.turns}`,
    };
    const before = JSON.stringify(this.state);
    const decision: Decision<ChatState, ChatEvents, unknown> = this.kind.decide[command](this.state, data, ctx);
    expect(JSON.stringify(this.state)).toBe(before);
    const said: string[] = [];
    for (const { name, data: what } of decision.events ?? []) {
      this.kind.evolve[name](this.state, JSON.parse(JSON.stringify(what)) as never, this.now);
      this.state = JSON.parse(JSON.stringify(this.state)) as ChatState;
      const published = name === 'said' ? this.kind.publish!.said!(this.state, what as never, ctx.self) : [];
      for (const { data: shown } of published) {
        const { author, message, number } = shown as { author: string; message: string; number: number };
        said.push(`${number} ${author}: ${message}`);
      }
    }
    return {
      reply: decision.reply,
      refuse: decision.refuse?.reason,
      deferred: decision.defer ?? false,
      said,
      resolved: (decision.resolve ?? []).map(({ ticket, refuse }) => `${ticket} ${refuse?.reason ?? 'ok'}`),
      timer: decision.timers?.at(-1)?.at,
    };
  }
}

test('messages are numbered and keep the order in which they came', () => {
  const room = new Room();
  room.members('1', '2');
  expect(room.say('1', 'hi').said).toEqual(['1 1: hi']);
  expect(room.say('2', 'ho').said).toEqual(['2 2: ho']);
  expect(room.snapshot).toMatchObject({ count: 2, members: { 1: 0, 2: 0 }, messages: [{ number: 1 }, { number: 2 }] });
});

test('only the place names its members, and only players speak', () => {
  const room = new Room();
  expect(room.turn('chatMembers', { members: ['1'] }, entity('lobby', '8')).refuse).toBe('unauthorized');
  expect(room.turn('chatMembers', { members: ['1'] }, entity('player', '1')).refuse).toBe('unauthorized');
  room.members('1');
  expect(room.turn('say', { message: 'x' }, LOBBY).refuse).toBe('unauthorized');
  expect(room.turn('say', { message: 'x' }).refuse).toBe('unauthorized');
  expect(room.turn('position', { since: { type: 'latest' } }).refuse).toBe('unauthorized');
});

describe('who speaks before the place told of them', () => {
  test('waits, and is heard in order as soon as they are in', () => {
    const room = new Room();
    expect(room.say('1', 'early')).toMatchObject({
      deferred: true,
      said: [],
      timer: 1_000 + CHAT_DEFAULTS.waitForMemberMs,
    });
    room.say('2', 'also');
    const came = room.members('1', '2');
    expect(came).toMatchObject({ said: ['1 1: early', '2 2: also'], resolved: ['t1 ok', 't2 ok'], timer: null });
  });

  test('is refused when the place does not have them after a moment, those who came later go on waiting', () => {
    const room = new Room();
    room.say('1', 'never');
    room.now += 1_000;
    room.say('2', 'later');
    room.now += CHAT_DEFAULTS.waitForMemberMs - 1_000;
    expect(room.turn('waitedOver', null)).toMatchObject({
      resolved: ['t1 not_a_member'],
      timer: room.now + 1_000,
    });
    expect(room.dropped).toBe(1);
    expect(room.members('1', '2').said).toEqual(['1 2: later']);
  });

  test('is refused at once where too many wait', () => {
    const room = new Room();
    room.say('1', 'a');
    room.say('2', 'b');
    expect(room.say('3', 'c')).toMatchObject({ refuse: 'not_a_member', deferred: false });
    expect(room.dropped).toBe(1);
  });
});

test('when nobody is left the chat forgets everything, and whoever waits is refused', () => {
  const room = new Room();
  room.members('1');
  room.say('1', 'secret');
  const { life } = room.snapshot;
  room.say('2', 'knock');
  expect(room.members()).toMatchObject({ resolved: ['t3 not_a_member'], timer: null });
  expect(room.kind.blank!(room.state)).toBe(true);
  room.members('2');
  expect(room.snapshot).toMatchObject({ count: 0, messages: [] });
  expect(room.snapshot.life).not.toBe(life);
});

describe('a member reads', () => {
  test('nothing that was said before they came, and goes on where they began when they stay', () => {
    const room = new Room();
    room.members('1');
    room.say('1', 'before');
    room.members('1', '2');
    room.say('1', 'after');
    room.members('2', '1', '3');
    expect(room.read('2', { type: 'from_start' })).toEqual(['after']);
    expect(room.read('1', { type: 'from_start' })).toEqual(['before', 'after']);
    expect(room.read('3', { type: 'from_start' })).toEqual([]);
    expect(room.position('2', { type: 'from_start' }).missed).toBe(false);
  });

  test('strictly what came after a number, nothing with latest, and everything with a number that was never given', () => {
    const room = new Room();
    room.members('1', '2');
    for (const text of ['a', 'b', 'c']) room.say('1', text);
    const { life } = room.snapshot;
    expect(room.read('2', { type: 'after', life, number: 1 })).toEqual(['b', 'c']);
    expect(room.position('2', { type: 'after', life, number: 1 }).missed).toBe(false);
    expect(room.read('2', { type: 'latest' })).toEqual([]);
    expect(room.position('2', { type: 'after', life, number: 9 })).toEqual({ life, after: 0, missed: true });
  });

  test('everything with a number of another chat, and has missed nothing by that', () => {
    const room = new Room();
    room.members('1', '2');
    room.say('1', 'a');
    const since = { type: 'after', life: 'of another lobby', number: 9 } as const;
    expect(room.read('2', since)).toEqual(['a']);
    expect(room.position('2', since).missed).toBe(false);
  });

  test('is told where messages in between are no longer kept', () => {
    const room = new Room();
    room.members('1', '2');
    for (let n = 1; n <= MAX + 2; n += 1) room.say('1', String(n));
    const { life } = room.snapshot;
    expect(room.position('2', { type: 'after', life, number: 1 })).toEqual({ life, after: 2, missed: true });
    expect(room.position('2', { type: 'after', life, number: 2 })).toEqual({ life, after: 2, missed: false });
    expect(room.position('2', { type: 'from_start' })).toEqual({ life, after: 2, missed: true });
  });
});

test('a chat that may lack messages begins another life: old numbers are unknown, not wrong', () => {
  const room = new Room();
  room.members('1', '2');
  room.say('1', 'kept');
  const { life } = room.snapshot;
  room.turn('adopted', { how: 'promoted', mayLack: false });
  expect(room.snapshot.life).toBe(life);
  room.turn('adopted', { how: 'loaded', mayLack: true });
  expect(room.position('2', { type: 'after', life, number: 1 })).toMatchObject({ after: 0, missed: true });
});

test('operators see how many messages there are, not what they say', () => {
  const room = new Room();
  room.members('1');
  room.say('1', 'secret');
  room.say('2', 'secret too');
  expect(JSON.stringify(room.kind.describe!(room.state))).not.toContain('secret');
});

test('a chat lives where its place lives', () => {
  const { placementKey } = chatKind({ metrics: new MemoryMetrics() });
  expect(placementKey!('lobby:7')).toBe('lobby/7');
  expect(placementKey!('party:a:b')).toBe('party/a:b');
  expect(placeOf('player:1')).toBeUndefined();
  expect(placementKey!('player:1')).toBe('chat/player:1');
});

type Step = { readonly members: readonly string[] } | { readonly says: string } | { readonly reads: string };
const user = fc.constantFrom('1', '2', '3');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ members: fc.uniqueArray(user, { minLength: 1 }) }) },
  { weight: 4, arbitrary: fc.record({ says: user }) },
  { weight: 3, arbitrary: fc.record({ reads: user }) },
);

test('whatever comes and goes, a member that reads on gets what was said since, once and in order, or is told that something is missing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const room = new Room();
      room.members('1');
      // What each member ought to get next, by a model that keeps everything.
      const due = new Map<string, number[]>([['1', []]]);
      const at = new Map<string, ChatSince>();
      let count = 0;
      for (const one of steps) {
        if ('members' in one) {
          room.members(...one.members);
          for (const id of [...due.keys()]) if (!one.members.includes(id)) due.delete(id);
          for (const id of one.members) if (!due.has(id)) due.set(id, []);
          for (const id of [...at.keys()]) if (!due.has(id)) at.delete(id);
        } else if ('says' in one) {
          if (!due.has(one.says)) continue;
          room.say(one.says, String(++count));
          for (const list of due.values()) list.push(count);
        } else if (due.has(one.reads)) {
          const since = at.get(one.reads) ?? { type: 'from_start' };
          const { missed, life } = room.position(one.reads, since);
          const wanted = due.get(one.reads)!;
          expect(room.read(one.reads, since)).toEqual(wanted.slice(-MAX).map(String));
          expect(missed).toBe(wanted.length > MAX);
          due.set(one.reads, []);
          at.set(one.reads, { type: 'after', life, number: room.snapshot.count });
        }
      }
    }),
  );
});
