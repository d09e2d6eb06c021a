import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import type { Child } from '../child.js';
import type { ClusterProcess } from '../cluster/cluster-process.js';
import { healed } from '../cluster/healing.js';
import type { Instant, Outcome, Signal, SignInAll } from '../players/crowd.js';
import {
  firstSince,
  latencies,
  type Percentiles,
  percentiles,
  sentIn,
  type Tally,
  tally,
} from '../players/observed.js';
import { STEADY_MS, startSteady } from '../players/steadiness.js';
import { withCrowd } from '../players/with-crowd.js';
import { median } from '../rounds.js';
import { FAULTS, type Fault, nextEpoch, victimsOf } from './faults.js';

const CLIENTS = 500;
const PER_SECOND = 10;
const ROUNDS = 5;
const SHAPE = { coordinators: 2, nodes: 3, gateways: 2 } as const;
const DEADLINE_MS = 180_000;

interface Round {
  readonly steady: Percentiles;
  /** It never became steady before the fault: something else used the machine. */
  readonly disturbed: boolean;
  readonly first: Percentiles;
  readonly all: Tally;
  /** Sockets that clients lost. */
  readonly lost: number;
  readonly takeOverMs: number | undefined;
  readonly lateMs: number;
}

/** How long players wait whose node is gone. */
export const failoverBenchmark: Benchmark = {
  name: 'failover',
  summary: 'the first command at or after a node or the leader is killed or paused, against the same clients before it',
  async run(run) {
    run.say(
      `failover: a cluster of ${SHAPE.coordinators} coordinators, ${SHAPE.nodes} nodes, ${SHAPE.gateways} gateways`,
    );
    await withCrowd(run, { ...SHAPE, restart: true }, (cluster, crowd) => measure(run, cluster, crowd));
  },
};

async function measure(run: BenchmarkRun, cluster: ClusterProcess, crowd: Child): Promise<void> {
  run.say(`failover: ${CLIENTS} clients sign in`);
  const signIn: SignInAll = { gateways: cluster.document.gateways, count: CLIENTS };
  const userIds = await crowd.ask<readonly string[]>('signIn', signIn, DEADLINE_MS);
  const rounds = run.rounds ?? ROUNDS;
  const results = new Map<Fault, Round[]>(FAULTS.map((fault) => [fault, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const fault of FAULTS) {
      const result = await once(run, cluster, crowd, { fault, userIds });
      results.get(fault)!.push(result);
      run.say(
        `failover: round ${round + 1} of ${rounds}, ${fault.name}: p99 ${Math.round(result.first.p99Ms)} ms of ${result.first.count}, ` +
          `before ${Math.round(result.steady.p99Ms)} ms; ${result.all.failed} failed`,
      );
    }
  }
  for (const [fault, all] of results) report(run, fault, all);
}

async function once(
  run: BenchmarkRun,
  cluster: ClusterProcess,
  crowd: Child,
  { fault, userIds }: { readonly fault: Fault; readonly userIds: readonly string[] },
): Promise<Round> {
  await healed(cluster, SHAPE.nodes, run.interrupted);
  const victims = await victimsOf(cluster, fault, userIds);
  const pids = victims.ids.map((id) => cluster.whereabouts.pidOf(id));
  const steady = await startSteady(crowd, { perSecond: PER_SECOND }, run.interrupted);
  const struck = await crowd.ask<Instant>('strike', { pids, signal: fault.signal } satisfies Signal, DEADLINE_MS);
  const tookOver = fault.hits.leader ? nextEpoch(cluster, victims.epoch) : undefined;
  const [since] = await Promise.all([tookOver, sleep(fault.watchMs)]);
  const { commands, lost, lateMs } = await crowd.ask<Outcome>('finish', undefined, DEADLINE_MS);
  // Whoever only stood still must hear that it was replaced, and end: the launcher starts it again.
  if (fault.signal === 'SIGSTOP') await crowd.ask('strike', { pids, signal: 'SIGCONT' } satisfies Signal, DEADLINE_MS);
  const first = firstSince(commands, struck.at, victims.clients);
  if (first.size !== victims.clients.size)
    throw new Error(`${first.size} of ${victims.clients.size} clients sent a command after ${fault.what}`);
  return {
    steady: percentiles(latencies(sentIn(commands, struck.at - STEADY_MS, struck.at, victims.clients))),
    disturbed: !steady,
    first: percentiles(latencies(first.values())),
    all: tally(commands),
    lost: lost.length,
    takeOverMs: since === undefined ? undefined : since - struck.wall,
    lateMs,
  };
}

function report({ found }: BenchmarkRun, { name, what, aimMs, hits }: Fault, rounds: readonly Round[]): void {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const most = (pick: (round: Round) => number): number => Math.max(...rounds.map(pick));
  const total = (pick: (round: Round) => number): number => rounds.reduce((sum, round) => sum + pick(round), 0);
  const takeOvers = rounds.flatMap(({ takeOverMs }) => (takeOverMs === undefined ? [] : [takeOverMs]));
  found({
    name: `failover.${name}`,
    value: of(({ first }) => first.p99Ms),
    unit: 'ms, p99 of the first command',
    baseline: 'p99 of the same clients in the 3 s before',
    baselineValue: of(({ steady }) => steady.p99Ms),
    p50Ms: of(({ first }) => first.p50Ms),
    p99Ms: of(({ first }) => first.p99Ms),
    completed: total(({ all }) => all.answered),
    asked: total(({ all }) => all.asked),
    details: {
      what,
      aimMs,
      maxMs: of(({ first }) => first.maxMs),
      worstMs: most(({ first }) => first.maxMs),
      p99OfRounds: { low: Math.min(...rounds.map(({ first }) => first.p99Ms)), high: most(({ first }) => first.p99Ms) },
      baselineP50Ms: of(({ steady }) => steady.p50Ms),
      baselineMaxMs: of(({ steady }) => steady.maxMs),
      failed: total(({ all }) => all.failed),
      failures: sumOf(rounds.map(({ all }) => all.failures)),
      socketsLost: total(({ lost }) => lost),
      clients: CLIENTS,
      players: hits.node ? 'owned or backed by the victim' : 'all',
      playersPerRound: of(({ first }) => first.count),
      commandsPerSecond: CLIENTS * PER_SECOND,
      rounds: rounds.length,
      roundsDisturbed: total(({ disturbed }) => Number(disturbed)),
      ...(takeOvers.length > 0 && { takeOverMs: median(takeOvers), takeOverMaxMs: Math.max(...takeOvers) }),
      generatorLateMs: most(({ lateMs }) => lateMs),
    },
  });
}

function sumOf(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const [reason, count] of all.flatMap((one) => Object.entries(one))) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}
