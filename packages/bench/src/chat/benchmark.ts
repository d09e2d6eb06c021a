import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import { Child, withChildren } from '../child.js';
import type { ClusterProcess } from '../cluster/cluster-process.js';
import { type Looked, type Used, usedDuring } from '../cluster/usage.js';
import { withCluster } from '../cluster/with-cluster.js';
import { PLAYERS_RAISED } from '../players/limits.js';
import { inTurns, median, spread } from '../rounds.js';
import type { Gathered, Gathering, RawRoom, Talk, Talked } from './crowd.js';
import type { RawSizes } from './raw-server.js';

/** Members of the lobby, and messages per second of all of them together: 3,000 and 9,960 deliveries a second. */
const FAN_OUTS = [
  { members: 16, perSecond: 200 },
  { members: 250, perSecond: 40 },
] as const;
type FanOut = (typeof FAN_OUTS)[number];

const ROUNDS = 5;
const WARM_UPS = 1;
const HOLD_S = 5;
const SHAPE = { coordinators: 2, nodes: 2, gateways: 1 } as const;
const DEADLINE_MS = 180_000;

type Sample = Used<Talked>;

/** What a lobby's talk costs. */
export const chatBenchmark: Benchmark = {
  name: 'chat',
  summary: 'deliveries per CPU-second of a lobby that talks, with 16 and 250 members, against a raw ws broadcast',
  run: (run) =>
    withCluster(run, SHAPE, PLAYERS_RAISED, async (cluster) => {
      for (const fanOut of FAN_OUTS) {
        await withChildren(
          run.interrupted,
          [
            new Child(new URL('./crowd.js', import.meta.url)),
            new Child(new URL('./raw-server.js', import.meta.url)),
          ] as const,
          (crowd, raw) => measure(run, cluster, fanOut, { crowd, raw }),
        );
      }
    }),
};

async function measure(
  run: BenchmarkRun,
  { document }: ClusterProcess,
  fanOut: FanOut,
  { crowd, raw }: { readonly crowd: Child; readonly raw: Child },
): Promise<void> {
  const { say, rounds = ROUNDS, holdS = HOLD_S } = run;
  const { members, perSecond } = fanOut;
  say(`chat: ${members} players enter a lobby`);
  const gathering: Gathering = { gateway: document.gateways[0]!, members };
  const sizes = await crowd.ask<Gathered>('gather', gathering, DEADLINE_MS);
  const url = await raw.ask<string>('listen', sizes satisfies RawSizes, DEADLINE_MS);
  await crowd.ask('gatherRaw', { url, members, sentBytes: sizes.sentBytes } satisfies RawRoom, DEADLINE_MS);
  say(`chat: ${WARM_UPS + rounds} rounds of ${holdS} s for each side, ${perSecond} messages/s`);
  const forMs = holdS * 1_000;
  const side = (name: Talk['side'], processes: readonly Looked[]) => () =>
    usedDuring(processes, { 'load generator': crowd.pid }, () =>
      crowd.ask<Talked>('talk', { side: name, perSecond, forMs } satisfies Talk, forMs + DEADLINE_MS),
    );
  const samples = await inTurns(
    { ours: side('ours', document.processes), raw: side('raw', [{ role: 'gateway', id: 'raw', pid: raw.pid }]) },
    { rounds, warmUps: WARM_UPS },
  );
  await crowd.ask('part', undefined, DEADLINE_MS);
  report(run, fanOut, sizes, samples);
}

function perCpuSecond({ value, ours }: Sample): number {
  return value.completed / ours;
}

function report(
  { found }: BenchmarkRun,
  { members, perSecond }: FanOut,
  sizes: Gathered,
  { ours, raw }: { readonly ours: readonly Sample[]; readonly raw: readonly Sample[] },
): void {
  const of = (list: readonly Sample[], what: (sample: Sample) => number): number => median(list.map(what));
  const all = [...ours, ...raw];
  found({
    name: `chat.${members}`,
    value: of(ours, perCpuSecond),
    unit: 'deliveries/CPU-second',
    baseline: 'raw ws server that hands each frame to all others, same rate and sizes',
    baselineValue: of(raw, perCpuSecond),
    p50Ms: of(ours, ({ value }) => value.p50Ms),
    p99Ms: of(ours, ({ value }) => value.p99Ms),
    completed: all.reduce((sum, { value }) => sum + value.completed, 0),
    asked: all.reduce((sum, { value }) => sum + value.asked, 0),
    details: {
      maxMs: Math.max(...ours.map(({ value }) => value.maxMs)),
      baselineP50Ms: of(raw, ({ value }) => value.p50Ms),
      baselineP99Ms: of(raw, ({ value }) => value.p99Ms),
      ratioOfRounds: spread(ours.map(perCpuSecond), raw.map(perCpuSecond)),
      cpuPerSecond: cpuPerSecond(ours),
      baselineCpuPerSecond: cpuPerSecond(raw),
      members,
      messagesPerSecond: perSecond,
      deliveriesPerSecond: perSecond * (members - 1),
      ...sizes,
      rounds: ours.length,
      generatorLateMs: Math.max(...all.map(({ value }) => value.lateMs)),
      limits: PLAYERS_RAISED,
      ...SHAPE,
    },
  });
}

/** CPU seconds per second; in parentheses: not counted. */
function cpuPerSecond(samples: readonly Sample[]): Record<string, number> {
  return Object.fromEntries(
    Object.keys(samples[0]!.byProcess).map((id) => [
      id,
      median(samples.map(({ byProcess, seconds }) => byProcess[id]! / seconds)),
    ]),
  );
}
