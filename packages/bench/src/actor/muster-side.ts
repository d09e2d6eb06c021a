// Our side: the counter kind in a whole ActorRuntime on nact, fed as a node's links feed it.
import {
  entity,
  MemoryMetrics,
  memoryCommitLogs,
  type ShardId,
  SystemClock,
  SystemRandom,
  shardId,
  shardOfKey,
  silentLog,
  silentTracer,
  term,
} from '@muster/ports';
import {
  ActorRuntime,
  type Delivery,
  type DeliveryOrigin,
  decodeJson,
  NactScheduler,
  type Outcome,
  type RuntimeOptions,
} from '@muster/runtime';
import { answering } from '../child.js';
import { type ActorRun, type ActorSample, counter, type Task, WINDOW } from './counter.js';
import { type MemoryRun, type MemorySample, sizeUp } from './memory.js';

/** A busy actor hears from this many clients at once. */
const SESSIONS_PER_ACTOR = 250;
const SHARDS = 1_024;
const DATA: Readonly<Record<Task, Uint8Array>> = { add: Buffer.from('{"amount":1}'), get: Buffer.from('null') };

interface Target {
  readonly shard: ShardId;
  readonly id: string;
  /** Last request number per session. */
  readonly requests: number[];
  next: number;
  /** Last value it replied. */
  value: number;
}

let replied: (origin: DeliveryOrigin, outcome: Outcome) => void = () => undefined;

function newRuntime(options: Partial<RuntimeOptions> = {}): ActorRuntime {
  const runtime = new ActorRuntime({
    clock: new SystemClock(),
    random: new SystemRandom(),
    scheduler: new NactScheduler(),
    kinds: [counter],
    logs: memoryCommitLogs,
    outlet: {
      reply: (to, _shard, _term, outcome) => replied(to, outcome),
      send: () => undefined,
      publish: () => undefined,
    },
    metrics: new MemoryMetrics(),
    log: silentLog,
    tracer: silentTracer,
    options,
  });
  for (let id = 0; id < SHARDS; id += 1) runtime.open(shardId(id), term(1));
  return runtime;
}

function newTargets(count: number, sessions: number): Target[] {
  return Array.from({ length: count }, (_, i) => {
    const id = String(count * 10 + i);
    return { id, shard: shardOfKey(`counter/${id}`), requests: new Array<number>(sessions).fill(0), next: 0, value: 0 };
  });
}

function delivery(target: Target, task: Task): Delivery {
  const at = target.next;
  target.next = (at + 1) % target.requests.length;
  target.requests[at]! += 1;
  const request = target.requests[at]!;
  const caller = target.id;
  return {
    entity: entity('counter', target.id),
    command: task,
    data: DATA[task],
    // Clients are answered in order; a session has a few requests under way at most.
    origin: {
      type: 'client',
      session: `gateway-1#Zb3k/${target.id}-${at}`,
      request,
      answered: Math.max(0, request - 4),
      replyTo: 'gateway-1#Zb3k',
      caller,
    },
    deadline: Number.POSITIVE_INFINITY,
    cause: '',
    trace: '',
  };
}

let runtime: ActorRuntime | undefined;
const prepared = new Map<number, Target[]>();

async function throughput({ task, actors, messages }: ActorRun): Promise<ActorSample> {
  runtime ??= newRuntime();
  const host = runtime;
  const targets = prepared.get(actors) ?? newTargets(actors, actors === 1 ? SESSIONS_PER_ACTOR : 1);
  prepared.set(actors, targets);
  const byId = new Map(targets.map((target) => [target.id, target]));
  let completed = 0;
  let batchLeft = 0;
  let batchDone: () => void = () => undefined;
  replied = (origin, outcome) => {
    if (outcome.ok) {
      completed += 1;
      if (origin.type === 'client') byId.get(origin.caller)!.value = Number(outcome.json);
    }
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
    for (let i = 0; i < batch; i += 1) {
      const target = targets[(sent + i) % targets.length]!;
      host.deliver(target.shard, delivery(target, task));
    }
    sent += batch;
    await done;
  }
  const seconds = (performance.now() - from) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { completed, sum: targets.reduce((sum, { value }) => sum + value, 0), seconds, cpuMicros: user + system };
}

/** Every actor gets one message; then they sit there. */
async function idle({ actors, parked }: MemoryRun): Promise<MemorySample> {
  const host = newRuntime(parked ? { passivateAfterMs: PARK_AFTER_MS } : {});
  const targets = newTargets(actors, 1);
  let left = actors;
  let wrong = 0;
  let done: () => void = () => undefined;
  replied = (_origin, outcome) => {
    if (!outcome.ok || decodeJson(outcome.json) !== 1) wrong += 1;
    left -= 1;
    if (left === 0) done();
  };
  const { before, after } = await sizeUp(async () => {
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    for (const [i, target] of targets.entries()) {
      host.deliver(target.shard, delivery(target, 'add'));
      // As they come from sockets: a few hundred per turn of the loop.
      if (i % 500 === 499) await new Promise(setImmediate);
    }
    await all;
    if (parked) await allParked(host, actors);
  });
  replied = () => undefined;
  const { actors: active, parked: asleep } = host.stats();
  return { before, after, actors: parked ? asleep : active, wrong };
}

const PARK_AFTER_MS = 500;
const PARK_POLL_MS = 100;
const PARK_DEADLINE_MS = 60_000;

async function allParked(host: ActorRuntime, actors: number): Promise<void> {
  for (let waited = 0; host.stats().parked < actors; waited += PARK_POLL_MS) {
    if (waited > PARK_DEADLINE_MS) throw new Error(`${host.stats().parked} of ${actors} actors were parked`);
    await new Promise((resolve) => setTimeout(resolve, PARK_POLL_MS));
  }
}

answering({ run: throughput, idle });
