import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import { Child, withChildren } from '../child.js';
import type { ClusterProcess } from '../cluster/cluster-process.js';
import { type Looked, type Used, usedDuring } from '../cluster/usage.js';
import { withCluster } from '../cluster/with-cluster.js';
import { CROWD_RAISED } from '../players/limits.js';
import { median, spread } from '../rounds.js';
import type { Newcomers, RawTarget, SignInSample } from './crowd.js';
import type { RawSizes } from './raw-server.js';

const PLAYERS = 1_000;
const ROUNDS = 5;
const WARM_UPS = 1;
const SHAPE = { coordinators: 2, nodes: 2, gateways: 1 } as const;
const DEADLINE_MS = 300_000;

type Part = 'tokens' | 'upgrade';
type Sample = Used<SignInSample>;
type Samples = Readonly<Record<Part, { readonly ours: Sample[]; readonly raw: Sample[] }>>;

const PARTS: Readonly<Record<Part, { readonly unit: string; readonly baseline: string }>> = {
  tokens: {
    unit: 'token requests/CPU-second',
    baseline: 'raw HTTP server that answers as many bytes',
  },
  upgrade: {
    unit: 'upgrades to user/self/CPU-second',
    baseline: 'raw ws server that sends a first frame of the same size',
  },
};

/** What it costs to let players in. */
export const signInBenchmark: Benchmark = {
  name: 'sign-in',
  summary: 'token requests and, apart, WebSocket upgrades to user/self per CPU-second, against raw servers',
  run: (run) =>
    withCluster(run, SHAPE, CROWD_RAISED, (cluster) =>
      withChildren(
        run.interrupted,
        [
          new Child(new URL('./crowd.js', import.meta.url)),
          new Child(new URL('./raw-server.js', import.meta.url)),
        ] as const,
        (crowd, raw) => measure(run, cluster, crowd, raw),
      ),
    ),
};

async function measure(run: BenchmarkRun, { document }: ClusterProcess, crowd: Child, raw: Child): Promise<void> {
  const { say, players = PLAYERS, rounds = ROUNDS } = run;
  const samples: Samples = { tokens: { ours: [], raw: [] }, upgrade: { ours: [], raw: [] } };
  const rawProcess: Looked = { role: 'gateway', id: 'raw', pid: raw.pid };
  const during = (processes: readonly Looked[], method: string, given?: RawTarget): Promise<Sample> =>
    usedDuring(processes, { 'load generator': crowd.pid }, () => crowd.ask<SignInSample>(method, given, DEADLINE_MS));
  let url: string | undefined;
  for (let round = 0; round < WARM_UPS + rounds; round += 1) {
    run.interrupted.throwIfAborted();
    const newcomers: Newcomers = { gateway: document.gateways[0]!, count: players, round };
    await crowd.ask('authorize', newcomers, DEADLINE_MS);
    const tokens = await during(document.processes, 'exchange');
    const upgrade = await during(document.processes, 'upgrade');
    await crowd.ask('leave', undefined, DEADLINE_MS);
    const sizes: RawSizes = { tokenBytes: tokens.value.bytes, selfBytes: upgrade.value.bytes };
    url ??= await raw.ask<string>('listen', sizes, DEADLINE_MS);
    const rawTokens = await during([rawProcess], 'exchangeRaw', { url, count: players });
    const rawUpgrade = await during([rawProcess], 'upgradeRaw', { url, count: players });
    if (round < WARM_UPS) continue;
    samples.tokens.ours.push(tokens);
    samples.tokens.raw.push(rawTokens);
    samples.upgrade.ours.push(upgrade);
    samples.upgrade.raw.push(rawUpgrade);
    say(
      `sign-in: round ${round - WARM_UPS + 1} of ${rounds}: ${Math.round(perCpuSecond(tokens))} tokens and ` +
        `${Math.round(perCpuSecond(upgrade))} upgrades per CPU-second`,
    );
  }
  for (const part of ['tokens', 'upgrade'] as const) report(run, part, samples, players);
}

function perCpuSecond({ value, ours }: Sample): number {
  return value.completed / ours;
}

function report({ found }: BenchmarkRun, part: Part, samples: Samples, players: number): void {
  const { ours, raw } = samples[part];
  const of = (list: readonly Sample[], what: (sample: Sample) => number): number => median(list.map(what));
  const total = (what: (sample: SignInSample) => number): number =>
    [...ours, ...raw].reduce((sum, { value }) => sum + what(value), 0);
  found({
    name: `sign-in.${part}`,
    value: of(ours, perCpuSecond),
    unit: PARTS[part].unit,
    baseline: PARTS[part].baseline,
    baselineValue: of(raw, perCpuSecond),
    p50Ms: of(ours, ({ value }) => value.p50Ms),
    p99Ms: of(ours, ({ value }) => value.p99Ms),
    completed: total(({ completed }) => completed),
    asked: total(({ asked }) => asked),
    details: {
      perSecond: of(ours, ({ value, seconds }) => value.completed / seconds),
      baselinePerSecond: of(raw, ({ value, seconds }) => value.completed / seconds),
      ratioOfRounds: spread(ours.map(perCpuSecond), raw.map(perCpuSecond)),
      cpuMicrosEach: microsEach(ours),
      answerBytes: of(ours, ({ value }) => value.bytes),
      playersPerRound: players,
      rounds: ours.length,
      limits: CROWD_RAISED,
      ...SHAPE,
    },
  });
}

/** In parentheses: not counted. */
function microsEach(samples: readonly Sample[]): Record<string, number> {
  return Object.fromEntries(
    Object.keys(samples[0]!.byProcess).map((id) => [
      id,
      median(samples.map(({ byProcess, value }) => (byProcess[id]! / value.completed) * 1_000_000)),
    ]),
  );
}
