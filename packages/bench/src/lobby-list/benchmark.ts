import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import { Child, withChildren } from '../child.js';
import type { ClusterProcess } from '../cluster/cluster-process.js';
import { type Used, usedDuring } from '../cluster/usage.js';
import { withCluster } from '../cluster/with-cluster.js';
import { CROWD_RAISED } from '../players/limits.js';
import { median, spread } from '../rounds.js';
import type { Changed, Changes, Opening } from './crowd.js';

const SUBSCRIBERS = 10_000;
const SUBSCRIBERS_PER_LOBBY = 10;
/** Changes per second: a lobby changes every ten seconds. */
const LOBBIES_PER_CHANGE = 10;
const ROUNDS = 3;
const HOLD_S = 20;
/** Who has just got the list is not the steady state. */
const SETTLE_S = 3;
const SHAPE = { coordinators: 2, nodes: 2, gateways: 1 } as const;
const DEADLINE_MS = 900_000;

interface Size {
  readonly subscribers: number;
  readonly lobbies: number;
  readonly perSecond: number;
}
type Sample = Used<Changed>;
interface Samples {
  readonly shown: Sample[];
  readonly hidden: Sample[];
}

/** What it costs to keep everybody's list of lobbies fresh. */
export const lobbyListBenchmark: Benchmark = {
  name: 'lobby-list',
  summary:
    'CPU and staleness of the list: 10,000 show 1,000 lobbies that change 100 times a second, against the same unseen',
  async run(run) {
    const subscribers = run.players ?? SUBSCRIBERS;
    const lobbies = Math.max(1, Math.round(subscribers / SUBSCRIBERS_PER_LOBBY));
    const size: Size = { subscribers, lobbies, perSecond: Math.max(1, Math.round(lobbies / LOBBIES_PER_CHANGE)) };
    await withCluster(run, SHAPE, CROWD_RAISED, (cluster) =>
      withChildren(run.interrupted, [new Child(new URL('./crowd.js', import.meta.url))] as const, (crowd) =>
        measure(run, cluster, crowd, size),
      ),
    );
  },
};

async function measure(run: BenchmarkRun, { document }: ClusterProcess, crowd: Child, size: Size): Promise<void> {
  const { say, rounds = ROUNDS, holdS = HOLD_S } = run;
  const { subscribers, lobbies, perSecond } = size;
  say(`lobby-list: ${subscribers} sign in, ${lobbies} of them open a lobby`);
  const opening: Opening = { gateway: document.gateways[0]!, subscribers, lobbies };
  await crowd.ask('open', opening, DEADLINE_MS);
  const change = (shown: boolean, seconds: number): Promise<Sample> =>
    usedDuring(document.processes, { 'load generator': crowd.pid }, () =>
      crowd.ask<Changed>('change', { perSecond, forMs: seconds * 1_000, shown } satisfies Changes, DEADLINE_MS),
    );
  const samples: Samples = { shown: [], hidden: [] };
  const welcomes: Used<number>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    run.interrupted.throwIfAborted();
    await change(false, SETTLE_S);
    samples.hidden.push(await change(false, holdS));
    welcomes.push(await usedDuring(document.processes, {}, () => crowd.ask<number>('show', undefined, DEADLINE_MS)));
    await change(true, SETTLE_S);
    const shown = await change(true, holdS);
    samples.shown.push(shown);
    await crowd.ask('hide', undefined, DEADLINE_MS);
    say(
      `lobby-list: round ${round + 1} of ${rounds}: ${cpuPerSecond(shown).toFixed(2)} CPU-seconds/s, ` +
        `p99 ${shown.value.p99Ms} ms; ${shown.value.seen} of ${shown.value.due} changes seen`,
    );
  }
  report(run, size, samples, welcomes);
}

function cpuPerSecond({ ours, seconds }: Sample): number {
  return ours / seconds;
}

function report(
  { found }: BenchmarkRun,
  size: Size,
  { shown, hidden }: Samples,
  welcomes: readonly Used<number>[],
): void {
  const { subscribers } = size;
  const of = (list: readonly Sample[], what: (sample: Sample) => number): number => median(list.map(what));
  const total = (what: (changed: Changed) => number): number =>
    [...shown, ...hidden].reduce((sum, { value }) => sum + what(value), 0);
  const more = of(shown, cpuPerSecond) - of(hidden, cpuPerSecond);
  found({
    name: 'lobby-list',
    value: of(shown, cpuPerSecond),
    unit: 'CPU-seconds/s',
    baseline: 'the same clients and changes while nobody shows the list',
    baselineValue: of(hidden, cpuPerSecond),
    p50Ms: of(shown, ({ value }) => value.p50Ms),
    p99Ms: of(shown, ({ value }) => value.p99Ms),
    // Each change answered, and seen by each who shows the list.
    completed: total(({ answered, seen }) => answered + seen),
    asked: total(({ changes, due }) => changes + due),
    details: {
      ...size,
      cpuMicrosPerFrame: (more * 1_000_000) / of(shown, ({ value, seconds }) => value.frames / seconds),
      bytesPerClientAndSecond: of(shown, ({ value, seconds }) => value.bytes / subscribers / seconds),
      framesPerClientAndSecond: of(shown, ({ value, seconds }) => value.frames / subscribers / seconds),
      framesPerSecond: of(shown, ({ value, seconds }) => value.frames / seconds),
      // Not measured: what there would be if every change were told to everybody at once.
      framesPerSecondOneByOne: of(shown, ({ value, seconds }) => value.due / seconds),
      wholeListBytes: median(welcomes.map(({ value }) => value)),
      cpuMicrosPerWholeList: median(welcomes.map(({ ours }) => (ours / subscribers) * 1_000_000)),
      ratioOfRounds: spread(shown.map(cpuPerSecond), hidden.map(cpuPerSecond)),
      cpuPerSecond: byProcess(shown),
      baselineCpuPerSecond: byProcess(hidden),
      rounds: shown.length,
      generatorLateMs: Math.max(...[...shown, ...hidden].map(({ value }) => value.lateMs)),
      limits: CROWD_RAISED,
      ...SHAPE,
    },
  });
}

/** In parentheses: not counted. */
function byProcess(samples: readonly Sample[]): Record<string, number> {
  return Object.fromEntries(
    Object.keys(samples[0]!.byProcess).map((id) => [
      id,
      median(samples.map(({ byProcess: used, seconds }) => used[id]! / seconds)),
    ]),
  );
}
