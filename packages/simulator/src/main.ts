#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { drawPlan, type Plan, parsePlan } from './faults/plan.js';
import { isPlant, PLANTS, type PlantName } from './plants/plants.js';
import { Counters } from './runs/counters.js';
import { shrunkReport, violationReport } from './runs/report.js';
import { runPlan, type SeedResult } from './runs/run-seed.js';
import { shrink } from './runs/shrink.js';
import { type Elapsed, systemStopwatch } from './system-stopwatch.js';

/** Seeds after which everything that is counted must have happened at least once. */
const SEEDS_FOR_COVERAGE = 100;

interface Arguments {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly seconds: number;
  readonly plant?: PlantName;
  readonly plan?: (drawn: Plan) => Plan;
  readonly save?: string;
  readonly shrinkRuns: number;
  readonly json: boolean;
}

const program = new Command('simulate')
  .description('Runs whole clusters under virtual time with seeded faults, and checks what must hold.')
  .option('--seeds <n>', 'how many runs', whole, 100)
  .option('--first-seed <n>', 'seed of the first one', whole, 1)
  .option('--seconds <n>', 'virtual seconds of faults in each', whole, 20)
  .option('--plant <defect>', `with a defect that has to be found: ${Object.keys(PLANTS).join(', ')}`, plant)
  .option(
    '--plan <plan>',
    'these faults, or this whole plan, as JSON or in a file, in place of what the first seed draws',
    plans,
  )
  .option('--save <file>', 'where the plan goes that is enough to break an invariant')
  .option('--shrink-runs <n>', 'runs that may be spent on leaving out faults once an invariant is broken', whole, 60)
  .option('--json', 'one JSON line per seed', false)
  .action(async (given: Arguments) => {
    process.exitCode = await simulateAll(given);
  });

await program.parseAsync();

async function simulateAll(given: Arguments): Promise<number> {
  const { firstSeed, json } = given;
  const seeds = given.plan ? 1 : given.seeds;
  const elapsed = systemStopwatch();
  const counters = new Counters();
  let virtualMs = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const result = await runOne(seed, given);
    virtualMs += result.virtualMs;
    if (json) print(JSON.stringify({ seed, hash: result.hash, kinds: result.plan.kinds, ok: !result.violation }));
    if (result.violation) {
      print(violationReport(result));
      print(await shrunk(result, given));
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

function runOne(seed: number, { seconds, plan, plant: defect }: Arguments): Promise<SeedResult> {
  const drawn = drawPlan(seed, seconds);
  return runPlan(plan ? plan(drawn) : drawn, defect);
}

async function shrunk(
  { plan, violation }: SeedResult,
  { plant: defect, shrinkRuns, save }: Arguments,
): Promise<string> {
  const invariant = violation!.invariant;
  const less = await shrink(
    plan,
    async (fewer) => (await runPlan(fewer, defect)).violation?.invariant === invariant,
    shrinkRuns,
  );
  if (save) writeFileSync(save, `${JSON.stringify({ invariant, ...less.plan }, null, 2)}\n`);
  return shrunkReport(less, plan.faults.length, defect);
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

function plant(name: string): PlantName {
  if (!isPlant(name)) throw new InvalidArgumentError(`one of ${Object.keys(PLANTS).join(', ')} is needed`);
  return name;
}

function plans(given: string): (drawn: Plan) => Plan {
  try {
    const text = /^\s*[[{]/.test(given) ? given : readFileSync(given, 'utf8');
    parsePlan(text, drawPlan(1, 1));
    return (drawn) => parsePlan(text, drawn);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
