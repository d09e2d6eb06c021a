import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import { Child, withChildren } from '../child.js';
import { ClusterProcess } from '../cluster/cluster-process.js';
import { cpuSeconds, treeCpuSeconds } from '../cluster/cpu-time.js';
import { inTurns, median, spread } from '../rounds.js';
import { messageId, requestFrame } from './frames.js';
import type { Joined, LoadRun, LoadSample, Side } from './load.js';

const CLIENTS = 1_000;
const ROUNDS = 5;
const WARM_UPS = 2;
const RUN_MS = 5_000;
const DEADLINE_MS = 180_000;

const SHAPE = { coordinators: 2, nodes: 1, gateways: 1 } as const;
/** What is raised, as one machine plays a thousand players who never rest. All else is at its default. */
const RAISED = {
  'gateway.messagesPerSecond': 1_000_000,
  'gateway.messagesBurst': 1_000_000,
  'edge.addressRequestsMax': 1_000_000,
} as const;

/** For our servers and the raw one: with a thousand requests under way, the young generation's default of 16 MB makes garbage look old. */
const NODE_FLAGS = ['--max-semi-space-size=64'];

type LocalProcess = ClusterProcess['document']['processes'][number];
const isOurs = ({ role }: LocalProcess): boolean => role === 'coordinator' || role === 'node' || role === 'gateway';

interface Sample extends LoadSample {
  /** CPU seconds by process. */
  readonly cpu: Readonly<Record<string, number>>;
  /** Of the processes that count. */
  readonly perCpuSecond: number;
}

/** What one player command costs from the client's socket to its actor and back. */
export const echoBenchmark: Benchmark = {
  name: 'echo',
  summary: 'player commands per CPU-second through gateway, actor and back, against a raw ws echo server',
  async run(run) {
    run.say(
      `echo: a cluster of ${Object.entries(SHAPE)
        .map(([role, count]) => `${count} ${role}`)
        .join(', ')}`,
    );
    const set = Object.entries(RAISED).map(([option, value]) => `${option}=${value}`);
    const cluster = await ClusterProcess.start({ ...SHAPE, set, nodeFlags: NODE_FLAGS }, run.interrupted);
    try {
      await withChildren(
        run.interrupted,
        [
          new Child(new URL('./load.js', import.meta.url)),
          new Child(new URL('./raw-server.js', import.meta.url), NODE_FLAGS),
        ] as const,
        (load, raw) => measure(run, cluster, load, raw),
      );
    } finally {
      await cluster.stop();
    }
  },
};

async function measure(
  { found, say, rounds = ROUNDS }: BenchmarkRun,
  { document }: ClusterProcess,
  load: Child,
  raw: Child,
): Promise<void> {
  const gateway = document.gateways[0]!;
  say(`echo: ${CLIENTS} clients sign in`);
  const joined = await load.ask<Joined>('signIn', { gateway, count: CLIENTS }, DEADLINE_MS);
  if (!joined.sample.includes('"status":"success"')) throw new Error(`user/info was answered ${joined.sample}`);
  const url = await raw.ask<string>('listen', { responseBytes: joined.answerBytes }, DEADLINE_MS);
  await load.ask('connectRaw', { url }, DEADLINE_MS);
  say(`echo: ${WARM_UPS + rounds} rounds of ${RUN_MS} ms for each side`);
  const others = document.processes.filter((one) => !isOurs(one));
  const side = (name: Side, counted: readonly LocalProcess[]) => () =>
    once(load, { side: name, forMs: RUN_MS }, counted, name === 'ours' ? others : []);
  const rawProcess = { role: 'raw', id: 'raw', pid: raw.pid } as unknown as LocalProcess;
  const samples = await inTurns(
    { ours: side('ours', document.processes.filter(isOurs)), raw: side('raw', [rawProcess]) },
    { rounds, warmUps: WARM_UPS },
  );
  const { ours, raw: theirs } = samples;
  const all = [...ours, ...theirs];
  const of = (list: readonly Sample[], what: (sample: Sample) => number): number => median(list.map(what));
  found({
    name: 'echo',
    value: of(ours, ({ perCpuSecond }) => perCpuSecond),
    unit: 'requests/CPU-second',
    baseline: 'raw ws echo server, frames of the same size',
    baselineValue: of(theirs, ({ perCpuSecond }) => perCpuSecond),
    p50Ms: of(ours, ({ p50Ms }) => p50Ms),
    p99Ms: of(ours, ({ p99Ms }) => p99Ms),
    completed: all.reduce((sum, { completed }) => sum + completed, 0),
    asked: all.reduce((sum, { asked }) => sum + asked, 0),
    details: {
      baselineP50Ms: of(theirs, ({ p50Ms }) => p50Ms),
      baselineP99Ms: of(theirs, ({ p99Ms }) => p99Ms),
      requestsPerSecond: of(ours, ({ completed, seconds }) => completed / seconds),
      baselineRequestsPerSecond: of(theirs, ({ completed, seconds }) => completed / seconds),
      rounds,
      ratioOfRounds: spread(
        ours.map(({ perCpuSecond }) => perCpuSecond),
        theirs.map(({ perCpuSecond }) => perCpuSecond),
      ),
      cpuMicrosPerRequest: microsByProcess(ours),
      baselineCpuMicrosPerRequest: microsByProcess(theirs),
      clients: CLIENTS,
      requestBytes: requestFrame(messageId(0, 0), '1000').length,
      responseBytes: joined.answerBytes,
      limits: RAISED,
      nodeFlags: NODE_FLAGS.join(' '),
    },
  });
}

async function once(
  load: Child,
  run: LoadRun,
  counted: readonly LocalProcess[],
  listed: readonly LocalProcess[],
): Promise<Sample> {
  const read = (): Record<string, number> => ({
    ...Object.fromEntries(counted.map(({ id, pid }) => [id, cpuSeconds(pid)])),
    ...Object.fromEntries(listed.map(({ id, pid }) => [`(${id})`, treeCpuSeconds(pid)])),
    '(load generator)': cpuSeconds(load.pid),
  });
  const before = read();
  const sample = await load.ask<LoadSample>('run', run, DEADLINE_MS);
  const after = read();
  const cpu = Object.fromEntries(Object.entries(after).map(([id, seconds]) => [id, seconds - before[id]!]));
  const used = counted.reduce((sum, { id }) => sum + cpu[id]!, 0);
  return { ...sample, cpu, perCpuSecond: sample.completed / used };
}

/** In parentheses: not counted. */
function microsByProcess(samples: readonly Sample[]): Record<string, number> {
  const ids = Object.keys(samples[0]!.cpu);
  return Object.fromEntries(
    ids.map((id) => [id, median(samples.map(({ cpu, completed }) => ((cpu[id] ?? 0) / completed) * 1_000_000))]),
  );
}
