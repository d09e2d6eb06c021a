import { setTimeout as sleep } from 'node:timers/promises';
import { LIVENESS } from '../bare-cluster/liveness.js';
import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import { Child, withChildren } from '../child.js';
import type { ClusterProcess } from '../cluster/cluster-process.js';
import { filesPerProcess, type Used, usedDuring } from '../cluster/usage.js';
import { withCluster } from '../cluster/with-cluster.js';
import { CROWD_RAISED } from '../players/limits.js';
import { PreparedAccounts } from '../players/prepared-accounts.js';
import type { RawSizes } from '../sign-in/raw-server.js';
import type { Held, Hold } from './crowd.js';
import { type Footprint, footprintOf, perPlayer } from './footprint.js';
import { type Crowds, type Gathered, gathered } from './gathering.js';

const PLAYERS = 100_000;
const HOLD_S = 300;
const TALKING_SHARE = 0.01;
/** Of each who talks: whoever writes to somebody does so every ten seconds or so. */
const TALK_PER_S = 0.1;
/** Of a process's files, so many may be players: the rest are links, databases and sign-ins. */
const FILES_SHARE = 0.9;
const FILES_MAX = 20_000;
const IDLE_S = 5;
/** After the last sign-in: garbage of it is collected, what waits is done. */
const SETTLE_S = 10;
const RAW_CONNECTIONS = 5_000;
const RAW_SIZES: RawSizes = { tokenBytes: 1, selfBytes: 500 };
const AIM_BYTES = 15 * 1_024;
const SHAPE = { coordinators: 2, nodes: 2 } as const;
/**
 * Beside the limits: so many sessions would be ended in order for minutes; memory counts here, as where most players are idle; and players and
 * servers share a machine that has no time left while they come, so who is late is waited for.
 */
const RAISED = {
  ...CROWD_RAISED,
  ...Object.fromEntries(Object.entries(LIVENESS).map(([option, ms]) => [`heartbeat.${option}`, ms])),
  'process.drainMs': 5_000,
  'process.heapGrowthPercent': 20,
};
/** As `process.heapGrowthPercent`: what is new is collected in pieces of 4 MiB instead of 16, and threads share their free memory. */
const NODE_FLAGS = ['--max-semi-space-size=4'] as const;
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1' } as const;
const DEADLINE_MS = 900_000;

interface Measured {
  readonly wanted: number;
  readonly crowd: Gathered;
  readonly served: number;
  readonly idle: Used<void>;
  readonly held: Used<readonly Held[]>;
  readonly empty: Footprint;
  readonly start: Footprint;
  readonly end: Footprint;
  readonly rawBytes: number;
  readonly holdS: number;
  readonly talkers: number;
  readonly talkPerS: number;
  readonly processes: number;
}

/** What a player costs who is there. */
export const sessionsBenchmark: Benchmark = {
  name: 'sessions',
  summary:
    '100,000 signed-in players on one machine for five minutes: memory per player and CPU, against a raw ws server',
  async run(run) {
    const wanted = run.players ?? PLAYERS;
    const perProcess = Math.floor(Math.min(filesPerProcess(), FILES_MAX) * FILES_SHARE);
    const processes = Math.ceil(wanted / perProcess);
    run.say(`sessions: ${wanted} players at ${processes} gateways, from as many client processes`);
    const crowds = Array.from({ length: processes }, () => new Child(new URL('./crowd.js', import.meta.url)));
    await withChildren<void, readonly Child[]>(run.interrupted, crowds, () =>
      withCluster(
        run,
        { ...SHAPE, gateways: processes, nodeFlags: NODE_FLAGS, environment: ENVIRONMENT },
        RAISED,
        (cluster) =>
          // Fewer processes would hold other players than those that are counted.
          cluster.whereabouts.whileAllRun(() => measure(run, cluster, crowds, wanted)),
      ),
    );
  },
};

async function measure(run: BenchmarkRun, cluster: ClusterProcess, crowds: Crowds, wanted: number): Promise<void> {
  const { document } = cluster;
  const { say, interrupted, holdS = HOLD_S, talkPerS = TALK_PER_S } = run;
  const { processes } = document;
  const raw = Math.min(wanted, RAW_CONNECTIONS);
  const rawBytes = await rawConnectionBytes(run, crowds[0]!, raw);
  const beside = Object.fromEntries(crowds.map(({ pid }, index) => [`clients ${index + 1}`, pid]));
  const empty = footprintOf(processes, crowds);
  const idle = await usedDuring(processes, beside, () => sleep(IDLE_S * 1_000));
  const accounts = await PreparedAccounts.open(document.storage);
  const came = gathered(run, crowds, document.gateways, accounts, wanted);
  const crowd = await came.finally(() => accounts.close());
  const { players, stoppedBy } = crowd;
  if (stoppedBy !== undefined) say(`sessions: stopped at ${players} of ${wanted}: ${stoppedBy}`);
  await sleep(SETTLE_S * 1_000);
  interrupted.throwIfAborted();
  const talkers = Math.round((players * TALKING_SHARE) / crowds.length);
  say(
    `sessions: ${players} players for ${holdS} s, ${talkers * crowds.length} of them talk, ${talkPerS} times a second`,
  );
  const start = footprintOf(processes, crowds);
  const hold: Hold = { talkers, perSecond: talkPerS, forMs: holdS * 1_000 };
  const held = await usedDuring(processes, beside, () =>
    Promise.all(crowds.map((crowd) => crowd.ask<Held>('hold', hold, hold.forMs + DEADLINE_MS))),
  );
  const end = footprintOf(processes, crowds);
  for (const { lost } of held.value) if (Object.keys(lost).length > 0) say(`sessions: lost ${JSON.stringify(lost)}`);
  // A run that fails in its last step still says how far it came.
  const bytesEach = Math.round(end.ours / players);
  const cpu = (held.ours / held.seconds).toFixed(2);
  say(`sessions: held; ${bytesEach} bytes resident each, ${cpu} CPU-seconds/s. Every player asks its actor`);
  const served = sum(await Promise.all(crowds.map((crowd) => crowd.ask<number>('count', undefined, DEADLINE_MS))));
  report(run, {
    ...{ wanted, crowd, served, idle, held, empty, start, end, rawBytes, holdS },
    talkers: talkers * crowds.length,
    talkPerS,
    processes: crowds.length,
  });
}

/** What an idle connection to a server takes that does nothing else. */
async function rawConnectionBytes(run: BenchmarkRun, crowd: Child, count: number): Promise<number> {
  return withChildren(
    run.interrupted,
    [new Child(new URL('../sign-in/raw-server.js', import.meta.url))] as const,
    async (raw) => {
      const url = await raw.ask<string>('listen', RAW_SIZES, DEADLINE_MS);
      const looked = [{ role: 'gateway', id: 'raw', pid: raw.pid }] as const;
      const before = footprintOf(looked, []);
      await crowd.ask('connectRaw', { url, count }, DEADLINE_MS);
      await sleep(1_000);
      const after = footprintOf(looked, []);
      await crowd.ask('closeRaw', undefined, DEADLINE_MS);
      return (after.ours - before.ours) / count;
    },
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function report({ found }: BenchmarkRun, measured: Measured): void {
  const { wanted, crowd, served, idle, held, empty, start, end, rawBytes, holdS } = measured;
  const { players, stoppedBy, retried, seconds } = crowd;
  const sent = sum(held.value.map((one) => one.sent));
  const delivered = sum(held.value.map((one) => one.delivered));
  const shared = {
    completed: served + delivered,
    asked: players + sent,
    p50Ms: Math.max(...held.value.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...held.value.map(({ p99Ms }) => p99Ms)),
  };
  const setting = {
    players,
    wanted,
    ...(stoppedBy === undefined ? {} : { stoppedBy }),
    signInSeconds: seconds,
    signInsRetried: retried,
    holdS,
    talkers: measured.talkers,
    messagesPerTalkerAndSecond: measured.talkPerS,
    messages: sent,
    lost:
      held.value
        .map(({ lost }) => JSON.stringify(lost))
        .filter((text) => text !== '{}')
        .join(' ') || 'none',
    generatorLateMs: Math.max(...held.value.map(({ lateMs }) => lateMs)),
    gateways: measured.processes,
    clientProcesses: measured.processes,
    ...SHAPE,
    limits: RAISED,
    nodeFlags: NODE_FLAGS.join(' '),
    environment: ENVIRONMENT,
  };
  found({
    name: 'sessions.memory',
    ...shared,
    value: end.ours / players,
    unit: 'bytes resident/player',
    baseline: 'raw ws server, growth for each idle connection',
    baselineValue: rawBytes,
    details: {
      aimBytes: AIM_BYTES,
      withoutEmptyProcesses: (end.ours - empty.ours) / players,
      growthByRole: perPlayer(end, empty, players),
      atStartOfHold: start.ours / players,
      emptyBytes: empty.byRole,
      ...setting,
    },
  });
  found({
    name: 'sessions.cpu',
    ...shared,
    value: held.ours / held.seconds,
    unit: 'CPU-seconds/s',
    baseline: 'the same processes before anybody came',
    baselineValue: idle.ours / idle.seconds,
    details: {
      cpuMicrosPerPlayerAndSecond: ((held.ours / held.seconds - idle.ours / idle.seconds) * 1_000_000) / players,
      cpuPerSecond: Object.fromEntries(Object.entries(held.byProcess).map(([id, used]) => [id, used / held.seconds])),
      ...setting,
    },
  });
}
