// A service does what a turn cannot, and whoever dies meanwhile, what an actor asked of it happens once and is answered.
import { expect, test } from '@jest/globals';
import { entity, MusterError, VirtualClock } from '@muster/ports';
import type { Answer, AnyActorKind } from './actor.js';
import { defineActor, event } from './define.js';
import { type AnyServiceKind, defineService, type ServiceContext } from './service.js';
import { type Bank, openBank, SHARD } from './test-bank.js';

interface BookCommands {
  readonly book: { readonly data: { readonly amount: number }; readonly reply: { readonly total: number } };
}

/** What outlives every process: a total, and of each sender the last command with its answer. */
class Vault {
  total = 0;
  readonly last = new Map<string, { readonly number: number; readonly total: number }>();
  /** Set: it cannot be reached. */
  isAway = false;
  asked = 0;

  /** Books once for each number of a sender. */
  book(amount: number, { origin }: ServiceContext): { readonly total: number } {
    this.asked += 1;
    if (this.isAway) throw new MusterError('STORAGE_UNAVAILABLE', { cause: 'a test' });
    if (origin.type !== 'entity') throw new TypeError('an actor is expected');
    const last = this.last.get(origin.from.id);
    if (last && last.number >= origin.number) return { total: last.total };
    this.total += amount;
    this.last.set(origin.from.id, { number: origin.number, total: this.total });
    return { total: this.total };
  }
}

/** Books at once, and answers when `until` is over. */
function ledger(vault: Vault, until: () => Promise<void> = async () => undefined): AnyServiceKind {
  return defineService<BookCommands>('ledger', {
    commands: {
      async book({ amount }, context) {
        const reply = vault.book(amount, context);
        await until();
        return { reply };
      },
    },
  });
}

interface ClerkCommands {
  readonly ask: { readonly data: { readonly amount: number }; readonly reply: null };
  readonly answered: { readonly data: Answer; readonly reply: null };
}

/** An actor that asks the ledger and keeps what it heard. */
const clerk: AnyActorKind = defineActor<{ heard: string[] }, ClerkCommands, { heard: { readonly text: string } }>(
  'clerk',
  {
    durability: 'replicated',
    version: 1,
    initial: () => ({ heard: [] }),
    decide: {
      ask: (_state, data) => ({
        events: [event('heard', { text: 'asked' })],
        sends: [{ to: entity('ledger', 'x'), command: 'book', data, answer: 'answered' }],
      }),
      answered: (_state, answer) => ({
        events: [event('heard', { text: answer.ok ? JSON.stringify(answer.value) : answer.code })],
      }),
    },
    evolve: { heard: (state, { text }) => void state.heard.push(text) },
  },
);

test('the owner dies between the write and the answer: the next owner is asked, the write is not done again, and the first answer comes', async () => {
  const vault = new Vault();
  const clock = new VirtualClock();
  let dead = false;
  const never = (): Promise<void> => new Promise(() => undefined);
  // Two processes, one after the other; what the first one would say after its death nobody hears.
  const owners = [ledger(vault, never), ledger(vault)].map((service) =>
    openBank({ kinds: [], services: [service], clock }),
  );
  const bank = openBank({
    kinds: [clerk],
    clock,
    carry({ from, number, to, command, json }) {
      const origin = { type: 'entity', from, number, replyTo: 'n#1' } as const;
      const owner = owners[Number(dead)]!;
      owner.runtime.deliver(SHARD, {
        entity: to,
        command,
        data: json,
        origin,
        deadline: Infinity,
        cause: '',
        trace: '',
      });
    },
  });
  const heard = async (): Promise<unknown> => {
    await clock.advance(0);
    for (const { to, outcome } of owners[Number(dead)]!.replies.splice(0))
      if (to.type === 'entity') bank.runtime.answered(to.from, SHARD, to.number, outcome);
    await clock.advance(0);
    return (bank.runtime.inspect(SHARD, entity('clerk', 'a')) as { state: { heard: string[] } }).state.heard;
  };
  await bank.ask('ask', { amount: 5 }, { kind: 'clerk' });
  expect(await heard()).toEqual(['asked']);
  expect(vault.total).toBe(5);
  // A repeat while it runs changes nothing.
  await clock.advance(60);
  expect([vault.asked, await heard()]).toEqual([1, ['asked']]);

  dead = true;
  await owners[0]!.runtime.shutdown();
  await clock.advance(1_000);
  expect(await heard()).toEqual(['asked', '{"total":5}']);
  expect(vault.total).toBe(5);
  expect(vault.asked).toBeGreaterThan(1);
  await clock.advance(5_000);
  expect(await heard()).toHaveLength(2);
});

test('while storage is away nobody is answered, and who asked hears as soon as it is back', async () => {
  const vault = new Vault();
  vault.isAway = true;
  const bank: Bank = openBank({
    kinds: [clerk],
    services: [ledger(vault)],
    carry({ from, number, to, command, json }, { runtime }) {
      const origin = { type: 'entity', from, number, replyTo: 'n#1' } as const;
      runtime.deliver(SHARD, { entity: to, command, data: json, origin, deadline: Infinity, cause: '', trace: '' });
    },
  });
  const heard = async (): Promise<unknown> => {
    for (const { to, outcome } of bank.replies.splice(0))
      if (to.type === 'entity') bank.runtime.answered(to.from, SHARD, to.number, outcome);
    await bank.clock.advance(0);
    return (bank.runtime.inspect(SHARD, entity('clerk', 'a')) as { state: { heard: string[] } }).state.heard;
  };
  await bank.ask('ask', { amount: 5 }, { kind: 'clerk' });
  await bank.clock.advance(10_000);
  expect(await heard()).toEqual(['asked']);
  expect(vault.asked).toBeGreaterThan(5);
  vault.isAway = false;
  await bank.clock.advance(1_000);
  expect(await heard()).toEqual(['asked', '{"total":5}']);
});

test('a service that fails for no named reason is asked again by the actor, each failure counted, until it answers', async () => {
  const vault = new Vault();
  let broken = true;
  const service = defineService<BookCommands>('ledger', {
    commands: {
      async book({ amount }, context) {
        if (broken) throw new Error('ECONNRESET');
        return { reply: vault.book(amount, context) };
      },
    },
  });
  const bank: Bank = openBank({
    kinds: [clerk],
    services: [service],
    carry({ from, number, to, command, json }, { runtime }) {
      const origin = { type: 'entity', from, number, replyTo: 'n#1' } as const;
      runtime.deliver(SHARD, { entity: to, command, data: json, origin, deadline: Infinity, cause: '', trace: '' });
    },
  });
  const heard = async (): Promise<unknown> => {
    for (const { to, outcome } of bank.replies.splice(0))
      if (to.type === 'entity') bank.runtime.answered(to.from, SHARD, to.number, outcome);
    await bank.clock.advance(0);
    return (bank.runtime.inspect(SHARD, entity('clerk', 'a')) as { state: { heard: string[] } }).state.heard;
  };
  await bank.ask('ask', { amount: 5 }, { kind: 'clerk' });
  await bank.clock.advance(3_000);
  expect(await heard()).toEqual(['asked']);
  expect(bank.metrics.value('muster_runtime_failures_total', { part: 'service' })).toBeGreaterThan(2);
  broken = false;
  await bank.clock.advance(1_000);
  expect(await heard()).toEqual(['asked', '{"total":5}']);
});

test('who asks again for what still waits is waited for as long as the later asking says', async () => {
  const clock = new VirtualClock();
  const gates: (() => void)[] = [];
  const service = defineService<BookCommands>('ledger', {
    commands: {
      book: ({ amount }) => new Promise((resolve) => gates.push(() => resolve({ reply: { total: amount } }))),
    },
  });
  const bank = openBank({ kinds: [], services: [service], clock, options: { servicesAtOnceMax: 1 } });
  const ask = (request: number, deadline: number): void =>
    bank.post('book', { amount: request }, { kind: 'ledger', to: 'x', request, deadline });
  ask(1, Infinity);
  const now = clock.monotonic();
  ask(2, now + 100);
  ask(3, now + 100);
  await clock.advance(50);
  ask(2, now + 1_000);
  // A repeat that was long under way takes nothing away.
  ask(2, now + 10);
  await clock.advance(100);
  gates[0]!();
  await clock.advance(0);
  expect(gates).toHaveLength(2);
  gates[1]!();
  await clock.advance(0);
  expect(bank.replies.map(({ outcome }) => (outcome.ok ? outcome.json : outcome.code))).toEqual([
    '{"total":1}',
    '{"total":2}',
    'DEADLINE_EXCEEDED',
  ]);
});

const asked = (bank: Bank, id: string, request: number, amount: unknown = 1): void =>
  bank.post('book', { amount }, { kind: 'ledger', to: id, request });

test('so many commands run at a time, so many wait, and the rest is refused, to be asked again', async () => {
  const clock = new VirtualClock();
  const gates: (() => void)[] = [];
  const service = defineService<BookCommands>('ledger', {
    commands: {
      book: ({ amount }) => new Promise((resolve) => gates.push(() => resolve({ reply: { total: amount } }))),
    },
  });
  const bank = openBank({
    kinds: [],
    services: [service],
    clock,
    options: { servicesAtOnceMax: 2, serviceWaitingMax: 2 },
  });
  for (let request = 1; request <= 5; request += 1) asked(bank, 'x', request, request);
  await clock.advance(0);
  expect(bank.replies.map(({ outcome }) => outcome)).toEqual([
    { ok: false, code: 'MAILBOX_FULL', details: { entity: 'ledger/x' } },
  ]);
  expect(gates).toHaveLength(2);
  // Whoever asks for what runs or waits takes no place of its own.
  asked(bank, 'x', 1);
  asked(bank, 'x', 4);
  expect(bank.replies).toHaveLength(1);
  for (let i = 0; i < 4; i += 1) {
    gates[i]!();
    await clock.advance(0);
  }
  expect(bank.replies.slice(1).map(({ outcome }) => (outcome.ok ? outcome.json : outcome.code))).toEqual(
    [1, 2, 3, 4].map((total) => `{"total":${total}}`),
  );
  expect(bank.metrics.value('muster_runtime_service_calls_total', { kind: 'ledger' })).toBe(4);
});

test('a command that does not end gives its place up and is asked again; what it says later nobody hears', async () => {
  const clock = new VirtualClock();
  const gates: (() => void)[] = [];
  const service = defineService<BookCommands>('ledger', {
    commands: {
      book: ({ amount }) => new Promise((resolve) => gates.push(() => resolve({ reply: { total: amount } }))),
    },
  });
  const bank = openBank({ kinds: [], services: [service], clock, options: { servicesAtOnceMax: 1, serviceMs: 1_000 } });
  for (const request of [1, 2, 3]) asked(bank, 'x', request, request);
  await clock.advance(1_000);
  // The place it gave up is the second one's now: its end frees none.
  gates[0]!();
  await clock.advance(0);
  expect(gates).toHaveLength(2);
  gates[1]!();
  await clock.advance(0);
  expect(bank.replies.map(({ outcome }) => (outcome.ok ? outcome.json : outcome.code))).toEqual([
    'DEADLINE_EXCEEDED',
    '{"total":2}',
  ]);
  expect(gates).toHaveLength(3);
});

test('what a service refuses or throws is told as what it is, and harms nobody', async () => {
  const clock = new VirtualClock();
  interface Commands {
    readonly refuse: { readonly data: null; readonly reply: null };
    readonly fail: { readonly data: null; readonly reply: null };
    readonly away: { readonly data: null; readonly reply: null };
    readonly nothing: { readonly data: null; readonly reply: null };
  }
  const service = defineService<Commands>('ledger', {
    commands: {
      refuse: async () => ({ refuse: { reason: 'not_today' } }),
      fail() {
        throw new TypeError('a defect');
      },
      away: () => Promise.reject(new MusterError('STORAGE_UNAVAILABLE', { cause: 'a test' })),
      nothing: async () => ({}) as { reply: null },
    },
  });
  const bank = openBank({ kinds: [], services: [service], clock });
  const ask = (command: string, how = {}): Promise<unknown> => bank.ask(command, null, { kind: 'ledger', ...how });
  expect(await ask('refuse')).toEqual(['REFUSED', { reason: 'not_today' }]);
  expect(await ask('fail')).toEqual(['SERVICE_FAILED', { entity: 'ledger/a', command: 'fail' }]);
  expect(await ask('away')).toEqual(['STORAGE_UNAVAILABLE', { cause: 'a test' }]);
  expect(await ask('nothing')).toEqual(['ACTOR_FAILED', { entity: 'ledger/a', command: 'nothing' }]);
  expect(await ask('constructor')).toEqual(['UNKNOWN_COMMAND', { kind: 'ledger', command: 'constructor' }]);
  expect(await ask('refuse', { raw: '{' })).toEqual(['INVALID_REQUEST', { details: 'refuse: not JSON' }]);
  expect(await ask('refuse', { to: '' })).toEqual(['INVALID_ENTITY', { entity: 'ledger/' }]);
  expect(await ask('refuse')).toEqual(['REFUSED', { reason: 'not_today' }]);
  expect(bank.metrics.value('muster_runtime_failures_total', { part: 'service' })).toBe(1);
});

test('a shard that goes elsewhere sends those who wait there, and what its commands still say is not heard from here', async () => {
  const clock = new VirtualClock();
  let finish = (): void => undefined;
  const hold = (): Promise<void> =>
    new Promise((resolve) => {
      finish = resolve;
    });
  const bank = openBank({
    kinds: [],
    clock,
    services: [ledger(new Vault(), hold)],
  });
  const origin = { type: 'entity', from: entity('clerk', 'a'), number: 1, replyTo: 'n#1' } as const;
  bank.post('book', { amount: 1 }, { kind: 'ledger', origin });
  await clock.advance(0);
  await bank.runtime.seal(SHARD);
  expect(await bank.ask('book', { amount: 1 }, { kind: 'ledger' })).toEqual(['SHARD_MOVING', { shard: SHARD }]);
  bank.runtime.close(SHARD);
  finish();
  await clock.advance(0);
  expect(bank.replies.map(({ outcome }) => (outcome.ok ? 'ok' : outcome.code))).toEqual(['SHARD_MOVING', 'NOT_OWNER']);
  expect(bank.metrics.value('muster_runtime_service_calls_total', { kind: 'ledger' })).toBe(1);
});

test('two kinds of one name, or a name that is none, are refused at the start', () => {
  expect(() => openBank({ services: [{ kind: 'account', commands: {} }] })).toThrow('same name');
  expect(() => defineService('Ledger', { commands: {} })).toThrow('lower-case');
});
