import { describe, expect, test } from '@jest/globals';
import { shardId, type TurnRecord, term, VirtualClock } from '@muster/ports';
import type { AnyActorKind } from './actor.js';
import { defineActor, event } from './define.js';
import { damagedActor, restoreActor, type SavedActor } from './envelope.js';
import { RUNTIME_DEFAULTS } from './options.js';
import { account, type Bank, openBank, ref, SHARD } from './test-bank.js';

/** As a backup keeps them: the records of each actor, and what was merged before. */
function copyOf(records: readonly TurnRecord[]): Map<string, SavedActor> {
  const copy = new Map<string, SavedActor>();
  for (const { entity, seq, entries } of records) {
    const held = copy.get(entity);
    const tail = [...(held?.tail ? [held.tail] : []), JSON.stringify(entries)].join(',');
    if (entries.length === 0) copy.delete(entity);
    else copy.set(entity, { text: held?.text ?? '', tail, seq });
  }
  return copy;
}

/** Another process goes on with what the first one recorded. */
function goOn({ clock, log }: Bank, kinds: readonly AnyActorKind[] = [account], actors = copyOf(log.records)): Bank {
  return openBank({ kinds, clock, adoption: { actors, fencedMs: 0, how: 'promoted', mayLack: false } });
}

test('an adopted actor is what it was: state, retry window (K11), timers and sends (K8), deferred replies', async () => {
  const bank = openBank();
  await bank.ask('deposit', { amount: 9 }, { request: 1 });
  await bank.ask('transfer', { to: 'b', amount: 2 }, { request: 2 });
  await bank.ask('remind', { name: 'x', at: bank.clock.now() + 500 }, { request: 3 });
  bank.post('wait', null, { request: 4 });
  await bank.clock.advance(5);
  const next = goOn(bank);
  expect(next.runtime.stats()).toMatchObject({ actors: 1, parked: 0 });
  await bank.clock.advance(5);
  expect(next.sends).toMatchObject([{ from: ref('a'), to: ref('b'), number: bank.sends[0]!.number }]);
  expect(await next.ask('deposit', { amount: 9 }, { request: 1 })).toBe(9);
  expect(await next.ask('balance', null, { request: 5 })).toBe(7);
  await bank.clock.advance(600);
  expect(next.state()).toMatchObject({ notes: [expect.stringMatching(/^x at /)] });
  next.post('release', { word: 'go' }, { request: 6 });
  await bank.clock.advance(5);
  expect(next.replies).toContainEqual(expect.objectContaining({ outcome: { ok: true, json: '"go"' } }));
});

test('K8: an answer that comes before a new owner may send is no reason to wait for another one: what is sent later arrives', async () => {
  const bank = openBank();
  await bank.ask('deposit', { amount: 9 }, { request: 1 });
  await bank.ask('transfer', { to: 'b', amount: 2 }, { request: 2 });
  const adoption = { actors: copyOf(bank.log.records), fencedMs: 0, how: 'promoted', mayLack: false } as const;
  const next = openBank({ clock: bank.clock, adoption, holding: true });
  await next.clock.advance(5);
  // To what it had sent when its shard was here before.
  next.runtime.answered(ref('a'), SHARD, bank.sends[0]!.number, { ok: true, json: '2' });
  await next.clock.advance(5);
  expect(next.sends).toEqual([]);
  next.log.holding = false;
  next.log.letGo();
  await next.ask('transfer', { to: 'b', amount: 1 }, { request: 3 });
  expect(next.sends).toMatchObject([{ to: ref('b'), json: '{"amount":1}' }]);
});

test('an adopted actor that owes nobody anything stays asleep until its first command', async () => {
  const bank = openBank();
  await bank.ask('deposit', { amount: 1 });
  const next = goOn(bank);
  await bank.clock.advance(5_000);
  expect(next.runtime.stats()).toMatchObject({ actors: 0, parked: 1 });
  expect(next.runtime.actorsIn(SHARD)).toBe(1);
  expect(next.state()).toMatchObject({ balance: 1 });
  expect(await next.ask('balance')).toBe(1);
});

test('a shard whose ungated kinds still stand still is not empty: who got it as such would not wait', async () => {
  const bank = openBank({ adoption: { actors: new Map(), fencedMs: 500, how: 'moved', mayLack: false } });
  expect(bank.runtime.actorsIn(SHARD)).toBe(1);
  await bank.clock.advance(501);
  expect(bank.runtime.actorsIn(SHARD)).toBe(0);
});

test('K16: who missed the last events of the former owner gets them, and who had them gets nothing', async () => {
  const bank = openBank();
  await bank.ask('deposit', { amount: 1 });
  const wanted = { subscriber: 'g', entity: ref('a'), topic: 'balance', snapshot: false };
  void bank.runtime.subscribe(SHARD, { ...wanted, after: 0 });
  await bank.ask('deposit', { amount: 1 }, { request: 7 });
  await bank.ask('deposit', { amount: 1 }, { request: 8 });
  const [, second, third] = bank.published.map(({ event: published }) => published);
  const next = goOn(bank);
  void next.runtime.subscribe(SHARD, { ...wanted, after: second!.number });
  void next.runtime.subscribe(SHARD, { ...wanted, subscriber: 'h', after: third!.number });
  await bank.clock.advance(5);
  expect(next.published).toMatchObject([
    { subscriber: 'g', event: { name: 'changed', json: '{"balance":3}', number: third!.number, cause: third!.cause } },
  ]);
});

test('K16: what a new owner publishes again names its cause, also where that came by way of another actor, or with its answer', async () => {
  const bank = openBank();
  await bank.ask('deposit', { amount: 5 });
  const wanted = { entity: ref('a'), snapshot: false };
  void bank.runtime.subscribe(SHARD, { ...wanted, subscriber: 'g', topic: 'balance', after: 0 });
  await bank.clock.advance(1);
  const after = bank.published[0]!.event.number;
  // Its reply is recorded with the next change, which it has not caused.
  await bank.ask('balance', null, { session: 'other', request: 4 });
  const origin = { type: 'entity', from: ref('b'), number: 1, replyTo: 'n' } as const;
  const delivery = { entity: ref('a'), command: 'deposit', data: '{"amount":1}', origin, deadline: Infinity };
  bank.runtime.deliver(SHARD, { ...delivery, cause: 'g#9/1:4', trace: '' });
  await bank.clock.advance(1);
  await bank.ask('transfer', { to: 'b', amount: 1 }, { request: 7 });
  bank.runtime.answered(ref('a'), SHARD, bank.sends[0]!.number, { ok: true, json: '1' });
  await bank.clock.advance(1);
  const next = goOn(bank);
  for (const topic of ['balance', 'notes'])
    void next.runtime.subscribe(SHARD, { ...wanted, subscriber: topic, topic, after });
  await next.clock.advance(5);
  const causes = next.published.map(({ subscriber, event: { cause } }) => `${subscriber} ${cause}`);
  expect(causes).toEqual(['balance g#9/1:4', 'balance g#1/1:7', 'notes g#1/1:7']);
});

describe('K16: who has heard of an event that was lost with owner and backup is told the state', () => {
  /** Its fourth event was heard by many and stored by nobody; `number`: of that. */
  async function robbed() {
    const bank = openBank();
    for (const request of [1, 2, 3]) await bank.ask('deposit', { amount: 1 }, { request });
    const stored = copyOf(bank.log.records);
    void bank.runtime.subscribe(SHARD, { ...balance, after: 0 });
    await bank.ask('deposit', { amount: 1 }, { request: 4 });
    return { clock: bank.clock, stored, number: bank.published.at(-1)!.event.number };
  }
  const balance = { subscriber: 'g', entity: ref('a'), topic: 'balance', snapshot: false };
  const loaded = (clock: VirtualClock, actors: ReadonlyMap<string, SavedActor>, mayLack: boolean) =>
    openBank({ clock, term: term(4), adoption: { actors, fencedMs: 0, how: 'loaded', mayLack } });
  async function expectState(next: Bank, after: number) {
    await next.ask('deposit', { amount: 10 }, { request: 9 });
    void next.runtime.subscribe(SHARD, { ...balance, after });
    await next.clock.advance(5);
    expect(next.published.map(({ event: { name, json } }) => [name, json])).toEqual([['', '{"balance":13}']]);
    expect(next.published[0]!.event.number).toBeGreaterThan(after);
  }

  test('also where the owner that had read it from storage died in turn', async () => {
    const { clock, stored, number } = await robbed();
    const reader = loaded(clock, stored, true);
    await reader.ask('deposit', { amount: 0 }, { request: 8 });
    const copy = new Map(stored);
    for (const [key, { tail, seq }] of copyOf(reader.log.records))
      copy.set(key, { text: '', tail: `${stored.get(key)!.tail},${tail}`, seq });
    const adoption = { actors: copy, fencedMs: 0, how: 'promoted', mayLack: false } as const;
    await expectState(openBank({ clock, term: term(5), adoption }), number);
  });

  test('also where that owner had given a copy away before it looked at it', async () => {
    const { clock, stored, number } = await robbed();
    const actors = new Map(loaded(clock, stored, true).runtime.copies(SHARD));
    const adoption = { actors, fencedMs: 0, how: 'promoted', mayLack: false } as const;
    await expectState(openBank({ clock, term: term(5), adoption }), number);
  });

  test('also where it is read from storage once more, by whom nothing seems to be missing', async () => {
    const { clock, stored, number } = await robbed();
    const next = loaded(clock, stored, false);
    await expectState(next, number);
  });

  test('who has heard all that is left, and no more, misses nothing by that', async () => {
    const { clock, stored, number } = await robbed();
    const next = loaded(clock, stored, false);
    void next.runtime.subscribe(SHARD, { ...balance, after: number - 1 });
    await next.ask('deposit', { amount: 10 }, { request: 9 });
    expect(next.published.map(({ event: { name, json } }) => [name, json])).toEqual([['changed', '{"balance":13}']]);
    expect(next.published[0]!.event.previous).toBeLessThan(number);
  });
});

test('a kind that asks for it hears once that it was adopted, before any command, or a second after the promotion', async () => {
  const hearing = defineActor<{ heard: number }, { hear: HearCommand; ask: HearCommand }, { heard: null }>('account', {
    durability: 'replicated',
    version: 1,
    initial: () => ({ heard: 0 }),
    adopted: 'hear',
    decide: { hear: () => ({ events: [event('heard', null)] }), ask: (state) => ({ reply: state.heard }) },
    evolve: {
      heard(state) {
        state.heard += 1;
      },
    },
  });
  const bank = openBank({ kinds: [hearing] });
  await bank.ask('hear', null, { to: 'a' });
  await bank.ask('hear', null, { to: 'b' });
  const next = goOn(bank, [hearing]);
  expect(await next.ask('ask', null, { to: 'a', request: 11 })).toBe(2);
  expect(next.runtime.stats().parked).toBe(1);
  await bank.clock.advance(2_000);
  expect(next.runtime.stats().parked).toBe(0);
  expect(await next.ask('ask', null, { to: 'b', request: 12 })).toBe(2);
  expect(await next.ask('ask', null, { to: 'a', request: 13 })).toBe(2);
});

test('a copy that cannot be read refuses its commands and harms no other', async () => {
  const bank = openBank();
  await bank.ask('deposit', { amount: 1 }, { to: 'a' });
  await bank.ask('deposit', { amount: 2 }, { to: 'b' });
  const actors = copyOf(bank.log.records);
  actors.set('account/a', { text: '{"version":1,"sta', tail: '', seq: 1 });
  const next = goOn(bank, [account], actors);
  expect(await next.ask('balance', null, { to: 'a' })).toMatchObject(['ACTIVATION_FAILED', {}]);
  expect(await next.ask('balance', null, { to: 'b' })).toBe(2);
});

test('copies are what actors are when they are asked for, awake or asleep; kinds that are not replicated are left out', async () => {
  const loose = { ...account, kind: 'loose', durability: 'ephemeral' as const };
  const bank = openBank({ kinds: [account, loose], options: { passivateAfterMs: 50 } });
  await bank.ask('deposit', { amount: 1 }, { to: 'a' });
  await bank.clock.advance(20_000);
  await bank.ask('deposit', { amount: 2 }, { to: 'b' });
  await bank.ask('deposit', { amount: 3 }, { to: 'c', kind: 'loose' });
  const balances = [...bank.runtime.copies(SHARD)].map(([key, saved]) => {
    const { state, seq } = restoreActor(account, key.slice(8), saved, RUNTIME_DEFAULTS);
    return [key, (state as { balance: number }).balance, seq, saved.seq];
  });
  expect(balances).toEqual([
    ['account/b', 2, 1, 1],
    ['account/a', 1, 1, 1],
  ]);
  expect(bank.log.records.map(({ entity }) => entity)).toEqual(['account/a', 'account/b']);
});

test('an actor that is forgotten or broken is gone from every copy', async () => {
  const bank = openBank({ options: { passivateAfterMs: 50, replyKeepMs: 100 } });
  await bank.ask('deposit', { amount: 1 }, { to: 'a' });
  await bank.ask('withdraw', { amount: 1 }, { to: 'a' });
  await bank.ask('deposit', { amount: 1 }, { to: 'b' });
  await bank.ask('break', null, { to: 'b' });
  await bank.clock.advance(5_000);
  expect(bank.runtime.actorsIn(SHARD)).toBe(0);
  expect([...copyOf(bank.log.records).keys()]).toEqual([]);
});

test('ungated kinds stand still in an adopted shard until their former process must have fenced itself', async () => {
  const bank = openBank();
  const loose = { ...account, kind: 'loose', durability: 'ephemeral' as const };
  const next = openBank({ kinds: [account, loose], clock: bank.clock });
  const other = shardId(9);
  next.runtime.open(other, term(5), { actors: new Map(), fencedMs: 1_000, how: 'promoted', mayLack: false });
  const ask = async (kind: string): Promise<unknown> => {
    const before = next.replies.length;
    const origin = {
      type: 'client',
      session: 's',
      request: before + 1,
      answered: 0,
      replyTo: 'g',
      caller: '',
    } as const;
    const delivery = { entity: ref('a', kind), command: 'balance', data: 'null', origin, deadline: Infinity };
    next.runtime.deliver(other, { ...delivery, cause: '', trace: '' });
    await next.clock.advance(1);
    const outcome = next.replies[before]!.outcome;
    return outcome.ok ? JSON.parse(outcome.json) : outcome.code;
  };
  expect(await ask('loose')).toBe('SELF_FENCED');
  await next.clock.advance(1_000);
  expect(await ask('loose')).toBe(0);
});

test('a log that is full holds its shard up; what waits goes on when there is room', async () => {
  const bank = openBank({ clock: new VirtualClock() });
  let full = true;
  Object.defineProperty(bank.log, 'full', { get: () => full });
  expect(await bank.ask('deposit', { amount: 1 })).toBeUndefined();
  expect(bank.runtime.stats().mailboxed).toBe(1);
  full = false;
  bank.go();
  await bank.clock.advance(1);
  expect(bank.replies).toHaveLength(1);
});

interface HearCommand {
  readonly data: null;
  readonly reply: number;
}

test('an actor that a newer build saved, or whose state is damaged, is left as it is and says so; an older one is upgraded', async () => {
  const upgrade = (saved: unknown, version: number) => ({ ...(saved as object), owner: `from ${version}` });
  const newer = { ...account, version: account.version + 1, upgrade };
  const bank = openBank({ kinds: [newer] });
  await bank.ask('deposit', { amount: 1 });
  const whole = bank.runtime.snapshot(SHARD, ref('a'));
  if (typeof whole !== 'object') throw new Error('there is nothing to be saved');
  expect(whole.version).toBe(account.version + 1);
  const saved = { ...whole, tail: '' };
  const old = goOn(
    bank,
    [account],
    new Map([
      ['account/a', saved],
      ['account/b', damagedActor('bit rot')],
    ]),
  );
  expect(await old.ask('balance', null, { to: 'a' })).toMatchObject([
    'STATE_TOO_NEW',
    { version: account.version + 1 },
  ]);
  expect(await old.ask('deposit', { amount: 1 }, { to: 'b' })).toMatchObject(['STATE_DAMAGED', { cause: 'bit rot' }]);
  // It is passed on to copies, and to storage, as it came; what is damaged is not stored again.
  expect(new Map(old.runtime.copies(SHARD)).get('account/a')).toMatchObject({ text: saved.text, tail: '' });
  expect(old.runtime.snapshot(SHARD, ref('a'))).toEqual(whole);
  expect(old.runtime.snapshot(SHARD, ref('b'))).toBe('unreadable');
  const before = { ...saved, text: saved.text.replace(`"version":${newer.version}`, '"version":0') };
  const next = goOn(bank, [newer], new Map([['account/a', before]]));
  expect(await next.ask('balance')).toBe(1);
  expect(next.state()).toMatchObject({ owner: 'from 0' });
});

test('many shards are adopted in one turn: their actors are woken some at a time over all of them, in the order of the shards', async () => {
  const bank = openBank();
  const at = bank.clock.now() + 60_000;
  for (const to of ['a', 'b', 'c', 'd']) await bank.ask('remind', { name: 'x', at }, { to });
  const actors = copyOf(bank.log.records);
  const next = openBank({ clock: bank.clock, options: { awakenAtOnceMax: 3 } });
  const shards = [1, 2, 3, 4].map((n) => shardId(SHARD + n));
  for (const shard of shards)
    next.runtime.open(shard, term(1), { actors, fencedMs: 0, how: 'promoted', mayLack: false });
  expect(next.runtime.stats()).toMatchObject({ actors: 3, parked: 13 });
  await bank.clock.advance(RUNTIME_DEFAULTS.wheelTickMs);
  expect(next.runtime.stats()).toMatchObject({ actors: 6, parked: 10 });
  await bank.clock.advance(6 * RUNTIME_DEFAULTS.wheelTickMs);
  expect(next.runtime.stats()).toMatchObject({ actors: 16, parked: 0 });
});
