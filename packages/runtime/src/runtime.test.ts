import { expect, test } from '@jest/globals';
import {
  entity,
  MemoryMetrics,
  memoryCommitLogs,
  SeededRandom,
  shardId,
  silentLog,
  silentTracer,
  term,
  VirtualClock,
} from '@muster/ports';
import { ActorRuntime, defineActor, event, InlineScheduler, type Outcome } from './index.js';

interface Commands {
  add: { data: { n: number }; reply: number };
}
interface Events {
  added: { n: number };
}
const counter = defineActor<{ total: number }, Commands, Events>('counter', {
  durability: 'replicated',
  version: 1,
  initial: () => ({ total: 0 }),
  decide: { add: (_s, { n }) => ({ events: [event('added', { n })], reply: (s) => s.total }) },
  evolve: {
    added(s, { n }) {
      s.total += n;
    },
  },
  publish: { added: (s) => [{ topic: 'total', name: 'changed', data: { total: s.total } }] },
  topics: { total: (s) => s },
});

test('smoke', async () => {
  const clock = new VirtualClock();
  const replies: Outcome[] = [];
  const published: unknown[] = [];
  const runtime = new ActorRuntime({
    clock,
    random: new SeededRandom(1),
    scheduler: new InlineScheduler(clock),
    kinds: [counter],
    logs: memoryCommitLogs,
    outlet: {
      reply: (_to, _s, _t, o) => replies.push(o),
      send: () => undefined,
      publish: (s, e) => published.push([s, e]),
    },
    metrics: new MemoryMetrics(),
    log: silentLog,
    tracer: silentTracer,
  });
  runtime.open(shardId(1), term(1));
  const ref = entity('counter', 'a');
  const done = runtime.subscribe(shardId(1), {
    subscriber: 'g',
    entity: ref,
    topic: 'total',
    after: 0,
    snapshot: true,
  });
  const origin = { type: 'client', session: 's', request: 1, answered: 0, replyTo: 'g', caller: '1' } as const;
  runtime.deliver(shardId(1), {
    entity: ref,
    command: 'add',
    data: '{"n":2}',
    origin,
    deadline: Infinity,
    cause: 's:1',
    trace: '',
  });
  runtime.deliver(shardId(1), {
    entity: ref,
    command: 'add',
    data: '{"n":2}',
    origin,
    deadline: Infinity,
    cause: 's:1',
    trace: '',
  });
  await clock.advance(10);
  await done;
  expect(replies).toEqual([
    { ok: true, json: '2' },
    { ok: true, json: '2' },
  ]);
  expect(published).toMatchObject([
    ['g', { name: '', json: '{"total":0}' }],
    ['g', { name: 'changed', json: '{"total":2}', cause: 's:1' }],
  ]);
});
