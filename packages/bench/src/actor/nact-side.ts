// The other side: bare nact 7.6.2, one actor per counter, doing the same change of state and nothing else: no replies, no mailbox bound,
// no log, no repeats recognised.
import { dispatch, type Ref, spawn, start } from 'nact';
import { answering } from '../child.js';
import { type ActorRun, type ActorSample, type Task, WINDOW } from './counter.js';
import { type MemoryRun, type MemorySample, sizeUp } from './memory.js';

/** Parents, as many as a cluster has shards: nact copies a parent's list of children now and then. */
const PARENTS = 1_024;

interface State {
  n: number;
}
interface Message {
  readonly task: Task;
  readonly amount: number;
}

interface NactCounter {
  readonly ref: Ref<Message>;
  readonly state: State;
}

let handled: (n: number) => void = () => undefined;

function handle(state: State, { task, amount }: Message): State {
  if (task === 'add') state.n += amount;
  handled(state.n);
  return state;
}

function spawnCounters(count: number): NactCounter[] {
  const system = start();
  const parents = Array.from({ length: Math.min(PARENTS, count) }, (_, i) =>
    spawn(system, (state: undefined, _message: Message) => state, `parent-${i}`),
  );
  return Array.from({ length: count }, (_, i) => {
    const state: State = { n: 0 };
    const ref = spawn(parents[i % parents.length]!, handle, String(1_000_000 + i), { initialState: state });
    return { ref, state };
  });
}

const prepared = new Map<number, NactCounter[]>();

async function throughput({ task, actors, messages }: ActorRun): Promise<ActorSample> {
  const targets = prepared.get(actors) ?? spawnCounters(actors);
  prepared.set(actors, targets);
  let completed = 0;
  let batchLeft = 0;
  let batchDone: () => void = () => undefined;
  handled = () => {
    completed += 1;
    batchLeft -= 1;
    if (batchLeft === 0) batchDone();
  };
  const cpu = process.cpuUsage();
  const from = performance.now();
  for (let sent = 0; sent < messages; ) {
    const batch = Math.min(WINDOW, messages - sent);
    const done = new Promise<void>((resolve) => {
      batchDone = resolve;
    });
    batchLeft = batch;
    for (let i = 0; i < batch; i += 1) dispatch(targets[(sent + i) % targets.length]!.ref, { task, amount: 1 });
    sent += batch;
    await done;
  }
  const seconds = (performance.now() - from) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { completed, sum: targets.reduce((sum, { state }) => sum + state.n, 0), seconds, cpuMicros: user + system };
}

let kept: readonly NactCounter[] = [];

async function idle({ actors }: MemoryRun): Promise<MemorySample> {
  let left = actors;
  let wrong = 0;
  let done: () => void = () => undefined;
  handled = (n) => {
    if (n !== 1) wrong += 1;
    left -= 1;
    if (left === 0) done();
  };
  const { before, after } = await sizeUp(async () => {
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    kept = spawnCounters(actors);
    for (const { ref } of kept) dispatch(ref, { task: 'add', amount: 1 });
    await all;
  });
  return { before, after, actors: kept.filter(({ state }) => state.n === 1).length, wrong };
}

answering({ run: throughput, idle });
