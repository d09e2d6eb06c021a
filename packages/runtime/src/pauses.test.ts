// What is done in one turn of the loop when a shard comes or goes: everybody else waits for that.
import { expect, test } from '@jest/globals';
import {
  MemoryMetrics,
  memoryCommitLogs,
  SeededRandom,
  shardId,
  silentLog,
  silentTracer,
  term,
  VirtualClock,
} from '@muster/ports';
import type { SavedActor } from './envelope.js';
import { InlineScheduler } from './inline-scheduler.js';
import { RUNTIME_DEFAULTS } from './options.js';
import { ActorRuntime } from './runtime.js';
import { type Account, account, openBank, ref, SHARD } from './test-bank.js';

test('what is left of a shard that was handed over is told as text when somebody reads it, once, as it was', async () => {
  let saves = 0;
  const save = (state: Account) => {
    saves += 1;
    return { ...state };
  };
  const counted = { ...account, save };
  const bank = openBank({ kinds: [counted] });
  void bank.runtime.subscribe(SHARD, { subscriber: 'g', entity: ref('a'), topic: 'balance', after: 0, snapshot: true });
  await bank.ask('deposit', { amount: 9 });
  await bank.ask('remind', { name: 'x', at: bank.clock.now() + 60_000 });
  await bank.ask('deposit', { amount: 1 }, { to: 'b' });
  await bank.runtime.seal(SHARD);
  const [now] = bank.runtime.copies(SHARD);
  saves = 0;
  const left = new Map(bank.runtime.leftovers(SHARD));
  bank.runtime.close(SHARD);
  await bank.clock.advance(10);
  expect([...left.keys()]).toEqual(['account/a', 'account/b']);
  expect(saves).toBe(0);
  const { text, tail, seq, recent } = left.get('account/a')!;
  expect({ text, tail, seq, recent }).toEqual(now![1]);
  expect([left.get('account/a')!.text, saves]).toEqual([text, 1]);
  expect([left.get('account/a')!.owes, left.get('account/b')!.owes]).toEqual([true, false]);
});

test('adopted actors are looked through for what they owe so much at a time, over all shards', async () => {
  const bank = openBank();
  await bank.ask('remind', { name: 'x', at: bank.clock.now() + 60_000 }, { to: 'z' });
  await bank.ask('deposit', { amount: 1 }, { to: 'a' });
  const { text, seq } = new Map(bank.runtime.copies(SHARD)).get('account/a')!;
  const idle: [string, SavedActor][] = Array.from({ length: 9 }, (_, i) => [`account/${i}`, { text, tail: '', seq }]);
  const owing = new Map(bank.runtime.copies(SHARD)).get('account/z')!;
  const actors = new Map([...idle, ['account/z', owing]]);
  const next = openBank({ clock: bank.clock, options: { awakenCharsMax: 4 * text.length } });
  const shards = [1, 2].map((n) => shardId(SHARD + n));
  for (const shard of shards)
    next.runtime.open(shard, term(1), { actors, fencedMs: 0, how: 'promoted', mayLack: false });
  expect(next.runtime.stats()).toMatchObject({ actors: 0, parked: 20 });
  await bank.clock.advance(RUNTIME_DEFAULTS.wheelTickMs);
  expect(next.runtime.stats()).toMatchObject({ actors: 0 });
  await bank.clock.advance(6 * RUNTIME_DEFAULTS.wheelTickMs);
  expect(next.runtime.stats()).toMatchObject({ actors: 2, parked: 18 });
});

test('the actors of a shard that goes are taken down some at a time, and take no turn from its end on', async () => {
  const clock = new VirtualClock();
  class Counted extends InlineScheduler {
    readonly stops: number[] = [];
    private inTurn = 0;
    override stop(worker: Parameters<InlineScheduler['stop']>[0]): Promise<void> {
      if (this.inTurn === 0)
        clock.defer(() => {
          this.inTurn = 0;
        });
      this.inTurn += 1;
      this.stops.push(this.inTurn);
      return super.stop(worker);
    }
  }
  const scheduler = new Counted(clock);
  const replies: unknown[] = [];
  const runtime = new ActorRuntime({
    clock,
    random: new SeededRandom(1),
    scheduler,
    kinds: [account],
    logs: memoryCommitLogs,
    outlet: {
      reply: (_to, _shard, _term, outcome) => void replies.push(outcome),
      send: () => undefined,
      publish: () => undefined,
    },
    metrics: new MemoryMetrics(),
    log: silentLog,
    tracer: silentTracer,
    options: { awakenAtOnceMax: 4 },
  });
  runtime.open(SHARD, term(1));
  const deposit = (id: string) =>
    runtime.deliver(SHARD, {
      entity: ref(id),
      command: 'deposit',
      data: '{"amount":1}',
      origin: { type: 'admin', who: 'test', request: 1, replyTo: 'g' },
      deadline: Infinity,
      cause: '',
      trace: '',
    });
  for (let i = 0; i < 10; i += 1) deposit(`${i}`);
  await clock.advance(1);
  for (let i = 0; i < 10; i += 1) deposit(`${i}`);
  runtime.close(SHARD);
  await clock.advance(5);
  expect(replies.filter((outcome) => (outcome as { ok: boolean }).ok)).toHaveLength(10);
  expect(replies).toHaveLength(20);
  expect(scheduler.stops).toHaveLength(10);
  expect(Math.max(...scheduler.stops)).toBe(4);
});
