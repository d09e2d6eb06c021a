import { setTimeout as sleep } from 'node:timers/promises';
import { type BareCluster, withBareCluster } from '../bare-cluster/bare-cluster.js';
import { isMiscount } from '../bare-cluster/target.js';
import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import { median, quantile } from '../rounds.js';
import type { Destination, Fill, Finished, Load, MoveAll, Moved } from './driver.js';

const NODES = 3;
const FILL: Fill = { shards: 5, actors: 1_000, stateBytes: 2_048 };
const PER_SECOND = 200;
/** Moves of every shard to either destination. */
const ROUNDS = 10;
const AIM_MS = 50;
const WARM_UP_MS = 3_000;
const DEADLINE_MS = 300_000;

const DESTINATIONS: Readonly<Record<Destination, string>> = {
  third: 'to a node that has no copy yet; the backup stays',
  backup: 'to the backup; the owner becomes the backup',
};

/** How long a shard stands still that changes its node. */
export const handoffBenchmark: Benchmark = {
  name: 'handoff',
  summary: 'how long a shard of 1,000 actors in use stands still while it moves, against the same shard before',
  run: (run) =>
    withBareCluster(
      run.interrupted,
      { nodes: NODES, driver: new URL('./driver.js', import.meta.url), nodeFlags: [] },
      (cluster) => measure(run, cluster),
    ),
};

async function measure(run: BenchmarkRun, { driver }: BareCluster): Promise<void> {
  const { say, rounds = ROUNDS } = run;
  say(`handoff: ${FILL.shards} shards of ${FILL.actors} actors with ${FILL.stateBytes} bytes each on ${NODES} nodes`);
  await driver.ask('fill', FILL, DEADLINE_MS);
  await driver.ask('load', { perSecond: PER_SECOND } satisfies Load, DEADLINE_MS);
  await sleep(WARM_UP_MS);
  const moves: Record<Destination, Moved[]> = { third: [], backup: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const to of ['third', 'backup'] as const) {
      const moved = await driver.ask<readonly Moved[]>('moveAll', { to } satisfies MoveAll, DEADLINE_MS);
      moves[to].push(...moved);
      const longest = Math.max(...moved.map(({ pauseMs }) => pauseMs));
      say(`handoff: round ${round + 1} of ${rounds}, ${DESTINATIONS[to]}: ${Math.round(longest)} ms at most`);
    }
  }
  const finished = await driver.ask<Finished>('finish', undefined, DEADLINE_MS);
  if (Object.keys(finished.failures).some(isMiscount))
    throw new Error(`commands were lost or executed twice: ${JSON.stringify(finished.failures)}`);
  for (const to of ['third', 'backup'] as const) report(run, to, moves[to], finished);
}

function report({ found }: BenchmarkRun, to: Destination, moves: readonly Moved[], finished: Finished): void {
  const pauses = moves.map(({ pauseMs }) => pauseMs);
  const quiet = moves.map(({ quietMs }) => quietMs);
  const took = moves.map(({ tookMs }) => tookMs);
  const { asked, completed, failures } = finished;
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  found({
    name: to === 'third' ? 'handoff' : 'handoff.to-backup',
    value: quantile(pauses, 0.99),
    unit: 'ms, p99 of the longest time without an answer',
    baseline: 'the same of the same shards just before',
    baselineValue: quantile(quiet, 0.99),
    p50Ms: median(pauses),
    p99Ms: quantile(pauses, 0.99),
    // Whoever got an error was answered, too: `failed` says how many.
    completed: completed + failed,
    asked,
    details: {
      what: DESTINATIONS[to],
      aimMs: AIM_MS,
      maxMs: Math.max(...pauses),
      baselineP50Ms: median(quiet),
      failed,
      failures,
      moves: moves.length,
      movesDisturbed: moves.filter(({ disturbed }) => disturbed).length,
      moveP50Ms: median(took),
      moveMaxMs: Math.max(...took),
      shards: FILL.shards,
      actorsPerShard: FILL.actors,
      stateBytes: FILL.stateBytes,
      commandsPerSecondAndShard: PER_SECOND,
      nodes: NODES,
    },
  });
}
