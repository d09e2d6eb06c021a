import { setTimeout as sleep } from 'node:timers/promises';
import { type BareCluster, withBareCluster } from '../bare-cluster/bare-cluster.js';
import { isMiscount } from '../bare-cluster/target.js';
import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import { cpuSeconds } from '../cluster/cpu-time.js';
import { inTurns, median, spread } from '../rounds.js';
import type { DriveRun, DriveSample, Prepare, Side } from './driver.js';

const NODES = 2;
const ACTORS = 1_000;
const EVENT_BYTES = 200;
const ROUNDS = 7;
const WARM_UPS = 2;
const SATURATED_MS = 2_500;
const PACED_MS = 2_500;
const DEADLINE_MS = 120_000;
const ATTEMPTS = 5;
const REST_MS = 3_000;
/** What replicated may cost. */
const AIM_RATIO = 0.65;
const AIM_ADDED_MS = 2;
/** As in `echo`: with a thousand commands under way, the young generation's default of 16 MB makes garbage look old. */
const NODE_FLAGS = ['--max-semi-space-size=64'];

interface Sample extends DriveSample {
  /** Of both nodes: a command's owner and its backup. */
  readonly perCpuSecond: number;
  readonly cpuMicros: number;
  /** More than one: the others were thrown away, because commands were refused. */
  readonly attempts: number;
}

/** What a second place for every event costs. */
export const replicationBenchmark: Benchmark = {
  name: 'replication',
  summary: 'commands with an event of 200 B per CPU-second, and their latency: replicated against ephemeral actors',
  run: (run) =>
    withBareCluster(
      run.interrupted,
      { nodes: NODES, driver: new URL('./driver.js', import.meta.url), nodeFlags: NODE_FLAGS },
      (cluster) => measure(run, cluster),
    ),
};

async function measure(run: BenchmarkRun, cluster: BareCluster): Promise<void> {
  const { say, rounds = ROUNDS } = run;
  say(`replication: ${ACTORS} actors of each kind on ${NODES} nodes`);
  await cluster.driver.ask('prepare', { actors: ACTORS, eventBytes: EVENT_BYTES } satisfies Prepare, DEADLINE_MS);
  const side = (name: Side, forMs: number, rate?: number) => () => once(cluster, { side: name, forMs, rate });
  say(`replication: ${WARM_UPS + rounds} rounds of ${SATURATED_MS} ms for each, as fast as they are answered`);
  const saturated = await inTurns(
    { kept: side('kept', SATURATED_MS), loose: side('loose', SATURATED_MS) },
    { rounds, warmUps: WARM_UPS },
  );
  const full = median(saturated.kept.map(({ completed, seconds }) => completed / seconds));
  const rate = Math.round(full / 2);
  say(
    `replication: ${rounds} rounds of ${PACED_MS} ms for each at ${rate} commands/s, half of what replicated actors took`,
  );
  const paced = await inTurns(
    { kept: side('kept', PACED_MS, rate), loose: side('loose', PACED_MS, rate) },
    { rounds, warmUps: 1 },
  );
  reportCost(run, saturated);
  reportDelay(run, paced, rate);
}

type Samples = Readonly<Record<Side, readonly Sample[]>>;

function reportCost({ found }: BenchmarkRun, { kept, loose }: Samples): void {
  const of = (list: readonly Sample[], what: (sample: Sample) => number): number => median(list.map(what));
  const rate = (list: readonly Sample[]): number[] => list.map(({ perCpuSecond }) => perCpuSecond);
  found({
    name: 'replication',
    value: median(rate(kept)),
    unit: 'commands/CPU-second',
    baseline: 'the same actors, ephemeral',
    baselineValue: median(rate(loose)),
    p50Ms: of(kept, ({ p50Ms }) => p50Ms),
    p99Ms: of(kept, ({ p99Ms }) => p99Ms),
    ...work(kept, loose),
    details: {
      aimRatio: AIM_RATIO,
      ratioOfRounds: spread(rate(kept), rate(loose)),
      cpuMicrosPerCommand: of(kept, ({ cpuMicros }) => cpuMicros),
      baselineCpuMicrosPerCommand: of(loose, ({ cpuMicros }) => cpuMicros),
      commandsPerSecond: of(kept, ({ completed, seconds }) => completed / seconds),
      baselineCommandsPerSecond: of(loose, ({ completed, seconds }) => completed / seconds),
      ...shape([...kept, ...loose], kept.length),
    },
  });
}

function reportDelay({ found }: BenchmarkRun, { kept, loose }: Samples, rate: number): void {
  const p50 = (list: readonly Sample[]): number => median(list.map(({ p50Ms }) => p50Ms));
  const p99 = (list: readonly Sample[]): number => median(list.map(({ p99Ms }) => p99Ms));
  found({
    name: 'replication.half-load',
    value: p50(kept),
    unit: 'ms, p50 at half load',
    baseline: 'the same actors, ephemeral, at the same rate',
    baselineValue: p50(loose),
    p50Ms: p50(kept),
    p99Ms: p99(kept),
    ...work(kept, loose),
    details: {
      aimAddedMs: AIM_ADDED_MS,
      addedMs: p50(kept) - p50(loose),
      addedMsOfRounds: added(kept, loose),
      baselineP99Ms: p99(loose),
      commandsPerSecond: rate,
      ...shape([...kept, ...loose], kept.length),
    },
  });
}

function added(kept: readonly Sample[], loose: readonly Sample[]): { readonly low: number; readonly high: number } {
  const each = kept.map(({ p50Ms }, round) => p50Ms - loose[round]!.p50Ms);
  return { low: Math.min(...each), high: Math.max(...each) };
}

function work(
  kept: readonly Sample[],
  loose: readonly Sample[],
): { readonly completed: number; readonly asked: number } {
  const all = [...kept, ...loose];
  return {
    completed: all.reduce((sum, { completed }) => sum + completed, 0),
    asked: all.reduce((sum, { asked }) => sum + asked, 0),
  };
}

function shape(all: readonly Sample[], rounds: number): Readonly<Record<string, unknown>> {
  const roundsRepeated = all.reduce((sum, { attempts }) => sum + attempts - 1, 0);
  return {
    actors: ACTORS,
    eventBytes: EVENT_BYTES,
    nodes: NODES,
    rounds,
    roundsRepeated,
    nodeFlags: NODE_FLAGS.join(' '),
  };
}

async function once(cluster: BareCluster, given: DriveRun): Promise<Sample> {
  for (let attempt = 1; ; attempt += 1) {
    const sample = await attemptOnce(cluster, given);
    const { completed, asked, failures } = sample;
    if (completed === asked) return { ...sample, attempts: attempt };
    // A busy machine may keep a command waiting until it is refused; nothing excuses one that was lost or executed twice.
    if (attempt === ATTEMPTS || Object.keys(failures).some(isMiscount))
      throw new Error(`${given.side}: ${completed} of ${asked}; ${JSON.stringify(failures)}`);
    await sleep(REST_MS);
  }
}

async function attemptOnce({ driver, nodes }: BareCluster, given: DriveRun): Promise<Omit<Sample, 'attempts'>> {
  const cpu = (): number => nodes.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const before = cpu();
  const sample = await driver.ask<DriveSample>('run', given, DEADLINE_MS);
  const used = cpu() - before;
  return {
    ...sample,
    perCpuSecond: sample.completed / used,
    cpuMicros: (used / sample.completed) * 1_000_000,
  };
}
