// npm run bench -- [<name>] [--json] [--rounds <n>]: runs one benchmark; without a name it lists them.
import { Command, InvalidArgumentError } from 'commander';
import { actorBenchmark } from './actor/benchmark.js';
import type { Benchmark } from './benchmark.js';
import { echoBenchmark } from './echo/benchmark.js';
import { failoverBenchmark } from './failover/benchmark.js';
import { handoffBenchmark } from './handoff/benchmark.js';
import { linkBenchmark } from './link/benchmark.js';
import { replicationBenchmark } from './replication/benchmark.js';
import { jsonLine, provenance, settle, table } from './result.js';
import { rolloutBenchmark } from './rollout/benchmark.js';

const benchmarks: readonly Benchmark[] = [
  linkBenchmark,
  actorBenchmark,
  echoBenchmark,
  replicationBenchmark,
  failoverBenchmark,
  handoffBenchmark,
  rolloutBenchmark,
];

const program = new Command('bench')
  .description('Compares Muster with the bare parts it is made of, in the same run. Without a name: what there is.')
  .argument('[name]', 'benchmark')
  .option('--json', 'one JSON object per line and result')
  .option('--rounds <n>', 'other than as many as the benchmark itself takes; for a quick look', positive)
  .action(async (name: string | undefined, { json = false, rounds }: { json?: boolean; rounds?: number }) => {
    if (name === undefined) list(json);
    else await run(name, json, rounds);
  });

await program.parseAsync();

function list(json: boolean): void {
  for (const { name, summary } of benchmarks) {
    process.stdout.write(json ? `${JSON.stringify({ name, summary })}\n` : `${name.padEnd(12)} ${summary}\n`);
  }
}

async function run(name: string, json: boolean, rounds: number | undefined): Promise<void> {
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
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('a number from 1 to 999 is needed');
  return Number(text);
}
