// What must hold for commands that come twice and for what an actor owes others: K7, K8, K11 and the topic streams of K16.
import { describe, expect, test } from '@jest/globals';
import type { DeliveryOrigin } from './host.js';
import { type Bank, openBank, ref, SHARD } from './test-bank.js';

describe('repeated requests (K11)', () => {
  test('K11: a repeated request gets its first reply and is not obeyed twice', async () => {
    const bank = openBank();
    expect(await bank.ask('deposit', { amount: 5 }, { request: 1 })).toBe(5);
    expect(await bank.ask('deposit', { amount: 1 }, { request: 2 })).toBe(6);
    expect(await bank.ask('deposit', { amount: 5 }, { request: 1 })).toBe(5);
    expect(bank.state()).toMatchObject({ balance: 6 });
    expect(await bank.ask('deposit', { amount: 5 }, { request: 1, session: 'g#1/2' })).toBe(11);
    expect(bank.metrics.value('muster_runtime_repeats_total', { origin: 'client' })).toBe(1);
  });

  test('K11: a request that was answered, or is older than what is kept, is never run', async () => {
    const bank = openBank({ options: { repliesMax: 4 } });
    for (let request = 1; request <= 6; request += 1) await bank.ask('deposit', { amount: 1 }, { request });
    expect(await bank.ask('deposit', { amount: 1 }, { request: 2 })).toEqual([
      'TOO_OLD',
      { session: 'g#1/1', request: 2 },
    ]);
    expect(await bank.ask('deposit', { amount: 1 }, { request: 3 })).toBe(3);
    await bank.ask('deposit', { amount: 1 }, { request: 7, answered: 6 });
    expect(await bank.ask('deposit', { amount: 1 }, { request: 6 })).toMatchObject(['TOO_OLD', {}]);
    expect(bank.state()).toMatchObject({ balance: 7 });
  });

  test('K11: a reply larger than the window is kept as long as it is the newest', async () => {
    const bank = openBank({ options: { repliesBytesMax: 1 } });
    await bank.ask('deposit', { amount: 100 }, { request: 1 });
    expect(await bank.ask('deposit', { amount: 100 }, { request: 1 })).toBe(100);
    await bank.ask('deposit', { amount: 100 }, { request: 2 });
    expect(await bank.ask('deposit', { amount: 100 }, { request: 1 })).toMatchObject(['TOO_OLD', {}]);
  });

  test('K11: a repeat of a deferred request waits with the first, in the process that asked last', async () => {
    const bank = openBank();
    expect(await bank.ask('wait', null, { request: 1 })).toBeUndefined();
    const again: DeliveryOrigin = {
      type: 'client',
      session: 'g#1/1',
      request: 1,
      answered: 0,
      replyTo: 'g#2',
      caller: 'alice',
    };
    expect(await bank.ask('wait', null, { origin: again })).toBeUndefined();
    bank.post('release', { word: 'now' }, { request: 2 });
    await bank.clock.advance(0);
    const late = bank.replies.filter(({ outcome }) => outcome.ok && outcome.json === '"now"');
    expect(late.map(({ to }) => (to as { replyTo: string }).replyTo)).toEqual(['g#2']);
    expect(await bank.ask('wait', null, { request: 1 })).toBe('now');
  });

  test('K11: a refusal keeps its place: its repeat is refused again although the reason is gone', async () => {
    const bank = openBank();
    const poor = ['REFUSED', { reason: 'insufficient' }];
    expect(await bank.ask('withdraw', { amount: 5 }, { request: 1 })).toEqual(poor);
    expect(bank.log.records).toHaveLength(0);
    await bank.ask('deposit', { amount: 5 }, { request: 2 });
    const recorded = bank.log.records[0]!.entries as readonly { readonly type: string; readonly request?: number }[];
    expect(recorded.filter(({ type }) => type === 'reply').map(({ request }) => request)).toEqual([1, 2]);
    expect(await bank.ask('withdraw', { amount: 5 }, { request: 1 })).toEqual(poor);
    expect(bank.state()).toMatchObject({ balance: 5 });
  });
});

test('K11: an actor whose state is worth nothing is not forgotten while a repeat may come', async () => {
  const bank = openBank({ options: { passivateAfterMs: 1_000 } });
  await bank.ask('deposit', { amount: 5 }, { request: 1 });
  await bank.ask('withdraw', { amount: 5 }, { request: 2 });
  await bank.clock.advance(9_000);
  expect(await bank.ask('deposit', { amount: 5 }, { request: 1 })).toBe(5);
  expect(bank.state()).toMatchObject({ balance: 0 });
  await bank.clock.advance(12_000);
  expect(bank.runtime.actorsIn(SHARD)).toBe(0);
});

describe('the gate (K7)', () => {
  test('K7: nothing leaves before its log position is durable, reads and repeats included, and then in order', async () => {
    const bank = openBank();
    await subscribe(bank, 'balance');
    bank.published.splice(0);
    bank.log.holding = true;
    bank.post('deposit', { amount: 5 }, { request: 1 });
    bank.post('transfer', { to: 'b', amount: 1 }, { request: 2 });
    bank.post('balance', null, { request: 3 });
    bank.post('deposit', { amount: 5 }, { request: 1 });
    await bank.clock.advance(500);
    expect([bank.replies, bank.sends, bank.published]).toEqual([[], [], []]);
    bank.log.letGo();
    expect(bank.replies.map(({ to }) => (to as { request: number }).request)).toEqual([1, 2, 3, 1]);
    expect(bank.replies.map(({ outcome }) => outcome.ok && outcome.json)).toEqual(['5', 'null', '4', '5']);
    expect(bank.published.map(({ event }) => event.json)).toEqual(['{"balance":5}', '{"balance":4}']);
    expect(bank.sends).toHaveLength(1);
  });
});

describe('sends (K8)', () => {
  test('K8: a send is repeated with growing waits until it is answered; a retryable error is no answer', async () => {
    const bank = openBank();
    await bank.ask('transfer', { to: 'b', amount: 1 });
    await bank.clock.advance(400);
    expect(bank.sends).toHaveLength(4); // at 0, 50, 150, 350
    const { number } = bank.sends[0]!;
    expect(new Set(bank.sends.map((send) => send.number))).toEqual(new Set([number]));
    bank.runtime.answered(ref('a'), SHARD, number, { ok: false, code: 'SHARD_MOVING', details: {} });
    await bank.clock.advance(1_000);
    expect(bank.sends.length).toBeGreaterThan(4);
    bank.runtime.answered(ref('a'), SHARD, number, { ok: true, json: '7' });
    bank.runtime.answered(ref('a'), SHARD, number, { ok: true, json: '7' });
    await bank.clock.advance(0);
    const sent = bank.sends.length;
    await bank.clock.advance(10_000);
    expect(bank.sends.length).toBe(sent);
    expect(bank.state()).toMatchObject({ notes: ['b has 7'] });
  });

  test('K8: sends to one receiver go one at a time and in order, those to others do not wait', async () => {
    const bank = openBank();
    for (const to of ['b', 'b', 'c', 'b']) await bank.ask('transfer', { to, amount: 1 });
    const seen = (): string[] => [...new Map(bank.sends.map((send) => [send.number, send.to.id])).values()];
    expect(seen()).toEqual(['b', 'c']);
    for (const expected of [
      ['b', 'c', 'b'],
      ['b', 'c', 'b', 'b'],
    ]) {
      const { number } = bank.sends.filter((send) => send.to.id === 'b').at(-1)!;
      bank.runtime.answered(ref('a'), SHARD, number, { ok: true, json: '1' });
      await bank.clock.advance(0);
      expect(seen()).toEqual(expected);
    }
  });

  test('K8: a receiver obeys each send of an entity once and answers repeats with the first outcome', async () => {
    const bank = openBank();
    const from = (number: number): DeliveryOrigin => ({ type: 'entity', from: ref('x'), number, replyTo: 'node-2#1' });
    expect(await bank.ask('deposit', { amount: 5 }, { origin: from(10) })).toBe(5);
    expect(await bank.ask('deposit', { amount: 5 }, { origin: from(10) })).toBe(5);
    expect(await bank.ask('withdraw', { amount: 9 }, { origin: from(11) })).toMatchObject(['REFUSED', {}]);
    expect(await bank.ask('deposit', { amount: 9 }, { origin: from(10) })).toMatchObject(['TOO_OLD', {}]);
    await bank.ask('deposit', { amount: 5 }, { origin: from(12) });
    expect(await bank.ask('withdraw', { amount: 9 }, { origin: from(12) })).toBe(10);
  });

  test('K8: a sender that lost its state does not reuse numbers of its former life', async () => {
    const bank = openBank();
    await bank.ask('transfer', { to: 'b', amount: 1 });
    await bank.ask('break');
    await bank.ask('transfer', { to: 'b', amount: 1 });
    const [before, after] = bank.sends.filter((send, i, all) => send.number !== all[i - 1]?.number);
    expect(after!.number).toBeGreaterThan(before!.number);
  });
});

describe('topic streams (K16)', () => {
  test('a subscriber gets the state first, then each publication with its cause and the number before it', async () => {
    const bank = openBank();
    await bank.ask('deposit', { amount: 1 });
    await subscribe(bank, 'balance');
    await bank.ask('deposit', { amount: 2 }, { request: 9 });
    await bank.ask('deposit', { amount: 3 }, { request: 10 });
    const [snapshot, first, second] = bank.published.map(({ event }) => event);
    expect(snapshot).toMatchObject({ name: '', json: '{"balance":1}', term: 3, shard: 7 });
    expect(first).toMatchObject({ name: 'changed', json: '{"balance":3}', cause: 'g#1/1:9' });
    expect(first!.previous).toBeLessThanOrEqual(snapshot!.number);
    expect(second).toMatchObject({ previous: first!.number, json: '{"balance":6}' });
    expect(second!.number).toBeGreaterThan(first!.number);
  });

  test('who returns gets what was missed where it is kept, else the state: after a gap, or from ahead of the stream', async () => {
    const bank = openBank({ options: { recentMax: 3, recentKeepMs: 5_000 } });
    await subscribe(bank, 'balance');
    const start = bank.published[0]!.event.number;
    for (let i = 0; i < 2; i += 1) await bank.ask('deposit', { amount: 1 });
    bank.runtime.unsubscribe(SHARD, 'g#1', ref('a'), 'balance');
    await bank.ask('deposit', { amount: 1 });
    expect(await resubscribed(bank, start + 1)).toEqual(['{"balance":2}', '{"balance":3}']);
    expect(await resubscribed(bank, start + 3)).toEqual([]);
    expect(await resubscribed(bank, start + 4)).toEqual(['{"balance":3}']);
    for (let i = 0; i < 2; i += 1) await bank.ask('deposit', { amount: 1 });
    expect(await resubscribed(bank, start + 1)).toEqual(['{"balance":5}']);
  });

  test('a topic that does not exist is refused; unsubscribing ends the events', async () => {
    const bank = openBank();
    await expect(subscribe(bank, 'nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await subscribe(bank, 'balance');
    bank.runtime.unsubscribe(SHARD, 'g#1', ref('a'), 'balance');
    await bank.ask('deposit', { amount: 1 });
    expect(bank.published).toHaveLength(1);
  });

  test('an actor hears of a process that listened and is gone, for the topics it asked about', async () => {
    const bank = openBank();
    await subscribe(bank, 'balance');
    await subscribe(bank, 'notes');
    bank.runtime.forgetSubscriber('g#1');
    await bank.clock.advance(0);
    expect(bank.state()).toMatchObject({ notes: ['g#1 is gone'] });
    expect(bank.published).toHaveLength(2);
    bank.runtime.forgetSubscriber('g#1');
    await bank.clock.advance(0);
    expect(bank.state()).toMatchObject({ notes: ['g#1 is gone'] });
  });
});

async function subscribe(bank: Bank, topic: string, after = 0, snapshot = true): Promise<void> {
  const done = bank.runtime.subscribe(SHARD, { subscriber: 'g#1', entity: ref('a'), topic, after, snapshot });
  const settled = done.then(
    () => undefined,
    (error: unknown) => error,
  );
  await bank.clock.advance(0);
  const error = await settled;
  if (error !== undefined) throw error;
}

async function resubscribed(bank: Bank, after: number): Promise<string[]> {
  bank.published.splice(0);
  await subscribe(bank, 'balance', after, false);
  return bank.published.map(({ event }) => event.json);
}
