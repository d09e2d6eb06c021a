import { expect, test } from '@jest/globals';
import { shardId, term, VirtualClock } from '@muster/ports';
import { type Account, account, openBank, ref, SHARD, TERM } from './test-bank.js';

test('a command changes the state by events and is answered from the state after them', async () => {
  const bank = openBank();
  expect(await bank.ask('deposit', { amount: 5 })).toBe(5);
  expect(await bank.ask('withdraw', { amount: 2 })).toBe(3);
  expect(await bank.ask('withdraw', { amount: 4 })).toEqual(['REFUSED', { reason: 'insufficient' }]);
  expect(await bank.ask('balance')).toBe(3);
  expect(
    bank.log.records.map(({ seq, entries }) => [seq, entries.map((entry) => (entry as { type: string }).type)]),
  ).toEqual([
    [1, ['born', 'event', 'reply']],
    [2, ['event', 'reply']],
  ]);
});

test('what cannot be taken is answered with the reason, and disturbs nothing', async () => {
  const bank = openBank();
  expect(await bank.ask('nothing')).toEqual(['UNKNOWN_COMMAND', { kind: 'account', command: 'nothing' }]);
  expect(await bank.ask('constructor')).toEqual(['UNKNOWN_COMMAND', { kind: 'account', command: 'constructor' }]);
  expect(await bank.ask('deposit', null, { kind: 'ghost' })).toEqual(['UNKNOWN_KIND', { kind: 'ghost' }]);
  expect(await bank.ask('deposit', null, { to: '' })).toEqual(['INVALID_ENTITY', { entity: 'account/' }]);
  expect(await bank.ask('deposit', null, { raw: '{"amount":' })).toEqual([
    'INVALID_REQUEST',
    { details: 'deposit: not JSON' },
  ]);
  expect(await bank.ask('deposit', { amount: 1 })).toBe(1);
});

test('an own __proto__ key in a command does no harm', async () => {
  const bank = openBank();
  expect(
    await bank.ask('deposit', null, {
      raw: '{"amount":1,"__proto__":{"amount":9},"\\u005f_proto__":{"polluted":true}}',
    }),
  ).toBe(1);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect(JSON.stringify(bank.log.records)).not.toContain('__proto__');
});

test('a mailbox takes so many commands and answers MAILBOX_FULL to the rest', async () => {
  const bank = openBank({ options: { mailboxMax: 8 } });
  for (let i = 0; i < 10; i += 1) bank.post('deposit', { amount: 1 });
  expect(bank.replies.map(({ outcome }) => outcome)).toEqual(
    Array(2).fill({ ok: false, code: 'MAILBOX_FULL', details: { entity: 'account/a' } }),
  );
  await bank.clock.advance(0);
  expect(await bank.ask('balance')).toBe(8);
  expect(bank.runtime.stats().mailboxed).toBe(0);
});

test('a command whose deadline passed while it waited is not run, and counted', async () => {
  const bank = openBank();
  bank.post('deposit', { amount: 1 }, { deadline: -1 });
  await bank.clock.advance(0);
  expect(bank.replies[0]!.outcome).toMatchObject({ ok: false, code: 'DEADLINE_EXCEEDED' });
  expect(bank.metrics.value('muster_runtime_dropped_total', { reason: 'deadline' })).toBe(1);
  expect(await bank.ask('balance')).toBe(0);
});

test('a rule that throws is answered ACTOR_FAILED and changes nothing', async () => {
  const bank = openBank();
  await bank.ask('deposit', { amount: 5 });
  expect(await bank.ask('fail')).toEqual(['ACTOR_FAILED', { entity: 'account/a', command: 'fail' }]);
  expect(await bank.ask('balance')).toBe(5);
  expect(bank.metrics.value('muster_runtime_failures_total', { part: 'decide' })).toBe(1);
});

test('an actor whose evolve throws is dropped, its listeners get the state of its next life, and after five times it is left alone', async () => {
  const bank = openBank();
  await bank.ask('deposit', { amount: 5 });
  await subscribe(bank, 'balance');
  expect(await bank.ask('break')).toEqual(['ACTOR_FAILED', { entity: 'account/a', command: 'break' }]);
  await bank.clock.advance(0);
  expect(bank.published.map(({ event }) => event.json)).toEqual(['{"balance":5}', '{"balance":0}']);
  expect(bank.published[1]!.event.number).toBeGreaterThan(bank.published[0]!.event.number);
  expect(await bank.ask('balance')).toBe(0);
  for (let i = 0; i < 5; i += 1) await bank.ask('break');
  expect(await bank.ask('balance')).toMatchObject(['ACTIVATION_FAILED', { cause: 'in quarantine after failures' }]);
  await bank.clock.advance(30_000);
  expect(await bank.ask('balance')).toBe(0);
});

test('an idle actor is parked as text and comes back as it was; a blank one is forgotten', async () => {
  const bank = openBank({ options: { passivateAfterMs: 1_000 } });
  await bank.ask('deposit', { amount: 5 });
  await bank.ask('balance', null, { to: 'b' });
  expect(bank.runtime.actorsIn(SHARD)).toBe(2);
  await bank.clock.advance(15_000);
  expect(bank.runtime.stats()).toMatchObject({ actors: 0, parked: 1, timers: 0 });
  expect(bank.runtime.inspect(SHARD, ref('a'))).toMatchObject({ status: 'parked', state: { balance: 5 }, seq: 1 });
  expect(bank.runtime.inspect(SHARD, ref('b'))).toBeUndefined();
  expect(await bank.ask('balance')).toBe(5);
  expect(bank.runtime.stats()).toMatchObject({ actors: 1, parked: 0 });
});

test('timers fire once, never early, in their order, also for a parked actor, and not when cancelled or replaced', async () => {
  const bank = openBank({ options: { passivateAfterMs: 100 } });
  const start = bank.clock.now();
  await bank.ask('deposit', { amount: 1 });
  for (const [name, after] of [
    ['late', 60_005],
    ['soon', 503],
    ['cancelled', 300],
    ['moved', 400],
  ] as const)
    await bank.ask('remind', { name, at: start + after });
  await bank.ask('remind', { name: 'cancelled', at: null });
  await bank.ask('remind', { name: 'moved', at: start + 700 });
  await bank.clock.advance(502);
  expect((bank.state() as unknown as Account).notes).toEqual([]);
  await bank.clock.advance(50_000);
  expect(bank.runtime.stats()).toMatchObject({ actors: 0, parked: 1 });
  await bank.clock.advance(20_000);
  const notes = (bank.state() as unknown as Account).notes.map((note) => note.split(' at '));
  expect(notes.map(([name]) => name)).toEqual(['soon', 'moved', 'late']);
  for (const [name, at] of notes) {
    const due = start + { soon: 503, moved: 700, late: 60_005 }[name as 'soon'];
    expect(Number(at)).toBeGreaterThanOrEqual(due);
    expect(Number(at)).toBeLessThan(due + 20);
  }
});

test('a sealed shard takes nothing and its actors stand still until it is opened again or closed', async () => {
  const bank = openBank();
  await bank.ask('remind', { name: 'r', at: bank.clock.now() + 100 });
  bank.post('deposit', { amount: 1 });
  await bank.runtime.seal(SHARD);
  expect(bank.runtime.stateOf(SHARD)).toBe('sealed');
  expect(await bank.ask('balance')).toEqual(['SHARD_MOVING', { shard: SHARD }]);
  await bank.clock.advance(1_000);
  expect(bank.state()).toMatchObject({ balance: 0, notes: [] });
  bank.runtime.unseal(SHARD, TERM);
  await bank.clock.advance(0);
  expect(bank.state()).toMatchObject({ balance: 1, notes: [expect.stringContaining('r at')] });
  bank.post('deposit', { amount: 1 });
  bank.runtime.close(SHARD);
  expect(bank.replies.at(-1)!.outcome).toMatchObject({ ok: false, code: 'NOT_OWNER' });
  expect(await bank.ask('balance')).toMatchObject(['NOT_OWNER', {}]);
  expect(bank.runtime.stats()).toEqual({ shards: 0, actors: 0, parked: 0, mailboxed: 0, timers: 0 });
});

test('a seal ends only where it stands: a shard that was closed meanwhile stays closed', async () => {
  const bank = openBank();
  await bank.runtime.seal(SHARD);
  bank.runtime.unseal(SHARD, term(TERM - 1));
  expect(bank.runtime.stateOf(SHARD)).toBe('sealed');
  bank.runtime.close(SHARD);
  bank.runtime.unseal(SHARD, TERM);
  expect(bank.runtime.stateOf(SHARD)).toBe('closed');
});

test('a shard that goes on under a newer term keeps its actors; older news is passed over', async () => {
  const bank = openBank();
  await bank.ask('deposit', { amount: 1 });
  bank.runtime.open(SHARD, term(4));
  bank.runtime.open(SHARD, term(2));
  expect(bank.runtime.termOf(SHARD)).toBe(4);
  expect(await bank.ask('balance')).toBe(1);
});

test('while self-fenced, commands are refused, timers and answers wait, and all of it goes on after the thaw', async () => {
  const bank = openBank();
  await bank.ask('deposit', { amount: 1 });
  await bank.ask('transfer', { to: 'b', amount: 1 });
  await bank.ask('remind', { name: 'r', at: bank.clock.now() + 100 });
  bank.post('deposit', { amount: 1 });
  bank.runtime.freeze(true);
  await bank.clock.advance(0);
  expect(bank.replies.at(-1)!.outcome).toEqual({ ok: false, code: 'SELF_FENCED', details: { shard: SHARD } });
  expect(await bank.ask('balance')).toEqual(['SELF_FENCED', { shard: SHARD }]);
  const { number } = bank.sends[0]!;
  bank.runtime.answered(ref('a'), SHARD, number, { ok: true, json: '1' });
  const sent = bank.sends.length;
  await bank.clock.advance(5_000);
  expect(bank.sends.length).toBe(sent);
  expect(bank.state()).toMatchObject({ balance: 0, notes: [] });
  bank.runtime.freeze(false);
  await bank.clock.advance(0);
  expect(bank.state()).toMatchObject({ notes: ['b has 1', expect.stringContaining('r at')] });
});

test('K14: what waits when the fence falls goes back at once: none of it is done after a thaw, before the rest comes again', async () => {
  const bank = openBank();
  for (let i = 0; i < 5; i += 1) bank.post('deposit', { amount: 1 });
  bank.runtime.freeze(true);
  bank.runtime.freeze(false);
  await bank.clock.advance(0);
  for (let i = 0; i < 5; i += 1) bank.post('deposit', { amount: 1 });
  await bank.clock.advance(0);
  const answers = bank.replies.map(({ outcome }) => (outcome.ok ? outcome.json : outcome.code));
  expect(answers).toEqual([...Array(5).fill('SELF_FENCED'), '1', '2', '3', '4', '5']);
  expect(bank.runtime.stats().mailboxed).toBe(0);
});

test('the fence is looked at before each batch of work and each repeat: after a stop these come before any timer', async () => {
  let fallen = false;
  const bank = openBank({ checkFence: ({ runtime }) => runtime.freeze(fallen) });
  await bank.ask('transfer', { to: 'b', amount: 1 });
  fallen = true;
  await bank.clock.advance(500);
  expect(bank.sends.length).toBe(1);
  bank.runtime.freeze(false);
  bank.runtime.answered(ref('a'), SHARD, bank.sends[0]!.number, { ok: true, json: '1' });
  bank.post('deposit', { amount: 1 });
  await bank.clock.advance(0);
  expect(bank.replies.at(-1)!.outcome).toMatchObject({ ok: false, code: 'SELF_FENCED' });
  expect(bank.state()).toMatchObject({ balance: -1, notes: [] });
  fallen = false;
  bank.runtime.freeze(false);
  await bank.clock.advance(0);
  expect(bank.state()).toMatchObject({ notes: ['b has 1'] });
});

test('a due timer of a parked actor that cannot be restored is not forgotten: it fires when the actor comes back', async () => {
  let broken = true;
  const flaky = {
    ...account,
    kind: 'flaky',
    passivateAfterMs: 1_000,
    restore: (form: unknown) => {
      if (broken) throw new Error('a restore that fails');
      return form as Account;
    },
  };
  const bank = openBank({ kinds: [flaky], options: { quarantineMs: 5_000 } });
  const at = bank.clock.now() + 20_000;
  await bank.ask('remind', { name: 'r', at }, { kind: 'flaky' });
  await bank.clock.advance(19_000);
  expect(bank.runtime.stats()).toMatchObject({ actors: 0, parked: 1 });
  await bank.clock.advance(3_000);
  expect(bank.runtime.stats()).toMatchObject({ actors: 0, parked: 1 });
  broken = false;
  await bank.clock.advance(6_000);
  const shown = bank.runtime.inspect(SHARD, ref('a', 'flaky'));
  expect(shown).toMatchObject({ state: { notes: [expect.stringContaining('r at')] } });
});

test('an actor reads what outlives the cluster before its first turn; where that fails, who waits is told to retry', async () => {
  let answer: () => Promise<unknown> = () => Promise.resolve(40);
  const loaded = { ...account, kind: 'loaded', load: () => answer() };
  const bank = openBank({ kinds: [loaded], options: { loadMs: 1_000 } });
  expect(await bank.ask('deposit', { amount: 2 }, { kind: 'loaded' })).toBe(42);
  expect(bank.log.records[0]!.entries[0]).toMatchObject({ type: 'born', seed: 40 });
  answer = () => Promise.reject(new Error('database away'));
  expect(await bank.ask('balance', null, { kind: 'loaded', to: 'b' })).toEqual([
    'ACTIVATION_FAILED',
    { entity: 'loaded/b', cause: 'database away' },
  ]);
  answer = () => new Promise(() => undefined);
  bank.post('balance', null, { kind: 'loaded', to: 'c' });
  await bank.clock.advance(1_000);
  expect(bank.replies.at(-1)!.outcome).toMatchObject({
    code: 'ACTIVATION_FAILED',
    details: { cause: 'DEADLINE_EXCEEDED' },
  });
  expect(bank.runtime.stats().actors).toBe(1);
});

test('a turn that holds the event loop too long is counted', async () => {
  class Stalling extends VirtualClock {
    stalled = 0;
    override monotonic(): number {
      return super.monotonic() + this.stalled;
    }
  }
  const clock = new Stalling();
  const balance = (): { reply: number } => {
    clock.stalled += 60;
    return { reply: clock.stalled };
  };
  const decide = { ...account.decide, balance };
  const bank = openBank({ kinds: [{ ...account, decide }], clock });
  await bank.ask('deposit', { amount: 1 });
  expect(bank.metrics.value('muster_runtime_slow_turns_total')).toBe(0);
  await bank.ask('balance');
  expect(bank.metrics.value('muster_runtime_slow_turns_total', { kind: 'account' })).toBe(1);
});

test('shutdown ends every timer and refuses what comes later', async () => {
  const bank = openBank();
  await bank.ask('remind', { name: 'r', at: bank.clock.now() + 100 });
  await bank.runtime.shutdown();
  expect(await bank.ask('balance')).toMatchObject(['STOPPING', {}]);
  bank.runtime.open(shardId(8), term(1));
  expect(bank.runtime.stats()).toEqual({ shards: 0, actors: 0, parked: 0, mailboxed: 0, timers: 0 });
});

async function subscribe(bank: ReturnType<typeof openBank>, topic: string): Promise<void> {
  const subscription = { subscriber: 'g#1', entity: ref('a'), topic, after: 0, snapshot: true };
  const done = bank.runtime.subscribe(SHARD, subscription);
  await bank.clock.advance(0);
  await done;
}
