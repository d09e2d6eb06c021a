import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import { Child, withChildren } from '../child.js';
import { inTurns, median, spread } from '../rounds.js';
import type { ActorRun, ActorSample, Task } from './counter.js';
import type { MemoryRun, MemorySample } from './memory.js';

const ROUNDS = 7;
const WARM_UPS = 3;
const MEMORY_ROUNDS = 3;
/** What one run should take; the first shows how many messages that is. */
const RUN_SECONDS = 0.5;
const FIRST_MESSAGES = 20_000;
const MESSAGES_MAX = 5_000_000;
const DEADLINE_MS = 120_000;
/** "Many" for throughput; for memory. */
const MANY = 10_000;
const IDLE_ACTORS = 100_000;

const BASELINE = 'bare nact 7.6.2, the same change of state, no reply';
const SIDES = { ours: new URL('./muster-side.js', import.meta.url), bare: new URL('./nact-side.js', import.meta.url) };

/** What an actor costs: messages per second, and bytes while it waits. */
export const actorBenchmark: Benchmark = {
  name: 'actor',
  summary: 'messages/s to one and to many actors, and bytes per idle actor, against bare nact',
  async run(run) {
    await withChildren(run.interrupted, [new Child(SIDES.ours), new Child(SIDES.bare)] as const, async (ours, bare) => {
      for (const task of ['add', 'get'] as const) {
        for (const actors of [1, MANY]) await throughput(run, ours, bare, { task, actors });
      }
    });
    await memory(run);
  },
};

async function throughput(
  { found, say, rounds = ROUNDS }: BenchmarkRun,
  ours: Child,
  bare: Child,
  { task, actors }: { readonly task: Task; readonly actors: number },
): Promise<void> {
  const sized = async (side: Child) => {
    // The first brings the actors into memory.
    await once(side, { task, actors, messages: FIRST_MESSAGES });
    const { seconds } = await once(side, { task, actors, messages: FIRST_MESSAGES });
    return Math.min(MESSAGES_MAX, Math.ceil((FIRST_MESSAGES / seconds) * RUN_SECONDS));
  };
  const messages = { ours: await sized(ours), bare: await sized(bare) };
  say(`actor: ${task} to ${actors}, ${WARM_UPS + rounds} rounds of ${messages.ours} and ${messages.bare} messages`);
  const counted = { ours: new Counting(), bare: new Counting() };
  const samples = await inTurns(
    {
      ours: async () =>
        counted.ours.take(await once(ours, { task, actors, messages: messages.ours }), task, messages.ours),
      bare: async () =>
        counted.bare.take(await once(bare, { task, actors, messages: messages.bare }), task, messages.bare),
    },
    { rounds, warmUps: WARM_UPS },
  );
  found({
    name: `actor.${task}-${actors === 1 ? 'one' : 'many'}`,
    value: median(samples.ours.map(({ perSecond }) => perSecond)),
    unit: 'messages/s',
    baseline: BASELINE,
    baselineValue: median(samples.bare.map(({ perSecond }) => perSecond)),
    completed: counted.ours.completed + counted.bare.completed,
    asked: counted.ours.asked + counted.bare.asked,
    details: {
      actors,
      turn: task === 'add' ? 'one event committed' : 'nothing committed',
      rounds,
      ratioOfRounds: spread(
        samples.ours.map(({ perSecond }) => perSecond),
        samples.bare.map(({ perSecond }) => perSecond),
      ),
      cpuMicrosPerMessage: median(samples.ours.map(({ cpuMicros }) => cpuMicros)),
      baselineCpuMicrosPerMessage: median(samples.bare.map(({ cpuMicros }) => cpuMicros)),
    },
  });
}

interface Rate {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

/** Holds a side to its work: every message was handled, and the counters together moved by what was added. */
class Counting {
  completed = 0;
  asked = 0;
  private sum: number | undefined;

  take({ completed, sum, seconds, cpuMicros }: ActorSample, task: Task, messages: number): Rate {
    const moved = sum - (this.sum ?? sum - (task === 'add' ? messages : 0));
    if (moved !== (task === 'add' ? messages : 0))
      throw new Error(`${messages} × ${task} moved the counters by ${moved}`);
    this.sum = sum;
    this.completed += completed;
    this.asked += messages;
    return { perSecond: completed / seconds, cpuMicros: cpuMicros / completed };
  }
}

function once(side: Child, run: ActorRun): Promise<ActorSample> {
  return side.ask<ActorSample>('run', run, DEADLINE_MS);
}

/** Each footprint in a process of its own: what one leaves behind must not be counted for the next. */
async function memory({ found, say, interrupted, rounds = MEMORY_ROUNDS }: BenchmarkRun): Promise<void> {
  say(`actor: ${rounds} rounds of ${IDLE_ACTORS} idle actors`);
  const idle = (entry: URL, parked: boolean) => () =>
    withChildren(interrupted, [new Child(entry, ['--expose-gc'])] as const, (side) =>
      side.ask<MemorySample>('idle', { actors: IDLE_ACTORS, parked } satisfies MemoryRun, DEADLINE_MS),
    );
  const samples = await inTurns(
    { ours: idle(SIDES.ours, false), bare: idle(SIDES.bare, false), parked: idle(SIDES.ours, true) },
    { rounds, warmUps: 0 },
  );
  const perActor = (all: readonly MemorySample[], of: 'heap' | 'rss'): number =>
    median(all.map(({ before, after }) => (after[of] - before[of]) / IDLE_ACTORS));
  const report = (name: string, ours: readonly MemorySample[], of: 'heap' | 'rss', what: string): void => {
    const all = [...ours, ...samples.bare];
    found({
      name,
      value: perActor(ours, of),
      unit: 'bytes/actor',
      baseline: 'bare nact 7.6.2 actor after one message',
      baselineValue: perActor(samples.bare, of),
      completed: all.reduce((sum, { actors, wrong }) => sum + actors - wrong, 0),
      asked: all.length * IDLE_ACTORS,
      details: {
        actors: IDLE_ACTORS,
        measured: of === 'heap' ? 'heapUsed + external' : 'resident set',
        state: what,
        rounds,
      },
    });
  };
  report('actor.idle-heap', samples.ours, 'heap', 'active, after one message with its reply kept for repeats');
  report('actor.idle-rss', samples.ours, 'rss', 'active, after one message with its reply kept for repeats');
  report('actor.parked-heap', samples.parked, 'heap', 'parked: kept as text, restored by the next message');
}
