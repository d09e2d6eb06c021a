// npm run bench -- [<name>] [--json] [--rounds <n>] [--players <n>] [--hold-s <s>] [--talk-per-s <n>]: runs one benchmark; without a name it lists them.
import { Command, InvalidArgumentError } from 'commander';
import { actorBenchmark } from './actor/benchmark.js';
import type { Benchmark, BenchmarkRun } from './benchmark.js';
import { chatBenchmark } from './chat/benchmark.js';
import { echoBenchmark } from './echo/benchmark.js';
import { failoverBenchmark } from './failover/benchmark.js';
import { handoffBenchmark } from './handoff/benchmark.js';
import { linkBenchmark } from './link/benchmark.js';
import { lobbyListBenchmark } from './lobby-list/benchmark.js';
import { replicationBenchmark } from './replication/benchmark.js';
import { jsonLine, provenance, settle, table } from './result.js';
import { rolloutBenchmark } from './rollout/benchmark.js';
import { sessionsBenchmark } from './sessions/benchmark.js';
import { signInBenchmark } from './sign-in/benchmark.js';

const benchmarks: readonly Benchmark[] = [
  linkBenchmark,
  actorBenchmark,
  echoBenchmark,
  replicationBenchmark,
  failoverBenchmark,
  handoffBenchmark,
  rolloutBenchmark,
  signInBenchmark,
  lobbyListBenchmark,
  chatBenchmark,
  sessionsBenchmark,
];

type Size = Partial<Pick<BenchmarkRun, 'rounds' | 'players' | 'holdS' | 'talkPerS'>>;

const program = new Command('bench')
  .description('Compares Muster with the bare parts it is made of, in the same run. Without a name: what there is.')
  .argument('[name]', 'benchmark')
  .option('--json', 'one JSON object per line and result')
  .option('--rounds <n>', 'other than as many as the benchmark itself takes; for a quick look', positive)
  .option('--players <n>', 'other than as many players as sign-in, lobby-list and sessions have themselves', players)
  .option('--hold-s <s>', 'other than as long as lobby-list, chat and sessions measure a stretch themselves', seconds)
  .option(
    '--talk-per-s <n>',
    'other than so many messages of each talking player a second as sessions has itself',
    rate,
  )
  .action(async (name: string | undefined, { json = false, ...size }: { json?: boolean } & Size) => {
    if (name === undefined) list(json);
    else await run(name, json, size);
  });

await program.parseAsync();

function list(json: boolean): void {
  for (const { name, summary } of benchmarks) {
    process.stdout.write(json ? `${JSON.stringify({ name, summary })}\n` : `${name.padEnd(12)} ${summary}\n`);
  }
}

async function run(name: string, json: boolean, { rounds, players, holdS, talkPerS }: Size): Promise<void> {
  const benchmark = benchmarks.find((one) => one.name === name);
  if (!benchmark) {
    program.error(`there is no benchmark ${name}; there are: ${benchmarks.map((one) => one.name).join(', ')}`);
    return;
  }
  const from = provenance();
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  const running = benchmark.run({
    rounds,
    players,
    holdS,
    talkPerS,
    found: (finding) => {
      const result = settle(finding, from);
      process.stdout.write(`${json ? jsonLine(result) : table(result)}\n`);
    },
    interrupted: interruption.signal,
    say: (text) => process.stderr.write(`${text}\n`),
  });
  await running.catch((error: unknown) => {
    process.exitCode = interruption.signal.aborted ? 130 : 1;
    const said = error instanceof Error ? error.message : String(error);
    process.stderr.write(interruption.signal.aborted ? 'interrupted\n' : `${name}: ${said}\n`);
  });
}

function positive(text: string): number {
  return upTo(999, text);
}

function players(text: string): number {
  return upTo(200_000, text);
}

function seconds(text: string): number {
  return upTo(3_600, text);
}

/** Fractions, too. */
function rate(text: string): number {
  if (!/^\d{1,2}(\.\d{1,3})?$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('a number above 0 and below 100 is needed, with three decimals at most');
  return Number(text);
}

function upTo(most: number, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text) || Number(text) > most)
    throw new InvalidArgumentError(`a number from 1 to ${most} is needed`);
  return Number(text);
}
