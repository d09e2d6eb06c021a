import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import type { Child } from '../child.js';
import type { ClusterProcess } from '../cluster/cluster-process.js';
import { healed } from '../cluster/healing.js';
import type { Outcome, SignInAll } from '../players/crowd.js';
import { latencies, type Percentiles, percentiles, sentIn, type Tally, tally } from '../players/observed.js';
import { startSteady } from '../players/steadiness.js';
import { withCrowd } from '../players/with-crowd.js';
import { median } from '../rounds.js';
import { rollOut } from './musterctl.js';
import { countByRole, type Role, type Said, sentDuring, stepsOf } from './steps.js';

const CLIENTS = 200;
const PER_SECOND = 10;
const ROUNDS = 2;
const SHAPE = { coordinators: 2, nodes: 3, gateways: 2 } as const;
const BEFORE_MS = 10_000;
const ATTEMPTS = 5;
/** After the last process is back: whoever moved on last has settled by then. */
const AFTER_MS = 3_000;
const DEADLINE_MS = 180_000;
const ROLES: readonly Role[] = ['coordinator', 'node', 'gateway'];

interface Round {
  readonly before: Percentiles;
  readonly during: Percentiles;
  readonly byRole: Readonly<Record<Role, Percentiles>>;
  readonly all: Tally;
  readonly lost: Readonly<Record<Role | 'between', number>>;
  readonly movedOn: number;
  readonly restarted: number;
  readonly seconds: number;
  readonly disturbed: boolean;
  readonly lateMs: number;
}

/** What players notice of a rolling restart. */
export const rolloutBenchmark: Benchmark = {
  name: 'rollout',
  summary:
    'latency, failed commands and lost sockets while every process is restarted in turn, against the time before',
  async run(run) {
    const { coordinators, nodes, gateways } = SHAPE;
    run.say(`rollout: a cluster of ${coordinators} coordinators, ${nodes} nodes, ${gateways} gateways`);
    await withCrowd(run, SHAPE, (cluster, crowd) => measure(run, cluster, crowd));
  },
};

async function measure(run: BenchmarkRun, cluster: ClusterProcess, crowd: Child): Promise<void> {
  run.say(`rollout: ${CLIENTS} clients sign in`);
  const signIn: SignInAll = { gateways: cluster.document.gateways, count: CLIENTS };
  await crowd.ask('signIn', signIn, DEADLINE_MS);
  const rounds: Round[] = [];
  for (let round = 1; round <= (run.rounds ?? ROUNDS); round += 1) {
    const result = await once(run, cluster, crowd);
    rounds.push(result);
    run.say(
      `rollout: round ${round}: p99 ${Math.round(result.during.p99Ms)} ms in ${Math.round(result.seconds)} s, ` +
        `${Math.round(result.before.p99Ms)} ms before; ${result.all.failed} failed; lost ${JSON.stringify(result.lost)}`,
    );
  }
  report(run, rounds);
}

async function once(run: BenchmarkRun, cluster: ClusterProcess, crowd: Child): Promise<Round> {
  await healed(cluster, SHAPE.nodes, run.interrupted);
  const steady = await startSteady(crowd, { perSecond: PER_SECOND }, run.interrupted);
  const said = await rolledOut(run, cluster);
  await sleep(AFTER_MS);
  const { commands, lost, movedOn, wallOffset, lateMs } = await crowd.ask<Outcome>('finish', undefined, DEADLINE_MS);
  const steps = stepsOf(said);
  const [from, until] = [steps[0]!.from - wallOffset, said.at(-1)!.wall - wallOffset];
  const of = (role: Role): Percentiles => percentiles(latencies(sentDuring(steps, role, commands, wallOffset)));
  return {
    before: percentiles(latencies(sentIn(commands, from - BEFORE_MS, from))),
    during: percentiles(latencies(sentIn(commands, from, until))),
    byRole: { coordinator: of('coordinator'), node: of('node'), gateway: of('gateway') },
    all: tally(commands),
    lost: countByRole(
      steps,
      lost.map(({ wall }) => wall),
    ),
    movedOn,
    restarted: steps.length,
    seconds: (until - from) / 1_000,
    disturbed: !steady,
    lateMs,
  };
}

/** Begins when the cluster is at rest under the load, and with a quiet stretch before it. */
async function rolledOut(run: BenchmarkRun, cluster: ClusterProcess): Promise<readonly Said[]> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await sleep(BEFORE_MS);
    const said = await rollOut(cluster.admins, run.interrupted, (one) => describe(run, one));
    if (said) return said;
    run.say('rollout: the cluster is not at rest yet');
    await healed(cluster, SHAPE.nodes, run.interrupted);
  }
  throw new Error('the cluster did not come to rest under the load: the machine has no room for a restart');
}

function describe({ say }: BenchmarkRun, said: Said): void {
  if (said.type === 'plan') say(`rollout: ${said.steps.map(({ id }) => id).join(', ')}`);
  else if (said.type === 'settled') say(`rollout: step ${said.step} is done`);
}

function report({ found }: BenchmarkRun, rounds: readonly Round[]): void {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const total = (pick: (round: Round) => number): number => rounds.reduce((sum, round) => sum + pick(round), 0);
  const byRole = (pick: (round: Round, role: Role) => number) =>
    Object.fromEntries(ROLES.map((role) => [role, of((round) => pick(round, role))]));
  found({
    name: 'rollout',
    value: of(({ during }) => during.p99Ms),
    unit: 'ms, p99 of all commands during the restart',
    baseline: `the same in the ${BEFORE_MS / 1_000} s before`,
    baselineValue: of(({ before }) => before.p99Ms),
    p50Ms: of(({ during }) => during.p50Ms),
    p99Ms: of(({ during }) => during.p99Ms),
    completed: total(({ all }) => all.answered),
    asked: total(({ all }) => all.asked),
    details: {
      baselineP50Ms: of(({ before }) => before.p50Ms),
      maxMs: of(({ during }) => during.maxMs),
      baselineMaxMs: of(({ before }) => before.maxMs),
      p99MsByRole: byRole((round, role) => round.byRole[role].p99Ms),
      maxMsByRole: byRole((round, role) => round.byRole[role].maxMs),
      failed: total(({ all }) => all.failed),
      failures: rounds.map(({ all }) => all.failures),
      socketsLostOnNodesAndCoordinators: total(({ lost }) => lost.node + lost.coordinator + lost.between),
      socketsLostOnGateways: total(({ lost }) => lost.gateway),
      clientsMovedOn: total(({ movedOn }) => movedOn),
      processesRestarted: total(({ restarted }) => restarted),
      secondsPerRollout: of(({ seconds }) => seconds),
      clients: CLIENTS,
      commandsPerSecond: CLIENTS * PER_SECOND,
      rounds: rounds.length,
      roundsDisturbed: total(({ disturbed }) => Number(disturbed)),
      generatorLateMs: Math.max(...rounds.map(({ lateMs }) => lateMs)),
    },
  });
}
