#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander';
import { Counters } from './runs/counters.js';
import { violationReport } from './runs/report.js';
import { runSeed } from './runs/run-seed.js';
import { type Elapsed, systemStopwatch } from './system-stopwatch.js';

/** Seeds after which everything that is counted must have happened at least once. */
const SEEDS_FOR_COVERAGE = 500;

interface Arguments {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly seconds: number;
  readonly json: boolean;
}

const program = new Command('simulate')
  .description('Runs whole clusters under virtual time with seeded faults, and checks what must hold.')
  .option('--seeds <n>', 'how many runs', whole, 100)
  .option('--first-seed <n>', 'seed of the first one', whole, 1)
  .option('--seconds <n>', 'virtual seconds of faults in each', whole, 20)
  .option('--json', 'one JSON line per seed', false)
  .action(async (given: Arguments) => {
    process.exitCode = await simulateAll(given);
  });

await program.parseAsync();

async function simulateAll({ seeds, firstSeed, seconds, json }: Arguments): Promise<number> {
  const elapsed = systemStopwatch();
  const counters = new Counters();
  let virtualMs = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const result = await runSeed(seed, seconds);
    virtualMs += result.virtualMs;
    if (json) print(JSON.stringify({ seed, hash: result.hash, kinds: result.plan.kinds, ok: !result.violation }));
    if (result.violation) {
      print(violationReport(result));
      return 1;
    }
    counters.take(result.world);
    if (!json && (seed - firstSeed + 1) % 10 === 0)
      print(`${seed - firstSeed + 1} of ${seeds} seeds, ${speed(virtualMs, elapsed())}`);
  }
  print(
    `${seeds} seeds without a broken invariant: ${Math.round(virtualMs / 1_000)} virtual seconds, ${speed(virtualMs, elapsed())}`,
  );
  for (const line of counters.lines()) print(line);
  if (counters.unused.length > 0) print(`never happened: ${counters.unused.join(', ')}`);
  return seeds >= SEEDS_FOR_COVERAGE && counters.unused.length > 0 ? 1 : 0;
}

function speed(virtualMs: number, { realMs, cpuMs }: Elapsed): string {
  const [perCpu, perReal] = [virtualMs / cpuMs, virtualMs / realMs].map((each) => each.toFixed(1));
  return `${perCpu} virtual seconds per second of one core (${perReal} per real second)`;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0 is needed');
  return value;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
